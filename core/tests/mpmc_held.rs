//! Messages of an `mpmc` receiver that are held apart from it: several at once, on any thread, and longer than the receiver.

mod support;

use memlane::mpmc::{Channel, HeldMessage, Options, Receiver};
use memlane::{
    AckAtError, Backend, Counters, JoinError, OnDrop, QueueInfo, RecvError, RecvTimeoutError, RemoveError, SendError,
    Strategy, TryRecvError, TrySendError,
};
use std::collections::HashMap;
use std::sync::{Barrier, mpsc};
use support::{PATIENCE, Scratch, Watchdog, eventually};

/// Runs on a named, an anonymous and a private channel, with either backend.
fn everywhere(options: impl Fn() -> Options, test: impl Fn(Channel)) {
    for backend in [Backend::Futex, Backend::Semaphore] {
        let scratch = Scratch::new();
        let options = options().backend(backend).trust_peers(support::stage::trust());
        test(options.create(&scratch.name("jobs")).unwrap());
        test(options.anonymous().unwrap());
        test(options.private().unwrap());
    }
}

fn small() -> Options {
    Options::new().slots(4).max_message(100)
}

fn queue(channel: &Channel) -> QueueInfo {
    channel.info().queue.unwrap()
}

/// The next message, to be held.
fn hold(receiver: &mut Receiver) -> HeldMessage {
    receiver.recv().unwrap().hold()
}

/// Runs it on another thread.
fn elsewhere<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> std::thread::Result<T> {
    std::thread::spawn(act).join()
}

/// What the participant in this row counted.
fn counters(channel: &Channel, row: u32) -> Counters {
    channel.info().participants.iter().find(|participant| participant.row == row).unwrap().counters
}

#[test]
fn it_may_go_to_any_thread() {
    fn goes_anywhere<T: Send + Sync + 'static>() {}
    goes_anywhere::<HeldMessage>();
}

#[test]
fn several_are_held_at_once_and_finished_in_any_order() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for _ in 0..100 {
            tx.send_batch(["1", "2", "3", "4"]).unwrap();
            let [one, two, three] = std::array::from_fn(|_| hold(&mut rx));
            assert_eq!([one.to_vec(), two.to_vec(), three.to_vec()], [b"1", b"2", b"3"]);
            assert_eq!((queue(&channel).consumed, queue(&channel).queued), (3, vec![1]));
            assert_eq!(tx.try_send(b"5"), Err(TrySendError::Full));
            elsewhere(|| two.ack()).unwrap().unwrap();
            assert_eq!(queue(&channel).consumed, 2);
            drop(three);
            // The receiver goes on, and may have one in hand beside those that are held.
            let four = rx.recv().unwrap();
            assert_eq!(four.to_vec(), b"4");
            one.ack().unwrap();
            assert!(!four.redelivered() && four.deliveries() == 1);
            drop(four);
            assert_eq!((queue(&channel).free, rx.try_recv().unwrap_err()), (4, TryRecvError::Empty));
        }
        let counters = counters(&channel, rx.row());
        assert_eq!((counters.messages, counters.bytes), (400, 400), "held or not, each is counted");
    });
}

#[test]
fn its_contents_are_a_messages() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch([&b"12345678"[..], b""]).unwrap();
        let (held, empty) = (hold(&mut rx), hold(&mut rx));
        assert!(held.len() == 8 && !held.is_empty() && empty.is_empty());
        let mut buffer = [0; 10];
        assert_eq!(held.copy_to(&mut buffer[..7]).unwrap_err().needed, 8);
        assert_eq!((held.copy_to(&mut buffer).unwrap(), &buffer), (8, b"12345678\0\0"));
        let mut appended = b"0".to_vec();
        held.append_to(&mut appended).unwrap();
        assert_eq!((appended, held.try_to_vec().unwrap()), (b"012345678".to_vec(), b"12345678".to_vec()));
        assert_eq!(held.read::<[u8; 8]>().unwrap(), *b"12345678");
        assert_eq!(held.read::<u32>().unwrap_err().found, 8);
        assert_eq!(held.as_slice(support::stage::trust()), b"12345678");
        let shown = format!("{held:?}");
        assert!(shown.contains("seat: 64") && shown.contains("bytes: 8"), "{shown}");
    });
}

#[test]
fn what_another_thread_gives_back_wakes_its_receiver_and_says_that_it_comes_again() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        rx.set_strategy(Strategy::Park);
        tx.send_batch(["1", "2"]).unwrap();
        let (one, _two) = (hold(&mut rx), hold(&mut rx));
        let row = rx.row();
        std::thread::scope(|scope| {
            let receiving = scope.spawn(|| {
                let again = rx.recv_timeout(PATIENCE).unwrap();
                (again.to_vec(), again.redelivered(), again.deliveries())
            });
            eventually("the receiver sleeps", || counters(&channel, row).parks > 0);
            one.nack().unwrap();
            assert_eq!(receiving.join().unwrap(), (b"1".to_vec(), true, 2));
            assert!(counters(&channel, row).wakes > 0, "it did not wake up by itself");
        });
    });
}

