//! Naming a slot in the next cell: the step that makes a message exist.
//!
//! Tail says where to begin, and may lag. From there a sender walks over filled cells to the first that is not, and fills it
//! by one CAS. The stamps that it meets on the way tell whether all of them were written by correct participants:
//!
//! - A cell that is filled for this lap names a slot that was not passed, and there are no more such cells than slots. So a
//!   walk that is further ahead of head than a ring is long has found corruption.
//! - A cell that is filled for a later lap means that tail lags by a lap or more, and that head is beyond this cell. For at
//!   every moment, at most as many cells at or behind head are filled as there are slots (invariant 2), and a ring has no
//!   fewer cells. So the cell at head is never filled for a later lap.

use super::queue::head_beyond;
use super::{Queue, SlotMemory};
use crate::error::Corruption;
use crate::layout::Cell;
use crate::sync::Ordering::{Relaxed, Release};

/// After so many steps, a sender that lost every race gives up. Cells that stay as they are keep it for fewer than two rings'
/// worth of steps; only a peer that fills one cell after the other right before it keeps it longer.
const APPEND_TURNS: u64 = 1 << 22;

/// Cells between two looks at head.
const TURNS_PER_LOOK: u64 = 1 << 10;

impl<M: SlotMemory> Queue<M> {
    /// Names `slot` in the next cell of `ring`.
    pub(in crate::ring) fn append(&self, ring: u8, slot: u16) -> Result<(), Corruption> {
        if self.append_at_tail(ring, slot) {
            return Ok(());
        }
        let tail = self.memory.tail(ring);
        let filled = self.append_behind(ring, slot, tail.load(Relaxed))?;
        let _ = tail.compare_exchange(filled, filled.wrapping_add(1), Relaxed, Relaxed);
        Ok(())
    }

    /// Names `slot` in the cell that tail says is the next one, if that is not filled.
    #[inline(always)]
    pub(super) fn append_at_tail(&self, ring: u8, slot: u16) -> bool {
        let tail = self.memory.tail(ring);
        let position = tail.load(Relaxed);
        if self.append_at(ring, slot, position).is_err() {
            return false;
        }
        let _ = tail.compare_exchange(position, position.wrapping_add(1), Relaxed, Relaxed);
        true
    }

    /// Names `slot` in the cell at `position`. Fails with the cell's stamp if it is filled already, or meanwhile.
    #[inline(always)]
    pub(super) fn append_at(&self, ring: u8, slot: u16, position: u64) -> Result<(), u64> {
        let cells = self.geometry.cells();
        let word = self.memory.cell(ring, self.geometry.index(position));
        let cell = Cell::from_bits(word.load(Relaxed));
        if cell.stamp() >= Cell::stamp_of(position, cells) {
            return Err(cell.stamp());
        }
        // EDGE commit→take: the message exists from here on.
        let ours = Cell::new(position, cells, slot);
        match word.compare_exchange(cell.bits(), ours.bits(), Release, Relaxed) {
            Ok(_) => Ok(()),
            Err(found) => Err(Cell::from_bits(found).stamp()),
        }
    }

    /// Names `slot` in the first cell from `position` on that is not filled, walking over those that are. All cells before
    /// `position` are filled. Returns the cell's position; tail is not moved over it.
    #[cold]
    #[inline(never)]
    pub(super) fn append_behind(&self, ring: u8, slot: u16, mut position: u64) -> Result<u64, Corruption> {
        let cells = self.geometry.cells();
        for turn in 1..=APPEND_TURNS {
            if turn % TURNS_PER_LOOK == 0 {
                let ahead = position.wrapping_sub(self.memory.head(ring).load(Relaxed));
                if ahead > cells && ahead < u64::MAX / 2 {
                    // Further from head, as it was just now, than a ring is long: so head has moved on since.
                    head_beyond(self.memory.head(ring), position.wrapping_sub(cells).wrapping_sub(1))?;
                }
            }
            let Err(found) = self.append_at(ring, slot, position) else { return Ok(position) };
            let stamp = Cell::stamp_of(position, cells);
            if found >= stamp {
                // Filled: help tail over it. A tail that lags by laps jumps to head, before which all is filled.
                let tail = self.memory.tail(ring);
                let next = if found == stamp {
                    position.wrapping_add(1)
                } else {
                    head_beyond(self.memory.head(ring), position)?
                };
                let _ = tail.compare_exchange(position, next, Relaxed, Relaxed);
                position = next;
            }
        }
        Err(Corruption::Positions)
    }
}
