//! Several helpers reap the dead at once; some stop or die in the middle; the seat has a new holder meanwhile.
//!
//! The helpers start after the dead thread was joined. That stands for the kernel's proof of death, which is a stable fact:
//! a life that is over stays over. Where the dead one uses no slot any more, the helpers have nothing to do, and the model ends.

use loom::thread;
use memlane::ring::slots::OnDeath;
use memlane_loom_tests::deaths::{helper, take_and_give_back, take_batch};
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::slots::Accounts;

/// A queue whose only slot holds a message that the participant in row 1 took, after which it died.
fn held_by_a_dead_one() -> Accounts {
    let accounts = Accounts::of(1, 1, OnDeath::Redeliver);
    assert!(accounts.send(&mut accounts.queue(0), 1));
    let _ = accounts.take(&accounts.queue(1)).expect("sent");
    accounts
}

/// The first two messages are held by the participants in rows 1 and 2, one each, and both are dead.
fn held_by_two_dead_ones() -> Accounts {
    let accounts = Accounts::of(2, 1, OnDeath::Redeliver);
    let mut sender = accounts.queue(0);
    assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
    for row in [1, 2] {
        let _ = accounts.take(&accounts.queue(row)).expect("sent");
    }
    accounts
}

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
        if !accounts.uses_slots(1) {
            return;
        }
        let helping = [helper(&accounts, 3, [1]), helper(&accounts, 4, [1])];
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

/// A helper that dies leaves what it began to the other, which may be over already: then it had counted what both did.
#[test]
fn one_of_two_helpers_dies() {
    Model::bounded("slots: one of two helpers dies", 3).thorough().check_crashes(|crash| {
        let accounts = held_by_a_dead_one();
        let helping = helper(&accounts, 4, [1]);
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
        if !accounts.uses_slots(1) {
            return;
        }
        let helping = helper(&accounts, 4, [1]);
        accounts.reap(3, 1);
        let mut queue = accounts.queue(2);
        let _ = accounts.receive(&queue);
        // A slot that came free goes on loan: nobody may free it, or hand it out.
        let loan = accounts.fill(&mut queue, 7).expect("the dead one has no slot any more");
        assert!(accounts.take(&queue).is_none(), "a loan was handed out");
        accounts.commit(&queue, loan, 7, 0);
        helping.join().unwrap();
        accounts.settle(2);
    });
}

/// The cells are of a later lap, and of two: a helper that walks over them meets stale ones, and newer ones.
#[test]
fn two_reap_where_the_ring_wraps() {
    Model::bounded("slots: two reap where the ring wraps", 2).thorough().check(|| {
        let accounts = Accounts::of(2, 1, OnDeath::Redeliver).after(3);
        // The dead sender has a message queued and a slot on loan.
        let mut queue = accounts.queue(1);
        assert!(accounts.send(&mut queue, 1));
        let _ = accounts.fill(&mut queue, 2).expect("the second slot");
        let helping = helper(&accounts, 4, [1]);
        // The cell that names the dead one's message is passed, and filled for the next lap, while both reap.
        let mut living = accounts.queue(2);
        assert!(accounts.receive(&living), "it was committed");
        assert!(accounts.send(&mut living, 7));
        accounts.reap(3, 1);
        assert!(accounts.send(&mut living, 8), "the loan came back");
        helping.join().unwrap();
        accounts.settle(2);
    });
}

