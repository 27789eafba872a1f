//! The scenes of a slot queue's deaths: how participants die, and what the living do on threads of their own meanwhile.

use crate::slots::{Accounts, LoomSlots};
use loom::thread::{self, JoinHandle};
use memlane::ring::slots::{Delivery, Queue};

/// A receiver on a thread of its own, which receives so many messages if they are there.
pub fn receiver(accounts: &Accounts, row: u16, messages: usize) -> JoinHandle<()> {
    let here = accounts.clone();
    thread::spawn(move || {
        let queue = here.queue(row);
        for _ in 0..messages {
            let _ = here.receive(&queue);
        }
    })
}

/// A helper on a thread of its own, that reaps all of these by one pass.
pub fn helper<const N: usize>(accounts: &Accounts, reaper: u16, dead: [u16; N]) -> JoinHandle<()> {
    let here = accounts.clone();
    thread::spawn(move || here.reap_all(reaper, &dead))
}

/// Takes a message, if there is one, and gives it back.
pub fn take_and_give_back(accounts: &Accounts, queue: &Queue<LoomSlots>) {
    if let Some(taken) = accounts.take(queue) {
        accounts.give_back(queue, taken);
    }
}

/// Takes a batch of two, and does this with each message once it was read.
pub fn take_batch(accounts: &Accounts, queue: &Queue<LoomSlots>, mut then: impl FnMut((Delivery, u64))) {
    let mut batch = Vec::new();
    queue.take_batch_from(0, 2, &mut batch).expect("sound");
    for delivery in batch {
        let message = accounts.read(queue, &delivery);
        accounts.may_repeat(message);
        then((delivery, message));
    }
}
