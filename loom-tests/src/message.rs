//! Messages that can be told apart, and as dangerous as payload can be.
//!
//! Every payload word has the form of a record header, numbered for the place where stale bytes would be met one lap
//! later, or with the number that a model says. An engine that took payload for a header would find a record there,
//! instead of stumbling over nonsense.

use crate::lane::LoomLane;
use memlane::layout::RecordHeader;
use memlane::ring::log::{Payload, Reader, Record, Refusal, Writer};

/// About how many messages of the models fit into a lap of the small ring.
const MESSAGES_PER_LAP: u64 = 3;

/// What a model sends: room for `reserved` bytes, of which `used` are committed, by the lane's `author`-th writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Bytes reserved.
    pub reserved: u64,
    /// Bytes committed.
    pub used: u64,
    /// Which of the lane's successive writers sends it: below 8.
    pub author: u64,
    /// The number of the message whose header every word of its payload looks like, if a model says so.
    pub feigned: Option<u64>,
    /// Whether the writer forgets which lines are warm, as before it writes into a reservation that may be dropped.
    pub in_place: bool,
}

impl Message {
    /// A message of this many bytes, by the first writer.
    pub const fn of(bytes: u64) -> Self {
        Self { reserved: bytes, used: bytes, author: 0, feigned: None, in_place: false }
    }

    /// The same with less of the reservation used.
    pub const fn using(self, used: u64) -> Self {
        Self { used, ..self }
    }

    /// The same written into a reservation that might have been dropped.
    pub const fn in_place(self) -> Self {
        Self { in_place: true, ..self }
    }

    /// The same by another writer.
    pub const fn by(self, author: u64) -> Self {
        Self { author, ..self }
    }

    /// The same with a payload that looks like the header of message number `number` wherever one looks.
    pub const fn feigning(self, number: u64) -> Self {
        Self { feigned: Some(number), ..self }
    }

    /// The payload's words if this is the lane's message number `sequence`.
    pub fn payload(self, sequence: u64, bytes: u64) -> Vec<u64> {
        let word = |index: u64| {
            let number = self.feigned.unwrap_or(sequence + MESSAGES_PER_LAP + index);
            let lookalike = RecordHeader::message((8 * index + self.author) as u32, number);
            let bytes_here = (bytes - 8 * index).min(8);
            lookalike.bits() & (u64::MAX >> (64 - 8 * bytes_here))
        };
        (0..bytes.div_ceil(8)).map(word).collect()
    }

    /// Sends this as the lane's next message, if there is room.
    pub fn send(self, writer: &mut Writer<LoomLane>) -> Sent {
        let reservation = match writer.reserve(self.reserved) {
            Ok(reservation) => reservation,
            Err(Refusal::Full) => return Sent::Full,
            Err(refusal) => panic!("the writer was refused: {refusal:?}"),
        };
        let sequence = writer.count();
        let warmed = (self.in_place || self.used < self.reserved).then(|| writer.forget_warmed());
        writer.memory().write(reservation.payload, &self.payload(sequence, self.reserved));
        match warmed {
            Some(warmed) => writer.commit_in_place(warmed, reservation, self.used),
            None => writer.commit(reservation, self.used),
        }
        writer.warm_after(&reservation);
        assert_eq!(writer.count(), sequence + 1, "a commit is one message");
        Sent::Committed
    }

    /// Writes this into a reservation, and drops that.
    pub fn abandon(self, writer: &mut Writer<LoomLane>) {
        let reservation = writer.reserve(self.reserved).expect("there is room");
        let _ = writer.forget_warmed();
        writer.memory().write(reservation.payload, &self.payload(writer.count(), self.reserved));
    }

    /// Asserts that `received` is this, as the lane's message number `sequence`.
    pub fn check(self, received: &Received, sequence: u64) {
        assert_eq!(received.place.sequence, sequence, "in order, none missing, none twice");
        assert_eq!(received.place.length, self.used, "the length of message {sequence}");
        // What was reserved beyond `used` may have become the next header: it is not looked at.
        let mut wanted = self.payload(sequence, self.reserved);
        wanted.truncate(received.payload.len());
        mask_last(&mut wanted, self.used);
        assert_eq!(received.payload, wanted, "the payload of message {sequence}");
    }
}

/// Messages of these lengths.
pub fn lengths<const N: usize>(bytes: [u64; N]) -> [Message; N] {
    bytes.map(Message::of)
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It exists.
    Committed,
    /// There was no room.
    Full,
}

/// What a receiver copied out.
#[derive(Debug)]
pub struct Received {
    /// Where it stood, and its number.
    pub place: Payload,
    record: Option<Record>,
    payload: Vec<u64>,
}

impl Received {
    /// The next record's copy, if one is committed. It is not given back yet.
    pub fn poll(reader: &mut Reader<LoomLane>) -> Option<Self> {
        let record = reader.poll().expect("a lane without a bad peer is never corrupted")?;
        Some(Self::next(reader, record))
    }

    /// A copy of the record that was polled last.
    pub fn next(reader: &Reader<LoomLane>, record: Record) -> Self {
        let Record { payload, length, .. } = record;
        let place = Payload { payload, length, sequence: reader.sequence() };
        Self { record: Some(record), ..Self::behind(reader, place) }
    }

    /// A copy of what the reader has moved past already, as part of a batch.
    pub fn behind(reader: &Reader<LoomLane>, place: Payload) -> Self {
        Self::of(reader.memory(), place)
    }

    /// A copy of what stands in this place.
    pub fn of(lane: &LoomLane, place: Payload) -> Self {
        let mut payload = lane.read(place.payload, place.length.div_ceil(8) as usize);
        mask_last(&mut payload, place.length);
        Self { place, record: None, payload }
    }

    /// The record, to be given back. A batch is given back as a whole.
    pub fn record(&self) -> Record {
        self.record.expect("it was polled by itself")
    }
}

/// Clears what lies beyond the last byte: it is nobody's.
fn mask_last(words: &mut [u64], bytes: u64) {
    if let Some(last) = words.last_mut()
        && !bytes.is_multiple_of(8)
    {
        *last &= (1 << (8 * (bytes % 8))) - 1;
    }
}
