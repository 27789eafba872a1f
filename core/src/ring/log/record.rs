//! What a reader tells of records: the one at its position, and where those of a batch stand.
//!
//! A batch keeps the places of its records relative to the mark where it began, so that each takes eight bytes.

use super::Position;

/// A committed record at the reader's position, validated against private geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a record stays in the lane until it is given back"]
pub struct Record {
    /// Where the next record starts.
    pub(super) end: Position,
    /// Position of the payload.
    pub payload: Position,
    /// Bytes of payload.
    pub length: u64,
}

/// A place of a reader to go back to.
#[derive(Debug, Clone, Copy)]
pub struct ReaderMark {
    pub(super) position: Position,
    pub(super) sequence: u64,
    /// Bytes that this reader passed before it, and that are neither headers nor payload.
    pub(super) filling: u64,
}

/// Where the payload of a record behind a [`ReaderMark`] stands, in eight bytes.
#[derive(Debug, Clone, Copy)]
pub struct RecordPlace {
    /// From the mark to the payload, in words: a ring and its padding have fewer than 2³².
    words: u32,
    length: u32,
}

/// The payload of a record whose number is known.
#[derive(Debug, Clone, Copy)]
pub struct Payload {
    /// Position of its first byte.
    pub payload: Position,
    /// Bytes of payload.
    pub length: u64,
    /// How many messages the lane carried before this one.
    pub sequence: u64,
}

impl Record {
    /// Bytes behind the payload.
    #[inline]
    pub(super) fn filling(&self) -> u64 {
        self.end.since(self.payload).wrapping_sub(self.length)
    }
}

impl RecordPlace {
    /// Of bytes that stand so far behind the [beginning](ReaderMark::of_copies) of some copies, a multiple of 8 below 2³⁵.
    pub fn of_copy(at: u64, length: u64) -> Self {
        ReaderMark::of_copies(0).place_of(Position(at), length)
    }

    /// Bytes from the mark to the payload.
    pub fn offset(&self) -> u64 {
        u64::from(self.words) * ReaderMark::WORD
    }

    /// Of a record that is not known yet.
    pub(super) const UNKNOWN: Self = Self { words: 0, length: 0 };

    /// Bytes of payload.
    #[inline]
    pub fn length(&self) -> u64 {
        self.length.into()
    }
}

impl ReaderMark {
    const WORD: u64 = 8;

    /// In front of copies of records, which stand in private memory from position 0 on. The first of them has this number.
    pub fn of_copies(sequence: u64) -> Self {
        Self { position: Position(0), sequence, filling: 0 }
    }

    /// Where a record stands that was read after the mark was taken.
    #[inline]
    pub fn place(&self, record: &Record) -> RecordPlace {
        self.place_of(record.payload, record.length)
    }

    #[inline]
    pub(super) fn place_of(&self, payload: Position, length: u64) -> RecordPlace {
        RecordPlace { words: (payload.since(self.position) / Self::WORD) as u32, length: length as u32 }
    }

    /// The payload of the record in this place, which was the `index`th after the mark.
    #[inline]
    pub fn payload(&self, place: RecordPlace, index: usize) -> Payload {
        Payload {
            payload: self.position.plus(u64::from(place.words) * Self::WORD),
            length: place.length.into(),
            sequence: self.sequence.wrapping_add(index as u64),
        }
    }
}
