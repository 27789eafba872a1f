//! Threads send, receive, give back and take in batches: each message goes to one receiver, none is lost, no receiver gets what
//! was not committed, and every slot comes back.

use loom::thread;
use memlane::ring::slots::{Delivery, OnDeath, Queue};
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::slots::{Accounts, LoomSlots};

fn two_slots() -> Accounts {
    Accounts::of(2, 1, OnDeath::Redeliver)
}

#[test]
fn one_sender_one_receiver() {
    Model::bounded("slots: one sender, one receiver", 3).thorough().check(|| {
        let accounts = two_slots();
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let mut queue = here.queue(0);
            for message in 0..3 {
                let _ = here.send(&mut queue, message);
            }
        });
        let queue = accounts.queue(1);
        for _ in 0..3 {
            let _ = accounts.receive(&queue);
        }
        sending.join().unwrap();
        accounts.settle(1);
    });
}

#[test]
fn two_senders() {
    Model::bounded("slots: two senders, one receiver", 2).thorough().check(|| {
        let accounts = two_slots();
        let senders: Vec<_> = (0..2u16)
            .map(|row| {
                let here = accounts.clone();
                thread::spawn(move || {
                    let mut queue = here.queue(row);
                    for number in 0..2 {
                        let _ = here.send(&mut queue, 10 * u64::from(row) + number);
                    }
                })
            })
            .collect();
        let queue = accounts.queue(2);
        let _ = accounts.receive(&queue);
        for sender in senders {
            sender.join().unwrap();
        }
        accounts.settle(2);
    });
}

/// A sender that keeps a loan, and two receivers: one that looks at a cell that was passed must not take the loan that
/// its slot has become.
#[test]
fn two_receivers_and_a_loan() {
    Model::bounded("slots: two receivers and a loan", 3).thorough().check(|| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let receivers: Vec<_> = (1..3u16)
            .map(|row| {
                let here = accounts.clone();
                thread::spawn(move || {
                    let queue = here.queue(row);
                    let _ = here.receive(&queue);
                })
            })
            .collect();
        let loan = accounts.fill(&mut sender, 3);
        for receiver in receivers {
            receiver.join().unwrap();
        }
        if let Some(loan) = loan {
            accounts.commit(&sender, loan, 3, 0);
        }
        accounts.settle(1);
    });
}

#[test]
fn a_message_given_back_goes_to_another() {
    Model::bounded("slots: given back", 2).thorough().check(|| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1));
        let here = accounts.clone();
        let giving_back = thread::spawn(move || {
            let queue = here.queue(1);
            if let Some(taken) = here.take(&queue) {
                here.give_back(&queue, taken);
            }
        });
        let here = accounts.clone();
        let receiving = thread::spawn(move || {
            let queue = here.queue(2);
            let _ = here.receive(&queue) || here.receive(&queue);
        });
        let _ = accounts.send(&mut sender, 2);
        giving_back.join().unwrap();
        receiving.join().unwrap();
        accounts.settle(1);
    });
}

/// One participant on two threads: a receiver hands over what it took to another thread, which finishes it, and goes on. A sender
/// takes the slot that comes free.
fn another_thread_finishes(model: &str, preemptions: usize, finish: fn(&Accounts, &Queue<LoomSlots>, (Delivery, u64))) {
    Model::bounded(model, preemptions).thorough().check(move || {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let _ = here.send(&mut sender, 3);
        });
        let queue = accounts.queue(1);
        let taken = accounts.take(&queue).expect("two are queued");
        let here = accounts.clone();
        let finishing = thread::spawn(move || finish(&here, &here.queue(1), taken));
        let _ = accounts.receive(&queue) && accounts.receive(&queue);
        sending.join().unwrap();
        finishing.join().unwrap();
        accounts.settle(1);
    });
}

#[test]
fn another_thread_acknowledges_what_its_receiver_took() {
    another_thread_finishes("slots: acknowledged by another thread", 3, Accounts::acknowledge);
}

#[test]
fn another_thread_gives_back_what_its_receiver_took() {
    another_thread_finishes("slots: given back by another thread", 2, Accounts::give_back);
}

