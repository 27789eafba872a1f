//! Single messages: commit, take, acknowledge.

use super::{SlotGeometry, SlotMemory};
use crate::error::Corruption;
use crate::layout::{Cell, RowIndex, SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::{AtomicU64, spin_loop};

/// One participant's access to a slot queue.
#[derive(Debug)]
pub struct Queue<M> {
    pub(in crate::ring) memory: M,
    pub(in crate::ring) geometry: SlotGeometry,
    /// The row of this participant, which it writes into the words of its slots.
    pub(in crate::ring) me: RowIndex,
    /// Where the next search for a free slot starts.
    pub(in crate::ring) cursor: u32,
    /// Where the next search of a full queue starts: see `room`.
    pub(super) probe: u32,
    /// The slot that the last look for one in use found: the next look starts there.
    in_use: u32,
}

/// A slot that a sender fills. Nobody else sees it until it is committed.
#[derive(Debug, Clone, Copy)]
#[must_use = "a loan has to be committed or aborted"]
pub struct Loan {
    /// Which slot.
    pub slot: u16,
    pub(super) word: SlotWord,
}

/// A slot that a receiver has. Nobody else gets it until it is given back.
#[derive(Debug, Clone, Copy)]
#[must_use = "a delivery has to be acknowledged or given back"]
pub struct Delivery {
    /// Which slot. As wide as a register: a narrow one, read back from the stack with what stands beside it, would have to
    /// wait until it has reached the cache.
    slot: u64,
    /// What stands in front of its payload, this delivery counted.
    pub header: SlotHeader,
    pub(super) word: SlotWord,
}

impl Delivery {
    #[inline]
    pub(super) fn new(slot: u16, header: SlotHeader, word: SlotWord) -> Self {
        Self { slot: slot.into(), header, word }
    }

    /// Which slot.
    #[inline]
    pub fn slot(&self) -> u16 {
        self.slot as u16
    }

    /// Whether the message was delivered before.
    #[inline]
    pub fn is_repeated(&self) -> bool {
        self.header.deliveries() > 1
    }

    /// Whether it was not yet noted as [done with](Delivery::done).
    #[inline]
    pub fn is_left(&self) -> bool {
        self.word.state() == Some(SlotState::Consumed)
    }

    /// A note that it is done with, in its place.
    pub fn done(self) -> Self {
        Self { word: self.word.next_of_owner(SlotState::Free), ..self }
    }
}

/// What became of a delivery that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenBack {
    /// It is queued again, behind all others of its priority.
    Queued,
    /// It had been delivered too often: its slot is free.
    GivenUp,
}

impl<M: SlotMemory> Queue<M> {
    /// Access for the participant in row `me`, which no live participant shares. One participant may have several.
    pub fn new(memory: M, geometry: SlotGeometry, me: RowIndex) -> Self {
        // Participants start their searches apart, so that they do not meet at every slot.
        let cursor = u32::from(me.0).wrapping_mul(7).checked_rem(geometry.slots()).unwrap_or(0);
        Self { memory, geometry, me, cursor, probe: cursor, in_use: 0 }
    }

    /// Access to the queue's words through `memory`: for one call, by a value that the compiler can keep in registers.
    ///
    /// Where it has found free slots stays with it.
    #[inline(always)]
    pub fn through<N: SlotMemory>(&self, memory: N) -> Queue<N> {
        let Self { geometry, me, cursor, probe, in_use, .. } = *self;
        Queue { memory, geometry, me, cursor, probe, in_use }
    }

    /// The words that this queue stands on.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The words that this queue stands on, exclusively: for writing a payload in place.
    #[inline]
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// Its shape.
    #[inline]
    pub fn geometry(&self) -> &SlotGeometry {
        &self.geometry
    }

    #[inline]
    pub(super) fn word(&self, slot: u16) -> SlotWord {
        // EDGE pass→take: pairs with the Release in `acknowledge` and `replace`.
        SlotWord::from_bits(self.memory.slot(slot).load(Acquire))
    }

