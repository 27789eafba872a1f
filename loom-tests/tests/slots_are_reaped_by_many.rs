//! Several helpers reap one dead participant at once; some stop or die in the middle; the seat has a new holder meanwhile.
//!
//! The helpers start after the dead thread was joined. That stands for the kernel's proof of death, which is a stable fact:
//! a life that is over stays over.

use loom::thread;
use memlane::ring::slots::OnDeath;
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::slots::{Accounts, FIRST_LIFE};

/// Row 1 is the dead one's throughout; its life:
const DEAD_LIFE: u64 = FIRST_LIFE + 1;

#[test]
fn two_reap_a_receiver_while_a_third_one_receives() {
    Model::bounded("slots: two reap a receiver", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(1, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        let queue = accounts.queue(1);
        crash.of(|| {
            let _ = accounts.take(&queue);
        });
        let helping: Vec<_> = [3, 4]
            .map(|reaper| {
                let here = accounts.clone();
                thread::spawn(move || here.reap(reaper, 1))
            })
            .into();
        let other = accounts.queue(2);
        if accounts.receive(&other) {
            // The slot is used again while a helper may still look at it.
            let loan = accounts.fill(&mut sender, 2).expect("acknowledged");
            assert!(accounts.take(&other).is_none(), "a loan was handed out");
            accounts.commit(&sender, loan, 2, 0);
        }
        for helper in helping {
            helper.join().unwrap();
        }
        accounts.settle(2);
    });
}

#[test]
fn one_of_two_helpers_dies() {
    Model::bounded("slots: one of two helpers dies", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(1, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        let queue = accounts.queue(1);
        let taken = accounts.take(&queue).expect("sent");
        drop(taken);
        let here = accounts.clone();
        let helping = thread::spawn(move || here.reap(4, 1));
        accounts.reap_and_die(crash, 3, 1);
        let _ = accounts.receive(&accounts.queue(2));
        helping.join().unwrap();
        accounts.settle(2);
    });
}

#[test]
fn two_reap_a_sender_with_a_message_and_a_loan() {
    Model::bounded("slots: two reap a sender", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(2, 1, OnDeath::Redeliver);
        let mut queue = accounts.queue(1);
        crash.of(|| {
            let _ = accounts.send(&mut queue, 1);
            let _ = accounts.fill(&mut queue, 2);
        });
        let here = accounts.clone();
        let helping = thread::spawn(move || here.reap(4, 1));
        let there = accounts.clone();
        let receiving = thread::spawn(move || {
            let mut queue = there.queue(2);
            let _ = there.receive(&queue);
            // A slot that came free goes on loan: nobody may free it, or hand it out.
            if let Some(loan) = there.fill(&mut queue, 7) {
                there.commit(&queue, loan, 7, 0);
            }
        });
        accounts.reap(3, 1);
        helping.join().unwrap();
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

/// The row has a new holder as soon as it was settled. What that one takes from the same slot is its own, however late the
/// other helper is.
#[test]
fn a_late_helper_leaves_the_successor_of_the_seat_alone() {
    Model::bounded("slots: a late helper and the seat's next holder", 3).thorough().check(|| {
        let accounts = Accounts::of(1, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        drop(accounts.take(&accounts.queue(1)).expect("sent"));
        let helping: Vec<_> = [3, 4]
            .map(|reaper| {
                let here = accounts.clone();
                thread::spawn(move || here.reap(reaper, 1))
            })
            .into();
        if accounts.sit_down(1, DEAD_LIFE + 50) {
            let queue = accounts.queue(1);
            // Returned to everybody, so to the new holder of the same row, too.
            assert!(accounts.receive(&queue), "what the predecessor held comes again");
            let mut own = accounts.queue(1);
            if let Some(loan) = accounts.fill(&mut own, 2) {
                accounts.commit(&own, loan, 2, 0);
            }
        }
        for helper in helping {
            helper.join().unwrap();
        }
        accounts.settle(2);
    });
}

/// A batch of the dead, of which head passed a part.
#[test]
fn two_reap_a_batch() {
    Model::bounded("slots: two reap a batch", 1).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(2, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let queue = accounts.queue(1);
        crash.of(|| {
            let mut batch = Vec::new();
            queue.take_batch_from(0, 2, &mut batch).expect("sound");
            for delivery in batch {
                let message = accounts.read(&queue, &delivery);
                accounts.may_repeat(message);
            }
        });
        let here = accounts.clone();
        let helping = thread::spawn(move || here.reap(4, 1));
        let there = accounts.clone();
        let receiving = thread::spawn(move || {
            let queue = there.queue(2);
            let _ = there.receive(&queue);
        });
        accounts.reap(3, 1);
        helping.join().unwrap();
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

/// A `nack` that was cut short, of the lower of two priorities.
#[test]
fn two_reap_a_nack_that_was_cut_short() {
    Model::bounded("slots: two reap a nack", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(1, 2, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        let loan = accounts.fill(&mut sender, 1).expect("free");
        accounts.commit(&sender, loan, 1, 1);
        let queue = accounts.queue(1);
        crash.of(|| {
            if let Some(taken) = accounts.take(&queue) {
                accounts.give_back(&queue, taken);
            }
        });
        let here = accounts.clone();
        let helping = thread::spawn(move || here.reap(4, 1));
        let there = accounts.clone();
        let receiving = thread::spawn(move || {
            let queue = there.queue(2);
            let _ = there.receive(&queue);
        });
        accounts.reap(3, 1);
        helping.join().unwrap();
        receiving.join().unwrap();
        accounts.settle(2);
    });
}

/// Two died at once; both are settled by one pass each of two helpers.
#[test]
fn two_reap_two() {
    Model::bounded("slots: two reap two", 2).thorough().check(|| {
        let accounts = Accounts::of(2, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        drop(accounts.take(&accounts.queue(1)).expect("sent"));
        drop(accounts.take(&accounts.queue(2)).expect("sent"));
        let here = accounts.clone();
        let helping = thread::spawn(move || {
            here.reap(4, 1);
            here.reap(4, 2);
        });
        accounts.reap(3, 2);
        accounts.reap(3, 1);
        let queue = accounts.queue(5);
        let _ = accounts.receive(&queue);
        helping.join().unwrap();
        accounts.settle(5);
    });
}
