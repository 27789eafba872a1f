//! A reader's side.

use super::memory::{VERSIONS, WatchMemory, WatchSlot, complete, possible};
use crate::error::Corruption;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::fence;

/// One of the readers of a watch. It writes nothing.
#[derive(Debug)]
pub struct Reader<M> {
    memory: M,
    seen: u64,
}

/// What came of one try to copy the latest value.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Attempt<T> {
    /// The latest value.
    Value(T),
    /// No value was ever set.
    Nothing,
    /// The writer came round to the slot meanwhile: it set as many values as there are slots, less one.
    Overtaken,
}

/// Where a value stands that is about to be copied.
#[derive(Debug, Clone, Copy)]
pub struct Begun<S> {
    /// Its version.
    pub version: u64,
    /// Its slot.
    pub slot: S,
    /// Its length in bytes: at most that of the longest value.
    pub length: u64,
}

impl<S: WatchSlot> Begun<S> {
    /// Whether what was copied since then is the value: nobody wrote to the slot meanwhile.
    #[inline(always)]
    pub fn is_whole(&self) -> bool {
        // EDGE overwrite→recheck: pairs with the fence in `Writer::set`.
        fence(Acquire);
        self.slot.sequence().load(Relaxed) == complete(self.version)
    }
}

impl<M: WatchMemory> Reader<M> {
    /// Has seen nothing yet.
    pub fn new(memory: M) -> Self {
        Self { memory, seen: 0 }
    }

    /// The words that it reads.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The version of the value that was copied last; 0: none was.
    #[inline]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes the version back that was seen before: the caller could not use the value that it copied.
    pub fn unsee(&mut self, seen: u64) {
        self.seen = seen;
    }

    /// The version of the latest value, of which nothing more is known yet.
    pub fn latest(&self) -> u64 {
        self.memory.root().load(Relaxed)
    }

    /// Whether there is another value than the one that was copied last. A hint: nothing orders the value behind it.
    #[inline]
    pub fn has_changed(&self) -> bool {
        self.memory.root().load(Relaxed) != self.seen
    }

    /// Where the latest value stands. `None`: it says nothing, or something unusual: [`Reader::attempt`] tells.
    #[inline(always)]
    pub fn begin(&self) -> Option<Begun<M::Slot<'_>>> {
        // EDGE set→get: pairs with the Release in `Writer::set`.
        let version = self.memory.root().load(Acquire);
        let slot = self.memory.slot_of(version);
        // EDGE set→get: as above. EDGE root→begun: pairs with the Release in `Writer::set`.
        let sequence = slot.sequence().load(Acquire);
        let length = slot.length().load(Relaxed);
        // Not before the version that was seen, and none that is too large to be a sender's: in one comparison.
        let is_later = version.wrapping_sub(self.seen) < VERSIONS;
        let is_there = sequence == complete(version) && version != 0;
        let is_sound = is_there && is_later && length <= self.memory.length_max();
        is_sound.then_some(Begun { version, slot, length })
    }

    /// The value of this version was copied, where [`Reader::begin`] found it.
    #[inline(always)]
    pub fn see(&mut self, version: u64) {
        self.seen = version;
    }

    /// Tries once to copy the latest value. `copy` copies a slot's bytes, of which it is told the length; what it returns is the value
    /// if nobody wrote to the slot meanwhile, and otherwise anything: it is dropped.
    ///
    /// # Errors
    /// The words are none that a writer stores.
    #[inline]
    pub fn attempt<T>(&mut self, copy: impl FnOnce(M::Slot<'_>, u64) -> T) -> Result<Attempt<T>, Corruption> {
        let Some(begun) = self.begin() else {
            return Ok(if self.is_overtaken()? { Attempt::Overtaken } else { Attempt::Nothing });
        };
        let value = copy(begun.slot, begun.length);
        if !begun.is_whole() {
            return Ok(Attempt::Overtaken);
        }
        let version = begun.version;
        self.see(version);
        Ok(Attempt::Value(value))
    }

    /// Tries to copy the latest value up to 64 times, as [`Reader::attempt`] does once. [`Attempt::Overtaken`]: the writer was faster
    /// each time.
    ///
    /// # Errors
    /// The words are none that a writer stores.
    #[inline]
    pub fn read<T>(&mut self, mut copy: impl FnMut(M::Slot<'_>, u64) -> T) -> Result<Attempt<T>, Corruption> {
        const ATTEMPTS: u32 = 64;
        for _ in 0..ATTEMPTS {
            match self.attempt(&mut copy)? {
                Attempt::Overtaken => {}
                attempt => return Ok(attempt),
            }
        }
        Ok(Attempt::Overtaken)
    }

    /// The latest value was not where it should be: whether it is now, or was overtaken. False: no value was ever set. No writer touches
    /// the slot that the root names.
    #[cold]
    fn is_overtaken(&self) -> Result<bool, Corruption> {
        // EDGE set→get: pairs with the Release in `Writer::set`.
        let version = self.memory.root().load(Acquire);
        if version == 0 && self.seen == 0 {
            return Ok(false);
        }
        if possible(version)? < self.seen {
            return Err(Corruption::Version);
        }
        let slot = self.memory.slot_of(version);
        // EDGE root→begun: pairs with the Release in `Writer::set`. The second look at the root comes behind this one.
        let is_complete = slot.sequence().load(Acquire) == complete(version);
        let fits = slot.length().load(Relaxed) <= self.memory.length_max();
        let stays = self.memory.root().load(Relaxed) == version;
        if stays && !(is_complete && fits) { Err(Corruption::Version) } else { Ok(true) }
    }
}