    /// Replaces a slot's word by one CAS. False if the word is not `from` any more.
    #[inline]
    pub(super) fn replace(&self, slot: u16, from: SlotWord, to: SlotWord) -> bool {
        replace(self.memory.slot(slot), from, to)
    }

    /// Gives a loan back unused.
    ///
    /// # Errors
    /// The slot's word is not this sender's any more: something wrote to it that may not.
    pub fn abort(&self, loan: Loan) -> Result<(), Corruption> {
        let freed = self.replace(loan.slot, loan.word, loan.word.next(SlotState::Free, self.me));
        if freed { Ok(()) } else { Err(Corruption::SlotState) }
    }

    /// Makes the message in the slot exist, behind all that were committed to this ring before.
    ///
    /// # Errors
    /// The ring's words contradict each other.
    #[inline]
    pub fn commit(&self, loan: Loan, header: SlotHeader) -> Result<(), Corruption> {
        self.memory.slot_header(loan.slot).store(header.bits(), Relaxed);
        self.append(header.priority(self.geometry.rings() - 1), loan.slot)
    }

    /// Makes the message in the slot exist, as [`Queue::commit`] does, if tail does not lag. Whether it did.
    #[inline(always)]
    pub fn commit_fast(&self, loan: Loan, header: SlotHeader) -> bool {
        self.memory.slot_header(loan.slot).store(header.bits(), Relaxed);
        self.append_at_tail(header.priority(self.geometry.rings() - 1), loan.slot)
    }

    /// Takes the next message of the highest ring that has one.
    ///
    /// `None` also after very many races that were all lost to receivers that took messages meanwhile. A cell that only has to
    /// be passed is no race, and there are at most as many of these as a ring has.
    ///
    /// # Errors
    /// The words contradict each other.
    #[inline]
    pub fn take(&self) -> Result<Option<Delivery>, Corruption> {
        let (mut races, mut passes) = (0, 0);
        while races < RACES && passes <= self.geometry.cells() {
            match self.try_take()? {
                Attempt::Taken(delivery) => return Ok(Some(delivery)),
                Attempt::Empty => return Ok(None),
                Attempt::Passed => passes = passes.saturating_add(1),
                Attempt::Lost => {
                    races = races.saturating_add(1);
                    spin_loop();
                }
            }
        }
        Ok(None)
    }

    /// Takes the next message of the highest ring, if it stands at head and was never delivered. `None`: ask [`Queue::take`].
    #[inline(always)]
    pub fn take_fast(&self) -> Option<Delivery> {
        let Ok(Look::Found { position, slot, word }) = self.glimpse_at_head(0) else { return None };
        if word.state() != Some(SlotState::Produced) {
            return None;
        }
        let ours = word.next(SlotState::Consumed, self.me);
        if !self.replace(slot, word, ours) {
            return None;
        }
        // Taken. The slot may leave Consumed only after head has passed its cell.
        self.pass(0, position);
        Some(self.delivered(slot, ours))
    }

    #[inline]
    fn try_take(&self) -> Result<Attempt, Corruption> {
        for ring in 0..self.geometry.rings() {
            let (position, slot, word) = match self.look_at_head(ring)? {
                Look::Empty => continue,
                Look::Moved { .. } => return Ok(Attempt::Lost),
                Look::Found { position, slot, word } => (position, slot, word),
            };
            return match word.state() {
                Some(SlotState::Produced | SlotState::Redeliver) => {
                    let ours = word.next(SlotState::Consumed, self.me);
                    if self.higher_has_news(ring)? || !self.replace(slot, word, ours) {
                        return Ok(Attempt::Lost);
                    }
                    // Taken. The slot may leave Consumed only after head has passed its cell.
                    self.pass(ring, position);
                    Ok(Attempt::Taken(self.delivered(slot, ours)))
                }
                Some(SlotState::Consumed) => {
                    self.pass(ring, position);
                    Ok(Attempt::Passed)
                }
                Some(SlotState::Free | SlotState::Returned) | None => Err(Corruption::SlotState),
            };
        }
        Ok(Attempt::Empty)
    }

