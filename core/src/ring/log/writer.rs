//! The writing end of a lane.

use super::memory::{LONG_STRETCH, plain_record_bytes};
use super::walk::{Walk, walk};
use super::{LaneGeometry, LaneMemory, Position, Ring};
use crate::error::Corruption;
use crate::layout::RecordHeader;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::fence;
use std::cell::Cell;

/// Writes records into a lane. There is one at a time; its successor is made by [`Writer::resume`].
#[derive(Debug)]
pub struct Writer<M> {
    memory: M,
    geometry: LaneGeometry,
    /// Where the next record starts.
    position: Position,
    /// Messages committed in this lane, as published.
    count: u64,
    /// The header of the next message if it has length 0. It tells how many were committed since.
    next_header: RecordHeader,
    /// Where this writer's first record starts, and how many messages stand before it.
    first: (Position, u64),
    /// Bytes behind `first` that are neither headers nor payload. Counting these instead of the payload leaves nothing to do
    /// for a message that needs none.
    filling: u64,
    /// The reader's `consumed` as last read: what lies before it may be overwritten.
    consumed: Position,
    /// Up to here, a record fits without padding, and it and the header behind it without another look at the reader.
    frontier: Position,
    /// The same in a plain lane; 0 in any other.
    plain_frontier: Position,
    /// Up to here, the first word of every line behind the position is 0, and the line is probably ours.
    claimed: Position,
    /// Glances since the last one that looked at `consumed`.
    glances: Cell<u32>,
}

/// How much of the ring is claimed at once, in bytes: for small messages, of up to so many bytes; for others it is
/// [`LONG_STRETCH`]; and never more than 1/16 of the ring.
///
/// The lines that a writer comes to lie in the reader's cache, which read them a lap ago. The first store to each has to
/// take it away from there, and as stores leave the core in order, all that were made after it wait: the store buffer
/// holds a line's worth of small records, or some eight lines of a copy, so every few lines cost a whole transfer. So the
/// lines of the next stretch are claimed by one store to each, back to back: the transfers overlap, and the records are then
/// written into lines that are here already. (A prefetch for writing does not do it: it leaves a shared line shared on some
/// machines.)
///
/// What is written in a stretch is published at its end: the longer it is, the further observers and successors walk.
const STRETCH: u64 = 2048;
const SMALL_MESSAGE: u64 = 256;
const LINE: u64 = 64;

/// So many glances of a writer that waits for room look at `consumed` once.
const GLANCES_PER_LOOK: u32 = 8;

/// Several records in a row: see [`Writer::run`]. What it keeps can stay in registers, where every record's Release store
/// makes the compiler write back a writer's fields. They follow when the run is dropped.
#[derive(Debug)]
pub struct Run<'a, R> {
    ring: R,
    max_message: u64,
    frontier: Position,
    claimed: Position,
    end: Place,
    position: &'a mut Position,
    next_header: &'a mut RecordHeader,
    filling: &'a mut u64,
}

/// Where a run has come to: fields of its [`Writer`].
#[derive(Debug, Clone, Copy)]
struct Place {
    position: Position,
    next_header: RecordHeader,
    filling: u64,
}

impl<R: Ring> Run<'_, R> {
    /// Appends a record of so many bytes, which `fill` writes to the position that it is given. False: that needs a second
    /// thought, and nothing was written.
    #[inline(always)]
    pub fn append(&mut self, length: u64, fill: impl FnOnce(R, Position)) -> bool {
        if length > self.max_message {
            return false;
        }
        let Place { position: record, next_header, filling } = self.end;
        let next = record.plus(plain_record_bytes(length));
        if next.0 > self.frontier.0 {
            return false;
        }
        let payload = record.plus(RecordHeader::BYTES);
        fill(self.ring, payload);
        commit_record(self.ring, record, next_header.with_length(length as u32), next, self.claimed);
        self.end = Place {
            position: next,
            next_header: next_header.next(),
            filling: filling.wrapping_add(next.since(payload)).wrapping_sub(length),
        };
        true
    }
}

impl<R> Drop for Run<'_, R> {
    #[inline]
    fn drop(&mut self) {
        (*self.position, *self.next_header, *self.filling) =
            (self.end.position, self.end.next_header, self.end.filling);
    }
}

/// Why nothing was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No room until the reader consumes something.
    Full,
    /// Longer than the lane's largest message.
    TooLarge,
    /// The reader's position contradicts ours.
    Corrupted(Corruption),
}

