//! Senders, receivers and reapers die before each of their shared operations, and others go on meanwhile: nothing committed
//! is lost, nothing acknowledged comes again, and every slot comes back.
//!
//! A reaper starts after the dead thread was joined. That stands for the kernel's proof of death.

use loom::thread;
use memlane::ring::slots::OnDeath;
use memlane::sync::{AtomicU64, Ordering::Relaxed};
use memlane_loom_tests::deaths::{receiver, take_and_give_back, take_batch};
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::slots::Accounts;
use std::rc::Rc;

fn two_slots() -> Accounts {
    Accounts::of(2, 1, OnDeath::Redeliver)
}

#[test]
fn a_sender_dies() {
    Model::bounded("slots: a sender dies", 2).thorough().check_crashes(|crash| {
        let accounts = two_slots();
        let receiving = receiver(&accounts, 1, 2);
        let mut queue = accounts.queue(0);
        crash.of(|| {
            for message in 0..2 {
                let _ = accounts.send(&mut queue, message);
            }
        });
        accounts.reap(2, 0);
        let _ = accounts.send(&mut accounts.queue(2), 5);
        receiving.join().unwrap();
        accounts.settle(1);
    });
}

#[test]
fn a_receiver_dies() {
    Model::bounded("slots: a receiver dies", 2).thorough().check_crashes(|crash| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let receiving = receiver(&accounts, 2, 1);
        let queue = accounts.queue(1);
        crash.of(|| {
            let _ = accounts.receive(&queue);
            take_and_give_back(&accounts, &queue);
        });
        accounts.reap(3, 1);
        let _ = accounts.send(&mut sender, 3);
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

#[test]
fn a_sender_dies_in_the_middle_of_a_batch() {
    Model::bounded("slots: a sender dies in a batch", 2).thorough().check_crashes(|crash| {
        let accounts = two_slots();
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let _ = here.send(&mut here.queue(1), 10);
        });
        let mut queue = accounts.queue(0);
        crash.of(|| accounts.send_batch(&mut queue, [1, 2]));
        accounts.reap(2, 0);
        let _ = accounts.send(&mut accounts.queue(2), 5);
        sending.join().unwrap();
        accounts.settle(3);
    });
}

/// A receiver dies with messages of two priorities, and with one that it gave back, while another one receives.
#[test]
fn a_receiver_of_two_priorities_dies() {
    Model::bounded("slots: a receiver of two priorities dies", 1).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(2, 2, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        accounts.send_as(&mut sender, 1, 1);
        accounts.send_as(&mut sender, 2, 0);
        let receiving = receiver(&accounts, 2, 1);
        let queue = accounts.queue(1);
        crash.of(|| {
            take_and_give_back(&accounts, &queue);
            let _ = accounts.take(&queue);
        });
        accounts.reap(3, 1);
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

/// The slots of a dead receiver are used again while others still look at the cells that named them.
#[test]
fn the_slots_of_a_dead_receiver_are_used_again() {
    Model::bounded("slots: a dead receiver's slots are used again", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(1, 1, OnDeath::Discard);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        // It is gone with a receiver that dies before it even looks at it.
        accounts.may_repeat(1);
        let receiving = receiver(&accounts, 2, 1);
        let queue = accounts.queue(1);
        crash.of(|| {
            let _ = accounts.take(&queue);
        });
        accounts.reap(3, 1);
        let loan = accounts.fill(&mut sender, 2);
        receiving.join().unwrap();
        if let Some(loan) = loan {
            accounts.commit(&sender, loan, 2, 0);
        }
        accounts.settle(2);
    });
}

/// The sequence that catches a reaping without settling: a receiver dies between taking a slot and passing head; the slot is
/// given back, taken and acknowledged, and goes on loan: the old cell must not hand out that loan.
#[test]
fn a_slot_whose_taker_died_before_it_passed_head_is_not_handed_out_on_loan() {
    Model::exhaustive("slots: a taker dies before it passes head").thorough().check_crashes(|crash| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        let queue = accounts.queue(1);
        crash.of(|| {
            let _ = accounts.take(&queue);
        });
        accounts.reap(3, 1);
        let other = accounts.queue(2);
        assert!(accounts.receive(&other), "it comes again");
        let loans =
            [accounts.fill(&mut sender, 2), accounts.fill(&mut sender, 3)].map(|loan| loan.expect("free again"));
        assert!(accounts.take(&other).is_none(), "nothing is committed");
        for (loan, message) in loans.into_iter().zip([2, 3]) {
            accounts.commit(&sender, loan, message, 0);
        }
        accounts.settle(2);
    });
}

