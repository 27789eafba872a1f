//! What dead participants held: finished or undone, by any number of helpers at once.
//!
//! Any participant that proved a death may run these steps, at the same time as others, and may stop or die anywhere: the
//! next helper does the rest. One pass settles all the dead of a channel.
//!
//! 1. **Settle**: pass head over every cell at head whose slot is already Consumed. A receiver that died between taking a
//!    slot and passing head left such a cell. If its slot were returned without settling, a cell would still name it, and
//!    later hand out a sender's loan.
//! 2. Load the words of all slots. For each that names a dead owner, look at the owner's row **again**: if the row has
//!    changed, the death was settled by others, and the word may be that of the seat's next holder.
//! 3. Walk once over the cells from head, and note which slots they name: these are queued.
//! 4. Step by step, each by a CAS from the word that was loaded in 2:
//!    Consumed → Returned (or Free, by policy or limit) · Produced and not queued → Free (a loan) ·
//!    Redeliver and not queued → Returned (a `nack` that was cut short).
//! 5. Count the reaping, whether or not anything changed: an earlier helper may have died before it counted.
//!
//! Why a late helper does no harm: every step takes a new generation. A helper that stood still between 2 and 4 finds the
//! word as it was only if no step was taken meanwhile, and then the dead one still holds the slot. The second look at the
//! row excludes the other case: a word that was loaded after the seat had a new holder.
//!
//! Helpers write to slots' words only, and by CAS only. They leave headers alone: the receiver that takes a message next counts
//! its deliveries, from one at least, since the last receiver may have died before it counted.

use super::queue::Look;
use super::{Queue, SlotMemory};
use crate::error::Corruption;
use crate::layout::{Cell, RowIndex, SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::spin_loop;

/// What becomes of a message whose receiver died before it acknowledged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnDeath {
    /// It is delivered again, marked and counted.
    Redeliver,
    /// It is gone: at most once.
    Discard,
}

/// Which participants a reaping is about.
pub trait Departed {
    /// Whether the participant in this row was proved dead. Private memory: nothing shared is looked at.
    fn contains(&self, row: RowIndex) -> bool;

    /// Whether the row still belongs to the participant that was proved dead: loads it (Acquire) again.
    fn still_holds(&self, row: RowIndex) -> bool;
}

/// What a reaping changed. Other helpers report what they changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReapReport {
    /// Messages that are delivered again.
    pub redelivered: u32,
    /// Messages that are gone, by policy.
    pub discarded: u32,
    /// Messages that are gone because they had been delivered too often.
    pub given_up: u32,
    /// Loans that were never committed.
    pub loans: u32,
}

impl<M: SlotMemory> Queue<M> {
    /// Finishes or undoes what dead participants held. A message that was delivered `limit` times (0: no limit) is given up.
    ///
    /// The caller replaces the rows' words afterwards, and wakes everybody.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn reap(&self, dead: &impl Departed, policy: OnDeath, limit: u16) -> Result<ReapReport, Corruption> {
        for ring in 0..self.geometry.rings() {
            self.settle(ring)?;
        }
        let held = self.held_by(dead)?;
        let mut report = ReapReport::default();
        let needs_cells = |(_, word): &(u16, SlotWord)| word.state() != Some(SlotState::Consumed);
        let queued = if held.iter().any(needs_cells) { self.queued_slots()? } else { Vec::new() };
        let is_queued = |slot: u16| queued.get(usize::from(slot) / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1);
        for (slot, word) in held {
            let step = |state, count: &mut u32| {
                *count += u32::from(self.replace(slot, word, word.next(state, word.owner())));
            };
            match word.state() {
                Some(SlotState::Consumed) if policy == OnDeath::Discard => {
                    step(SlotState::Free, &mut report.discarded);
                }
                Some(SlotState::Consumed) if limit != 0 && self.deliveries(slot) >= limit => {
                    step(SlotState::Free, &mut report.given_up);
                }
                Some(SlotState::Consumed) => step(SlotState::Returned, &mut report.redelivered),
                Some(SlotState::Produced) if !is_queued(slot) => step(SlotState::Free, &mut report.loans),
                // It may have been queued, and taken before the look at the cells: then the word has changed.
                Some(SlotState::Redeliver) if !is_queued(slot) => {
                    step(SlotState::Returned, &mut report.redelivered);
                }
                _ => {}
            }
        }
        // EDGE reap→returned: pairs with the Acquire in `Queue::search_if_returned`; the slots' words were replaced before.
        self.memory.returned().fetch_add(1, Release);
        Ok(report)
    }

    fn deliveries(&self, slot: u16) -> u16 {
        SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed)).deliveries()
    }

    /// Moves head over every cell at head whose slot is already Consumed.
    fn settle(&self, ring: u8) -> Result<(), Corruption> {
        // Senders may fill cells meanwhile. What comes after two rings' worth of cells is their receivers' work.
        for _ in 0..2 * self.geometry.cells() {
            match self.look_at_head(ring)? {
                Look::Moved { .. } => spin_loop(),
                Look::Found { position, word, .. } if word.state() == Some(SlotState::Consumed) => {
                    self.pass(ring, position);
                }
                Look::Empty | Look::Found { .. } => return Ok(()),
            }
        }
        Ok(())
    }

    /// The words of all slots that dead participants use, each loaded while the row was still the dead one's.
    fn held_by(&self, dead: &impl Departed) -> Result<Vec<(u16, SlotWord)>, Corruption> {
        let mut held = Vec::new();
        for slot in 0..self.geometry.slots() {
            let slot = slot as u16;
            let word = self.word(slot);
            match word.state() {
                None => return Err(Corruption::SlotState),
                Some(SlotState::Free | SlotState::Returned) => {}
                Some(_) if dead.contains(word.owner()) && dead.still_holds(word.owner()) => held.push((slot, word)),
                Some(_) => {}
            }
        }
        Ok(held)
    }

    /// One bit a slot: whether a cell at or behind head names it. Exact for the slots of the dead.
    ///
    /// Head may be seen where it stood before others moved it, and then some cells are looked at that were passed. No such
    /// cell names a slot of a dead participant: when that took the slot, it knew that head had passed every cell that ever named
    /// it, and its reaper knows what it knew.
    pub(in crate::ring) fn queued_slots(&self) -> Result<Vec<u64>, Corruption> {
        let cells = self.geometry.cells();
        let mut queued = vec![0u64; self.geometry.slots().div_ceil(64) as usize];
        for ring in 0..self.geometry.rings() {
            let head = self.memory.head(ring).load(Relaxed);
            for position in (0..cells).map(|step| head.wrapping_add(step)) {
                // EDGE commit→take: as in `glimpse_at_head`.
                let cell = Cell::from_bits(self.memory.cell(ring, self.geometry.index(position)).load(Acquire));
                // A newer stamp is a cell of a later lap: what stood here was taken, what stands here is queued. A cell may
                // look unfilled because another sender's store is not visible here yet, while the dead one's stands behind it.
                if cell.stamp() < Cell::stamp_of(position, cells) {
                    continue;
                }
                if u32::from(cell.slot()) >= self.geometry.slots() {
                    return Err(Corruption::SlotIndex);
                }
                queued[usize::from(cell.slot()) / 64] |= 1 << (cell.slot() % 64);
            }
        }
        Ok(queued)
    }
}
