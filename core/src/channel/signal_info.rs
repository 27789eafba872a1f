//! What can be seen of the kinds without messages: of a value, of permits, and of an event.

use crate::layout::{EventWord, RowIndex};
use crate::ring::permits::{PermitMemory, Semaphore};
use crate::ring::watch::{Attempt, Reader, WatchMemory};

/// The permits of a semaphore. Participants move them meanwhile, so the numbers are not all of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SemaphoreInfo {
    /// Permits that nobody holds.
    pub available: u64,
    /// Permits that somebody holds; those of a dead one, until it is found to be dead.
    pub held: u64,
    /// How many can be held at once.
    pub max_held: u64,
}

impl SemaphoreInfo {
    pub(super) fn of(memory: impl PermitMemory) -> Self {
        let permits = Semaphore::new(memory, RowIndex(0));
        // What contradicts itself, its participants find out.
        let census = permits.census().unwrap_or_default();
        Self { available: census.available(), held: census.held, max_held: permits.memory().places().into() }
    }
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventInfo {
    /// The bits that are set.
    pub bits: u32,
    /// How often any were set since it was created, modulo 2³².
    pub count: u32,
}

impl EventInfo {
    pub(super) fn of(word: EventWord) -> Self {
        Self { bits: word.set_bits(), count: word.count() }
    }
}

/// The value of a channel that holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueInfo {
    /// How many values were set since the channel was created: the version of the latest one.
    pub version: u64,
    /// The length of that one in bytes; 0 if none was set yet.
    pub length: u64,
    /// The latest so many versions have a slot each.
    pub slots: u64,
}

impl ValueInfo {
    pub(super) fn of(memory: impl WatchMemory) -> Self {
        let slots = memory.slots();
        let mut reader = Reader::new(memory);
        // What contradicts itself, its participants find out.
        let length = match reader.read(|_, length| length) {
            Ok(Attempt::Value(length)) => length,
            Ok(Attempt::Nothing | Attempt::Overtaken) | Err(_) => 0,
        };
        Self { version: reader.seen(), length, slots }
    }
}