#[test]
fn what_another_thread_acknowledges_wakes_a_sender() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.set_strategy(Strategy::Park);
        tx.send_batch(["1", "2", "3", "4"]).unwrap();
        let held = [hold(&mut rx), hold(&mut rx)];
        std::thread::scope(|scope| {
            let row = tx.row();
            let sending = scope.spawn(|| tx.send_timeout(b"5", PATIENCE));
            eventually("the sender sleeps", || counters(&channel, row).parks > 0);
            drop(held);
            sending.join().unwrap().unwrap();
            assert!(counters(&channel, rx.row()).wakes > 0, "and that is counted");
        });
    });
}

#[test]
fn some_of_a_batch_are_held_and_the_others_end_with_it() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3", "4"]).unwrap();
        let mut batch = rx.recv_batch(4).unwrap();
        let (one, three) = (batch.hold_at(0).unwrap(), batch.hold_at(2).unwrap());
        assert_eq!((batch.len(), batch.hold_at(2).unwrap_err()), (2, AckAtError::NotLeft { index: 2, length: 4 }));
        drop(batch);
        assert_eq!((queue(&channel).free, queue(&channel).consumed), (2, 2));
        drop(one);
        elsewhere(|| three.nack()).unwrap().unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), b"3");
        assert_eq!(queue(&channel).free, 4);
    });
}

#[test]
fn dropping_it_means_what_its_receiver_said() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3"]).unwrap();
        let one = hold(&mut rx);
        rx.on_drop(OnDrop::GiveBack);
        let two = hold(&mut rx);
        let three = rx.recv_batch(1).unwrap().hold_at(0).unwrap();
        drop((one, two, three));
        let again: Vec<_> = rx.messages().take(2).map(Result::unwrap).collect();
        assert_eq!((again, queue(&channel).free), (vec![b"2".to_vec(), b"3".to_vec()], 4));
    });
}

#[test]
fn a_panic_gives_it_back() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2"]).unwrap();
        let (one, two) = (hold(&mut rx), hold(&mut rx));
        elsewhere(move || {
            let _held = one;
            panic!("on purpose");
        })
        .unwrap_err();
        let again = rx.recv().unwrap();
        assert_eq!((again.to_vec(), again.redelivered()), (b"1".to_vec(), true));
        drop(two);
    });
}

#[test]
fn one_that_is_given_back_too_often_is_a_dead_letter() {
    everywhere(
        || small().delivery_limit(2),
        |channel| {
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            tx.send(b"poison").unwrap();
            hold(&mut rx).nack().unwrap();
            hold(&mut rx).nack().unwrap();
            assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
            assert_eq!((queue(&channel).dead_letters, queue(&channel).free), (1, 4));
        },
    );
}

#[test]
fn its_receivers_seat_stays_taken_until_the_last_one_is_done() {
    everywhere(
        || small().max_receivers(1),
        |channel| {
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            tx.send_batch(["1", "2", "3"]).unwrap();
            let (one, two) = (hold(&mut rx), hold(&mut rx));
            drop(rx);
            assert_eq!(queue(&channel).consumed, 2, "nobody settles what is held");
            assert!(matches!(channel.receiver().unwrap_err(), JoinError::RoleTaken { .. }));
            tx.send(b"4").unwrap();
            one.ack().unwrap();
            assert!(matches!(channel.receiver().unwrap_err(), JoinError::RoleTaken { .. }));
            tx.send(b"5").unwrap();
            elsewhere(|| two.nack()).unwrap().unwrap();
            assert_eq!(tx.send(b"6"), Err(SendError::Disconnected), "its receiver has left");
            let mut rx = channel.receiver().unwrap();
            let all: Vec<_> = (0..4).map(|_| rx.recv().unwrap().to_vec()).collect();
            assert_eq!(all, [b"3", b"4", b"5", b"2"], "nothing is lost");
        },
    );
}

#[test]
fn a_channel_is_removed_when_the_last_one_is_done() {
    let scratch = Scratch::new();
    let channel = small().remove_on_drop(true).create(&scratch.name("jobs")).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"1").unwrap();
    let held = hold(&mut rx);
    drop((tx, rx));
    assert!(matches!(channel.remove().unwrap_err(), RemoveError::InUse { .. }));
    drop(channel);
    assert_eq!((scratch.files().len(), held.to_vec()), (2, b"1".to_vec()));
    drop(held);
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn what_was_forgotten_comes_again_when_the_last_one_is_done() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut other = channel.receiver().unwrap();
        tx.send_batch(["1", "2"]).unwrap();
        std::mem::forget(rx.recv().unwrap());
        let held = hold(&mut rx);
        drop(rx);
        assert_eq!(other.try_recv().unwrap_err(), TryRecvError::Empty);
        drop(held);
        let again = other.try_recv().unwrap();
        assert_eq!((again.to_vec(), again.redelivered()), (b"1".to_vec(), true));
        again.ack().unwrap();
        assert_eq!(queue(&channel).free, 4);
    });
}

