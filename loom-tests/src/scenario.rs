//! How a model sets a lane up, lets its ends run and settles accounts.
//!
//! Most models look through a *window*: the lane is brought to an interesting place (before a wrap, almost full) by one
//! thread alone, which costs no interleavings but leaves stale values of earlier laps to be loaded; then writer and
//! reader make a fixed number of attempts against each other, without waiting, so that every interleaving can be
//! explored; and in the end one thread drains the lane and compares.

use crate::lane::LoomLane;
use crate::message::{Message, Received, Sent};
use memlane::ring::log::{LaneGeometry, LaneMemory, Reader, Writer};
use memlane::sync::Ordering::Relaxed;
use std::cell::RefCell;
use std::rc::Rc;

/// Eight words. Header and padded payload are at most 7/16 of the ring, so that 16 bytes are the longest message.
/// Everything given back is published at once.
pub fn small() -> LaneGeometry {
    LaneGeometry::new(64, 8, 16)
}

/// Sixteen words; 48 bytes are the longest message. What is given back is published every 16 bytes.
pub fn medium() -> LaneGeometry {
    LaneGeometry::new(128, 8, 48)
}

/// A lane with both ends, and everything that was ever committed into it.
#[derive(Debug)]
pub struct Scenario {
    /// The memory, for successors and observers.
    pub lane: LoomLane,
    /// Its shape.
    pub geometry: LaneGeometry,
    /// What was committed, in order: the truth that the receivers' copies are compared with.
    pub committed: Ledger,
}

impl Scenario {
    /// A lane through which `prelude` has passed already.
    pub fn after(geometry: LaneGeometry, prelude: &[Message]) -> (Self, Writer<LoomLane>, Reader<LoomLane>) {
        let lane = LoomLane::new(geometry);
        let mut writer = Writer::resume(lane.clone(), geometry).expect("a fresh lane");
        let mut reader = Reader::resume(lane.clone(), geometry).expect("a fresh lane");
        let committed = Ledger::default();
        for message in prelude {
            assert!(committed.send(*message, &mut writer), "there is room: the lane is empty");
            let received = Received::poll(&mut reader).expect("it was just committed");
            reader.advance(received.record);
            reader.publish();
        }
        (Self { lane, geometry, committed }, writer, reader)
    }

    /// A successor for a writer that is dead and joined.
    pub fn next_writer(&self) -> Writer<LoomLane> {
        Writer::resume(self.lane.clone(), self.geometry).expect("a dead writer leaves a sound lane")
    }

    /// A successor for a reader that is dead and joined.
    pub fn next_reader(&self) -> Reader<LoomLane> {
        Reader::resume(self.lane.clone(), self.geometry).expect("a dead reader leaves a sound lane")
    }

    /// Drains the lane once its ends have stopped, checks that it delivered exactly what was committed, and that it
    /// still carries messages.
    pub fn settle(&self, mut writer: Writer<LoomLane>, mut reader: Reader<LoomLane>, mut received: Vec<Received>) {
        receive(&mut reader, usize::MAX, &mut received);
        let committed = self.committed.0.borrow();
        for copy in &received {
            let sequence = copy.record.sequence;
            let message = committed.get(sequence as usize).expect("nothing arrives that was not committed");
            message.check(copy, sequence);
        }
        let expected = received.first().map_or(0, |copy| copy.record.sequence)..committed.len() as u64;
        let numbers: Vec<u64> = received.iter().map(|copy| copy.record.sequence).collect();
        assert!(numbers.iter().copied().eq(expected.clone()), "got {numbers:?}, committed are {expected:?}");
        assert_eq!(writer.count(), committed.len() as u64, "the count is the number of messages");
        assert_eq!(self.lane.count().load(Relaxed), writer.count(), "observers are told the count");
        assert_eq!(self.lane.committed().load(Relaxed), self.lane.consumed().load(Relaxed), "the lane is empty");

        let longest = Message::of(self.geometry.max_message()).by(7);
        for sequence in writer.count()..writer.count() + 2 {
            assert_eq!(longest.send(&mut writer), Sent::Committed, "an empty lane takes the longest message");
            let copy = Received::poll(&mut reader).expect("the lane still delivers");
            longest.check(&copy, sequence);
            reader.advance(copy.record);
            reader.publish();
        }
    }
}

/// What was committed into a lane, in order. Invisible to loom: it is not part of what is explored.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Rc<RefCell<Vec<Message>>>);

impl Ledger {
    /// Sends a message if there is room, and records it once the commit has returned.
    pub fn send(&self, message: Message, writer: &mut Writer<LoomLane>) -> bool {
        let sent = message.send(writer) == Sent::Committed;
        if sent {
            self.record(message);
        }
        sent
    }

    /// Sends as many of these as there is room for, in order.
    pub fn send_all(&self, messages: &[Message], writer: &mut Writer<LoomLane>) {
        let _ = messages.iter().all(|message| self.send(*message, writer));
    }

    /// Records a message that exists although no commit returned.
    pub fn record(&self, message: Message) {
        self.0.borrow_mut().push(message);
    }

    /// How many messages exist for certain.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Polls up to this many times, and stops after a poll that found nothing only if it may go on for ever.
pub fn receive(reader: &mut Reader<LoomLane>, polls: usize, received: &mut Vec<Received>) {
    for _ in 0..polls {
        match Received::poll(reader) {
            Some(copy) => {
                reader.release(copy.record);
                received.push(copy);
            }
            None => {
                reader.publish();
                if polls == usize::MAX {
                    break;
                }
            }
        }
    }
}
