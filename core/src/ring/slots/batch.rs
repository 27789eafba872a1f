//! Several messages at once: one move of head, one move of tail.
//!
//! **Committing.** Each message of a batch exists as soon as its own cell is filled. Only tail, a hint where the next message
//! goes, is moved once for many. Other senders that come meanwhile find it lagging, and help it along.
//!
//! **Taking.** A batch keeps to the rules of a single take, cell by cell: the cell's stamp is exact, the slot's word is loaded,
//! head is seen not to have passed *this* cell after that, and then the word is replaced. When all are taken, head is moved
//! over all of them. Before that no slot of the batch is used.
//!
//! Two shortcuts look right and are not:
//! - Looking at head for the first cell only. A later life of a slot is handed out, which is a sender's uncommitted loan.
//! - Moving head by one CAS without repeating it. Where another receiver helped head part of the way, the CAS fails and head
//!   stays behind, so that a slot of the batch leaves Consumed before its cell is passed.

use super::queue::{Look, RACES};
use super::{Delivery, Loan, Queue, SlotMemory};
use crate::error::Corruption;
use crate::layout::{Cell, SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::spin_loop;

/// How far one sender's batch has come.
#[derive(Debug)]
#[must_use = "end it with `Queue::end_batch`"]
pub struct CommitBatch {
    priority: u8,
    /// Behind the last message: where the next one probably goes.
    position: u64,
    /// As far as receivers were woken for it.
    told: u64,
    /// Messages since tail was moved.
    behind_tail: u32,
}

impl CommitBatch {
    /// Tail is moved after so many messages: other senders have to walk over no more.
    const BEHIND_TAIL_MAX: u32 = 64;

    /// How many receivers to wake: for each message since the last call one. Those of other senders that came between are among
    /// them.
    pub fn untold(&mut self) -> u32 {
        let untold = self.position.saturating_sub(self.told);
        self.told = self.position;
        u32::try_from(untold).unwrap_or(u32::MAX)
    }
}

impl<M: SlotMemory> Queue<M> {
    /// Begins a batch of messages of one priority.
    #[inline]
    pub fn begin_batch(&self, priority: u8) -> CommitBatch {
        let ring = priority.min(self.geometry.rings() - 1);
        let position = self.memory.tail(ring).load(Relaxed);
        CommitBatch { priority: ring, position, told: position, behind_tail: 0 }
    }

    /// Makes the next message of a batch exist, as [`Queue::commit`] does.
    ///
    /// Returns whether tail was moved over it and those before it, which happens once in a while.
    ///
    /// # Errors
    /// As [`Queue::commit`].
    #[inline]
    pub fn commit_next(&self, batch: &mut CommitBatch, loan: Loan, length: u32) -> Result<bool, Corruption> {
        if let Some(is_tail_moved) = self.commit_next_fast(batch, loan, length) {
            return Ok(is_tail_moved);
        }
        let filled = self.append_behind(batch.priority, loan.slot, batch.position)?;
        Ok(self.is_committed_at(batch, filled))
    }

    /// Makes the next message of a batch exist, as [`Queue::commit_next`] does, if no other sender filled the next cell. `None`:
    /// another one did.
    #[inline(always)]
    pub fn commit_next_fast(&self, batch: &mut CommitBatch, loan: Loan, length: u32) -> Option<bool> {
        let header = SlotHeader::new(length, batch.priority);
        self.memory.slot_header(loan.slot).store(header.bits(), Relaxed);
        self.append_at(batch.priority, loan.slot, batch.position).ok()?;
        Some(self.is_committed_at(batch, batch.position))
    }

    /// Notes where the last message of a batch stands. Returns whether tail was moved.
    #[inline(always)]
    fn is_committed_at(&self, batch: &mut CommitBatch, filled: u64) -> bool {
        batch.position = filled.wrapping_add(1);
        batch.behind_tail = batch.behind_tail.wrapping_add(1);
        let is_time = batch.behind_tail == CommitBatch::BEHIND_TAIL_MAX;
        if is_time {
            self.end_batch(batch);
        }
        is_time
    }

    /// Moves tail over the messages of a batch. The batch may go on after that.
    #[inline(always)]
    pub fn end_batch(&self, batch: &mut CommitBatch) {
        batch.behind_tail = 0;
        let tail = self.memory.tail(batch.priority);
        let seen = tail.load(Relaxed);
        if seen < batch.position {
            // If the CAS fails, another sender moved tail: it stays a hint.
            let _ = tail.compare_exchange(seen, batch.position, Relaxed, Relaxed);
        }
    }

    /// Takes up to `max` messages of this ring, in order, adding them to `batch`. Returns how many.
    ///
    /// # Errors
    /// The words contradict each other. What is in `batch` then is taken.
    #[inline(always)]
    pub fn take_batch_from(&self, ring: u8, max: usize, batch: &mut Vec<Delivery>) -> Result<usize, Corruption> {
        // The first message is taken like a single one, except that head stays where it is.
        let Some(start) = self.first_to_take(ring)? else { return Ok(0) };
        let before = batch.len();
        let mut end = start;
        while batch.len() - before < max {
            let Some((slot, word)) = self.look_at(ring, end)? else { break };
            let ours = word.next(SlotState::Consumed, self.me);
            if self.higher_has_news(ring)? || !self.replace(slot, word, ours) {
                break;
            }
            batch.push(self.delivered(slot, ours));
            end = end.wrapping_add(1);
        }
        self.pass_all(ring, start, end)?;
        Ok(batch.len() - before)
    }

    /// Moves head to the first cell whose slot is not taken yet, and returns its position. `None`: the ring is empty.
    #[inline(always)]
    fn first_to_take(&self, ring: u8) -> Result<Option<u64>, Corruption> {
        let (mut races, mut passes) = (0, 0);
        while races < RACES && passes <= self.geometry.cells() {
            match self.look_at_head(ring)? {
                Look::Empty => return Ok(None),
                Look::Moved { .. } => {
                    races = races.saturating_add(1);
                    spin_loop();
                }
                Look::Found { position, word, .. } if word.state() == Some(SlotState::Consumed) => {
                    passes = passes.saturating_add(1);
                    self.pass(ring, position);
                }
                Look::Found { position, .. } => return Ok(Some(position)),
            }
        }
        Ok(None)
    }

    /// The slot that the cell at `position` names, if it can be taken, and its word, read before head passed the cell.
    #[inline(always)]
    fn look_at(&self, ring: u8, position: u64) -> Result<Option<(u16, SlotWord)>, Corruption> {
        let cells = self.geometry().cells();
        // EDGE commit→take: pairs with the Release CAS in `append_at`.
        let cell = Cell::from_bits(self.memory.cell(ring, self.geometry.index(position)).load(Acquire));
        if cell.stamp() != Cell::stamp_of(position, cells) {
            return Ok(None);
        }
        if u32::from(cell.slot()) >= self.geometry.slots() {
            return Err(Corruption::SlotIndex);
        }
        let word = self.word(cell.slot());
        if self.memory.head(ring).load(Relaxed) > position {
            return Ok(None);
        }
        match word.state() {
            Some(SlotState::Produced | SlotState::Redeliver) => Ok(Some((cell.slot(), word))),
            Some(SlotState::Consumed) => Ok(None),
            Some(SlotState::Free | SlotState::Returned) | None => Err(Corruption::SlotState),
        }
    }

    /// Moves head to `end`, from where other receivers have helped it to by now. Each help passes a cell, so the loop ends.
    #[inline(always)]
    fn pass_all(&self, ring: u8, start: u64, end: u64) -> Result<(), Corruption> {
        let word = self.memory.head(ring);
        let mut head = word.load(Relaxed);
        for _ in start..=end {
            if head >= end {
                return Ok(());
            }
            match word.compare_exchange(head, end, Relaxed, Relaxed) {
                Ok(_) => return Ok(()),
                Err(moved) => head = moved,
            }
        }
        Err(Corruption::Positions)
    }
}
