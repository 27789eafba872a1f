//! How a model sets a lane up, lets its ends run and settles accounts.
//!
//! Most models look through a *window*: the lane is brought to an interesting place (before a wrap, almost full) by one
//! thread alone, which costs no interleavings but leaves stale values of earlier laps to be loaded; then writer and
//! reader make a fixed number of attempts against each other, without waiting, so that every interleaving can be
//! explored; and in the end one thread drains the lane and compares.

use crate::lane::LoomLane;
use crate::message::{Message, Received, Sent};
use memlane::layout::RecordHeader;
use memlane::ring::log::{LaneGeometry, LaneMemory, Position, Reader, Survey, Writer};
use memlane::sync::Ordering::{Acquire, Relaxed};
use std::cell::RefCell;
use std::rc::Rc;

/// The shape of a lane, and how many messages it has carried before the model begins.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    geometry: LaneGeometry,
    origin: u64,
}

/// Stretches may be as long as the ring. (They are at most 1/8 of it where the code ships: less than a record, in rings that
/// loom can explore.)
fn of(capacity: u64, payload_alignment: u64, max_message: u64) -> Shape {
    let geometry = LaneGeometry::new(capacity, payload_alignment, max_message).with_stretch_max(capacity);
    Shape { geometry, origin: 0 }
}

/// Eight words. Header and padded payload are at most 7/16 of the ring, so that 16 bytes are the longest message.
/// Everything given back is published at once.
pub fn small() -> Shape {
    of(64, 8, 16)
}

/// Sixteen words; 48 bytes are the longest message. What is given back is published every 16 bytes.
pub fn medium() -> Shape {
    of(128, 8, 48)
}

/// Sixteen words, records and payloads aligned to 16 bytes; 32 bytes are the longest message.
pub fn aligned() -> Shape {
    of(128, 16, 32)
}

/// Four lines of 64 bytes; 104 bytes are the longest message. What is given back is published every 32 bytes. A stretch
/// reaches up to the end of the ring, or to where the reader was last seen.
pub fn lines() -> Shape {
    of(256, 8, 104)
}

/// The same with stretches of one line, which end in the middle of the ring, too.
pub fn short_stretches() -> Shape {
    let Shape { geometry, origin } = lines();
    Shape { geometry: geometry.with_stretch_max(64), origin }
}

/// Sixteen lines of 64 bytes; 440 bytes are the longest message, and records of more than 256 are large. What is given
/// back is published every 128 bytes.
pub fn wide() -> Shape {
    of(1024, 8, 440)
}

impl Shape {
    /// The same so long after its creation that the third message from now on wraps the number in the headers.
    pub fn aged(self) -> Self {
        let wrap = 1 << 30;
        assert_eq!(RecordHeader::message(0, wrap), RecordHeader::message(0, 0), "that is where it wraps");
        Self { origin: wrap - 2, ..self }
    }
}

/// A lane with both ends, and everything that was ever committed into it. Clones are the same lane.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The memory, for observers and for saboteurs.
    pub lane: LoomLane,
    /// What was committed, in order: the truth that the receivers' copies are compared with.
    pub committed: Ledger,
    pub(crate) geometry: LaneGeometry,
}

impl Scenario {
    /// A lane through which `prelude` has passed already.
    pub fn after(shape: Shape, prelude: &[Message]) -> (Self, Writer<LoomLane>, Reader<LoomLane>) {
        let Shape { geometry, origin } = shape;
        let lane = LoomLane::new(geometry, origin);
        let mut writer = Writer::resume(lane.clone(), geometry).expect("a fresh lane");
        let mut reader = Reader::resume(lane.clone(), geometry).expect("a fresh lane");
        let committed = Ledger::of(shape);
        for message in prelude {
            assert!(committed.send(*message, &mut writer), "there is room: the lane is empty");
            let received = Received::poll(&mut reader).expect("it was just committed");
            reader.advance(received.record());
            reader.publish();
        }
        (Self { lane, committed, geometry }, writer, reader)
    }

    /// A successor for a writer that is dead and joined.
    pub fn next_writer(&self) -> Writer<LoomLane> {
        Writer::resume(self.lane.clone(), self.geometry).expect("a dead writer leaves a sound lane")
    }

    /// A successor for a reader that is dead and joined.
    pub fn next_reader(&self) -> Reader<LoomLane> {
        Reader::resume(self.lane.clone(), self.geometry).expect("a dead reader leaves a sound lane")
    }

    /// Looks at the lane from outside, as `inspect` does, while anything goes on. Returns how many messages it saw.
    pub fn observe(&self) -> u64 {
        let consumed = self.lane.consumed().load(Acquire);
        let survey = Survey::of(&self.lane, &self.geometry);
        let end = self.committed.end_behind(survey.count);
        assert_eq!(survey.committed, end, "a survey ends behind as many records as it counts");
        assert!(consumed <= end.0, "what was consumed before had been committed");
        survey.count
    }

    /// Checks that these copies are what was committed, each once and in order, after the first `skipped` messages of the
    /// model. Returns how many messages these are, with the skipped ones.
    pub fn check(&self, received: &[Received], skipped: usize) -> usize {
        let entries = self.committed.entries.borrow();
        for (index, copy) in (skipped..).zip(received) {
            let message = entries.certain.get(index).expect("only what was committed arrives");
            message.check(copy, self.committed.origin + index as u64);
        }
        skipped + received.len()
    }

