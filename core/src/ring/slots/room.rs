//! Finding a free slot, in most cases without a look at every slot.
//!
//! Slots come free about in the order in which they were taken, so the next free one is probably where the last search
//! ended: at the cursor. Where it is not, three things are cheaper than a look at every slot:
//!
//! - **Positions**: what is queued is in use. If tails and heads say that as many messages are queued as there are slots,
//!   none is free. That is the usual full queue, and takes two loads a ring.
//! - **A look ahead**: if the slot some way behind the cursor is free, so are probably those in between.
//! - **Samples**: 128 slots, evenly apart. They find every run of free slots that is as long as the distance between two of
//!   them, and begin one slot further each time, so that a few searches have looked at every slot.
//!
//! A look at every slot takes a line of each, some of which receivers are using: a millisecond for 65,536 slots. Only a sender
//! that is about to sleep does it, since it would not be woken for a slot that was free before.

use super::queue::replace;
use super::{Loan, Queue, SlotMemory};
use crate::layout::{SlotState, SlotWord};
use crate::sync::Ordering::{Acquire, Relaxed};

impl<M: SlotMemory> Queue<M> {
    /// A sender that waits in a full queue waits for so many free slots, or for an eighth of the slots if that is less.
    const FREE_AHEAD: u32 = 64;

    /// So many slots a sender that waits looks at before it takes the queue for full.
    const NEAR: u32 = 4;

    /// At most so many slots a sender that does not wait looks at.
    const SAMPLES: u32 = 128;

    /// After so many slots, a search asks whether to go on.
    const STEP: u32 = 1024;

    /// Finds a free slot and takes it on loan. `None` after one look at every slot, or if the positions say that all are queued.
    #[cfg(any(test, loom))]
    pub fn alloc(&mut self) -> Option<Loan> {
        self.alloc_while(|| true)
    }

    /// Finds a free slot and takes it on loan, asking `goes_on` after every thousand slots.
    ///
    /// `None` after one look at every slot, if the positions say that all are queued, or if `goes_on` said no.
    pub fn alloc_while(&mut self, goes_on: impl Fn() -> bool) -> Option<Loan> {
        let slots = self.geometry.slots();
        let near = slots.min(Self::NEAR);
        if let Some(loan) = self.alloc_among(near) {
            return Some(loan);
        }
        let mut left = slots - near;
        if left > 0 && self.is_full() {
            return None;
        }
        while left > 0 {
            let step = left.min(Self::STEP);
            if let Some(loan) = self.alloc_among(step) {
                return Some(loan);
            }
            left -= step;
            if left > 0 && !goes_on() {
                return None;
            }
        }
        None
    }

    /// Takes the slot at the cursor on loan, if it is free.
    #[inline(always)]
    pub fn alloc_fast(&mut self) -> Option<Loan> {
        let loan = self.alloc_this(self.cursor as u16)?;
        self.cursor = self.behind(self.cursor);
        Some(loan)
    }

    /// Finds a free slot among the next few, and further on only if the look ahead hints at free ones: for a sender that waits.
    #[inline]
    pub fn alloc_hinted(&mut self) -> Option<Loan> {
        let start = self.cursor;
        if let Some(loan) = self.alloc_among(self.geometry.slots().min(Self::NEAR)) {
            return Some(loan);
        }
        self.cursor = start;
        if self.glance_free()
            && let Some(loan) = self.alloc_among(self.ahead() + 1)
        {
            return Some(loan);
        }
        self.cursor = start;
        None
    }

    /// Finds a free slot among 128 samples: for a sender that does not wait.
    ///
    /// `None`: none of the slots that it looked at is free. In a queue of up to 128 slots, these are all slots; and where all
    /// slots are queued, the positions tell of all.
    #[inline]
    pub fn alloc_sampled(&mut self) -> Option<Loan> {
        match self.alloc_hinted() {
            Some(loan) => Some(loan),
            None => self.alloc_from_samples(),
        }
    }

    #[cold]
    fn alloc_from_samples(&mut self) -> Option<Loan> {
        let slots = self.geometry.slots();
        if self.is_full() {
            return None;
        }
        let apart = slots.div_ceil(Self::SAMPLES);
        let cursor = self.cursor;
        for sample in 0..slots.div_ceil(apart) {
            self.cursor = (self.probe + sample * apart) % slots;
            let loan = self.alloc_among(1);
            if loan.is_some() {
                return loan;
            }
        }
        self.probe = (self.probe + 1) % slots;
        self.cursor = cursor;
        None
    }

    /// Takes the first free one of so many slots from the cursor on, and moves the cursor behind it.
    #[inline]
    fn alloc_among(&mut self, slots: u32) -> Option<Loan> {
        for _ in 0..slots {
            let slot = self.cursor as u16;
            self.cursor = self.behind(self.cursor);
            let loan = self.alloc_this(slot);
            if loan.is_some() {
                return loan;
            }
        }
        None
    }

    /// Takes this slot on loan, if it is free.
    #[inline(always)]
    fn alloc_this(&self, slot: u16) -> Option<Loan> {
        let place = self.memory.slot(slot);
        let word = SlotWord::from_bits(place.load(Relaxed));
        let ours = word.next(SlotState::Produced, self.me);
        // EDGE ack→alloc: the Acquire pairs with the Release in `acknowledge`, or in `replace` of a reaper.
        let is_ours = word.state() == Some(SlotState::Free) && replace(place, word, ours);
        is_ours.then_some(Loan { slot, word: ours })
    }

    /// The slot behind this one.
    #[inline(always)]
    fn behind(&self, slot: u32) -> u32 {
        if slot + 1 == self.geometry.slots() { 0 } else { slot + 1 }
    }

    /// Whether as many messages were queued, at one moment of this call, as there are slots.
    ///
    /// All tails are loaded before any head is. Take the moment when the first head is loaded: each ring then held at least its
    /// tail, as loaded before, less its head, as loaded from then on. So the sum of these differences is at most what was queued
    /// at that moment. Tails that lag make the sum smaller: then it proves nothing.
    fn is_full(&self) -> bool {
        let mut tails = [0; 8];
        let rings = self.geometry.rings();
        for (ring, tail) in (0..rings).zip(&mut tails) {
            // Acquire only for its place before the heads.
            *tail = self.memory.tail(ring).load(Acquire);
        }
        let queued = (0..rings).zip(tails).map(|(ring, tail)| {
            let ahead = tail.wrapping_sub(self.memory.head(ring).load(Relaxed));
            // A tail that lags behind head, or is forged, tells nothing.
            if ahead <= self.geometry.cells() { ahead } else { 0 }
        });
        queued.sum::<u64>() >= u64::from(self.geometry.slots())
    }

    /// Whether the slot some way behind the cursor is free: a hint that there are several, cheap enough for the tightest loop.
    ///
    /// A sender that goes on with the first free slot of a full queue runs right behind a receiver, and takes every line that
    /// this one is about to use.
    #[inline]
    pub fn glance_free(&self) -> bool {
        let ahead = (self.cursor + self.ahead()) % self.geometry.slots();
        SlotWord::from_bits(self.memory.slot(ahead as u16).load(Relaxed)).state() == Some(SlotState::Free)
    }

    #[inline]
    fn ahead(&self) -> u32 {
        (self.geometry.slots() / 8).min(Self::FREE_AHEAD)
    }
}
