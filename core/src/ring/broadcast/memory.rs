//! The words of a broadcast, in a mapped file or in memory.

use crate::ring::log::{Cursor, LaneEnd, LaneGeometry, LaneMemory, Position, Ring};
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::{AtomicU32, AtomicU64, fence};
use std::fmt::Debug;

/// The words of a broadcast, as one participant sees them.
pub trait BroadcastMemory: Clone {
    /// See [`Ring`].
    type Ring<'a>: Ring
    where
        Self: 'a;
    /// See [`LaneEnd::Cursor`].
    type Cursor: Cursor + Debug;
    /// How many parts of the ring have a boundary of their own: a power of two. Models have fewer, for their rings are small.
    const BOUNDARIES: u32 = 16;
    /// The ring.
    fn ring(&self) -> Self::Ring<'_>;
    /// A cursor at position 0, which is allowed no step.
    fn cursor(&self) -> Self::Cursor;
    /// End of the last committed record, as the writer published it.
    fn committed(&self) -> &AtomicU64;
    /// Messages committed, as the writer published it.
    fn count(&self) -> &AtomicU64;
    /// End of what may be being overwritten.
    fn reserved(&self) -> &AtomicU64;
    /// Where the first stretch starts in this part of the ring.
    fn boundary(&self, part: u32) -> &AtomicU64;
    /// How many times a reader has set its gate to be protected.
    fn joins(&self) -> &AtomicU32;
    /// Whose gate a writer waits for: the reader's number, plus 1.
    fn blocker(&self) -> &AtomicU32;
    /// How many readers there can be.
    fn readers(&self) -> u32;
    /// The first word of a reader's row.
    fn row(&self, reader: u32) -> &AtomicU64;
    /// How far a reader has come: end of the last record that it has given back.
    fn gate(&self, reader: u32) -> &AtomicU64;
}

/// Whether what starts at a position, and was read before, still stood there: see invariant 1.
#[inline]
pub(super) fn is_intact<M: BroadcastMemory>(memory: &M, geometry: &LaneGeometry, start: Position) -> bool {
    // EDGE reserve→recheck: pairs with the fences in `Writer::make_room`.
    fence(Acquire);
    memory.reserved().load(Relaxed) <= start.plus(geometry.capacity()).0
}

/// The lane as one end sees it that keeps the word `consumed` to itself.
#[derive(Debug)]
pub struct OwnLane<M> {
    pub(super) memory: M,
    /// A writer's: the position up to which records may be overwritten. A lossy reader's: how far it has come.
    pub(super) consumed: AtomicU64,
}

impl<M> OwnLane<M> {
    /// The lane of an end that stands there.
    pub fn new(memory: M, consumed: Position) -> Self {
        Self { memory, consumed: AtomicU64::new(consumed.0) }
    }

    /// The words of the broadcast.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The words of the broadcast, exclusively: for writing a payload in place.
    #[inline]
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }
}

impl<M: BroadcastMemory> LaneMemory for OwnLane<M> {
    type Ring<'a>
        = M::Ring<'a>
    where
        Self: 'a;

    #[inline]
    fn ring(&self) -> Self::Ring<'_> {
        self.memory.ring()
    }

    #[inline]
    fn committed(&self) -> &AtomicU64 {
        self.memory.committed()
    }

    #[inline]
    fn count(&self) -> &AtomicU64 {
        self.memory.count()
    }

    #[inline]
    fn consumed(&self) -> &AtomicU64 {
        &self.consumed
    }
}

impl<M: BroadcastMemory> LaneEnd for OwnLane<M> {
    type Cursor = M::Cursor;

    #[inline]
    fn cursor(&self) -> M::Cursor {
        self.memory.cursor()
    }
}