    /// Whether a message came into a higher ring since that was looked at.
    #[inline]
    pub(super) fn higher_has_news(&self, ring: u8) -> Result<bool, Corruption> {
        for higher in 0..ring {
            if !matches!(self.glimpse_at_head(higher)?, Look::Empty) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stands at a ring's head. The slot's word was read while head still stood there.
    #[inline]
    pub(in crate::ring) fn look_at_head(&self, ring: u8) -> Result<Look, Corruption> {
        let look = self.glimpse_at_head(ring);
        if let Ok(Look::Moved { from }) = look {
            head_beyond(self.memory.head(ring), from)?;
        }
        look
    }

    /// What stands at a ring's head, without a check of [`Look::Moved`]: it believes a cell that says that head has moved.
    #[inline(always)]
    fn glimpse_at_head(&self, ring: u8) -> Result<Look, Corruption> {
        let cells = self.geometry.cells();
        let position = self.memory.head(ring).load(Relaxed);
        // EDGE commit→take: pairs with the Release CAS in `append_at`.
        let cell = Cell::from_bits(self.memory.cell(ring, self.geometry.index(position)).load(Acquire));
        let stamp = Cell::stamp_of(position, cells);
        if cell.stamp() < stamp {
            return Ok(Look::Empty);
        }
        if cell.stamp() > stamp {
            return Ok(Look::Moved { from: position });
        }
        if u32::from(cell.slot()) >= self.geometry.slots() {
            return Err(Corruption::SlotIndex);
        }
        let word = self.word(cell.slot());
        // Without this look the word may be that of a later life of the slot: a sender's uncommitted loan.
        if self.memory.head(ring).load(Relaxed) != position {
            return Ok(Look::Moved { from: position });
        }
        Ok(Look::Found { position, slot: cell.slot(), word })
    }

    /// Moves head over a cell whose slot was seen in Consumed while head stood there, or was just taken by this receiver.
    #[inline]
    pub(in crate::ring) fn pass(&self, ring: u8, position: u64) {
        // If the CAS fails, another participant moved head over this cell.
        let _ = self.memory.head(ring).compare_exchange(position, position.wrapping_add(1), Relaxed, Relaxed);
    }

    /// Counts the delivery of a slot that this receiver has just taken.
    #[inline(always)]
    pub(super) fn delivered(&self, slot: u16, word: SlotWord) -> Delivery {
        let counted = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed)).delivered_once_more();
        self.memory.slot_header(slot).store(counted.bits(), Relaxed);
        Delivery::new(slot, counted, word)
    }

    /// Whether there is probably something to take: cheap enough for the tightest loop.
    #[inline]
    pub fn glance(&self) -> bool {
        let cells = self.geometry.cells();
        (0..self.geometry.rings()).any(|ring| {
            let position = self.memory.head(ring).load(Relaxed);
            let cell = Cell::from_bits(self.memory.cell(ring, self.geometry.index(position)).load(Relaxed));
            cell.stamp() >= Cell::stamp_of(position, cells)
        })
    }

    /// Whether no message is queued, and none is held by another participant.
    ///
    /// It starts where the last look ended, so that a slot that is held for long is looked at first.
    pub fn is_drained(&mut self) -> bool {
        self.first_in_use_but(|word, me| word.owner() == me && word.state() == Some(SlotState::Consumed)).is_none()
    }

    /// A slot whose message others hold and may still give back, and its word.
    ///
    /// Slots that are queued, or that senders have on loan, do not count.
    pub fn first_to_come_back(&mut self) -> Option<(u16, SlotWord)> {
        self.first_in_use_but(|word, me| match word.state() {
            Some(SlotState::Produced) => true,
            Some(SlotState::Consumed) => word.owner() == me,
            _ => false,
        })
    }

    /// Whether a slot still has this word while no ring seems to have a message.
    ///
    /// Then, if the word says that a message is queued, none is. The word is compared by a CAS, which changes nothing: a load may
    /// return what it was before another receiver took the message, whose pass of head the look at the rings saw.
    pub fn is_out_of_reach(&self, slot: u16, word: SlotWord) -> bool {
        !self.glance() && self.replace(slot, word, word)
    }

