//! How a model sets a lane up, lets its ends run and settles accounts.
//!
//! Most models look through a *window*: the lane is brought to an interesting place (before a wrap, almost full) by one
//! thread alone, which costs no interleavings but leaves stale values of earlier laps to be loaded; then writer and
//! reader make a fixed number of attempts against each other, without waiting, so that every interleaving can be
//! explored; and in the end one thread drains the lane and compares.

use crate::lane::LoomLane;
use crate::message::{Message, Received, Sent};
use memlane::layout::{RecordHeader, RecordKind};
use memlane::ring::log::{LaneGeometry, LaneMemory, Reader, Writer};
use memlane::sync::Ordering::{Acquire, Relaxed};
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

/// A lane with both ends, and everything that was ever committed into it. Clones are the same lane.
#[derive(Debug, Clone)]
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

    /// Looks at a lane in its first lap from outside, as `inspect` does, while anything goes on.
    pub fn observe(&self) {
        let consumed = self.lane.consumed().load(Acquire);
        let committed = self.lane.committed().load(Acquire);
        let count = self.lane.count().load(Relaxed);
        let (mut end, mut messages) = (0, 0);
        while end < committed {
            let header = RecordHeader::from_bits(self.lane.header(end).load(Relaxed));
            assert_eq!(header.kind(), RecordKind::Message, "what `committed` covers is there");
            end += self.geometry.record_bytes(header.length().into());
            messages += 1;
        }
        assert_eq!(end, committed, "`committed` stands between records");
        assert!(count >= messages, "the count covers what `committed` covers");
        let longest = self.geometry.record_bytes(self.geometry.max_message());
        assert!(consumed <= committed + longest, "at most one record is consumed before `committed` covers it");
    }

    /// Checks that these copies are what was committed, from number `from` on, each once and in order. Returns the number
    /// after the last one.
    pub fn check(&self, received: &[Received], from: u64) -> u64 {
        let entries = self.committed.0.borrow();
        for (copy, sequence) in received.iter().zip(from..) {
            entries.certain.get(sequence as usize).expect("only what was committed arrives").check(copy, sequence);
        }
        from + received.len() as u64
    }

    /// Drains the lane once its ends have stopped; checks that it delivered everything that was committed, from number
    /// `from` on, and that it still carries messages.
    pub fn settle(
        &self,
        from: u64,
        mut writer: Writer<LoomLane>,
        mut reader: Reader<LoomLane>,
        mut received: Vec<Received>,
    ) {
        receive(&mut reader, usize::MAX, &mut received);
        let committed = self.committed.certain();
        assert_eq!(self.check(&received, from), committed, "everything that was committed arrives");
        assert_eq!(writer.count(), committed, "the count is the number of messages");
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
pub struct Ledger(Rc<RefCell<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    certain: Vec<Message>,
    /// Its writer died before its commit returned.
    in_doubt: Option<Message>,
}

impl Ledger {
    /// Sends a message if there is room, and enters it once the commit has returned.
    pub fn send(&self, message: Message, writer: &mut Writer<LoomLane>) -> bool {
        self.0.borrow_mut().in_doubt = Some(message);
        let sent = message.send(writer) == Sent::Committed;
        let mut entries = self.0.borrow_mut();
        entries.in_doubt = None;
        if sent {
            entries.certain.push(message);
        }
        sent
    }

    /// Sends as many of these as there is room for, in order.
    pub fn send_all(&self, messages: &[Message], writer: &mut Writer<LoomLane>) {
        let _ = messages.iter().all(|message| self.send(*message, writer));
    }

    /// The last writer is dead. Whether the message that it was about exists, its successor's count tells.
    pub fn settle_doubt(&self, successor: &Writer<LoomLane>) {
        let mut entries = self.0.borrow_mut();
        let in_doubt = entries.in_doubt.take();
        let certain = entries.certain.len() as u64;
        if successor.count() != certain {
            assert_eq!(successor.count(), certain + 1, "at most one commit did not return");
            entries.certain.push(in_doubt.expect("nothing was in doubt"));
        }
    }

    /// How many messages exist for certain.
    pub fn certain(&self) -> u64 {
        self.0.borrow().certain.len() as u64
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
