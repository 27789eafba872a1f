//! The ways in which the engine's receivers read, and a record of it that survives the reader.

use crate::lane::LoomLane;
use crate::message::Received;
use crate::scenario::{Ledger, Scenario};
use memlane::ring::log::{LaneGeometry, LaneMemory, Payload, Reader, RecordPlace};
use memlane::sync::Ordering::Relaxed;
use std::cell::RefCell;

/// What a reader did before it died.
#[derive(Debug)]
pub struct Life {
    geometry: LaneGeometry,
    /// Tells the lengths of what comes.
    ledger: Ledger,
    facts: RefCell<Facts>,
}

#[derive(Debug)]
struct Facts {
    received: Vec<Received>,
    /// How many of these were given back for all to see.
    published: usize,
    /// Where the reader stands, and where others know that it stands, as positions.
    stands_at: u64,
    known_at: u64,
}

impl Life {
    /// Of the reader that begins where the lane is drained.
    pub fn of_the_reader(scenario: &Scenario) -> Self {
        let start = scenario.lane.consumed().load(Relaxed);
        let facts = Facts { received: Vec::new(), published: 0, stands_at: start, known_at: start };
        Self { geometry: scenario.geometry, ledger: scenario.committed.clone(), facts: RefCell::new(facts) }
    }

    /// What it copied out, in order.
    pub fn into_received(self) -> Vec<Received> {
        self.facts.into_inner().received
    }

    /// How many of these it had given back for all to see.
    pub fn published(&self) -> usize {
        self.facts.borrow().published
    }

    fn receives(&self, copy: Received) {
        let mut facts = self.facts.borrow_mut();
        let Payload { payload, length, .. } = copy.place;
        facts.stands_at = payload.0 - self.geometry.header_bytes() + self.geometry.record_bytes(length);
        facts.received.push(copy);
    }

    /// Everything received so far was given back, and that is published, if this says so.
    fn gives_back(&self, published: bool) {
        let mut facts = self.facts.borrow_mut();
        if published {
            facts.published = facts.received.len();
            facts.known_at = facts.stands_at;
        }
        let lag = facts.stands_at - facts.known_at;
        assert_eq!(lag, 0, "bytes that were given back, and nobody knows");
    }
}

/// One message after the other, as `recv_into` does: poll, copy, release; publish where there is none.
pub fn one_by_one(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        match Received::poll(reader) {
            Some(copy) => {
                let record = copy.record();
                life.receives(copy);
                reader.release(record);
                life.gives_back(true);
            }
            None => life.gives_back(reader.publish()),
        }
    }
}

/// One message after the other, as `recv_into` does at its fastest, which knows how long the next one is: what stands before
/// the frontier is only advanced past.
pub fn fast(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        let sequence = reader.sequence();
        let length = life.ledger.length_of(sequence);
        let lane = reader.memory().clone();
        let is_taken = reader.take_exact(length, |spot| {
            life.receives(Received::of(&lane, Payload { payload: spot.payload(), length, sequence }));
        });
        if is_taken {
            life.gives_back(true);
        } else {
            one_by_one(reader, 1, life);
        }
    }
}

/// One message after the other, as `recv` does at its fastest, which guesses how long the next one is, and the message when it
/// is dropped.
pub fn by_guess(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        match reader.poll_fast() {
            Some(record) => {
                life.receives(Received::next(reader, record));
                reader.release(record);
                life.gives_back(true);
            }
            None => one_by_one(reader, 1, life),
        }
    }
}

/// All messages that there are, and then all of them given back, as `recv_batch` does; so many times.
pub fn in_batches(reader: &mut Reader<LoomLane>, batches: usize, life: &Life) {
    for _ in 0..batches {
        for place in batch(reader) {
            life.receives(Received::behind(reader, place));
        }
        life.gives_back(reader.publish());
    }
}

/// All messages that there are, none of which is given back, as `recv_batch` collects them.
pub fn batch(reader: &mut Reader<LoomLane>) -> Vec<Payload> {
    let mut places = Vec::new();
    let mut start = None;
    while let Some(record) = reader.poll().expect("a lane without a bad peer is never corrupted") {
        // Behind padding: the number is known and the first message stands here.
        let start = *start.get_or_insert_with(|| reader.mark());
        let place = start.place(&record);
        let Payload { payload, length, sequence } = start.payload(place, places.len());
        assert_eq!((payload, length), (record.payload, record.length), "the place of a record");
        assert_eq!(sequence, reader.sequence(), "its number");
        places.push(place);
        reader.advance(record);
        reader.gather(start, usize::MAX, &mut places);
    }
    let payload = |(index, place): (usize, &RecordPlace)| start.map(|start| start.payload(*place, index));
    places.iter().enumerate().filter_map(payload).collect()
}

/// Looks at the next message, hands it back with the one after it, and reads it again.
pub fn with_second_thoughts(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        let mark = reader.mark();
        let Some(first) = Received::poll(reader) else { continue };
        reader.advance(first.record());
        let _ = Received::poll(reader);
        reader.rewind(mark);
        let again = Received::poll(reader).expect("it was there");
        let record = again.record();
        life.receives(again);
        reader.release(record);
        life.gives_back(true);
    }
}

/// Looks at the next message, publishes what came before it, be it only padding, and then reads it: as a receiver whose
/// buffer was too small.
pub fn with_a_pause(reader: &mut Reader<LoomLane>, polls: usize, life: &Life) {
    for _ in 0..polls {
        let _ = reader.poll();
        life.gives_back(reader.publish());
        one_by_one(reader, 1, life);
    }
}
