//! A seat that is handed over: the successor goes on where its holder stopped, nothing is lost, nothing comes again, and no peer ever sees the seat
//! empty. And what does not come to an end leaves the holder as it was.

mod support;

use memlane::broadcast::{Policy, Start};
use memlane::{
    Backend, FenceMode, HandOverError, JoinError, Kind, NotTakenOver, RecvError, RecvTimeoutError, Role, TakeOverError,
    TryRecvError, any, broadcast, mpmc, spsc, watch,
};
use std::thread;
use std::time::Duration;
use support::stage::trust;
use support::{Scratch, Watchdog, eventually};

const EVER: Duration = Duration::MAX;

fn number(message: &[u8]) -> u64 {
    u64::from_le_bytes(message.try_into().expect("a number"))
}

/// Channels of every kind, and of every way to sleep, each of them open.
fn channels(scratch: &Scratch) -> Vec<any::Channel> {
    let mut channels = Vec::new();
    for &kind in any::KINDS {
        for backend in [Backend::Futex, Backend::Semaphore] {
            let name = scratch.name(&format!("{kind}-{backend:?}"));
            let options = any::Options::new(kind).max_message(64).backend(backend).fence(FenceMode::Symmetric);
            channels.push(options.clone().private().unwrap());
            channels.push(options.trust_peers(trust()).create(&name).unwrap());
        }
    }
    for policy in [Policy::Fail, Policy::Overwrite, Policy::Evict] {
        channels.push(broadcast::Options::new().policy(policy).private().unwrap().into());
    }
    channels
}

fn living(channel: &any::Channel, role: Role) -> Vec<(u32, u64)> {
    let all = channel.info().participants.into_iter();
    all.filter(|one| one.role == role && one.alive == Some(true)).map(|one| (one.row, one.life)).collect()
}

#[test]
fn a_senders_successor_goes_on_behind_its_last_message() {
    let scratch = Scratch::new();
    for channel in channels(&scratch) {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let before = living(&channel, Role::Sender);
        for sent in 0..100u64 {
            tx.send(&sent.to_le_bytes()).unwrap();
        }
        let mut tx = thread::scope(|scope| {
            let successor = scope.spawn(|| channel.take_over_sender(EVER).unwrap());
            tx.hand_over(EVER).unwrap();
            successor.join().unwrap()
        });
        let after = living(&channel, Role::Sender);
        assert_eq!((before.len(), after.len(), before[0].0), (1, 1, after[0].0), "{channel:?}: one seat, the same");
        assert_ne!(before[0].1, after[0].1, "{channel:?}: another life");
        for sent in 100..200u64 {
            tx.send(&sent.to_le_bytes()).unwrap();
        }
        for wanted in 0..200 {
            let message = rx.recv_timeout(Duration::from_secs(60)).unwrap();
            assert_eq!(
                (number(&message.to_vec()), message.redelivered()),
                (wanted, message.redelivered().map(|_| false))
            );
        }
        assert_eq!(rx.try_recv().err(), Some(TryRecvError::Empty), "{channel:?}: nobody has left");
        drop(tx);
        assert_eq!(rx.recv().err(), Some(RecvError::Disconnected), "{channel:?}");
    }
}

#[test]
fn a_receivers_successor_goes_on_where_it_stopped() {
    let scratch = Scratch::new();
    for channel in channels(&scratch) {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for sent in 0..100u64 {
            tx.send(&sent.to_le_bytes()).unwrap();
        }
        for wanted in 0..50 {
            assert_eq!(number(&rx.recv().unwrap().to_vec()), wanted);
        }
        let mut rx = thread::scope(|scope| {
            let successor = scope.spawn(|| channel.take_over_receiver(EVER).unwrap());
            rx.hand_over(EVER).unwrap();
            successor.join().unwrap()
        });
        drop(tx);
        for wanted in 50..100 {
            let message = rx.recv().unwrap();
            assert_eq!(
                (number(&message.to_vec()), message.redelivered()),
                (wanted, message.redelivered().map(|_| false))
            );
        }
        assert_eq!(rx.recv().err(), Some(RecvError::Disconnected), "{channel:?}: it knows that there was a sender");
    }
}

