//! Single messages: loan, commit, take, acknowledge.

use super::{SlotGeometry, SlotMemory};
use crate::error::Corruption;
use crate::layout::{Cell, RowIndex, SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::{planted, spin_loop};

/// One participant's access to a slot queue.
#[derive(Debug)]
pub struct Queue<M> {
    pub(super) memory: M,
    pub(super) geometry: SlotGeometry,
    /// Whose words we write.
    pub(super) me: RowIndex,
    /// Where the next search for a free slot starts.
    cursor: u32,
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
    /// Which slot.
    pub slot: u16,
    /// What stands in front of its payload, this delivery counted.
    pub header: SlotHeader,
    pub(super) word: SlotWord,
}

impl Delivery {
    /// Whether the message was delivered before.
    #[inline]
    pub fn is_repeated(&self) -> bool {
        self.header.deliveries() > 1
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
    /// So many free slots are worth waiting for, where a queue of that size is full.
    const FREE_AHEAD: u32 = 64;

    /// So many slots are looked at before a queue is taken for full.
    const NEAR: u32 = 4;

    /// Access for the participant in row `me`, which no live participant shares.
    pub fn new(memory: M, geometry: SlotGeometry, me: RowIndex) -> Self {
        // Participants start their searches apart, so that they do not meet at every slot.
        let cursor = u32::from(me.0).wrapping_mul(7) % geometry.slots();
        Self { memory, geometry, me, cursor }
    }

    /// The words that this queue stands on.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The same, exclusively: for writing a payload in place.
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
        // EDGE pass→take: pairs with the Release of `replace` in `acknowledge` and `give_back`.
        SlotWord::from_bits(self.memory.slot(slot).load(Acquire))
    }

    /// One step of a slot that the caller's word describes. False if the word is another one by now.
    #[inline]
    pub(super) fn replace(&self, slot: u16, from: SlotWord, to: SlotWord) -> bool {
        self.memory.slot(slot).compare_exchange(from.bits(), to.bits(), AcqRel, Relaxed).is_ok()
    }

    /// Finds a free slot and takes it on loan. `None` after one look at every slot.
    pub fn alloc(&mut self) -> Option<Loan> {
        self.alloc_among(self.geometry.slots())
    }

    /// The same if it is the next one.
    #[inline]
    pub fn alloc_next(&mut self) -> Option<Loan> {
        let start = self.cursor;
        let loan = self.alloc_among(1);
        if loan.is_none() {
            self.cursor = start;
        }
        loan
    }

    /// The same as far as it is easy: one of the next few slots is free, or one further on, which says that others are.
    ///
    /// Slots come free about in the order in which they were taken. So in a full queue, a look at every slot finds nothing,
    /// and takes the lines of all of them from whoever reads the messages there.
    #[inline]
    pub fn alloc_near(&mut self) -> Option<Loan> {
        let start = self.cursor;
        if let Some(loan) = self.alloc_among(self.geometry.slots().min(Self::NEAR)) {
            return Some(loan);
        }
        self.cursor = start;
        if self.glance_free() { self.alloc() } else { None }
    }

    #[inline]
    fn alloc_among(&mut self, slots: u32) -> Option<Loan> {
        for _ in 0..slots {
            let slot = self.cursor as u16;
            self.cursor = if self.cursor + 1 == self.geometry.slots() { 0 } else { self.cursor + 1 };
            let word = SlotWord::from_bits(self.memory.slot(slot).load(Relaxed));
            if word.state() == Some(SlotState::Free) {
                let ours = word.next(SlotState::Produced, self.me);
                // EDGE ack→alloc: the Acquire pairs with the Release of whoever freed it.
                if self.replace(slot, word, ours) {
                    return Some(Loan { slot, word: ours });
                }
            }
        }
        None
    }

    /// Gives a loan back unused.
    ///
    /// # Errors
    /// The slot is not ours: somebody wrote to its word who may not.
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

    /// Names `slot` in the next cell of `ring`.
    pub(super) fn append(&self, ring: u8, slot: u16) -> Result<(), Corruption> {
        let tail = self.memory.tail(ring);
        if planted::lock_around_commit() {
            while tail.fetch_or(PLANTED_LOCK, AcqRel) & PLANTED_LOCK != 0 {
                spin_loop();
            }
            let filled = self.append_from(ring, slot, tail.load(Relaxed) & !PLANTED_LOCK)?;
            tail.store(filled.wrapping_add(1), Release);
            return Ok(());
        }
        let filled = self.append_from(ring, slot, tail.load(Relaxed))?;
        let _ = tail.compare_exchange(filled, filled.wrapping_add(1), Relaxed, Relaxed);
        Ok(())
    }

    /// The same in the first cell from `position` on that is not filled; all before are. Returns its position; tail stays.
    #[inline]
    pub(super) fn append_from(&self, ring: u8, slot: u16, position: u64) -> Result<u64, Corruption> {
        if self.append_at(ring, slot, position).is_ok() {
            Ok(position)
        } else {
            self.append_behind(ring, slot, position)
        }
    }

    /// The same in the cell at `position`, unless it is filled already, or filled meanwhile: then its stamp.
    #[inline]
    fn append_at(&self, ring: u8, slot: u16, position: u64) -> Result<(), u64> {
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

    /// The same in the first cell behind others that were filled before.
    #[cold]
    fn append_behind(&self, ring: u8, slot: u16, mut position: u64) -> Result<u64, Corruption> {
        let cells = self.geometry.cells();
        for turn in 1..=APPEND_TURNS {
            // What is filled and was not passed names a slot each. A lost race is no reason to doubt that, however often.
            if turn & (2 * cells - 1) == 0 {
                let ahead = position.wrapping_sub(self.memory.head(ring).load(Relaxed));
                if ahead > cells && ahead < u64::MAX / 2 {
                    return Err(Corruption::Positions);
                }
            }
            let Err(found) = self.append_at(ring, slot, position) else { return Ok(position) };
            let stamp = Cell::stamp_of(position, cells);
            if found >= stamp {
                // Filled: help tail over it. A tail that lags by laps jumps to head, before which all is filled.
                let tail = self.memory.tail(ring);
                let behind = position.wrapping_add(1);
                let next = if found == stamp { behind } else { self.memory.head(ring).load(Relaxed).max(behind) };
                let _ = tail.compare_exchange(position, next, Relaxed, Relaxed);
                position = next;
            }
        }
        Err(Corruption::Positions)
    }

    /// Takes the next message: of the highest ring that has one.
    ///
    /// `None` also after very many turns that all were lost to others: they took messages meanwhile.
    ///
    /// # Errors
    /// The words contradict each other.
    #[inline]
    pub fn take(&self) -> Result<Option<Delivery>, Corruption> {
        for _ in 0..TURNS {
            match self.try_take()? {
                Attempt::Taken(delivery) => return Ok(Some(delivery)),
                Attempt::Empty => return Ok(None),
                Attempt::Again => spin_loop(),
            }
        }
        Ok(None)
    }

    /// Takes the next message of the highest ring, if that needs no second thought. `None` decides nothing.
    #[inline]
    pub fn take_next(&self) -> Option<Delivery> {
        let Ok(Look::Found { position, slot, word }) = self.look_at_head(0) else { return None };
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
                Look::Moved => return Ok(Attempt::Again),
                Look::Found { position, slot, word } => (position, slot, word),
            };
            return match word.state() {
                Some(SlotState::Produced | SlotState::Redeliver) => {
                    let ours = word.next(SlotState::Consumed, self.me);
                    if self.higher_has_news(ring)? || !self.replace(slot, word, ours) {
                        return Ok(Attempt::Again);
                    }
                    // Taken. The slot may leave Consumed only after head has passed its cell.
                    self.pass(ring, position);
                    Ok(Attempt::Taken(self.delivered(slot, ours)))
                }
                Some(SlotState::Consumed) => {
                    self.pass(ring, position);
                    Ok(Attempt::Again)
                }
                Some(SlotState::Free) | None => Err(Corruption::SlotState),
            };
        }
        Ok(Attempt::Empty)
    }

    /// Whether something came into a higher ring while we looked at this one.
    #[inline]
    pub(super) fn higher_has_news(&self, ring: u8) -> Result<bool, Corruption> {
        for higher in 0..ring {
            if !matches!(self.look_at_head(higher)?, Look::Empty) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stands at a ring's head. The word was read while head still stood there.
    #[inline]
    pub(super) fn look_at_head(&self, ring: u8) -> Result<Look, Corruption> {
        let cells = self.geometry.cells();
        let position = self.memory.head(ring).load(Relaxed);
        // EDGE commit→take: pairs with the Release CAS in `append_from`.
        let cell = Cell::from_bits(self.memory.cell(ring, self.geometry.index(position)).load(Acquire));
        let stamp = Cell::stamp_of(position, cells);
        if cell.stamp() < stamp {
            return Ok(Look::Empty);
        }
        if cell.stamp() > stamp {
            return Ok(Look::Moved);
        }
        if u32::from(cell.slot()) >= self.geometry.slots() {
            return Err(Corruption::SlotIndex);
        }
        let word = self.word(cell.slot());
        // Without this look the word may be that of a later life of the slot: somebody's uncommitted loan.
        if !planted::no_head_recheck() && self.memory.head(ring).load(Relaxed) != position {
            return Ok(Look::Moved);
        }
        Ok(Look::Found { position, slot: cell.slot(), word })
    }

    /// Moves head over a cell whose slot was seen in Consumed while head stood there, or was taken by us.
    #[inline]
    pub(super) fn pass(&self, ring: u8, position: u64) {
        // If it fails, somebody else moved head over this cell.
        let _ = self.memory.head(ring).compare_exchange(position, position.wrapping_add(1), Relaxed, Relaxed);
    }

    /// Counts a delivery of a slot that is ours since a moment ago.
    #[inline]
    pub(super) fn delivered(&self, slot: u16, word: SlotWord) -> Delivery {
        let counted = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed)).delivered_once_more();
        self.memory.slot_header(slot).store(counted.bits(), Relaxed);
        if planted::release_before_the_copy() {
            let _ = self.replace(slot, word, word.next(SlotState::Free, self.me));
        }
        Delivery { slot, header: counted, word }
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

    /// Whether there are probably free slots, likewise: the one some way behind the next to be looked at. A sender that goes
    /// on with the first free slot of a full queue runs right behind a receiver, and takes every line from under it.
    #[inline]
    pub fn glance_free(&self) -> bool {
        let ahead = (self.cursor + (self.geometry.slots() / 8).min(Self::FREE_AHEAD)) % self.geometry.slots();
        SlotWord::from_bits(self.memory.slot(ahead as u16).load(Relaxed)).state() == Some(SlotState::Free)
    }

    /// Whether no message is queued or held by anybody but us.
    pub fn is_drained(&self) -> bool {
        (0..self.geometry.slots()).all(|slot| {
            let word = self.word(slot as u16);
            word.state() == Some(SlotState::Free)
                || word.owner() == self.me && word.state() == Some(SlotState::Consumed)
        })
    }

    /// The message is done with: its slot is free again.
    ///
    /// # Errors
    /// The slot is not ours: somebody wrote to its word who may not.
    #[inline]
    pub fn acknowledge(&self, delivery: Delivery) -> Result<(), Corruption> {
        // Nobody else changes the word of a slot that a live receiver holds: a load and a store do.
        let word = self.memory.slot(delivery.slot);
        if word.load(Relaxed) != delivery.word.bits() {
            return if planted::release_before_the_copy() { Ok(()) } else { Err(Corruption::SlotState) };
        }
        // EDGE ack→alloc, EDGE pass→take: every read of the message, and head's pass, come before.
        word.store(delivery.word.next(SlotState::Free, self.me).bits(), Release);
        Ok(())
    }

    /// The message is to be delivered again, behind all that are queued now; unless it was delivered `limit` times (0: no
    /// limit).
    ///
    /// # Errors
    /// As [`Queue::acknowledge`], or the ring's words contradict each other.
    pub fn give_back(&self, delivery: Delivery, limit: u16) -> Result<GivenBack, Corruption> {
        if limit != 0 && delivery.header.deliveries() >= limit {
            return self.acknowledge(delivery).map(|()| GivenBack::GivenUp);
        }
        let word = delivery.word.next(SlotState::Redeliver, self.me);
        if !self.replace(delivery.slot, delivery.word, word) {
            return Err(Corruption::SlotState);
        }
        self.queue_again(delivery.slot)?;
        Ok(GivenBack::Queued)
    }

    /// Names a slot in Redeliver in a cell again.
    pub(super) fn queue_again(&self, slot: u16) -> Result<(), Corruption> {
        let header = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed));
        self.append(header.priority(self.geometry.rings() - 1), slot)
    }
}

/// The bit of tail that [`planted::lock_around_commit`] takes.
const PLANTED_LOCK: u64 = 1 << 63;

/// How often a sender that loses every race goes on. Only words that no participant wrote keep it so long.
const APPEND_TURNS: u64 = 1 << 22;

/// How often a taker tries again before it leaves the field to others.
pub(super) const TURNS: u32 = 1 << 16;

/// What stands at head.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// Nothing is queued.
    Empty,
    /// Head moved while we looked.
    Moved,
    /// A slot, by the cell at `position`.
    Found { position: u64, slot: u16, word: SlotWord },
}

#[derive(Debug)]
enum Attempt {
    Taken(Delivery),
    Empty,
    Again,
}
