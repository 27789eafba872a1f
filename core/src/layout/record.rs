//! The header word in front of every record of a lane.
//!
//! ```text
//! 63                    34 33       32 31                     0
//! ┌────────────────────────┬─────────┬────────────────────────┐
//! │  sequence, low 30 bits │  kind   │  payload length, bytes │
//! └────────────────────────┴─────────┴────────────────────────┘
//! kind 0: nothing committed here · 1: message · 2: padding up to the end of the ring
//! ```
//!
//! The length stands lowest and the sequence highest, so that one subtraction tells kind, sequence and length at once. The
//! reader subtracts the header that it expects, with length 0. What is left is the length, or, for any other header, a number
//! that is larger than any length.
//!
//! The sequence is the number of messages that the lane carried before this one. By it, the reader recognises the header that
//! it expects with one comparison, and a successor of either side recovers the exact message count from the ring itself. And a
//! header that some other program wrote hardly passes. 30 bits suffice: a lane of at most 2 GiB holds fewer than 2²⁸ records of
//! at least 8 bytes, so a count that is known to within two rings is unambiguous.

/// Bits of the sequence that stand in a header.
pub const SEQUENCE_BITS: u32 = 30;

const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;
const KIND_SHIFT: u32 = 32;
const KIND_MASK: u64 = 0b11;
const SEQUENCE_SHIFT: u32 = 34;

/// What a record header announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Nothing has been committed here.
    Empty,
    /// A message.
    Message,
    /// Padding up to the end of the ring; the next record starts at its beginning.
    Padding,
    /// A value that no sender writes.
    Unknown,
}

/// One header word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader(u64);

impl RecordHeader {
    /// Bytes of the header word itself.
    pub const BYTES: u64 = 8;

    /// "Nothing committed here", as in a fresh file.
    pub const EMPTY: Self = Self(0);

    /// The header of the message number `sequence` with `length` payload bytes.
    #[inline]
    pub fn message(length: u32, sequence: u64) -> Self {
        Self::new(1, length, sequence)
    }

    /// The header of a padding record of `length` bytes behind the header, in front of message number `sequence`.
    #[inline]
    pub fn padding(length: u32, sequence: u64) -> Self {
        Self::new(2, length, sequence)
    }

    #[inline]
    fn new(kind: u64, length: u32, sequence: u64) -> Self {
        // The shift drops what exceeds 30 bits.
        Self(sequence << SEQUENCE_SHIFT | kind << KIND_SHIFT | u64::from(length))
    }

    /// The header with these bits, whatever they are.
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word to store.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// What it announces.
    pub fn kind(self) -> RecordKind {
        match self.0 >> KIND_SHIFT & KIND_MASK {
            0 if self.0 == 0 => RecordKind::Empty,
            1 => RecordKind::Message,
            2 => RecordKind::Padding,
            _ => RecordKind::Unknown,
        }
    }

    /// Bytes behind the header.
    #[inline]
    pub fn length(self) -> u32 {
        self.0 as u32
    }

    /// Whether this is the header of message number `sequence`, of whatever length.
    #[inline]
    pub fn is_message(self, sequence: u64) -> bool {
        self.is_after(Self::message(0, sequence))
    }

    /// The payload length, if this is the header `expected` but for its length; otherwise a number above all lengths.
    ///
    /// `expected` has length 0.
    #[inline]
    pub fn length_after(self, expected: Self) -> u64 {
        self.0.wrapping_sub(expected.0)
    }

    /// Whether this is the header `expected`, which has length 0, but for its length.
    #[inline]
    pub fn is_after(self, expected: Self) -> bool {
        self.length_after(expected) <= u64::from(u32::MAX)
    }

    /// The header of the message behind this one, with the same length.
    #[inline]
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1 << SEQUENCE_SHIFT))
    }

    /// How many messages this header is ahead of `earlier`, which has the same length: less than 2³⁰.
    #[inline]
    pub fn messages_since(self, earlier: Self) -> u64 {
        self.0.wrapping_sub(earlier.0) >> SEQUENCE_SHIFT
    }

    /// The header of a message of this length, if this one has length 0.
    #[inline]
    #[must_use]
    pub fn with_length(self, length: u32) -> Self {
        Self(self.0 | u64::from(length))
    }

    /// The header of a message of length 0, if this one is that of a message with the same number.
    #[inline]
    #[must_use]
    pub fn without_length(self) -> Self {
        Self(self.0 & !u64::from(u32::MAX))
    }

    /// The full sequence: the largest one with this header's 30 bits that is not above `not_above`.
    pub fn sequence_not_above(self, not_above: u64) -> u64 {
        let low = self.0 >> SEQUENCE_SHIFT;
        not_above.wrapping_sub(not_above.wrapping_sub(low) & SEQUENCE_MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_kind_length_and_sequence() {
        let header = RecordHeader::message(77, 5);
        assert_eq!((header.kind(), header.length()), (RecordKind::Message, 77));
        assert!(header.is_message(5) && !header.is_message(6));
        assert!(header.is_message(5 + (1 << SEQUENCE_BITS)), "only the low bits are stored");
        let header = RecordHeader::padding(4088, 9);
        assert_eq!((header.kind(), header.length()), (RecordKind::Padding, 4088));
        assert!(!header.is_message(9));
        assert!(!RecordHeader::EMPTY.is_message(0) && !RecordHeader::from_bits(u64::MAX).is_message(0));
        assert_eq!(RecordHeader::message(77, 5).length_after(RecordHeader::message(0, 5)), 77);
        assert_eq!(RecordHeader::message(0, 5).with_length(77), RecordHeader::message(77, 5));
        assert_eq!(RecordHeader::EMPTY.kind(), RecordKind::Empty);
        assert_eq!(RecordHeader::from_bits(1).kind(), RecordKind::Unknown);
        assert_eq!(RecordHeader::from_bits(u64::MAX).kind(), RecordKind::Unknown);
    }

    #[test]
    fn headers_follow_each_other_beyond_the_last_sequence_that_fits() {
        let last = (1u64 << SEQUENCE_BITS) - 1;
        let header = RecordHeader::message(0, last);
        assert_eq!(header.next(), RecordHeader::message(0, last + 1));
        assert_eq!(header.next().next().messages_since(header), 2);
        assert!(RecordHeader::message(9, last + 1).is_after(header.next()));
        assert!(!RecordHeader::message(9, last + 1).is_after(header));
    }

    #[test]
    fn the_full_sequence_is_recovered_from_its_low_bits() {
        let wrap = 1u64 << SEQUENCE_BITS;
        for (sequence, known) in
            [(0, 0), (7, 7), (7, 8), (wrap - 1, wrap + 3), (3 * wrap, 3 * wrap), (wrap + 5, 2 * wrap)]
        {
            assert_eq!(RecordHeader::message(1, sequence).sequence_not_above(known), sequence);
        }
    }
}
