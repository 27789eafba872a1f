//! What a slot queue stands on: its words, wherever they live.

use crate::sync::AtomicU64;

/// The words of one slot queue.
///
/// Indices are below what [`SlotGeometry`] says. An implementation may mask or assert what exceeds it; it must not
/// trust it.
pub trait SlotMemory {
    /// A slot's word: whose it is.
    fn slot(&self, slot: u16) -> &AtomicU64;
    /// A slot's header: length, priority, deliveries. Written by the participant that owns the slot.
    fn slot_header(&self, slot: u16) -> &AtomicU64;
    /// A cell of a ring.
    fn cell(&self, ring: u8, index: u64) -> &AtomicU64;
    /// Position of the first cell of a ring that was not passed.
    fn head(&self, ring: u8) -> &AtomicU64;
    /// A position of a ring up to which all cells are filled.
    fn tail(&self, ring: u8) -> &AtomicU64;
    /// Reapings that are over: when it has grown, there may be slots in Returned.
    fn returned(&self) -> &AtomicU64;
    /// The reapings of which nothing is left in Returned.
    fn searched(&self) -> &AtomicU64;
}

/// The shape of a slot queue, in private memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotGeometry {
    slots: u32,
    cells: u64,
    rings: u8,
}

impl SlotGeometry {
    /// `slots` from 1 to 65,536, in `rings` orders (one a priority) of `cells` cells each, a power of two that is not
    /// smaller.
    pub fn new(slots: u32, cells: u64, rings: u8) -> Self {
        debug_assert!((1..=65_536).contains(&slots) && rings >= 1);
        debug_assert!(cells.is_power_of_two() && cells >= u64::from(slots));
        Self { slots, cells, rings }
    }

    /// Slots.
    #[inline]
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Cells of each ring.
    #[inline]
    pub fn cells(&self) -> u64 {
        self.cells
    }

    /// Rings: one a priority; ring 0 has the highest.
    #[inline]
    pub fn rings(&self) -> u8 {
        self.rings
    }

    /// Where `position` stands in a ring.
    #[inline]
    pub fn index(&self, position: u64) -> u64 {
        position & self.cells.wrapping_sub(1)
    }
}