#[test]
fn a_receivers_successor_is_told_of_the_end_that_came_meanwhile() {
    let scratch = Scratch::new();
    for channel in channels(&scratch) {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(b"last").unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), b"last");
        thread::scope(|scope| {
            let offering = scope.spawn(|| rx.hand_over(EVER));
            eventually("it is offered", || channel.info().participants.iter().any(|one| one.offered));
            drop(tx);
            let mut rx = channel.take_over_receiver(EVER).unwrap();
            let end = rx.recv_timeout(Duration::from_secs(30)).err();
            assert_eq!(end, Some(RecvTimeoutError::Disconnected), "{channel:?}: it knows that there was a sender");
            offering.join().unwrap().unwrap();
        });
    }
}

#[test]
fn values_go_on_over_successors() {
    let _watchdog = Watchdog::new();
    let channel = watch::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.set(b"one").unwrap();
    assert_eq!(rx.changed().unwrap(), b"one");
    let (mut tx, mut rx) = thread::scope(|scope| {
        let sender = scope.spawn(|| channel.take_over_sender(EVER).unwrap());
        let receiver = scope.spawn(|| channel.take_over_receiver(EVER).unwrap());
        tx.hand_over(EVER).unwrap();
        rx.hand_over(EVER).unwrap();
        (sender.join().unwrap(), receiver.join().unwrap())
    });
    assert!(!rx.has_changed(), "it was returned already");
    assert_eq!(tx.set(b"two"), Ok(2));
    assert_eq!(rx.changed().unwrap(), b"two");
    drop(tx);
    assert_eq!(rx.changed(), Err(RecvError::Disconnected));
}

#[test]
fn a_named_receivers_seat_stays_kept_for_its_name() {
    let _watchdog = Watchdog::new();
    for policy in [Policy::Block, Policy::Overwrite] {
        let channel = broadcast::Options::new().max_senders(2).policy(policy).private().unwrap();
        let mut tx = channel.sender().unwrap();
        let mut rx = channel.receiver_named("archive", Start::Now).unwrap();
        tx.send_batch(["one", "two", "three", "four"]).unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), b"one");
        let mut rx = thread::scope(|scope| {
            let successor = scope.spawn(|| channel.take_over_receiver(EVER).unwrap());
            rx.hand_over(EVER).unwrap();
            successor.join().unwrap()
        });
        assert!(matches!(channel.receiver_named("archive", Start::Now), Err(JoinError::NameTaken { .. })));
        assert_eq!(rx.recv().unwrap().to_vec(), b"two");
        drop(rx);
        assert_eq!(channel.receiver_named("archive", Start::Now).unwrap().recv().unwrap().to_vec(), b"three");
    }
}

/// What a hand-over that came to nothing leaves.
fn kept<H>(outcome: Result<(), HandOverError<H>>, why: NotTakenOver) -> H {
    let error = outcome.expect_err("nobody takes it over");
    assert_eq!(error.reason(), why);
    error.into_handle()
}

#[test]
fn what_nobody_takes_over_stays_the_holders_and_nobody_is_let_in_meanwhile() {
    let scratch = Scratch::new();
    for channel in channels(&scratch) {
        let all = [Role::Sender, Role::Receiver].map(|role| channel.info().kind.max_seats(role));
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(b"one").unwrap();
        let mut tx = thread::scope(|scope| {
            let offering = scope.spawn(|| kept(tx.hand_over(Duration::from_millis(20)), NotTakenOver::Timeout));
            assert_eq!(rx.recv().unwrap().to_vec(), b"one");
            while !offering.is_finished() {
                assert_eq!(rx.try_recv().err(), Some(TryRecvError::Empty), "{channel:?}");
                if all[0] == 1 {
                    assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { .. })), "{channel:?}");
                }
            }
            offering.join().unwrap()
        });
        assert!(channel.info().participants.iter().all(|one| !one.offered));
        tx.send(b"two").unwrap();
        let mut rx = kept(rx.hand_over(Duration::ZERO), NotTakenOver::Timeout);
        assert_eq!(rx.recv().unwrap().to_vec(), b"two");
        assert!(matches!(channel.take_over_sender(Duration::ZERO), Err(TakeOverError::Timeout { role: "sender", .. })));
        drop(tx);
        assert_eq!(rx.recv().err(), Some(RecvError::Disconnected), "{channel:?}");
    }
}

