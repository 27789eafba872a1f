//! `mpmc` over named, anonymous and private channels: who gets what, when it comes again, and when it ends.

mod support;

use memlane::mpmc::{Channel, OnDeath, Options, Receiver};
use memlane::{
    CreateError, GrantError, JoinError, NoSuchPriority, QueueInfo, RecvError, SendError, SendTimeoutError, Strategy,
    TryRecvError, TrySendError,
};
use std::collections::HashSet;
use std::time::Duration;
use support::Scratch;

/// Runs on a named, an anonymous and a private channel.
fn everywhere(options: &Options, test: impl Fn(Channel)) {
    let scratch = Scratch::new();
    test(options.create(&scratch.name("jobs")).unwrap());
    test(options.anonymous().unwrap());
    test(options.private().unwrap());
}

fn small() -> Options {
    Options::new().slots(4).max_message(100)
}

fn queue(channel: &Channel) -> QueueInfo {
    channel.info().queue.unwrap()
}

fn next(receiver: &mut Receiver) -> Vec<u8> {
    receiver.recv().unwrap().to_vec()
}

#[test]
fn messages_come_in_order_and_each_once() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for round in 0..100u8 {
            for number in 0..4 {
                tx.send(&[round, number]).unwrap();
            }
            assert_eq!(tx.try_send(b"one too many"), Err(TrySendError::Full));
            for number in 0..4 {
                assert_eq!(next(&mut rx), [round, number]);
            }
            assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
        }
        assert_eq!((queue(&channel).free, queue(&channel).passed), (4, vec![400]));
    });
}

#[test]
fn by_default_there_are_as_many_slots_as_fit_into_16_mib() {
    let slots = |options: Options| options.private().unwrap().slots();
    assert_eq!(slots(Options::new()), 256);
    assert_eq!(Options::new().private().unwrap().max_message(), 64_000);
    for (max_message, expected) in [(0, 1024), (48, 1024), (16_000, 1024), (16_384, 512), (1 << 20, 8), (8 << 20, 4)] {
        assert_eq!(slots(Options::new().max_message(max_message)), expected, "{max_message}");
    }
    assert_eq!(slots(Options::new().slots(7)), 7);
    for beyond in [(1 << 30) + 1, usize::MAX] {
        let error = Options::new().max_message(beyond).private().unwrap_err();
        assert!(matches!(&error, CreateError::InvalidOption { option: "max_message", .. }), "{error}");
    }
}

#[test]
fn the_default_of_one_roles_seats_gives_way_to_the_number_of_the_others() {
    fn taken<S>(join: impl Fn() -> Result<S, JoinError>) -> u32 {
        let held: Vec<_> = (0..100).map_while(|_| join().ok()).collect();
        let error = join().err().expect("fewer than 100 seats");
        assert!(matches!(error, JoinError::RoleTaken { seats, .. } if seats == held.len()), "{error}");
        held.len() as u32
    }
    let options = || Options::new().slots(1).max_message(8);
    for (chosen, left) in [(1, 64), (960, 64), (961, 63), (1000, 24), (1023, 1)] {
        let channel = options().max_senders(chosen).private().unwrap();
        assert_eq!(taken(|| channel.receiver()), left, "receivers beside {chosen} senders");
        let channel = options().max_receivers(chosen).private().unwrap();
        assert_eq!(taken(|| channel.sender()), left, "senders beside {chosen} receivers");
    }
    let refused = |options: Options| options.private().unwrap_err().to_string();
    for given in [1024, 5000, u32::MAX as usize] {
        let what = |role| {
            format!(
                "channel (private): option {role} is {given}, which has to be 1 to 1023: at most 1024 senders and receivers \
                 together"
            )
        };
        assert_eq!(refused(options().max_senders(given)), what("senders"));
        assert_eq!(refused(options().max_receivers(given)), what("receivers"));
    }
    assert!(
        refused(options().max_senders(1000).max_receivers(25)).contains("1 to 24"),
        "what was chosen does not give way"
    );
}

#[test]
fn a_slot_is_in_use_until_its_message_is_acknowledged() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3", "4"]).unwrap();
        let message = rx.recv().unwrap();
        assert_eq!(tx.try_send(b"5"), Err(TrySendError::Full));
        let info = queue(&channel);
        assert_eq!((info.free, info.produced, info.consumed, info.queued), (0, 3, 1, vec![3]));
        message.ack().unwrap();
        tx.try_send(b"5").unwrap();
    });
}

#[test]
fn a_message_that_is_given_back_comes_again_behind_the_others_and_says_so() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2"]).unwrap();
        let first = rx.recv().unwrap();
        assert!(!first.redelivered() && first.deliveries() == 1);
        first.nack().unwrap();
        assert_eq!(next(&mut rx), b"2");
        let again = rx.recv().unwrap();
        assert!(again.redelivered());
        assert_eq!((again.to_vec(), again.deliveries()), (b"1".to_vec(), 2));
        drop(again);
        assert_eq!(channel.info().participants[1].counters.redelivered, 1);
        assert_eq!(queue(&channel).free, 4);
    });
}