    /// A slot that is in use, but for those that count for nothing, and its word.
    fn first_in_use_but(&mut self, counts_for_nothing: impl Fn(SlotWord, RowIndex) -> bool) -> Option<(u16, SlotWord)> {
        let slots = self.geometry.slots();
        for step in 0..slots {
            let slot = self.in_use.wrapping_add(step).checked_rem(slots).unwrap_or(0);
            let word = self.word(slot as u16);
            if word.state() != Some(SlotState::Free) && !counts_for_nothing(word, self.me) {
                self.in_use = slot;
                return Some((slot as u16, word));
            }
        }
        None
    }

    /// Frees the slot of a message that is done with.
    ///
    /// # Errors
    /// The slot's word is not this receiver's any more: something wrote to it that may not.
    #[inline(always)]
    pub fn acknowledge(&self, delivery: Delivery) -> Result<(), Corruption> {
        // Nobody but the holder of the delivery changes the word of a slot that a live receiver has, so a load and a store suffice.
        let word = self.memory.slot(delivery.slot());
        if word.load(Relaxed) != delivery.word.bits() {
            return Err(Corruption::SlotState);
        }
        // EDGE ack→alloc, EDGE pass→take: every read of the message, and head's pass, come before.
        word.store(delivery.word.next_of_owner(SlotState::Free).bits(), Release);
        Ok(())
    }

    /// Queues a message again, behind all that are queued now, unless it was delivered `limit` times (0: no limit).
    ///
    /// # Errors
    /// As [`Queue::acknowledge`], or the ring's words contradict each other.
    pub fn give_back(&self, delivery: Delivery, limit: u16) -> Result<GivenBack, Corruption> {
        if limit != 0 && delivery.header.deliveries() >= limit {
            return self.acknowledge(delivery).map(|()| GivenBack::GivenUp);
        }
        let word = delivery.word.next(SlotState::Redeliver, self.me);
        if !self.replace(delivery.slot(), delivery.word, word) {
            return Err(Corruption::SlotState);
        }
        self.queue_again(delivery.slot())?;
        Ok(GivenBack::Queued)
    }

    /// Names a slot that is in Redeliver in a cell again.
    pub(super) fn queue_again(&self, slot: u16) -> Result<(), Corruption> {
        let header = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed));
        self.append(header.priority(self.geometry.rings() - 1), slot)
    }
}

/// Replaces the word at this place, as [`Queue::replace`].
#[inline(always)]
pub(super) fn replace(place: &AtomicU64, from: SlotWord, to: SlotWord) -> bool {
    // EDGE ack→alloc, EDGE pass→take: Release for what the caller did with the slot before, Acquire for what its last user did.
    place.compare_exchange(from.bits(), to.bits(), AcqRel, Relaxed).is_ok()
}

/// A ring's head, where it has to be beyond this position.
///
/// The cell there is filled for a later lap, and no cell is filled again before head has passed it: see `append`.
///
/// # Errors
/// Head is not beyond it, by a look that cannot be stale: something wrote to the words that may not.
#[cold]
#[inline(never)]
pub(super) fn head_beyond(word: &AtomicU64, position: u64) -> Result<u64, Corruption> {
    let seen = word.load(Relaxed);
    // A load may return what head was a moment ago. A read-modify-write does not; it changes nothing.
    let head = match seen > position {
        true => seen,
        false => word.compare_exchange(seen, seen, Relaxed, Relaxed).unwrap_or_else(|moved| moved),
    };
    if head > position { Ok(head) } else { Err(Corruption::Positions) }
}

/// After so many lost races, a receiver finds nothing.
pub(in crate::ring) const RACES: u32 = 1 << 12;

/// What stands at head.
#[derive(Debug, Clone, Copy)]
pub(in crate::ring) enum Look {
    /// Nothing is queued.
    Empty,
    /// Head moved on from here during the look.
    Moved { from: u64 },
    /// A slot, by the cell at `position`.
    Found { position: u64, slot: u16, word: SlotWord },
}

#[derive(Debug)]
enum Attempt {
    Taken(Delivery),
    Empty,
    /// Head was moved over a cell whose slot was taken before.
    Passed,
    /// Another receiver was faster.
    Lost,
}
