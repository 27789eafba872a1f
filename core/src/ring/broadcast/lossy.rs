//! Reading without protection: everything that was read is checked before it is believed.

use super::entries::{Start, entry_for, first_entry, last_entry, number_at};
use super::joining::JoinError;
use super::memory::{BroadcastMemory, OwnLane, is_intact};
use crate::error::Corruption;
use crate::ring::log::{LaneGeometry, LaneMemory, Position, Reader, Record, Survey};
use crate::sync::Ordering::{Relaxed, Release};

/// Reads what a writer may overwrite at any time. Writes nothing.
#[derive(Debug)]
pub struct LossyReader<M: BroadcastMemory> {
    /// Its `consumed` is where everything begins that was read and not given back.
    log: Reader<OwnLane<M>>,
    geometry: LaneGeometry,
    /// The number of the next message.
    next: u64,
}

/// What a lossy reader finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Look {
    /// A record, whose length is sound. The caller copies it, asks [`LossyReader::is_intact`] before it believes the copy, and gives it
    /// back.
    Record(Record),
    /// Nothing is committed there.
    Nothing,
    /// So many messages were overwritten. The reader stands behind them.
    Lagged {
        /// How many.
        lost: u64,
    },
    /// The writer was faster than each of several looks for a place to go on from. Nothing has changed: the caller tries again.
    Overtaken,
}

/// What stands where a lossy reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Found {
    /// See [`Look::Record`].
    Record(Record),
    /// Nothing is committed there.
    Nothing,
    /// It is overwritten.
    Overwritten,
}

/// How often a joiner looks for a place to begin at.
const TURNS: u32 = 64;

/// How often a lapped reader looks for a place to go on from.
const LOOKS: u32 = 4;

impl<M: BroadcastMemory> LossyReader<M> {
    /// A reader of everything that is committed from `start` on, and how many messages from there on are overwritten.
    ///
    /// # Errors
    /// See [`JoinError`]; it is `Busy` where the writer was faster many times.
    pub fn join(memory: M, geometry: LaneGeometry, start: Start) -> Result<(Self, u64), JoinError> {
        let count = start.count(&OwnLane::new(memory.clone(), Position(0)), &geometry)?;
        for _ in 0..TURNS {
            let from = memory.reserved().load(Relaxed).saturating_sub(geometry.capacity());
            let entry = entry_for(&memory, &geometry, (start, count), from, number_at).map_err(JoinError::Corrupted)?;
            let Some(entry) = entry else { continue };
            let wanted = start.wanted(entry.number, count);
            let missed = entry.number.saturating_sub(wanted);
            let reader = Self::at(memory.clone(), geometry, entry.position, entry.number);
            let mut reader = reader.map_err(JoinError::Corrupted)?;
            if reader.skip_to(wanted).map_err(JoinError::Corrupted)? {
                return Ok((reader, missed));
            }
        }
        Err(JoinError::Busy)
    }

    /// Goes on to the message of this number, or to the end. False: it is overwritten, or one before it was on the way.
    fn skip_to(&mut self, wanted: u64) -> Result<bool, Corruption> {
        // No ring holds more.
        for _ in 0..self.geometry.records_max() {
            if self.next >= wanted {
                break;
            }
            match self.poll_again()? {
                Found::Record(record) => self.release(record),
                Found::Nothing => return Ok(true),
                Found::Overwritten => return Ok(false),
            }
        }
        Ok(true)
    }

    /// A reader that goes on at a record of this number.
    fn at(memory: M, geometry: LaneGeometry, position: Position, next: u64) -> Result<Self, Corruption> {
        Ok(Self { log: Reader::resume(OwnLane::new(memory, position), geometry)?, geometry, next })
    }

