//! One receiver finds the lanes of senders that come and go, receives everything that they commit, and learns the end when there
//! is nobody any more, and not before.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::lanes::{LoomLanes, Sender};
use memlane_loom_tests::parking::{Backend, Event};
use std::rc::Rc;

/// A sender sends this and leaves.
fn send_and_leave(mut sender: Sender, number: u64) {
    sender.send(number);
    sender.leave();
}

/// A whole life of a sender between two looks, or anywhere else.
#[test]
fn a_sender_that_comes_and_goes_between_two_looks_loses_nothing() {
    Model::bounded("lanes: a sender comes and goes", 3).check(|| {
        let lanes = LoomLanes::new();
        let mut receiver = lanes.receiver();
        let sending = thread::spawn(move || send_and_leave(lanes.join(0, 1), 10));
        for _ in 0..2 {
            receiver.receive();
        }
        sending.join().unwrap();
        receiver.drain();
        assert_eq!(receiver.received, [10]);
    });
}

/// One sender after the other in one row, and so in one lane.
#[test]
fn a_row_that_changes_hands_keeps_its_lane() {
    Model::bounded("lanes: a row changes hands", 3).check(|| {
        let lanes = LoomLanes::new();
        let mut first = lanes.join(0, 1);
        first.send(10);
        let mut receiver = lanes.receiver();
        let sending = thread::spawn(move || {
            first.leave();
            let mut second = lanes.join(0, 2);
            second.send(20);
            second
        });
        for _ in 0..2 {
            receiver.receive();
        }
        sending.join().unwrap().leave();
        receiver.drain();
        assert_eq!(receiver.received, [10, 20]);
    });
}

/// At the end, everything is received of the sender that was there.
#[test]
fn the_last_message_comes_before_the_end() {
    let over = Witness::of("the receiver learns the end by itself");
    let ended = over.clone();
    Model::bounded("lanes: the last message", 4).check(move || {
        let lanes = LoomLanes::new();
        let mut receiver = lanes.receiver();
        // As in a handover: the receiver may be in the middle of a look, and does not know of what follows by its counter.
        let sender = lanes.join(0, 1);
        let sending = thread::spawn(move || send_and_leave(sender, 10));
        if (0..2).any(|_| receiver.look()) {
            ended.sees_it();
            assert!(receiver.received.contains(&10), "the end came before a message of a sender that was there");
        }
        sending.join().unwrap();
        receiver.drain();
        assert_eq!(receiver.received, [10]);
    });
    over.testifies();
}

/// One sender joins, and only then does another one leave: there is a sender at every moment.
#[test]
fn a_handover_is_not_the_end() {
    for (old, new) in [(0, 1), (1, 0)] {
        Model::bounded("lanes: a handover", 4).check(move || {
            let lanes = LoomLanes::new();
            let mut receiver = lanes.receiver();
            // Something to look for: so the receiver is in the middle of a look when it happens.
            let leaving = lanes.join(old, 1);
            let handing_over = thread::spawn(move || {
                let stays = lanes.join(new, 2);
                leaving.leave();
                stays
            });
            for _ in 0..2 {
                assert!(!receiver.is_over(), "the end, though there was a sender at every moment");
            }
            let stays = handing_over.join().unwrap();
            assert!(!receiver.look());
            send_and_leave(stays, 10);
            receiver.drain();
            assert_eq!(receiver.received, [10]);
        });
    }
}

/// The receiver dies anywhere, while one sender replaces another one. Its successor finds what is left.
#[test]
fn a_receiver_dies() {
    Model::bounded("lanes: a receiver dies", 1).check_crashes(|crash| {
        let lanes = LoomLanes::new();
        let leaving = lanes.join(0, 1);
        let mut dying = lanes.receiver();
        let others = lanes.clone();
        let sending = thread::spawn(move || {
            leaving.leave();
            others.join(0, 2)
        });
        crash.of(|| {
            for _ in 0..2 {
                dying.look();
            }
        });
        let mut receiver = lanes.receiver();
        receiver.look();
        let sender = sending.join().unwrap();
        send_and_leave(sender, 20);
        receiver.drain();
        assert_eq!(receiver.received, [20]);
    });
}

/// The receiver dies anywhere while it receives. Its successor gets what that one had not given back.
#[test]
fn a_receiver_dies_with_messages() {
    Model::bounded("lanes: a receiver dies with messages", 1).check_crashes(|crash| {
        let lanes = LoomLanes::new();
        let (mut first, second) = (lanes.join(0, 1), lanes.join(1, 2));
        first.send(10);
        let mut dying = lanes.receiver();
        let sending = thread::spawn(move || {
            send_and_leave(second, 20);
            send_and_leave(first, 11);
        });
        crash.of(|| {
            for _ in 0..2 {
                dying.look();
            }
        });
        let mut receiver = lanes.receiver();
        sending.join().unwrap();
        let (consumed, received) = ([0, 1].map(|lane| receiver.consumed(lane)), &mut dying.received);
        receiver.drain();
        // A record and its header are 16 bytes. What it had read and not given back comes again.
        let given_back = consumed.map(|bytes| bytes as usize / 16);
        assert_eq!(receiver.received.len() + given_back.iter().sum::<usize>(), 3);
        received.append(&mut receiver.received);
        received.dedup();
        received.sort_unstable();
        received.dedup();
        assert_eq!(*received, [10, 11, 20]);
    });
}

/// A sender dies anywhere in its life. What it committed is received, and its row and lane are the next one's.
#[test]
fn a_sender_dies() {
    Model::bounded("lanes: a sender dies", 2).check_crashes(|crash| {
        let lanes = LoomLanes::new();
        let mut receiver = lanes.receiver();
        let (dying, crash) = (lanes.clone(), crash.clone());
        let sending = thread::spawn(move || {
            crash.of(|| send_and_leave(dying.join(0, 1), 10));
            dying.reap(0);
        });
        for _ in 0..2 {
            receiver.receive();
        }
        sending.join().unwrap();
        send_and_leave(lanes.join(0, 2), 20);
        receiver.drain();
        assert!(matches!(receiver.received[..], [20] | [10, 20]), "{:?}", receiver.received);
    });
}

/// A sender that the receiver does not know joins and commits while the receiver goes to sleep.
#[test]
fn a_receiver_does_not_sleep_through_a_new_sender() {
    let sleep = Witness::of("the receiver sleeps");
    let asleep = sleep.clone();
    Model::bounded("lanes: asleep", 4).check(move || {
        let lanes = LoomLanes::new();
        let mut receiver = lanes.receiver();
        let data = Rc::new(Event::new(Backend::Futex, &asleep));
        let woken = Rc::clone(&data);
        let sending = thread::spawn(move || {
            let mut sender = lanes.join(1, 1);
            sender.send(10);
            woken.notify();
            sender
        });
        data.wait(|| receiver.receive().then_some(()));
        sending.join().unwrap().leave();
        receiver.drain();
        assert_eq!(receiver.received, [10]);
    });
    sleep.testifies();
}
