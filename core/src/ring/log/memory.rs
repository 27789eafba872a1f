//! The words of a lane, in a mapped file or in memory, and the arithmetic of positions.

use crate::layout::RecordHeader;
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;

/// The words of one lane, as seen by its writer or by one of its readers.
///
/// Places in the ring are given as positions, multiples of 8 that only grow; the word at a position stands at position
/// modulo capacity. An implementation wraps them itself; it must not trust them.
pub trait LaneMemory {
    /// See [`Ring`].
    type Ring<'a>: Ring
    where
        Self: 'a;
    /// The ring.
    fn ring(&self) -> Self::Ring<'_>;
    /// End of the last committed record, as the writer published it.
    fn committed(&self) -> &AtomicU64;
    /// Messages committed, as the writer published it.
    fn count(&self) -> &AtomicU64;
    /// End of the last record that the reader has given back.
    fn consumed(&self) -> &AtomicU64;
}

/// The ring's words, in a value that the caller copies into a local variable. No store can change that, so the compiler does not
/// load its fields again after every atomic access.
pub trait Ring: Copy {
    /// The word at this position, as a record header.
    fn header(&self, position: Position) -> &AtomicU64;
    /// Stores 0 at the start of each line from this position on, which begins one: so many bytes but not beyond the end of the ring.
    #[inline]
    fn zero_lines(&self, from: Position, bytes: u64) {
        for offset in (0..bytes).step_by(LINE as usize) {
            self.header(from.plus(offset)).store(RecordHeader::EMPTY.bits(), Relaxed);
        }
    }
    /// Takes the lines from this position on, so many bytes but not beyond the end of the ring, to this core, for writing, some
    /// time soon. A hint: nothing changes, and nothing waits.
    ///
    /// Only for lines that the reader has given back: it would have to fetch back any other. The models have no lines, and
    /// observers write nothing; for them it does nothing.
    #[inline]
    fn prefetch_write(&self, _from: Position, _bytes: u64) {}
}

/// A place in the endless sequence of a lane's bytes. Only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position(pub u64);

impl Position {
    /// The position `bytes` further on.
    #[inline]
    pub fn plus(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// Bytes from `earlier` to here.
    #[inline]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.wrapping_sub(earlier.0)
    }
}

/// The shape of a lane, in private memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneGeometry {
    capacity: u64,
    /// The capacity less one.
    mask: u64,
    /// Bytes from a record's start to its payload.
    header_bytes: u64,
    /// What is added to a payload's length before it is rounded down to a record's.
    rounding: u64,
    rounding_mask: u64,
    max_message: u64,
    stretch_max: u64,
}

/// A stretch is at most this part of the ring: as much as a reader gives back at once, and as a writer that waits for room waits for.
const STRETCHES_MIN: u64 = 8;

impl LaneGeometry {
    /// A lane of `capacity` bytes (a power of two) whose payloads are aligned to `payload_alignment` (a power of two
    /// from 8) and at most `max_message` bytes long, and whose records follow each other as closely as that allows.
    ///
    /// The caller has checked that header and padded payload fit into 7/16 of the capacity
    /// (`layout::Geometry::map`).
    pub fn new(capacity: u64, payload_alignment: u64, max_message: u64) -> Self {
        debug_assert!(capacity.is_power_of_two() && payload_alignment.is_power_of_two() && payload_alignment >= 8);
        let packed = Self {
            capacity,
            mask: capacity.wrapping_sub(1),
            header_bytes: payload_alignment.max(RecordHeader::BYTES),
            rounding: 0,
            rounding_mask: 0,
            max_message,
            stretch_max: capacity / STRETCHES_MIN,
        };
        packed.with_record_alignment(payload_alignment)
    }

    /// This geometry with records that start at multiples of `record_alignment` bytes: a power of two that is at least the payload
    /// alignment and at most a page, which every ring is a multiple of. A payload stands as far behind its record's start as before.
    #[must_use]
    pub fn with_record_alignment(self, record_alignment: u64) -> Self {
        debug_assert!(record_alignment.is_power_of_two() && record_alignment >= self.header_bytes);
        Self {
            rounding: self.header_bytes.wrapping_add(record_alignment).wrapping_sub(1),
            rounding_mask: !record_alignment.wrapping_sub(1),
            ..self
        }
    }

    /// This geometry with stretches of another length: the models' rings are too small for 1/8 of them.
    #[cfg(loom)]
    pub fn with_stretch_max(self, stretch_max: u64) -> Self {
        Self { stretch_max, ..self }
    }

    /// Bytes of the ring.
    #[inline]
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Largest payload in bytes.
    #[inline]
    pub fn max_message(&self) -> u64 {
        self.max_message
    }

    /// Bytes from a record's start to its payload.
    #[inline]
    pub fn header_bytes(&self) -> u64 {
        self.header_bytes
    }

    /// Where `position` stands in the ring.
    #[inline]
    pub fn offset(&self, position: Position) -> u64 {
        position.0 & self.mask
    }

    /// Bytes from `position` to the end of the ring.
    #[inline]
    pub fn until_end(&self, position: Position) -> u64 {
        self.capacity.wrapping_sub(self.offset(position))
    }

    /// Bytes that a record with this payload takes. Meaningless for more than the largest message.
    #[inline]
    pub fn record_bytes(&self, payload: u64) -> u64 {
        payload.wrapping_add(self.rounding) & self.rounding_mask
    }

    /// Whether the lane is plain: payloads and records are aligned to no more than a word, so that a record is its header word, its
    /// payload, and padding to the next multiple of 8. See [`plain_record_bytes`].
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.rounding == 2 * RecordHeader::BYTES - 1
    }

    /// Bytes that a stretch has at most: see `writer`.
    pub(super) fn stretch_max(&self) -> u64 {
        self.stretch_max
    }

    /// An upper bound of the records that the ring holds.
    #[inline]
    pub fn records_max(&self) -> u64 {
        self.capacity / RecordHeader::BYTES
    }

    /// After so many bytes that a reader gives back, it publishes.
    #[inline]
    pub fn publish_after(&self) -> u64 {
        self.capacity / 8
    }

    /// Whether a word that a peer may have written can be a position: records start at multiples of their alignment, and no
    /// channel carries 2⁶² bytes.
    pub fn is_possible(&self, position: Position) -> bool {
        self.is_aligned(position) && position.0 < 1 << 62
    }

    fn is_aligned(&self, position: Position) -> bool {
        position.0 & !self.rounding_mask == 0
    }
}

/// Bytes of a cache line.
pub(super) const LINE: u64 = 64;

/// The longest stretch that a writer warms, and fills without publishing, in bytes: see `writer`. Its first record may be longer.
pub(super) const LONG_STRETCH: u64 = 8192;

/// [`LaneGeometry::record_bytes`] of a plain lane, by constants alone.
#[inline]
pub(super) fn plain_record_bytes(payload: u64) -> u64 {
    payload.wrapping_add(2 * RecordHeader::BYTES - 1) & !(RecordHeader::BYTES - 1)
}