/// With how much room in a full ring a writer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Whatever suffices for the record.
    Any,
    /// An eighth of the ring at least.
    Plenty,
}

/// Up to where the starts of lines were known to be 0 before [`Writer::disclaim`].
#[derive(Debug, Clone, Copy)]
#[must_use = "without it, the starts of lines are zeroed once more up to the end of the stretch"]
pub struct Claim(Position);

/// Room for one record, invisible until [`Writer::commit`]. Dropping it changes nothing.
#[derive(Debug, Clone, Copy)]
#[must_use = "a reservation does nothing until it is committed"]
pub struct Reservation {
    /// Bytes of padding that go in front of the record.
    padding: u64,
    /// Whether a new stretch begins with it.
    opens_stretch: bool,
    /// Where the record ends if all of it is used.
    end: Position,
    /// Position of the payload.
    pub payload: Position,
    /// Bytes of payload that fit.
    pub length: u64,
}

impl<M: LaneMemory> Writer<M> {
    /// Goes on where the previous writer stopped, or starts a fresh lane.
    ///
    /// The caller has exclusive possession of the writer's role, and its predecessor is gone for good.
    ///
    /// # Errors
    /// The lane's words contradict each other, or hold a record that no writer writes.
    pub fn resume(memory: M, geometry: LaneGeometry) -> Result<Self, Corruption> {
        // Acquire, though its predecessor's end is an edge of its own: see "Where there is no edge" in docs/memory-model.md.
        let committed = Position(memory.committed().load(Acquire));
        // EDGE consume→reuse: as in `refresh`.
        let consumed = Position(memory.consumed().load(Acquire));
        // A reader may have consumed records that `committed` does not cover yet.
        let lag = consumed.since(committed);
        let ahead = committed.since(consumed);
        if !geometry.is_possible(committed) || !geometry.is_possible(consumed) || lag.min(ahead) > geometry.capacity() {
            return Err(Corruption::Positions);
        }
        // What its predecessor committed since it published that for the last time.
        let Walk { end, count, .. } = walk(&memory, &geometry, committed, memory.count().load(Relaxed))?;
        if end.since(consumed) > geometry.capacity() {
            return Err(Corruption::Positions);
        }
        let mut writer = Self {
            memory,
            geometry,
            position: end,
            count,
            next_header: RecordHeader::message(0, count),
            first: (end, count),
            filling: 0,
            consumed,
            frontier: end,
            plain_frontier: Position(0),
            claimed: end,
            glances: Cell::new(0),
        };
        writer.publish();
        Ok(writer)
    }

    /// The words that this writer writes to.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The same, exclusively: for writing a payload in place.
    #[inline]
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// The lane's shape.
    #[inline]
    pub fn geometry(&self) -> &LaneGeometry {
        &self.geometry
    }

    /// Messages committed in this lane since it was created.
    #[inline]
    pub fn count(&self) -> u64 {
        // Fewer than a stretch's worth.
        let unpublished = self.next_header.messages_since(RecordHeader::message(0, self.count));
        self.count.wrapping_add(unpublished)
    }

    /// Whether observers know of every message.
    #[inline]
    pub fn is_published(&self) -> bool {
        self.count() == self.count
    }

    /// Messages that this writer committed.
    pub fn messages(&self) -> u64 {
        self.count().wrapping_sub(self.first.1)
    }

    /// Bytes of payload that this writer committed.
    pub fn bytes(&self) -> u64 {
        let headers = self.geometry.header_bytes().wrapping_mul(self.messages());
        self.position.since(self.first.0).wrapping_sub(headers).wrapping_sub(self.filling)
    }

    /// Stores how far this writer has come, for observers and for its successor, which would otherwise have to walk.
    /// It happens by itself once a stretch.
    pub fn publish(&mut self) {
        self.count = self.count();
        // EDGE published→observe: pairs with the Acquire of observers; also keeps the order header → count → committed.
        self.memory.count().store(self.count, Release);
        self.memory.committed().store(self.position.0, Release);
        // EDGE published→observe: what is written from now on may lie over what the old position led to. An observer that sees
        // any of it sees the new position.
        fence(Release);
    }

    /// Writes several records that need no second thought.
    #[inline]
    pub fn run(&mut self) -> Run<'_, M::Ring<'_>> {
        Run {
            ring: self.memory.ring(),
            max_message: self.geometry.max_message(),
            frontier: self.plain_frontier,
            claimed: self.claimed,
            end: Place { position: self.position, next_header: self.next_header, filling: self.filling },
            position: &mut self.position,
            next_header: &mut self.next_header,
            filling: &mut self.filling,
        }
    }