#[test]
fn a_receiver_does_not_wait_for_what_it_handed_out_and_others_do() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut other = channel.receiver().unwrap();
        tx.send_batch(["1", "2"]).unwrap();
        drop(tx);
        let (one, two) = (hold(&mut rx), hold(&mut rx));
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(other.try_recv().unwrap_err(), TryRecvError::Empty, "they may come back");
        two.nack().unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), b"2", "a later call gets it");
        assert_eq!(other.try_recv().unwrap_err(), TryRecvError::Empty);
        one.ack().unwrap();
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(other.recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Disconnected);
    });
}

#[test]
fn a_closed_channel_ends_for_good_when_nothing_is_held() {
    everywhere(small, |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3"]).unwrap();
        let held = [hold(&mut rx), hold(&mut rx)];
        channel.close();
        assert_eq!(rx.recv().unwrap().to_vec(), b"3");
        for one in held {
            assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected, "as far as can be seen");
            elsewhere(|| one.nack()).unwrap().unwrap();
            assert!(rx.recv().unwrap().redelivered());
        }
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(queue(&channel).free, 4);
    });
}

#[test]
fn giving_back_while_its_receiver_looks_at_a_closed_channel_is_no_corruption() {
    let _watchdog = Watchdog::new();
    let channel = small().slots(1).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"again and again").unwrap();
    channel.close();
    let (give, given) = mpsc::channel::<HeldMessage>();
    let giving = std::thread::spawn(move || given.iter().for_each(|held| held.nack().unwrap()));
    for _ in 0..20_000 {
        let held = loop {
            match rx.try_recv() {
                Ok(message) => break message.hold(),
                Err(error) => assert!(matches!(error, TryRecvError::Empty | TryRecvError::Disconnected), "{error}"),
            }
        };
        give.send(held).unwrap();
    }
    drop(give);
    giving.join().unwrap();
    assert_eq!(rx.recv().unwrap().to_vec(), b"again and again");
    assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
}

#[test]
fn many_threads_finish_what_one_receives_and_nothing_is_lost() {
    const MESSAGES: u32 = 20_000;
    everywhere(
        || small().slots(16),
        |channel| {
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            let sending = std::thread::spawn(move || {
                for number in 0..MESSAGES {
                    tx.send(&number.to_le_bytes()).unwrap();
                }
                tx
            });
            let (workers, work): (Vec<_>, Vec<_>) = (0..3)
                .map(|_| {
                    let (give, given) = mpsc::channel::<HeldMessage>();
                    let work = std::thread::spawn(move || {
                        let mut done = Vec::new();
                        for held in given {
                            let number = held.read::<u32>().unwrap();
                            // One in seven cannot be done at the first attempt.
                            if number.is_multiple_of(7) && !held.redelivered() {
                                held.nack().unwrap();
                            } else {
                                done.push(number);
                                held.ack().unwrap();
                            }
                        }
                        done
                    });
                    (give, work)
                })
                .unzip();
            let repeated = MESSAGES.div_ceil(7);
            for turn in 0..MESSAGES + repeated {
                workers[turn as usize % workers.len()].send(hold(&mut rx)).unwrap();
            }
            drop(workers);
            let mut done: HashMap<u32, u32> = HashMap::new();
            work.into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .for_each(|number| *done.entry(number).or_default() += 1);
            assert!(done.len() == MESSAGES as usize && done.values().all(|&times| times == 1));
            let counters = counters(&channel, rx.row());
            assert_eq!((counters.messages, counters.bytes), (MESSAGES.into(), u64::from(MESSAGES) * 4));
            assert_eq!(counters.redelivered, repeated.into());
            assert_eq!(queue(&channel).free, 16);
            drop(sending.join().unwrap());
            assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
        },
    );
}

#[test]
fn no_count_is_lost_where_threads_finish_at_the_same_moment() {
    const THREADS: usize = 4;
    const EACH: usize = 2_000;
    let channel = Options::new().slots(THREADS * EACH).max_message(8).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for round in 1..=10 {
        (0..THREADS * EACH).for_each(|_| tx.send(b"12345678").unwrap());
        let shares: Vec<Vec<_>> = (0..THREADS).map(|_| (0..EACH).map(|_| hold(&mut rx)).collect()).collect();
        let barrier = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for share in shares {
                scope.spawn(|| {
                    barrier.wait();
                    share.into_iter().for_each(|held| held.ack().unwrap());
                });
            }
        });
        let counters = counters(&channel, rx.row());
        let wanted = (round * THREADS * EACH) as u64;
        assert_eq!((counters.messages, counters.bytes), (wanted, 8 * wanted));
    }
}
