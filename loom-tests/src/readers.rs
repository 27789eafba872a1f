//! The ways in which the engine's receivers read, and a record of it that survives the reader.

use crate::lane::LoomLane;
use crate::message::Received;
use memlane::ring::log::Reader;
use std::cell::RefCell;

/// What a reader did before it died.
#[derive(Debug, Default)]
pub struct Life(RefCell<Facts>);

#[derive(Debug, Default)]
struct Facts {
    received: Vec<Received>,
    published: usize,
}

impl Life {
    /// What it copied out, in order.
    pub fn into_received(self) -> Vec<Received> {
        self.0.into_inner().received
    }

    /// How many of these it had given back for all to see.
    pub fn published(&self) -> usize {
        self.0.borrow().published
    }

    fn receives(&self, copy: Received) {
        self.0.borrow_mut().received.push(copy);
    }

    /// Everything received so far is published now, if this says so.
    fn publishes(&self, published: bool) {
        if published {
            let mut facts = self.0.borrow_mut();
            facts.published = facts.received.len();
        }
    }
}

/// One message after the other, as `recv_into` does: poll, copy, release; publish where there is none.
pub fn one_by_one(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        match Received::poll(reader) {
            Some(copy) => {
                let record = copy.record;
                life.receives(copy);
                life.publishes(reader.release(record));
            }
            None => life.publishes(reader.publish()),
        }
    }
}

/// One message after the other, as `recv_into` does at its fastest: what stands before the frontier is only advanced past.
pub fn fast(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        match reader.poll_before_frontier() {
            Some(record) => {
                life.receives(Received::copy(reader.memory(), record));
                reader.advance(record);
            }
            None => one_by_one(reader, 1, life),
        }
    }
}

/// All messages that there are, and then all of them given back, as `recv_batch` does; so many times.
pub fn in_batches(reader: &mut Reader<LoomLane>, batches: usize, life: &Life) {
    for _ in 0..batches {
        let mut batch = Vec::new();
        while let Some(record) = reader.poll().expect("a lane without a bad peer is never corrupted") {
            reader.advance(record);
            batch.push(record);
        }
        for record in batch {
            life.receives(Received::copy(reader.memory(), record));
        }
        life.publishes(reader.publish());
    }
}

/// Looks at the next message, hands it back with the one after it, and reads it again.
pub fn with_second_thoughts(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        let mark = reader.mark();
        let Some(first) = Received::poll(reader) else { continue };
        reader.advance(first.record);
        let _ = Received::poll(reader);
        reader.rewind(mark);
        let again = Received::poll(reader).expect("it was there");
        let record = again.record;
        life.receives(again);
        life.publishes(reader.release(record));
    }
}

/// Looks at the next message, publishes what came before it, be it only padding, and then reads it: as a receiver whose
/// buffer was too small.
pub fn with_a_pause(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        let _ = reader.poll();
        life.publishes(reader.publish());
        one_by_one(reader, 1, life);
    }
}