    /// Drains the lane once its ends have stopped; checks that it delivered everything that was committed after the first
    /// `skipped` messages of the model, and that it still carries messages.
    pub fn settle(
        &self,
        skipped: usize,
        mut writer: Writer<LoomLane>,
        mut reader: Reader<LoomLane>,
        mut received: Vec<Received>,
    ) {
        receive(&mut reader, usize::MAX, &mut received);
        let committed = self.committed.certain();
        assert_eq!(self.check(&received, skipped), committed, "everything that was committed arrives");
        assert_eq!(writer.count(), self.committed.count(), "the count is the number of messages");
        let survey = Survey::of(&self.lane, &self.geometry);
        assert_eq!(survey.count, writer.count(), "observers find the count");
        assert_eq!(survey.committed.0, self.lane.consumed().load(Relaxed), "the lane is empty");

        let longest = Message::of(self.geometry.max_message()).by(7);
        for sequence in writer.count()..writer.count() + 2 {
            assert_eq!(longest.send(&mut writer), Sent::Committed, "an empty lane takes the longest message");
            let copy = Received::poll(&mut reader).expect("the lane still delivers");
            longest.check(&copy, sequence);
            reader.advance(copy.record());
            reader.publish();
        }
    }
}

/// What was committed into a lane, in order. Invisible to loom: it is not part of what is explored.
#[derive(Debug, Clone)]
pub struct Ledger {
    geometry: LaneGeometry,
    origin: u64,
    entries: Rc<RefCell<Entries>>,
}

#[derive(Debug, Default)]
struct Entries {
    certain: Vec<Message>,
    /// Its writer died before its commit returned.
    in_doubt: Option<Message>,
}

impl Ledger {
    /// Of a fresh lane.
    fn of(shape: Shape) -> Self {
        let Shape { geometry, origin } = shape;
        Self { geometry, origin, entries: Rc::default() }
    }

    /// Sends a message if there is room, and enters it once the commit has returned.
    pub fn send(&self, message: Message, writer: &mut Writer<LoomLane>) -> bool {
        self.entries.borrow_mut().in_doubt = Some(message);
        let sent = message.send(writer) == Sent::Committed;
        let mut entries = self.entries.borrow_mut();
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

    /// The same, in runs where that is possible.
    pub fn send_in_runs(&self, messages: &[Message], writer: &mut Writer<LoomLane>) {
        let mut left = messages.iter().peekable();
        let lane = writer.memory().clone();
        while left.peek().is_some() {
            let mut run = writer.run();
            while let Some(message) = left.next_if(|message| {
                self.entries.borrow_mut().in_doubt = Some(**message);
                let payload = message.payload(self.count(), message.used);
                run.append(message.used, |spot| lane.write(spot.payload(), &payload))
            }) {
                self.entries.borrow_mut().certain.push(*message);
            }
            drop(run);
            if left.next().is_some_and(|message| !self.send(*message, writer)) {
                break;
            }
        }
        self.entries.borrow_mut().in_doubt = None;
    }

    /// The last writer is dead. Whether the message that it was about exists, its successor's count tells.
    pub fn settle_doubt(&self, successor: &Writer<LoomLane>) {
        let mut entries = self.entries.borrow_mut();
        let in_doubt = entries.in_doubt.take();
        let certain = self.origin + entries.certain.len() as u64;
        if successor.count() != certain {
            assert_eq!(successor.count(), certain + 1, "at most one commit did not return");
            entries.certain.push(in_doubt.expect("nothing was in doubt"));
        }
    }

    /// How many messages of the model exist for certain.
    pub fn certain(&self) -> usize {
        self.entries.borrow().certain.len()
    }

    /// How many messages the lane has carried.
    pub fn count(&self) -> u64 {
        self.origin + self.certain() as u64
    }

    /// The length of message number `sequence`, if it is in the lane or on its way there; else some length.
    pub fn length_of(&self, sequence: u64) -> u64 {
        let entries = self.entries.borrow();
        let number = (sequence - self.origin) as usize;
        entries.certain.iter().chain(&entries.in_doubt).nth(number).map_or(0, |message| message.used)
    }

    /// Where the record of the last of `count` messages ends. The last may be one whose commit has not returned.
    fn end_behind(&self, count: u64) -> Position {
        let entries = self.entries.borrow();
        let messages = entries.certain.iter().chain(&entries.in_doubt);
        let number = (count - self.origin) as usize;
        assert!(number <= messages.clone().count(), "nobody sent as many as {count} messages");
        messages.take(number).fold(Position(0), |start, message| {
            let until_end = self.geometry.until_end(start);
            let padding = if self.geometry.record_bytes(message.reserved) > until_end { until_end } else { 0 };
            start.plus(padding + self.geometry.record_bytes(message.used))
        })
    }
}

/// Polls up to this many times, and stops after a poll that found nothing only if it may go on for ever.
pub fn receive(reader: &mut Reader<LoomLane>, polls: usize, received: &mut Vec<Received>) {
    for _ in 0..polls {
        match Received::poll(reader) {
            Some(copy) => {
                reader.release(copy.record());
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