#[test]
fn an_offer_is_seen_from_outside() {
    let _watchdog = Watchdog::new();
    let channel = spsc::Options::new().private().unwrap();
    let tx = channel.sender().unwrap();
    thread::scope(|scope| {
        let offering = scope.spawn(|| tx.hand_over(EVER));
        eventually("it is offered", || channel.info().participants[0].offered);
        assert_eq!(channel.info().participants[0].state, memlane::ParticipantState::Live);
        channel.take_over_sender(EVER).unwrap();
        offering.join().unwrap().unwrap();
    });
}

#[test]
fn the_end_of_the_channel_ends_an_offer_and_a_wait_for_one() {
    let scratch = Scratch::new();
    let name = scratch.name("closed");
    let channel = spsc::Options::new().create(&name).unwrap();
    let (tx, rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    thread::scope(|scope| {
        let offering = scope.spawn(|| kept(tx.hand_over(EVER), NotTakenOver::Closed));
        let waiting = scope.spawn(|| channel.take_over_receiver(EVER));
        eventually("it is offered", || channel.info().participants[0].offered);
        channel.close();
        drop(offering.join().unwrap());
        assert!(matches!(waiting.join().unwrap(), Err(TakeOverError::Channel(JoinError::Closed { .. }))));
    });
    drop(rx);
    let name = scratch.name("removed");
    let channel = mpmc::Options::new().create(&name).unwrap();
    let rx = channel.receiver().unwrap();
    thread::scope(|scope| {
        let offering = scope.spawn(|| kept(rx.hand_over(EVER), NotTakenOver::Removed));
        eventually("it is offered", || channel.info().participants[0].offered);
        memlane::remove_forced(&name).unwrap();
        drop(offering.join().unwrap());
    });
}

#[test]
fn an_offer_can_be_interrupted() {
    let scratch = Scratch::new();
    for channel in channels(&scratch) {
        let rx = channel.receiver().unwrap();
        let interrupter = rx.interrupter();
        thread::scope(|scope| {
            let offering = scope.spawn(|| kept(rx.hand_over(EVER), NotTakenOver::Interrupted));
            eventually("it is offered", || channel.info().participants[0].offered);
            interrupter.interrupt();
            drop(offering.join().unwrap());
        });
    }
}

#[test]
fn a_queues_receiver_holds_nothing_when_it_goes() {
    let _watchdog = Watchdog::new();
    let channel = mpmc::Options::new().slots(8).max_message(16).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send_batch(["held", "forgotten", "last"]).unwrap();
    let held = rx.recv().unwrap().hold();
    let mut rx = kept(rx.hand_over(Duration::ZERO), NotTakenOver::Holding);
    held.ack().unwrap();
    std::mem::forget(rx.recv().unwrap());
    let mut rx = thread::scope(|scope| {
        let successor = scope.spawn(|| channel.take_over_receiver(EVER).unwrap());
        rx.hand_over(EVER).unwrap();
        successor.join().unwrap()
    });
    let mut rest: Vec<_> = (0..2).map(|_| rx.recv().unwrap().to_vec()).collect();
    rest.sort();
    assert_eq!(rest, [b"forgotten".to_vec(), b"last".to_vec()]);
    assert!(rx.try_recv().is_err());
}

#[test]
fn one_of_several_that_wait_gets_each_seat() {
    let _watchdog = Watchdog::new();
    let channel = any::Options::new(Kind::Mpmc).max_senders(2).private().unwrap();
    let (one, two) = (channel.sender().unwrap(), channel.sender().unwrap());
    thread::scope(|scope| {
        let heirs: Vec<_> = (0..3).map(|_| scope.spawn(|| channel.take_over_sender(Duration::from_secs(2)))).collect();
        one.hand_over(EVER).unwrap();
        two.hand_over(EVER).unwrap();
        let outcomes: Vec<_> = heirs.into_iter().map(|heir| heir.join().unwrap()).collect();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
        assert_eq!(living(&channel, Role::Sender).len(), 2);
    });
}