/// The row has a new holder as soon as it was settled. What that one takes from the same slot is its own, however late the
/// other helper is.
#[test]
fn a_late_helper_leaves_the_successor_of_the_seat_alone() {
    Model::bounded("slots: a late helper and the seat's next holder", 3).thorough().check(|| {
        let accounts = held_by_a_dead_one();
        let helping = [helper(&accounts, 3, [1]), helper(&accounts, 4, [1])];
        if accounts.sit_down(1) {
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
    Model::bounded("slots: two reap a batch", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(2, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let queue = accounts.queue(1);
        crash.of(|| take_batch(&accounts, &queue, drop));
        if !accounts.uses_slots(1) {
            return;
        }
        let helping = helper(&accounts, 4, [1]);
        accounts.reap(3, 1);
        assert!(accounts.receive(&accounts.queue(2)), "it comes again");
        helping.join().unwrap();
        accounts.settle(2);
    });
}

/// A `nack` that was cut short, of the lower of two priorities.
#[test]
fn two_reap_a_nack_that_was_cut_short() {
    Model::bounded("slots: two reap a nack", 2).thorough().check_crashes(|crash| {
        let accounts = Accounts::of(1, 2, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        accounts.send_as(&mut sender, 1, 1);
        let queue = accounts.queue(1);
        crash.of(|| take_and_give_back(&accounts, &queue));
        if !accounts.uses_slots(1) {
            return;
        }
        let helping = helper(&accounts, 4, [1]);
        accounts.reap(3, 1);
        assert!(accounts.receive(&accounts.queue(2)), "it comes again");
        helping.join().unwrap();
        accounts.settle(2);
    });
}

/// Two died at once, and one pass each of two helpers settles both. A receiver takes the straight way meanwhile, and looks for
/// what was returned when it has news.
#[test]
fn two_reap_two() {
    Model::bounded("slots: two reap two", 2).thorough().check(|| {
        let accounts = held_by_two_dead_ones();
        let helping = helper(&accounts, 4, [1, 2]);
        accounts.reap_all(3, &[2, 1]);
        let mut taker = accounts.taker(5);
        let _ = accounts.receive_on(&mut taker, false);
        let _ = accounts.receive_on(&mut taker, true);
        helping.join().unwrap();
        accounts.settle(5);
    });
}

/// What was returned, of two priorities, comes to two receivers, and an observer counts no more than there is.
#[test]
fn what_was_returned_comes_to_two_receivers() {
    Model::bounded("slots: two search for two priorities", 1).thorough().check(|| {
        let accounts = Accounts::of(2, 2, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        for (message, priority) in [(1, 1), (2, 0)] {
            accounts.send_as(&mut sender, message, priority);
            let _ = accounts.take(&accounts.queue(1)).expect("sent");
        }
        accounts.reap(3, 1);
        assert_eq!(accounts.returned(), [1, 1]);
        let (here, there) = (accounts.clone(), accounts.clone());
        let receiving = [
            // Leaves with its search half done.
            thread::spawn(move || {
                let _ = here.receive_on(&mut here.taker(2), true);
            }),
            thread::spawn(move || {
                let mut taker = there.taker(4);
                let _ = there.receive_on(&mut taker, true);
                // It goes on with its search.
                let _ = there.receive_on(&mut taker, false);
            }),
        ];
        assert!(accounts.returned().iter().all(|count| *count <= 1));
        for receiver in receiving {
            receiver.join().unwrap();
        }
        assert_eq!(accounts.returned(), [0, 0]);
        accounts.settle(5);
    });
}

/// A search ends while another death is settled and another receiver begins one: what is over is not taken for all.
#[test]
fn a_search_begins_while_another_one_ends() {
    Model::bounded("slots: a search begins while another ends", 1).thorough().check(|| {
        let accounts = held_by_two_dead_ones();
        accounts.reap(3, 1);
        let settling = helper(&accounts, 3, [2]);
        let there = accounts.clone();
        let receiving = thread::spawn(move || {
            let _ = there.receive_on(&mut there.taker(4), true);
        });
        let mut taker = accounts.taker(5);
        for _ in 0..2 {
            let _ = accounts.receive_on(&mut taker, true);
        }
        settling.join().unwrap();
        receiving.join().unwrap();
        accounts.settle(0);
    });
}

/// A receiver is in the middle of a search when a message is returned in a slot that it has looked at.
#[test]
fn a_slot_is_returned_behind_a_search() {
    Model::bounded("slots: returned behind a search", 3).thorough().check(|| {
        let accounts = Accounts::of(2, 1, OnDeath::Redeliver);
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        for _ in 0..2 {
            let _ = accounts.take(&accounts.queue(1)).expect("sent");
        }
        accounts.reap(3, 1);
        let mut searching = accounts.taker(4);
        assert!(accounts.receive_on(&mut searching, true), "one of two");
        // The slot that came free is used again, and its next receiver dies, too.
        assert!(accounts.send(&mut sender, 3));
        let _ = accounts.take_on(&mut accounts.taker(2), false).expect("sent");
        let settling = helper(&accounts, 3, [2]);
        for _ in 0..2 {
            let _ = accounts.receive_on(&mut searching, true);
        }
        settling.join().unwrap();
        // With nobody else there, the same receiver finds all of it.
        while accounts.receive_on(&mut searching, true) {}
        assert_eq!(accounts.returned(), [0]);
        accounts.settle(5);
    });
}