#[test]
fn every_end_knows_its_row() {
    everywhere(&small().max_senders(2), |channel| {
        let (_first, mut tx, mut rx) =
            (channel.sender().unwrap(), channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(b"counted").unwrap();
        assert_eq!(next(&mut rx), b"counted");
        let participants = channel.info().participants;
        let counted = participants.iter().filter(|participant| participant.counters.messages == 1);
        assert!(counted.map(|participant| participant.row).eq([tx.row(), rx.row()]), "{participants:?}");
    });
}

#[test]
fn a_message_dropped_by_a_panic_comes_again() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3"]).unwrap();
        let mut other = rx.try_clone().unwrap();
        let panicking = std::thread::spawn(move || {
            let _batch = rx.recv_batch(2).unwrap();
            panic!("on purpose");
        });
        assert!(panicking.join().is_err());
        assert_eq!(next(&mut other), b"3");
        assert_eq!((next(&mut other), next(&mut other)), (b"1".to_vec(), b"2".to_vec()));
    });
}

#[test]
fn a_message_that_comes_too_often_is_a_dead_letter() {
    everywhere(&small().delivery_limit(3), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(b"poison").unwrap();
        for delivery in 1..=3 {
            let message = rx.recv().unwrap();
            assert_eq!(message.deliveries(), delivery);
            message.nack().unwrap();
        }
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
        assert_eq!((queue(&channel).dead_letters, queue(&channel).free), (1, 4));
    });
}

#[test]
fn a_forgotten_message_comes_again_when_its_receiver_leaves() {
    for (policy, comes) in [(OnDeath::Redeliver, true), (OnDeath::Discard, false)] {
        everywhere(&small().on_death(policy), |channel| {
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            let mut other = channel.receiver().unwrap();
            tx.send(b"one").unwrap();
            std::mem::forget(rx.recv().unwrap());
            assert_eq!(other.try_recv().unwrap_err(), TryRecvError::Empty);
            drop(rx);
            match other.try_recv() {
                Ok(message) => assert!(comes && message.redelivered()),
                Err(error) => assert_eq!((comes, error), (false, TryRecvError::Empty)),
            }
            assert_eq!((queue(&channel).discarded, queue(&channel).free), (u64::from(!comes), 4));
        });
    }
}

#[test]
fn the_most_urgent_comes_first() {
    everywhere(&small().slots(8).priorities(3), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        assert_eq!(tx.set_priority(3), Err(NoSuchPriority { given: 3, priorities: 3 }));
        tx.send(b"usual").unwrap();
        tx.set_priority(1).unwrap();
        tx.send_batch(["soon", "soon too"]).unwrap();
        tx.set_priority(0).unwrap();
        tx.send(b"now").unwrap();
        assert_eq!(queue(&channel).queued, [1, 2, 1]);
        let first = rx.recv().unwrap();
        assert_eq!(first.to_vec(), b"now");
        first.nack().unwrap();
        assert_eq!(next(&mut rx), b"now", "given back, it keeps its priority");
        assert_eq!(rx.recv_batch(8).unwrap().len(), 2, "a batch is of one priority");
        assert_eq!(next(&mut rx), b"usual");
    });
}

#[test]
fn a_grant_that_is_dropped_sends_nothing_and_frees_its_slot() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut grant = tx.reserve(10).unwrap();
        assert_eq!(grant.write_at(8, b"abc"), Err(GrantError::OutOfBounds { length: 10, end: 11 }));
        grant.write_at(0, b"never sent").unwrap();
        assert_eq!(queue(&channel).free, 3);
        drop(grant);
        assert_eq!(queue(&channel).free, 4);
        let mut grant = tx.reserve(10).unwrap();
        grant.write_at(0, b"sent").unwrap();
        grant.commit(4).unwrap();
        assert_eq!(next(&mut rx), b"sent");
        assert_eq!(tx.send(&[0; 101]), Err(SendError::TooLarge { length: 101, max: 100 }));
    });
}

#[test]
fn a_free_slot_is_found_wherever_it_is() {
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        everywhere(&small().slots(64), |channel| {
            let (mut tx, mut holder, mut rx) =
                (channel.sender().unwrap(), channel.receiver().unwrap(), channel.receiver().unwrap());
            tx.set_strategy(strategy);
            tx.send_batch([b"held"; 60]).unwrap();
            let _held = holder.recv_batch(60).unwrap();
            // The next slots are held for long, those that come free are behind them.
            for round in 0..20u32 {
                tx.send_batch([round.to_le_bytes(); 4]).unwrap();
                assert_eq!(tx.try_send(b"one too many"), Err(TrySendError::Full));
                assert_eq!(tx.send_timeout(b"one too many", Duration::ZERO), Err(SendTimeoutError::Timeout));
                (0..4).for_each(|_| assert_eq!(next(&mut rx), round.to_le_bytes()));
                tx.send(b"blocking").unwrap();
                tx.send_timeout(b"in time", Duration::from_secs(60)).unwrap();
                tx.try_send(b"at once").unwrap();
                tx.reserve(1).unwrap().commit(1).unwrap();
                drop(rx.recv_batch(4).unwrap());
            }
        });
    }
}

