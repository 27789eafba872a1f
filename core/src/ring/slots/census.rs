//! Counting slots and cells, for an observer that takes no part in the queue.

use super::{SlotGeometry, SlotMemory};
use crate::layout::{Cell, SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{Acquire, Relaxed};

/// How many slots were in which state. Each is looked at once, while the participants go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// No participant uses it.
    pub free: u64,
    /// A sender fills it, or it is queued.
    pub produced: u64,
    /// A receiver has it, and did not acknowledge it yet.
    pub consumed: u64,
    /// Given back, queued again or about to be.
    pub redeliver: u64,
    /// A dead receiver held it: the next receiver gets it.
    pub returned: u64,
    /// In a state that does not exist.
    pub unknown: u64,
}

impl Census {
    /// Counts the slots.
    pub fn of<M: SlotMemory>(memory: &M, geometry: &SlotGeometry) -> Self {
        let mut census = Self::default();
        for slot in 0..geometry.slots() {
            let state = SlotWord::from_bits(memory.slot(slot as u16).load(Relaxed)).state();
            let count = match state {
                Some(SlotState::Free) => &mut census.free,
                Some(SlotState::Produced) => &mut census.produced,
                Some(SlotState::Consumed) => &mut census.consumed,
                Some(SlotState::Redeliver) => &mut census.redeliver,
                Some(SlotState::Returned) => &mut census.returned,
                None => &mut census.unknown,
            };
            *count = count.saturating_add(1);
        }
        census
    }
}

/// How many slots are nobody's. Each is looked at once, while the participants go on.
pub fn free<M: SlotMemory>(memory: &M, geometry: &SlotGeometry) -> u64 {
    (0..geometry.slots()).filter(|&slot| is_free(memory, slot)).count() as u64
}

/// Whether no slot is nobody's. Looks until it finds one.
pub fn is_full<M: SlotMemory>(memory: &M, geometry: &SlotGeometry) -> bool {
    !(0..geometry.slots()).any(|slot| is_free(memory, slot))
}

fn is_free<M: SlotMemory>(memory: &M, slot: u32) -> bool {
    SlotWord::from_bits(memory.slot(slot as u16).load(Relaxed)).state() == Some(SlotState::Free)
}

/// Where a ring stands: the position of its first cell that was not passed, and how many cells are filled from there on (at most
/// as many as there are slots).
///
/// If head stood still meanwhile, so many were queued when the last cell was looked at. If head moved, it looks again, up to 16
/// times. If receivers were faster every time, it is a number that may have been true.
pub fn backlog<M: SlotMemory>(memory: &M, geometry: &SlotGeometry, ring: u8) -> (u64, u64) {
    const LOOKS: u32 = 16;
    let mut backlog = (0, 0);
    for _ in 0..LOOKS {
        let head = memory.head(ring).load(Acquire);
        backlog = (head, filled_from(memory, geometry, ring, head));
        // The cells' loads are Acquire: this one comes after them.
        if memory.head(ring).load(Relaxed) == head {
            break;
        }
    }
    backlog
}

/// How many cells in a row are filled from `head` on, as far as slots can be queued there.
fn filled_from<M: SlotMemory>(memory: &M, geometry: &SlotGeometry, ring: u8, head: u64) -> u64 {
    let (cells, slots) = (geometry.cells(), u64::from(geometry.slots()));
    // What lies before tail is filled. A tail that lags behind head, or is forged, tells nothing.
    let ahead = memory.tail(ring).load(Relaxed).wrapping_sub(head);
    let before_tail = if ahead <= cells { ahead.min(slots) } else { 0 };
    let filled = (before_tail..slots).take_while(|&step| {
        let position = head.wrapping_add(step);
        // EDGE commit→take: as in `glimpse_at_head`.
        let cell = Cell::from_bits(memory.cell(ring, geometry.index(position)).load(Acquire));
        cell.stamp() >= Cell::stamp_of(position, cells)
    });
    before_tail.saturating_add(filled.count() as u64)
}

/// How many messages of each priority dead receivers held that no other receiver has taken yet.
///
/// It looks at the slots only if there may be some.
pub fn returned<M: SlotMemory>(memory: &M, geometry: &SlotGeometry) -> Vec<u64> {
    let mut counts = vec![0; geometry.rings().into()];
    // EDGE reap→returned: as in `Queue::search_if_returned`.
    if memory.returned().load(Acquire) != memory.searched().load(Relaxed) {
        for slot in 0..geometry.slots() {
            let slot = slot as u16;
            if SlotWord::from_bits(memory.slot(slot).load(Acquire)).state() == Some(SlotState::Returned) {
                let header = SlotHeader::from_bits(memory.slot_header(slot).load(Relaxed));
                let count: &mut u64 = &mut counts[usize::from(header.priority(geometry.rings() - 1))];
                *count = count.saturating_add(1);
            }
        }
    }
    counts
}

/// How many messages wait to be received, of all priorities, those that dead receivers held included: at most as many as there
/// are slots.
///
/// Each is looked at at a moment of its own.
pub fn queued<M: SlotMemory>(memory: &M, geometry: &SlotGeometry) -> u64 {
    let queued: u64 = (0..geometry.rings()).map(|ring| backlog(memory, geometry, ring).1).sum();
    let returned: u64 = returned(memory, geometry).iter().sum();
    queued.saturating_add(returned).min(geometry.slots().into())
}
