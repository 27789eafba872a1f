//! A cursor over any lane's memory, by positions: for tests and models.

use super::{Cursor, LaneMemory, Position, Ring, Spot, Way};
use crate::sync::AtomicU64;

/// The cursor.
#[derive(Debug)]
pub struct PositionCursor<M> {
    memory: M,
    capacity: u64,
    position: Position,
    limit: Option<Position>,
}

/// The cursor while it passes records.
#[derive(Debug)]
pub struct PositionWay<'a, M> {
    memory: &'a M,
    limit: Option<Position>,
    position: &'a mut Position,
    next: Position,
}

/// The place of a record in such a memory.
#[derive(Debug, Clone, Copy)]
pub struct PositionSpot<R> {
    ring: R,
    start: Position,
    next: Position,
}

impl<M> PositionCursor<M> {
    /// A cursor at position 0 of a ring of so many bytes.
    pub fn new(memory: M, capacity: u64) -> Self {
        Self { memory, capacity, position: Position(0), limit: None }
    }
}

impl<M: LaneMemory> Cursor for PositionCursor<M> {
    type Way<'a>
        = PositionWay<'a, M>
    where
        Self: 'a;

    fn position(&self) -> Position {
        self.position
    }

    fn seek(&mut self, position: Position) {
        let in_ring = |position: Position| position.0 & self.capacity.wrapping_sub(1);
        if in_ring(position) < in_ring(self.position) {
            self.stop();
        }
        self.position = position;
    }

    fn allow(&mut self, limit: Position) {
        // The last word before the end of the ring.
        let last = Position((self.position.0 | self.capacity.wrapping_sub(1)) & !7);
        self.limit = (limit.0 >= self.position.0).then_some(Position(limit.0.min(last.0)));
    }

    fn stop(&mut self) {
        self.limit = None;
    }

    fn way(&mut self) -> PositionWay<'_, M> {
        let next = self.position;
        PositionWay { memory: &self.memory, limit: self.limit, position: &mut self.position, next }
    }
}

impl<'a, M: LaneMemory> Way for PositionWay<'a, M> {
    type Spot = PositionSpot<M::Ring<'a>>;

    fn here(&self) -> Self::Spot {
        PositionSpot { ring: self.memory.ring(), start: *self.position, next: *self.position }
    }

    fn ahead(&mut self, bytes: u64) -> Option<Self::Spot> {
        self.next = self.position.plus(bytes);
        let is_allowed = self.limit.is_some_and(|limit| self.next.0 <= limit.0);
        is_allowed.then(|| PositionSpot { ring: self.memory.ring(), start: *self.position, next: self.next })
    }

    fn go(&mut self) {
        *self.position = self.next;
    }

    fn position(&self) -> Position {
        *self.position
    }
}

#[cfg(loom)]
impl<R> PositionSpot<R> {
    /// Where its payload stands.
    pub fn payload(&self) -> Position {
        self.start.plus(crate::layout::RecordHeader::BYTES)
    }
}

impl<R: Ring> Spot for PositionSpot<R> {
    fn header(&self) -> &AtomicU64 {
        self.ring.header(self.start)
    }

    fn next_header(&self) -> &AtomicU64 {
        self.ring.header(self.next)
    }

    fn ends_a_line(&self, line: u64) -> bool {
        self.next.0.is_multiple_of(line)
    }
}