/// A receiver that dies between taking and counting has been seen by nobody, and the message comes behind others all the same.
#[test]
fn a_message_that_comes_out_of_order_says_that_it_comes_again() {
    Model::exhaustive("slots: a taker dies before it counts").thorough().check_crashes(|crash| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let queue = accounts.queue(1);
        crash.of(|| {
            let _ = accounts.take(&queue);
        });
        let was_held = accounts.uses_slots(1);
        accounts.reap(3, 1);
        // Without news, the straight way.
        let mut other = accounts.taker(2);
        let (_, message) = accounts.take_on(&mut other, false).expect("one at least was not taken");
        assert_eq!(message, if was_held { 2 } else { 1 });
        let (second, _) = accounts.take_on(&mut other, true).expect("and the other");
        assert_eq!(second.is_repeated(), was_held, "1 comes behind 2, and does not say why");
        accounts.reap(3, 2);
        accounts.settle(4);
    });
}

#[test]
fn a_receiver_and_its_reaper_die() {
    Model::bounded("slots: a receiver and its reaper die", 1).thorough().check_double_crashes(|first, second| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        let receiving = receiver(&accounts, 2, 1);
        let queue = accounts.queue(1);
        first.of(|| take_and_give_back(&accounts, &queue));
        accounts.reap_and_die(second, 3, 1);
        accounts.reap(4, 1);
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

#[test]
fn a_sender_and_its_reaper_die() {
    Model::bounded("slots: a sender and its reaper die", 1).thorough().check_double_crashes(|first, second| {
        let accounts = two_slots();
        let receiving = receiver(&accounts, 1, 1);
        let mut queue = accounts.queue(0);
        first.of(|| {
            let _ = accounts.send(&mut queue, 1);
        });
        accounts.reap_and_die(second, 3, 0);
        accounts.reap(4, 0);
        receiving.join().unwrap();
        accounts.settle(1);
    });
}

#[test]
fn a_batch_dies() {
    Model::bounded("slots: a batch dies", 1).thorough().check_crashes(|crash| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let receiving = receiver(&accounts, 2, 1);
        let queue = accounts.queue(1);
        crash.of(|| take_batch(&accounts, &queue, |taken| accounts.acknowledge(&queue, taken)));
        accounts.reap(3, 1);
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

/// A sender kept a slot for laps before it committed and died. Its reaper may see head where it stood when that slot was free:
/// the cell is of a later lap than it asks for, and names the slot all the same.
#[test]
fn a_sender_dies_that_committed_laps_later() {
    let late = Witness::of("the slot was committed laps later");
    let witness = late.clone();
    Model::bounded("slots: a sender dies that committed laps later", 1).thorough().check(move || {
        let accounts = two_slots();
        let mut queue = accounts.queue(1);
        let loan = accounts.fill(&mut queue, 1).expect("both are free");
        let here = accounts.clone();
        // Relaxed: so nothing of what happened meanwhile has to be visible.
        let passed = Rc::new(AtomicU64::new(0));
        let tells = Rc::clone(&passed);
        let going_on = thread::spawn(move || {
            let mut queue = here.queue(2);
            for message in 2..5 {
                assert!(here.send(&mut queue, message) && here.receive(&queue));
            }
            tells.store(1, Relaxed);
        });
        if passed.load(Relaxed) == 1 {
            witness.sees_it();
            accounts.commit(&queue, loan, 1, 0);
        }
        accounts.reap(3, 1);
        going_on.join().unwrap();
        accounts.settle(2);
    });
    late.testifies();
}