    /// Finds room for a record with `length` bytes of payload, as long as that needs no second thought. `None` decides nothing.
    #[inline]
    pub fn reserve_shortly(&self, length: u64) -> Option<Reservation> {
        self.reserve_before(self.frontier, length, self.geometry.record_bytes(length), self.geometry.header_bytes())
    }

    /// Finds room for a record with `length` bytes of payload. Changes nothing that others see.
    ///
    /// # Errors
    /// See [`Refusal`].
    #[inline]
    pub fn reserve(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.reserve_with(length, Room::Any)
    }

    /// The same for who can wait: where the ring is full, it stays so until the reader has given back an eighth of it. Whoever
    /// goes on with less comes back for the rest at once, and takes the line with `consumed` from the reader each time.
    ///
    /// # Errors
    /// See [`Refusal`].
    #[inline]
    pub fn reserve_patiently(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.reserve_with(length, Room::Plenty)
    }

    #[inline]
    fn reserve_with(&mut self, length: u64, room: Room) -> Result<Reservation, Refusal> {
        match self.reserve_shortly(length) {
            Some(reservation) => Ok(reservation),
            None => self.reserve_carefully(length, room),
        }
    }

    /// [`Writer::reserve_shortly`] in a plain lane, by constants. `None` decides nothing.
    #[inline]
    pub fn reserve_before_frontier(&self, length: u64) -> Option<Reservation> {
        self.reserve_before(self.plain_frontier, length, plain_record_bytes(length), RecordHeader::BYTES)
    }

    #[inline(always)]
    fn reserve_before(
        &self,
        frontier: Position,
        length: u64,
        record_bytes: u64,
        header_bytes: u64,
    ) -> Option<Reservation> {
        if length > self.geometry.max_message() {
            return None;
        }
        let end = self.position.plus(record_bytes);
        if end.0 > frontier.0 {
            return None;
        }
        let payload = self.position.plus(header_bytes);
        Some(Reservation { padding: 0, opens_stretch: false, end, payload, length })
    }

    /// The same beyond the frontier: at the end of a stretch or of the ring, or where the reader was last seen.
    #[cold]
    fn reserve_carefully(&mut self, length: u64, room: Room) -> Result<Reservation, Refusal> {
        // Before anything is overwritten beyond the old frontier: see invariant 5.
        self.publish();
        if length > self.geometry.max_message() {
            return Err(Refusal::TooLarge);
        }
        let record_bytes = self.geometry.record_bytes(length);
        let until_end = self.geometry.until_end(self.position);
        let padding = if record_bytes > until_end { until_end } else { 0 };
        let record = self.position.plus(padding);
        let end = record.plus(record_bytes);
        // The next header has to be ours to zero, too.
        let next_header = self.geometry.header_bytes();
        if end.plus(next_header).since(self.consumed) > self.geometry.capacity() {
            self.refresh(end.plus(next_header), room)?;
        }
        let lap_end = self.position.plus(until_end);
        let limit = self.consumed.plus(self.geometry.capacity().wrapping_sub(next_header));
        let stretch = if length <= SMALL_MESSAGE { STRETCH } else { LONG_STRETCH };
        let stretch_end = self.position.plus(stretch.min(self.geometry.stretch_max()));
        self.frontier = Position(lap_end.0.min(limit.0).min(stretch_end.0));
        self.plain_frontier = if self.geometry.is_plain() { self.frontier } else { Position(0) };
        self.claimed = self.position;
        let payload = record.plus(self.geometry.header_bytes());
        Ok(Reservation { padding, opens_stretch: true, end, payload, length })
    }

    /// To be called after a commit, and after whoever waits for the message was told: claims the lines behind it if a new
    /// stretch began with it. The message would wait for all of them, and so would the look for a sleeper.
    #[inline(always)]
    pub fn claim_after(&mut self, reservation: &Reservation) {
        if reservation.opens_stretch {
            self.claim_stretch();
        }
    }

    /// Makes the lines up to the frontier ours; what stands in them is free to be overwritten.
    fn claim_stretch(&mut self) {
        let mut line = Position(self.position.0 | (LINE - 1)).plus(1);
        while line.0 < self.frontier.0 {
            self.memory.ring().header(line).store(RecordHeader::EMPTY.bits(), Relaxed);
            line = line.plus(LINE);
        }
        self.claimed = self.frontier;
    }

