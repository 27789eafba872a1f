//! Taking what dead receivers held.
//!
//! A reaping leaves messages in Returned: no participant owns them, and no cell names them. It then counts itself in a word of
//! the channel. A receiver that sees the count move looks at every slot once, and takes each message that it finds by a CAS
//! of the slot's word. These messages come before those that the rings hold, whatever their priority.
//!
//! One look at every slot is enough. A slot that is returned behind a searching receiver belongs to a reaping that counts
//! itself later, and then the receiver looks again. A reaper that dies before it counts leaves the row of the dead one as it
//! was, so the next reaper counts.
//!
//! A receiver that has looked at every slot stores which reapings it knew of when it began. Of those, nothing is left, and
//! other receivers need not look.

use super::{Delivery, Queue, SlotMemory};
use crate::layout::{SlotHeader, SlotState, SlotWord};
use crate::sync::Ordering::{Acquire, Relaxed};

/// How far a receiver's search for returned messages has come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Search {
    /// The reapings that were counted when it began.
    seen: u64,
    /// The slot to look at next, and how many there are to look at.
    at: u32,
    left: u32,
}

impl Search {
    /// Whether there are slots left to look at.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.left > 0
    }

    /// The next of so many slots to look at, if there is one left. What it finds there, the caller takes before it
    /// [notes](Queue::note_searched) how far it is.
    pub(in crate::ring) fn next(&mut self, slots: u32) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        let slot = (self.at % slots) as u16;
        self.at = u32::from(slot) + 1;
        Some(slot)
    }
}

impl<M: SlotMemory> Queue<M> {
    /// Begins a search if reapings were counted since the last one began.
    pub fn search_if_returned(&self, search: &mut Search) {
        // EDGE reap→returned: pairs with the Release in `Queue::reap`.
        let returned = self.memory.returned().load(Acquire);
        if returned != search.seen {
            search.seen = returned;
            if self.memory.searched().load(Relaxed) != returned {
                search.left = self.geometry.slots();
            }
        }
    }

    /// Goes on with a search, up to the next message. `None`: there is no search, or it is over.
    pub fn take_returned(&self, search: &mut Search) -> Option<Delivery> {
        while let Some(slot) = search.next(self.geometry.slots()) {
            let word = self.word(slot);
            let ours = word.next(SlotState::Consumed, self.me);
            let taken = word.state() == Some(SlotState::Returned) && self.replace(slot, word, ours);
            self.note_searched(search);
            if taken {
                return Some(self.delivered_again(slot, ours));
            }
        }
        None
    }

    /// If the search is over, stores that every slot was looked at since so many reapings were counted.
    ///
    /// A search that began earlier may end later and store less, which only makes other receivers look in vain.
    pub(in crate::ring) fn note_searched(&self, search: &Search) {
        if !search.is_on() {
            // Relaxed: the number says all there is to know, and no other data hangs on it.
            self.memory.searched().store(search.seen, Relaxed);
        }
    }

    /// Counts the delivery of a slot that this receiver has just taken, and that another one had before.
    fn delivered_again(&self, slot: u16, word: SlotWord) -> Delivery {
        let counted = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed)).delivered_again();
        self.memory.slot_header(slot).store(counted.bits(), Relaxed);
        Delivery::new(slot, counted, word)
    }
}
