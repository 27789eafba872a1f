//! The writing end of a broadcast: a lane's writer, and what it may overwrite.

use super::gates::Gates;
use super::memory::{BroadcastMemory, OwnLane};
use crate::error::Corruption;
use crate::ring::log::{self, LaneGeometry, LaneMemory, Position, Refusal, Reservation, Survey};
use crate::sync::Ordering::{Acquire, Relaxed, SeqCst};
use crate::sync::fence;

/// What a writer does where a reader has not come as far as it wants to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// It writes nothing over what an attached reader has not passed.
    Lossless,
    /// Nor does this one, as long as there is other room. Then it goes on. Readers find out by themselves.
    Evicting,
    /// It goes on. Readers find out by themselves.
    Lossy,
}

impl Retention {
    /// How much of the ring a writer takes at once. What it has taken is no longer there for those that join, or lag.
    fn share(self, capacity: u64) -> u64 {
        match self {
            Self::Lossless | Self::Evicting => capacity / 8,
            Self::Lossy => capacity / 16,
        }
    }
}

/// How often a writer looks at the gates in one call while others join.
const TURNS: u32 = 64;

/// Writes records for all readers. There is one at a time; its successor is made by [`Writer::resume`].
#[derive(Debug)]
pub struct Writer<M: BroadcastMemory> {
    /// Its `consumed` is `used` less the capacity, so that it never goes further.
    log: log::Writer<OwnLane<M>>,
    retention: Retention,
    /// Up to here it may write.
    used: Position,
    /// The word, as this writer stored it last.
    reserved: Position,
    gates: Gates,
    /// Whose gate kept it from going on the last time, and where that stood.
    held_by: Option<(u32, Position)>,
    /// Which reader the word `blocker` names.
    named: Option<u32>,
}

impl<M: BroadcastMemory> Writer<M> {
    /// Goes on where the previous writer stopped, or starts a fresh lane.
    ///
    /// The caller has exclusive possession of the writer's role, and its predecessor is gone for good.
    ///
    /// # Errors
    /// The words contradict each other, or the lane holds a record that no writer writes.
    pub fn resume(memory: M, geometry: LaneGeometry, retention: Retention) -> Result<Self, Corruption> {
        let capacity = geometry.capacity();
        let lane = OwnLane::new(memory, Position(0));
        // Not from `reserved`, which may be ahead of what its predecessor had taken for itself: see invariant 5. What is written for the
        // first time overwrites nothing.
        let used = Position(Survey::of(&lane, &geometry).committed.0.max(capacity));
        lane.consumed.store(used.0.wrapping_sub(capacity), Relaxed);
        let reserved = Position(lane.memory.reserved().load(Relaxed));
        let log = log::Writer::resume(lane, geometry)?;
        if !geometry.is_possible(reserved) || reserved.0 > log.position().plus(capacity).0 {
            return Err(Corruption::Positions);
        }
        Ok(Self { log, retention, used, reserved, gates: Gates::default(), held_by: None, named: None })
    }

    /// The lane's writer.
    #[inline]
    pub fn log(&self) -> &log::Writer<OwnLane<M>> {
        &self.log
    }

    /// The lane's writer, to be changed: for everything but finding room. Beyond what this writer may overwrite, it finds none.
    #[inline]
    pub fn log_mut(&mut self) -> &mut log::Writer<OwnLane<M>> {
        &mut self.log
    }

