//! A lane's memory made of loom's parts.
//!
//! Every word of the ring is two things at once:
//! - an atomic, which is what the engine loads and stores as a record header, and where payload words are stored as
//!   well, so that stale payload can be taken for a header, as in real memory;
//! - a loom cell, which is how payload is accessed, so that loom itself reports a copy that is not ordered after the
//!   commit, or not before the writer's next lap.
//!
//! A payload is read from both: the cell notices an access without order, the atomic a header that was stored into a
//! payload that is still being read.

use loom::cell::Cell;
use memlane::ring::log::by_position::PositionCursor;
use memlane::ring::log::{LaneEnd, LaneGeometry, LaneMemory, Position, Ring};
use memlane::sync::{AtomicU64, Ordering::Relaxed};
use std::rc::Rc;

/// Bytes of a word.
const WORD: u64 = 8;

/// The memory of one lane, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomLane(Rc<Words>);

#[derive(Debug)]
struct Words {
    ring: Vec<Word>,
    committed: AtomicU64,
    count: AtomicU64,
    consumed: AtomicU64,
}

#[derive(Debug)]
struct Word {
    atomic: AtomicU64,
    cell: Cell<u64>,
}

impl LoomLane {
    /// A lane that has carried `count` messages, all of them so long ago that every word of the ring is zero.
    pub fn new(geometry: LaneGeometry, count: u64) -> Self {
        let word = |_| Word { atomic: AtomicU64::new(0), cell: Cell::new(0) };
        Self(Rc::new(Words {
            ring: (0..geometry.capacity() / WORD).map(word).collect(),
            committed: AtomicU64::new(0),
            count: AtomicU64::new(count),
            consumed: AtomicU64::new(0),
        }))
    }

    /// Writes a payload, as the sender does between reserve and commit.
    pub fn write(&self, position: Position, payload: &[u64]) {
        for (word, value) in self.words(position, payload.len()).zip(payload) {
            word.cell.set(*value);
            word.atomic.store(*value, Relaxed);
        }
    }

    /// Copies a payload of this many words out, as the receiver does between poll and release.
    pub fn read(&self, position: Position, words: usize) -> Vec<u64> {
        let read = |word: &Word| {
            let value = word.cell.get();
            assert_eq!(word.atomic.load(Relaxed), value, "a header was stored into a payload that is still in use");
            value
        };
        self.words(position, words).map(read).collect()
    }

    fn words(&self, position: Position, words: usize) -> impl Iterator<Item = &Word> {
        let first = self.index(position);
        // Out of range panics: a payload never wraps.
        self.0.ring[first..first + words].iter()
    }

    fn index(&self, position: Position) -> usize {
        assert!(position.0.is_multiple_of(WORD), "a position is a multiple of 8");
        (position.0 / WORD) as usize % self.0.ring.len()
    }
}

impl Ring for &LoomLane {
    fn header(&self, position: Position) -> &AtomicU64 {
        &self.0.ring[self.index(position)].atomic
    }
}

impl LaneMemory for LoomLane {
    type Ring<'a> = &'a Self;

    fn ring(&self) -> &Self {
        self
    }

    fn committed(&self) -> &AtomicU64 {
        &self.0.committed
    }

    fn count(&self) -> &AtomicU64 {
        &self.0.count
    }

    fn consumed(&self) -> &AtomicU64 {
        &self.0.consumed
    }
}

impl LaneEnd for LoomLane {
    type Cursor = PositionCursor<Self>;

    fn cursor(&self) -> Self::Cursor {
        PositionCursor::new(self.clone(), self.0.ring.len() as u64 * WORD)
    }
}
