//! `mpmc` over named, anonymous and private channels: who gets what, when it comes again, and when it ends.

mod support;

use memlane::mpmc::{Channel, OnDeath, Options, Receiver};
use memlane::{GrantError, NoSuchPriority, QueueInfo, RecvError, SendError, TryRecvError, TrySendError};
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
        let sending: Vec<_> = (0..3u32)
            .map(|sender| {
                let mut tx = channel.sender().unwrap();
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

#[test]
fn child_part() {
    kills::play();
}

/// What processes do to each other.
mod kills {
    use super::*;
    use support::child::{self, Child, Part};

    const PARTS: [(&str, Part); 2] =
        [("holds a message of a queue", holds_a_message), ("holds a grant of a queue", holds_a_grant)];

    pub(super) fn play() {
        child::play(&PARTS);
    }

    fn holds_a_message(arguments: &[String]) {
        let mut rx = memlane::mpmc::open(&arguments[0]).unwrap().receiver().unwrap();
        let message = rx.recv().unwrap();
        child::tell(format_args!("holds {}", String::from_utf8(message.to_vec()).unwrap()));
        child::stay();
    }

    fn holds_a_grant(arguments: &[String]) {
        let mut tx = memlane::mpmc::open(&arguments[0]).unwrap().sender().unwrap();
        let _grant = tx.reserve(4).unwrap();
        child::tell("holds a grant");
        child::stay();
    }

    #[test]
    fn what_a_killed_receiver_held_comes_again_marked() {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = small().create(&name).unwrap();
        let mut tx = channel.sender().unwrap();
        tx.send_batch(["1", "2"]).unwrap();
        let mut child = Child::start("holds a message of a queue", &[&name]);
        child.expect("holds 1");
        let mut rx = channel.receiver().unwrap();
        assert_eq!(next(&mut rx), b"2");
        child.kill();
        let again = rx.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(again.redelivered());
        assert_eq!(again.to_vec(), b"1");
        again.ack().unwrap();
        assert_eq!(queue(&channel).free, 4);
        assert_eq!(channel.info().participants[2].counters.reaped, 1);
    }

    #[test]
    fn what_a_killed_sender_had_reserved_is_free_again() {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = small().create(&name).unwrap();
        let mut child = Child::start("holds a grant of a queue", &[&name]);
        child.expect("holds a grant");
        assert_eq!(queue(&channel).free, 3);
        child.kill();
        let mut tx = channel.sender().unwrap();
        tx.send_batch(["1", "2", "3", "4"]).unwrap();
        assert_eq!(tx.try_send(b"5"), Err(TrySendError::Full));
    }

    #[test]
    fn a_stopped_receiver_keeps_its_message_and_delays_nobody() {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = small().create(&name).unwrap();
        let mut tx = channel.sender().unwrap();
        tx.send(b"held").unwrap();
        let child = Child::start("holds a message of a queue", &[&name]);
        child.expect("holds held");
        child.signal(libc::SIGSTOP);
        let mut rx = channel.receiver().unwrap();
        for number in 0..1000u32 {
            tx.send(&number.to_le_bytes()).unwrap();
            assert_eq!(next(&mut rx), number.to_le_bytes());
        }
        // Whoever joins reaps who is dead.
        drop(channel.receiver().unwrap());
        assert_eq!(queue(&channel).consumed, 1);
    }
}