#[test]
fn its_length_is_what_is_queued() {
    everywhere(&small().priorities(2), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        assert!(channel.is_empty() && tx.is_empty() && rx.is_empty());
        // Several laps: the count does not depend on where the ring begins.
        for lap in 0..200 {
            tx.set_priority(lap % 2).unwrap();
            tx.send_batch(["1", "2"]).unwrap();
            tx.send(b"3").unwrap();
            assert_eq!((channel.len(), tx.len(), rx.len()), (3, 3, 3));
            let held = rx.recv().unwrap();
            assert_eq!(channel.len(), 2, "what is held is not queued");
            held.nack().unwrap();
            assert_eq!(channel.len(), 3);
            drop(rx.recv_batch(3).unwrap());
            assert!(rx.is_empty());
        }
    });
}

#[test]
fn a_small_buffer_leaves_the_message_with_its_receiver() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["four", "next"]).unwrap();
        for _ in 0..3 {
            assert_eq!(rx.recv_into(&mut [0; 3]), Err(RecvError::BufferTooSmall { needed: 4 }));
        }
        let message = rx.recv().unwrap();
        assert_eq!((message.to_vec(), message.deliveries()), (b"four".to_vec(), 1), "in order, and delivered once");
        drop(message);
        assert_eq!(rx.recv_into(&mut [0; 3]), Err(RecvError::BufferTooSmall { needed: 4 }));
        assert_eq!(rx.try_recv_batch(2).unwrap().len(), 1);

        tx.send(b"left").unwrap();
        assert_eq!(rx.try_recv_into(&mut []), Err(TryRecvError::BufferTooSmall { needed: 4 }));
        let mut other = channel.receiver().unwrap();
        assert_eq!(other.try_recv().unwrap_err(), TryRecvError::Empty);
        drop(rx);
        let message = other.recv().unwrap();
        assert_eq!((message.to_vec(), message.redelivered()), (b"left".to_vec(), true), "who leaves gives it back");
    });
    // Nobody has seen it: that a receiver leaves, which is as good as dying, does not cost it.
    everywhere(&small().delivery_limit(1).on_death(OnDeath::Discard), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(b"unseen").unwrap();
        assert_eq!(rx.recv_into(&mut []), Err(RecvError::BufferTooSmall { needed: 6 }));
        drop(rx);
        assert_eq!(next(&mut channel.receiver().unwrap()), b"unseen");
    });
}

#[test]
fn whoever_looks_while_others_hold_the_last_message_learns_the_end() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx, mut other) =
            (channel.sender().unwrap(), channel.receiver().unwrap(), channel.receiver().unwrap());
        tx.send(b"last").unwrap();
        let held = other.recv().unwrap();
        drop(tx);
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "it may come back");
        held.ack().unwrap();
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected, "at the next look");
    });
}

#[test]
fn receivers_end_when_nobody_can_send_or_give_back_any_more() {
    everywhere(&small(), |channel| {
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut other = channel.receiver().unwrap();
        tx.send_batch(["1", "2"]).unwrap();
        drop(tx);
        let held = other.recv().unwrap();
        assert_eq!(next(&mut rx), b"2");
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "the other one may give it back");
        held.nack().unwrap();
        assert_eq!(next(&mut rx), b"1");
        assert_eq!(rx.recv_timeout(Duration::from_secs(60)).unwrap_err(), memlane::RecvTimeoutError::Disconnected);
        assert_eq!(other.recv().unwrap_err(), RecvError::Disconnected);
    });
}

#[test]
fn many_senders_and_receivers_lose_nothing_and_repeat_nothing() {
    const EACH: u32 = 5_000;
    everywhere(&Options::new().slots(16).max_message(8), |channel| {
        let receiving: Vec<_> = (0..3)
            .map(|_| {
                let mut rx = channel.receiver().unwrap();
                std::thread::spawn(move || rx.messages().map(Result::unwrap).collect::<Vec<_>>())
            })
            .collect();
        // All of them are there before the first one has sent everything and leaves: nobody takes that for the end.
        let senders = [0, 1, 2].map(|sender: u32| (sender, channel.sender().unwrap()));
        let sending: Vec<_> = senders
            .into_iter()
            .map(|(sender, mut tx)| {
                std::thread::spawn(move || {
                    for number in 0..EACH {
                        tx.send(&(u64::from(sender) << 32 | u64::from(number)).to_le_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for thread in sending {
            thread.join().unwrap();
        }
        let mut seen = HashSet::new();
        for thread in receiving {
            let mut last = [None; 3];
            for message in thread.join().unwrap() {
                let word = u64::from_le_bytes(message.try_into().unwrap());
                let sender = (word >> 32) as usize;
                assert!(last[sender] < Some(word), "each sender's messages come in order");
                last[sender] = Some(word);
                assert!(seen.insert(word), "{word:#x} came twice");
            }
        }
        assert_eq!(seen.len(), 3 * EACH as usize);
        let info = queue(&channel);
        assert_eq!((info.free, info.slots), (16, 16));
    });
}
