//! Taking what dead receivers held.
//!
//! A reaping leaves messages in Returned: nobody's, and named by no cell. It then counts itself in a word of the channel. A
//! receiver that sees the count move looks at every slot once, and takes what it finds by a CAS of the slot's word, in front
//! of what the rings hold, whatever the priority.
//!
//! One look at every slot is enough: a slot that is returned behind a searching receiver belongs to a reaping that counts
//! itself later, and the receiver looks again then. A reaper that dies before it counts leaves the row of the dead one as it
//! was, so the next reaper counts. A receiver that has looked at every slot writes down which reapings it knew of when it
//! began: of those, nothing is left, and others need not look.

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

    /// Goes on with a search. `None`: it is over, or was before.
    pub fn take_returned(&self, search: &mut Search) -> Option<Delivery> {
        while search.left > 0 {
            let slot = (search.at % self.geometry.slots()) as u16;
            search.at = u32::from(slot) + 1;
            search.left -= 1;
            let word = self.word(slot);
            let ours = word.next(SlotState::Consumed, self.me);
            let taken = word.state() == Some(SlotState::Returned) && self.replace(slot, word, ours);
            if search.left == 0 {
                self.all_searched(search.seen);
            }
            if taken {
                return Some(self.delivered_again(slot, ours));
            }
        }
        None
    }

    /// Every slot was looked at since so many reapings were counted. A search that began earlier and ends later leaves the mark
    /// behind, which only makes others look in vain.
    fn all_searched(&self, seen: u64) {
        // Relaxed: whether anything is left of what it stands for, it tells alone.
        self.memory.searched().store(seen, Relaxed);
    }

    /// Counts the delivery of a slot that is ours since a moment ago, and that another receiver had before.
    fn delivered_again(&self, slot: u16, word: SlotWord) -> Delivery {
        let counted = SlotHeader::from_bits(self.memory.slot_header(slot).load(Relaxed)).delivered_again();
        self.memory.slot_header(slot).store(counted.bits(), Relaxed);
        Delivery { slot, header: counted, word }
    }
}