    /// The words that this reader reads.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.log.memory().memory
    }

    /// The number of the next message: how many the lane carried before it.
    #[inline]
    pub fn sequence(&self) -> u64 {
        self.next
    }

    /// Looks at the next record. Does not advance.
    ///
    /// # Errors
    /// What stands there is not what a writer writes, and was not overwritten.
    #[inline]
    pub fn poll(&mut self) -> Result<Look, Corruption> {
        match self.poll_again()? {
            Found::Record(record) => Ok(Look::Record(record)),
            Found::Nothing => Ok(Look::Nothing),
            Found::Overwritten => self.catch_up(),
        }
    }

    /// As [`LossyReader::poll`], but stays where it is if that is overwritten.
    ///
    /// # Errors
    /// As [`LossyReader::poll`].
    #[inline(always)]
    pub fn poll_again(&mut self) -> Result<Found, Corruption> {
        let found = self.log.poll();
        // Before any of it is believed, also that there is nothing, or damage.
        if !self.is_intact() {
            return Ok(Found::Overwritten);
        }
        match found? {
            Some(record) if self.log.sequence() == self.next => Ok(Found::Record(record)),
            Some(_) => Err(Corruption::RecordHeader),
            None => {
                // Past padding.
                self.log.publish();
                Ok(Found::Nothing)
            }
        }
    }

    /// Whether something stands at the position, or is overwritten: a cheap hint for a receiver that waits.
    #[inline]
    pub fn glance(&self) -> bool {
        self.log.glance() || !self.is_intact()
    }

    /// How many messages were sent from the next one on.
    pub fn behind(&self) -> u64 {
        Survey::of(self.log.memory(), &self.geometry).count.saturating_sub(self.next)
    }

    /// Where it stands: up to here, everything was given back.
    #[inline]
    pub fn position(&self) -> Position {
        Position(self.log.memory().consumed().load(Relaxed))
    }

    /// The lane's shape.
    #[inline]
    pub fn geometry(&self) -> &LaneGeometry {
        &self.geometry
    }

    /// Whether everything that was read so far, and not given back, still stood there when it was read.
    #[inline]
    pub fn is_intact(&self) -> bool {
        is_intact(self.memory(), &self.geometry, self.position())
    }

    /// Tells the writer that the reader in this row has come here, and everybody who observes. A writer that evicts goes by it.
    #[inline]
    pub fn tell(&self, reader: u32) {
        // Relaxed: what was read before is checked, so nothing depends on it.
        self.memory().gate(reader).store(self.position().0, Relaxed);
    }

    /// Has a writer that evicts look at the gate of the reader in this row, which says `Live`.
    pub fn show(&self, reader: u32) {
        self.tell(reader);
        // EDGE join→look: pairs with the Acquire in `Writer::make_room`.
        self.memory().joins().fetch_add(1, Release);
    }

    /// Gives the record back that was polled last, and copied.
    #[inline]
    pub fn release(&mut self, record: Record) {
        self.log.release(record);
        self.next = self.next.wrapping_add(1);
    }

    /// Goes on behind what was overwritten: [`Look::Lagged`] or [`Look::Overtaken`]. To be called when something is not intact.
    ///
    /// # Errors
    /// The words contradict each other.
    #[cold]
    pub fn catch_up(&mut self) -> Result<Look, Corruption> {
        let (memory, geometry) = (self.memory(), self.geometry);
        let overwritten = self.position().0;
        for look in 0..LOOKS {
            let entry = if look == 0 {
                // EDGE reserve→recheck: a reader that was lapped sees what lapped it. Half a ring behind that: so it is not lapped again
                // at once.
                let reserved = memory.reserved().load(Relaxed);
                first_entry(memory, &geometry, reserved.saturating_sub(geometry.capacity() / 2))
            } else {
                last_entry(memory)
            };
            if let Some(number) = number_at(memory, &geometry, entry)? {
                let lost = number.wrapping_sub(self.next);
                if entry.0 <= overwritten || lost == 0 || lost > entry.0 {
                    return Err(Corruption::Positions);
                }
                *self = Self::at(memory.clone(), geometry, entry, number)?;
                return Ok(Look::Lagged { lost });
            }
        }
        Ok(Look::Overtaken)
    }
}