    /// To be called before anything is written into a reservation that may then be dropped, or committed in part. What it
    /// returns is for [`Writer::commit_disclaimed`].
    #[inline]
    pub fn disclaim(&mut self) -> Claim {
        Claim(std::mem::replace(&mut self.claimed, self.position))
    }

    /// Whether the reader has given back so much since we last looked that it is worth another look: a cheap hint for a caller
    /// that waits for room. The reader writes to the line of `consumed` with every message, and would have to take it back after
    /// every look: so only one glance in [`GLANCES_PER_LOOK`] is one.
    #[inline]
    pub fn glance(&self) -> bool {
        let glances = self.glances.get().wrapping_add(1);
        self.glances.set(glances);
        if !glances.is_multiple_of(GLANCES_PER_LOOK) {
            return false;
        }
        let consumed = Position(self.memory.consumed().load(Relaxed));
        consumed != self.consumed && self.is_plenty(consumed)
    }

    /// Whether an eighth of the ring is free, if the reader has come as far as this.
    #[inline]
    fn is_plenty(&self, consumed: Position) -> bool {
        self.position.since(consumed) <= self.geometry.capacity().wrapping_sub(self.geometry.publish_after())
    }

    /// Reads how far the reader has come, once the last known limit is reached.
    fn refresh(&mut self, end: Position, room: Room) -> Result<(), Refusal> {
        // EDGE consume→reuse: pairs with the Release in `Reader::tell`.
        let consumed = Position(self.memory.consumed().load(Acquire));
        let moved = consumed.since(self.consumed);
        if moved > self.position.since(self.consumed) || !self.geometry.is_possible(consumed) {
            return Err(Refusal::Corrupted(Corruption::Positions));
        }
        let fits = end.since(consumed) <= self.geometry.capacity();
        if fits && room == Room::Plenty && !self.is_plenty(consumed) {
            // Not noted, or the next attempt would take what this one did not.
            return Err(Refusal::Full);
        }
        self.consumed = consumed;
        if fits { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Makes the record exist with the first `used` bytes of its payload.
    ///
    /// `used` beyond the reservation counts as the whole reservation.
    #[inline]
    pub fn commit(&mut self, reservation: Reservation, used: u64) {
        self.fill_and_commit(reservation, used, |_, _| {});
    }

    /// The same after [`Writer::disclaim`]. If all of the reservation is used, what was written ends where the next header
    /// stands, and what is claimed behind that stays so.
    #[inline(always)]
    pub fn commit_disclaimed(&mut self, Claim(claimed): Claim, reservation: Reservation, used: u64) {
        if used >= reservation.length {
            self.claimed = claimed;
        }
        self.commit(reservation, used);
    }

    /// As [`Writer::commit`], after `fill` has written the payload to the position that it is given.
    #[inline(always)]
    pub fn fill_and_commit(&mut self, reservation: Reservation, used: u64, fill: impl FnOnce(M::Ring<'_>, Position)) {
        let ring = self.memory.ring();
        let start = self.position;
        let record = start.plus(reservation.padding);
        let used = used.min(reservation.length);
        let whole = used == reservation.length;
        let next = if whole { reservation.end } else { record.plus(self.geometry.record_bytes(used)) };
        let header = self.next_header.with_length(used as u32);
        fill(ring, reservation.payload);
        commit_record(ring, record, header, next, self.claimed);
        if reservation.padding != 0 {
            let length = reservation.padding.wrapping_sub(self.geometry.header_bytes());
            let padding = RecordHeader::padding(length as u32, self.count());
            // The record went to the beginning of the ring: the padding in front of it is what makes both visible.
            // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::gather` and `walk`.
            ring.header(start).store(padding.bits(), Release);
            self.filling = self.filling.wrapping_add(reservation.padding);
        }
        self.position = next;
        self.next_header = self.next_header.next();
        self.filling = self.filling.wrapping_add(next.since(reservation.payload)).wrapping_sub(used);
    }
}

/// Makes a record exist whose payload is written: its successor's header is 0 before its own appears.
#[inline(always)]
fn commit_record<R: Ring>(ring: R, record: Position, header: RecordHeader, next: Position, claimed: Position) {
    // At the start of a claimed line stands a 0 already. Elsewhere, the next header shares a line with this record.
    if next.0 >= claimed.0 || !next.0.is_multiple_of(LINE) {
        ring.header(next).store(RecordHeader::EMPTY.bits(), Relaxed);
    }
    // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::gather` and `walk`.
    ring.header(record).store(header.bits(), Release);
}