#[test]
fn batches() {
    Model::bounded("slots: batches", 3).thorough().check(|| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 1) && accounts.send(&mut sender, 2));
        let here = accounts.clone();
        let batching = thread::spawn(move || {
            let queue = here.queue(1);
            let mut batch = Vec::new();
            queue.take_batch_from(0, 2, &mut batch).expect("sound");
            for delivery in batch {
                let message = here.read(&queue, &delivery);
                here.acknowledge(&queue, (delivery, message));
            }
        });
        let here = accounts.clone();
        let receiving = thread::spawn(move || {
            let queue = here.queue(2);
            let _ = here.receive(&queue);
        });
        let loan = accounts.fill(&mut sender, 3);
        batching.join().unwrap();
        receiving.join().unwrap();
        if let Some(loan) = loan {
            accounts.commit(&sender, loan, 3, 0);
        }
        accounts.settle(1);
    });
}

/// Each message comes with its bytes, also where a batch takes it that another one began.
#[test]
fn a_batch_takes_what_was_sent_one_by_one() {
    Model::bounded("slots: a batch of what is sent one by one", 3).thorough().check(|| {
        let accounts = two_slots();
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let mut sender = here.queue(0);
            let _ = here.send(&mut sender, 1) && here.send(&mut sender, 2);
        });
        let queue = accounts.queue(1);
        let mut batch = Vec::new();
        queue.take_batch_from(0, 2, &mut batch).expect("sound");
        for delivery in batch {
            let message = accounts.read(&queue, &delivery);
            accounts.acknowledge(&queue, (delivery, message));
        }
        sending.join().unwrap();
        accounts.settle(1);
    });
}

/// A batch goes out beside another sender, which finds its tail lagging, over the end of the ring.
#[test]
fn a_batch_goes_out_beside_another_sender() {
    Model::bounded("slots: a batch goes out beside another sender", 3).thorough().check(|| {
        let accounts = two_slots();
        let mut sender = accounts.queue(0);
        assert!(accounts.send(&mut sender, 0) && accounts.receive(&accounts.queue(2)), "the ring ends in the middle");
        let here = accounts.clone();
        let batching = thread::spawn(move || here.send_batch(&mut sender, [1, 2]));
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let _ = here.send(&mut here.queue(1), 10);
        });
        let _ = accounts.receive(&accounts.queue(2));
        batching.join().unwrap();
        sending.join().unwrap();
        accounts.settle(2);
    });
}

/// One sender, first something urgent, then something that is not: a receiver that finds the second has to see the first.
#[test]
fn what_was_sent_before_and_is_more_urgent_comes_before() {
    Model::bounded("slots: urgent before less urgent", 3).thorough().check(|| {
        let accounts = Accounts::of(2, 2, OnDeath::Redeliver);
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let mut queue = here.queue(0);
            for (message, priority) in [(1, 0), (2, 1)] {
                let loan = here.fill(&mut queue, message).expect("two slots, two messages");
                here.commit(&queue, loan, message, priority);
            }
        });
        let queue = accounts.queue(1);
        if let Some(taken) = accounts.take(&queue) {
            assert_eq!(taken.1, 1, "the urgent one waits");
            accounts.acknowledge(&queue, taken);
        }
        sending.join().unwrap();
        accounts.settle(1);
    });
}

#[test]
fn priorities() {
    Model::bounded("slots: priorities", 3).thorough().check(|| {
        let accounts = Accounts::of(2, 2, OnDeath::Redeliver);
        let here = accounts.clone();
        let sending = thread::spawn(move || {
            let mut queue = here.queue(0);
            for (message, priority) in [(1, 1), (2, 0)] {
                let loan = here.fill(&mut queue, message).expect("two slots, two messages");
                here.commit(&queue, loan, message, priority);
            }
        });
        let queue = accounts.queue(1);
        // With both there, the urgent one comes first.
        let both = accounts.is_filled(0) && accounts.is_filled(1);
        if let Some(taken) = accounts.take(&queue) {
            assert!(!both || taken.1 == 2, "the urgent one waits");
            accounts.acknowledge(&queue, taken);
        }
        let _ = accounts.receive(&queue);
        sending.join().unwrap();
        accounts.settle(1);
    });
}