    /// The words that this writer writes to.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.log.memory().memory
    }

    /// Finds room for a record with `length` bytes of payload.
    ///
    /// # Errors
    /// See [`Refusal`].
    #[inline]
    pub fn reserve(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.reserve_with(length, 0)
    }

    /// Finds room for a record with `length` bytes of payload; in a full ring, only once an eighth of it is free. For a writer that can
    /// wait.
    ///
    /// # Errors
    /// See [`Refusal`].
    #[inline]
    pub fn reserve_if_plenty(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.reserve_with(length, self.log.geometry().publish_after())
    }

    #[inline]
    fn reserve_with(&mut self, length: u64, plenty: u64) -> Result<Reservation, Refusal> {
        match self.log.reserve_fast(length) {
            Some(reservation) => Ok(reservation),
            None => self.reserve_slow(length, plenty),
        }
    }

    /// Finds room at the end of a stretch or of the ring, or beyond what this writer may overwrite so far.
    #[cold]
    fn reserve_slow(&mut self, length: u64, plenty: u64) -> Result<Reservation, Refusal> {
        // First: nobody joins behind what will be overwritten.
        self.log.publish();
        let geometry = *self.log.geometry();
        if length <= geometry.max_message() {
            let record = geometry.record_bytes(length);
            let until_end = geometry.until_end(self.log.position());
            let padding = if record > until_end { until_end } else { 0 };
            // One that never waits takes what it needs, and leaves the rest to its readers.
            let plenty = if self.retention == Retention::Lossless { plenty } else { 0 };
            let needed = padding.wrapping_add(record).wrapping_add(geometry.header_bytes()).max(plenty);
            if self.used.0 < self.log.position().plus(needed).0 {
                self.make_room(needed)?;
            }
            self.mark_boundary();
        }
        self.log.reserve(length)
    }

    /// Takes so many bytes behind the position for this writer, and a part of the ring if possible.
    fn make_room(&mut self, needed: u64) -> Result<(), Refusal> {
        let geometry = *self.log.geometry();
        let capacity = geometry.capacity();
        // All positions are multiples of the shortest record.
        let shortest = geometry.record_bytes(0);
        let share = needed.max(self.retention.share(capacity)).next_multiple_of(shortest).min(capacity);
        let position = self.log.position();
        let target = Position(position.plus(share).0.max(capacity));
        if self.retention == Retention::Lossy {
            self.reserve_up_to(target);
            // EDGE reserve→recheck: pairs with the fence in `is_intact`. A full one, once a stretch: the C library may copy a long message by
            // streaming stores. On x86, these overtake the stores before them, and a Release fence, which is no instruction there, does not
            // hold them back.
            fence(SeqCst);
            self.use_up_to(target);
            return Ok(());
        }
        for _ in 0..TURNS {
            // EDGE join→look: pairs with the Release in `attach`.
            let joins = self.memory().joins().load(Acquire);
            let memory = &self.log.memory().memory;
            self.gates.look(memory, joins).map_err(Refusal::Corrupted)?;
            let places = (position, self.used, target);
            let least = self.gates.least(memory, &geometry, places).map_err(Refusal::Corrupted)?;
            let kept = Position(target.0.min(least.position.plus(capacity).0));
            // Nobody is protected then, so nobody has to be who joins meanwhile.
            let evicts = self.retention == Retention::Evicting;
            let new = if evicts && kept.0 < position.plus(needed).0 { target } else { kept };
            if new.0 <= self.used.0 {
                self.held_by = least.reader.map(|reader| (reader, least.position));
                return Err(Refusal::Full);
            }
            self.reserve_up_to(new);
            // A joiner whose gate this look missed sees `reserved`: see invariant 2. And EDGE reserve→recheck: pairs with the fence in
            // `is_intact`.
            fence(SeqCst);
            if evicts || self.memory().joins().load(Relaxed) == joins {
                self.use_up_to(new);
                self.held_by = least.reader.map(|reader| (reader, least.position));
                return if new.0 < position.plus(needed).0 { Err(Refusal::Full) } else { Ok(()) };
            }
        }
        Err(Refusal::Full)
    }

    fn reserve_up_to(&mut self, new: Position) {
        if new.0 > self.reserved.0 {
            self.reserved = new;
            self.memory().reserved().store(new.0, Relaxed);
        }
    }

    fn use_up_to(&mut self, new: Position) {
        self.used = new;
        self.log.memory().consumed().store(new.0.wrapping_sub(self.log.geometry().capacity()), Relaxed);
    }

    /// Notes where this writer stands, if that is the first stretch of this lap in its part of the ring.
    fn mark_boundary(&self) {
        let geometry = self.log.geometry();
        // Not 0: a ring has more bytes than boundaries.
        let part_bytes = geometry.capacity().checked_div(M::BOUNDARIES.into()).unwrap_or(1);
        let part_of = |position: u64| position.checked_div(part_bytes).unwrap_or(0);
        let position = self.log.position();
        let part = part_of(geometry.offset(position));
        let boundary = self.memory().boundary(part as u32);
        if part_of(boundary.load(Relaxed)) != part_of(position.0) {
            // Relaxed: as in `first_entry`.
            boundary.store(position.0, Relaxed);
        }
    }

    /// Whether another attempt is worth it, after [`Refusal::Full`]: a cheap hint. It looks at the gate that was the least one.
    #[inline]
    pub fn glance(&self) -> bool {
        self.held_by.is_none_or(|(reader, gate)| self.memory().gate(reader).load(Relaxed) != gate.0)
    }

    /// Says whom this writer waits for, before it sleeps. To be called after [`Refusal::Full`].
    ///
    /// True: that was said already, before the attempt; if the writer's flag was set between the two, it may sleep. False: it is said now, and
    /// the reader may have gone on before it knew. The caller sets its flag once more, and makes another attempt.
    pub fn names_blocker(&mut self) -> bool {
        let blocker = self.held_by.map(|(reader, _)| reader);
        let is_named = self.named == blocker && blocker.is_some();
        self.named = blocker;
        // Relaxed: the sleeper's fence stands behind it.
        self.memory().blocker().store(blocker.map_or(0, |reader| reader.wrapping_add(1)), Relaxed);
        is_named
    }
}

/// Whether this reader's gate is the one that a writer waits for, which may be asleep: then the reader wakes it. To be asked behind a
/// light fence after the reader's gate has moved.
#[inline]
pub fn is_blocker<M: BroadcastMemory>(memory: &M, reader: u32) -> bool {
    memory.blocker().load(Relaxed) == reader.wrapping_add(1)
}
