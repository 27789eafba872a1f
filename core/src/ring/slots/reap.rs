//! What a dead participant held: finished or undone.
//!
//! The reaper holds the dead one's byte in the lock file, so nobody else reaps it, and the dead one cannot come back. The
//! slots keep the dead one as their owner throughout: a reaper that dies itself changes nothing for the next one.
//!
//! 1. **Settle**: pass head over every cell at head whose slot is already Consumed. A receiver that died between taking a
//!    slot and passing head left such a cell. Giving its slot back without settling would name it by two cells, and the
//!    second would later hand out somebody's loan.
//! 2. Load the words of all slots that are the dead one's.
//! 3. Walk once over the cells from head, and note which slots they name: these are queued.
//! 4. Step by step, each by a CAS from the word that was loaded in 2:
//!    Consumed → Redeliver and queued again (or Free, by policy) · Produced and not queued → Free (a loan) ·
//!    Redeliver and not queued → queued again (a nack, or a reaping, that was cut short).
//!
//! A slot that is queued may be taken by somebody at any time: then its word changed, and the CAS fails, as it should.

use super::queue::Look;
use super::{Queue, SlotMemory};
use crate::error::Corruption;
use crate::layout::{Cell, RowIndex, SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::planted;
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

/// What a reaping found.
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
    /// Finishes or undoes what the dead participant in row `dead` held. A message that was delivered `limit` times (0: no
    /// limit) is given up.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn reap(&self, dead: RowIndex, policy: OnDeath, limit: u16) -> Result<ReapReport, Corruption> {
        for ring in (0..self.geometry.rings()).filter(|_| !planted::no_settle()) {
            self.settle(ring)?;
        }
        let held = self.held_by(dead)?;
        let mut report = ReapReport::default();
        if held.is_empty() {
            return Ok(report);
        }
        let queued = self.queued_slots()?;
        let is_queued = |slot: u16| queued[usize::from(slot) / 64] >> (slot % 64) & 1 == 1;
        for (slot, word) in held.into_iter().skip(usize::from(planted::forgotten_slot())) {
            match word.state() {
                Some(SlotState::Consumed) if policy == OnDeath::Discard => {
                    report.discarded += u32::from(self.replace(slot, word, word.next(SlotState::Free, dead)));
                }
                Some(SlotState::Consumed) if limit != 0 && self.deliveries(slot) >= limit => {
                    report.given_up += u32::from(self.replace(slot, word, word.next(SlotState::Free, dead)));
                }
                Some(SlotState::Consumed) => {
                    self.count_what_died_uncounted(slot);
                    report.redelivered += self.redeliver(slot, word, dead)?;
                }
                Some(SlotState::Produced) if !is_queued(slot) => {
                    report.loans += u32::from(self.replace(slot, word, word.next(SlotState::Free, dead)));
                }
                Some(SlotState::Redeliver) if !is_queued(slot) => {
                    // It may have been queued, and taken before we looked at the cells: then the word changed.
                    report.redelivered += self.redeliver(slot, word, dead)?;
                }
                _ => {}
            }
        }
        Ok(report)
    }

    /// Takes one step from the word that was loaded, and queues the slot again: unless somebody took it meanwhile.
    fn redeliver(&self, slot: u16, word: SlotWord, dead: RowIndex) -> Result<u32, Corruption> {
        if !self.replace(slot, word, word.next(SlotState::Redeliver, dead)) {
            return Ok(0);
        }
        self.queue_again(slot)?;
        Ok(1)
    }

    /// A receiver that died between taking a message and counting that counts all the same: the message comes again, behind
    /// others, and has to say so. The slot stays the dead one's until its next step, so nobody else touches its header.
    fn count_what_died_uncounted(&self, slot: u16) {
        let header = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed));
        if header.deliveries() == 0 {
            self.memory.slot_header(slot).store(header.delivered_once_more().bits(), Relaxed);
        }
    }

    fn deliveries(&self, slot: u16) -> u16 {
        SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed)).deliveries()
    }

    /// Passes head over every cell at head whose slot is already Consumed.
    fn settle(&self, ring: u8) -> Result<(), Corruption> {
        // Others may add to what is there; more than all cells twice over is somebody else's work.
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

    /// The words of all slots of a participant that are in use.
    fn held_by(&self, owner: RowIndex) -> Result<Vec<(u16, SlotWord)>, Corruption> {
        let mut held = Vec::new();
        for slot in 0..self.geometry.slots() {
            let slot = slot as u16;
            let word = self.word(slot);
            match word.state() {
                None => return Err(Corruption::SlotState),
                Some(SlotState::Free) => {}
                Some(_) if word.owner() == owner => held.push((slot, word)),
                Some(_) => {}
            }
        }
        Ok(held)
    }

    /// One bit a slot: whether a cell at or behind head names it. Exact for the slots of the dead one.
    ///
    /// Head may be seen where it stood before others moved it, and then some cells are looked at that were passed. No such
    /// cell names a slot of the dead one: when that took the slot, it knew that head had passed every cell that ever named
    /// it, and its reaper knows what it knew.
    fn queued_slots(&self) -> Result<Vec<u64>, Corruption> {
        let cells = self.geometry.cells();
        let mut queued = vec![0u64; self.geometry.slots().div_ceil(64) as usize];
        for ring in 0..self.geometry.rings() {
            let head = self.memory.head(ring).load(Relaxed);
            for position in (0..cells).map(|step| head.wrapping_add(step)) {
                let cell = Cell::from_bits(self.memory.cell(ring, self.geometry.index(position)).load(Acquire));
                // A newer stamp is a cell of a later lap: what stood here was taken, what stands here is queued. One cell
                // may look unfilled, by somebody whom we do not see yet, and the dead one's stand behind it.
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
