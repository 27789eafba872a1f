//! The writing end of a lane.

use super::memory::{LINE, LONG_STRETCH};
use super::run::{Run, SURELY_ALLOWED, is_too_long, write_record};
use super::walk::{Walk, walk};
use super::{Cursor, LaneEnd, LaneGeometry, Position, Ring, Way};
use crate::error::Corruption;
use crate::layout::RecordHeader;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::fence;
use std::cell::Cell;

/// Writes records into a lane. There is one at a time; its successor is made by [`Writer::resume`].
#[derive(Debug)]
pub struct Writer<M: LaneEnd> {
    memory: M,
    geometry: LaneGeometry,
    /// Stands where the next record starts. In a plain lane, it is allowed to go up to the frontier, if the lines up to there are
    /// warm.
    cursor: M::Cursor,
    /// Messages committed in this lane, as published.
    count: u64,
    /// The header of the next message if it has length 0. Its number tells how many were committed since `count`.
    next_header: RecordHeader,
    /// Where this writer's first record starts, and how many messages stand before it.
    first: (Position, u64),
    /// Bytes behind `first` that are neither headers nor payload. They are counted instead of the payload, because a message
    /// without padding then costs nothing.
    filling: u64,
    /// The reader's `consumed` as last read: what lies before it may be overwritten.
    consumed: Position,
    /// Up to here, a record needs neither padding nor another look at the reader, the header behind it included.
    frontier: Position,
    /// Up to here, lines are warm: the first word of every line behind the position is 0, and the line is probably in this
    /// core's cache.
    warmed: Position,
    /// Glances since the last one that looked at `consumed`.
    glances: Cell<u32>,
}

/// Length of a stretch of small messages, in bytes: how much of the ring is warmed at once.
///
/// For messages of more than [`SMALL_MESSAGE`] bytes it is [`LONG_STRETCH`]. It is never more than 1/8 of the ring.
///
/// The lines that a writer comes to lie in the reader's cache, which read them a lap ago. The first store to each has to
/// take it away from there. Stores leave the core in order, so all later ones wait for it. The store buffer holds a line's
/// worth of small records, or some eight lines of a copy, so every few lines cost a whole transfer.
///
/// So the writer warms the lines of the next stretch by one store to each, back to back. The transfers overlap, and the
/// records are then written into lines that are in this core's cache already. (Prefetches for writing instead of the stores do not
/// do it: on an EPYC (Zen 4), after those of a stretch, stores to its lines still took 468 cycles instead of 104.)
///
/// What is written in a stretch is published at its end: the longer it is, the further observers and successors walk.
const STRETCH: u64 = 2048;
const SMALL_MESSAGE: u64 = 256;

/// So many bytes behind a stretch that was warmed are prefetched for writing: a stretch of small messages.
///
/// Their lines come while the stretch is filled, so that warming them takes no time. Where the lines come from far, or the cores
/// have few requests under way at once, that is what a stream is waiting for: a Xeon (Sapphire Rapids) sent a third more messages of
/// 56 bytes, and an eighth more of a kilobyte.
const PREFETCHED: u64 = STRETCH;

/// Of so many glances of a writer that waits for room, one looks at `consumed`.
const GLANCES_PER_LOOK: u32 = 8;

/// Why nothing was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No room until the reader consumes something.
    Full,
    /// Longer than the lane's largest message.
    TooLarge,
    /// The reader's position contradicts the writer's.
    Corrupted(Corruption),
}

/// How much room has to be free in a full ring before a writer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// As much as the record takes.
    Any,
    /// An eighth of the ring at least.
    Plenty,
}

/// Up to where lines were warm before [`Writer::forget_warmed`].
#[derive(Debug, Clone, Copy)]
#[must_use = "without it, the starts of warm lines are zeroed once more up to the end of the stretch"]
pub struct Warmed(Position);

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

impl<M: LaneEnd> Writer<M> {
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
        // What its predecessor committed since it published its position for the last time.
        let Walk { end, count, .. } = walk(&memory, &geometry, committed, memory.count().load(Relaxed))?;
        if end.since(consumed) > geometry.capacity() {
            return Err(Corruption::Positions);
        }
        let mut cursor = memory.cursor();
        cursor.seek(end);
        let mut writer = Self {
            memory,
            geometry,
            cursor,
            count,
            next_header: RecordHeader::message(0, count),
            first: (end, count),
            filling: 0,
            consumed,
            frontier: end,
            warmed: end,
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

    /// The words that this writer writes to, exclusively: for writing a payload in place.
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
        self.position().since(self.first.0).wrapping_sub(headers).wrapping_sub(self.filling)
    }

    /// Stores how far this writer has come. It happens by itself once a stretch.
    ///
    /// Observers and a successor start there. What is not published yet, they have to walk over.
    pub fn publish(&mut self) {
        self.count = self.count();
        // EDGE published→observe: pairs with the Acquire of observers; also keeps the order header → count → committed.
        self.memory.count().store(self.count, Release);
        self.memory.committed().store(self.position().0, Release);
        // EDGE published→observe: what is written from now on may lie over what the old position led to. An observer that sees
        // any of it sees the new position.
        fence(Release);
    }

    /// Appends a record of so many bytes, which `fill` writes into the spot that it is given, by the shortest way: if the compiler
    /// knows the length, by constants. False: ask [`Writer::reserve`].
    #[inline(always)]
    pub fn append(&mut self, length: u64, fill: impl FnOnce(<<M::Cursor as Cursor>::Way<'_> as Way>::Spot)) -> bool {
        if is_too_long(length, self.geometry.max_message()) {
            return false;
        }
        let Some(filling) = write_record(&mut self.cursor.way(), self.next_header, length, fill) else { return false };
        self.next_header = self.next_header.next();
        self.filling = self.filling.wrapping_add(filling);
        true
    }

    /// Begins several records in a row, as far as the shortest way goes.
    #[inline(always)]
    pub fn run(&mut self) -> Run<'_, <M::Cursor as Cursor>::Way<'_>> {
        Run::new(self.cursor.way(), &self.geometry, &mut self.next_header, &mut self.filling)
    }

    /// Where the next record starts.
    #[inline]
    pub(in crate::ring) fn position(&self) -> Position {
        self.cursor.position()
    }

    /// Finds room for a record with `length` bytes of payload before the frontier. `None`: ask [`Writer::reserve`].
    #[inline]
    pub fn reserve_fast(&self, length: u64) -> Option<Reservation> {
        if length > self.geometry.max_message() {
            return None;
        }
        let start = self.position();
        let end = start.plus(self.geometry.record_bytes(length));
        if end.0 > self.frontier.0 {
            return None;
        }
        let payload = start.plus(self.geometry.header_bytes());
        Some(Reservation { padding: 0, opens_stretch: false, end, payload, length })
    }

    /// Finds room for a record with `length` bytes of payload. Changes nothing that others see.
    ///
    /// # Errors
    /// See [`Refusal`].
    #[inline]
    pub fn reserve(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.reserve_with(length, Room::Any)
    }

    /// Finds room for a record with `length` bytes of payload; in a full ring, only once an eighth of it is free.
    ///
    /// For a writer that can wait. One that goes on with less comes back for more at once, and takes the line with `consumed`
    /// from the reader each time.
    ///
    /// # Errors
    /// See [`Refusal`].
    #[inline]
    pub fn reserve_if_plenty(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.reserve_with(length, Room::Plenty)
    }

    #[inline]
    fn reserve_with(&mut self, length: u64, room: Room) -> Result<Reservation, Refusal> {
        match self.reserve_fast(length) {
            Some(reservation) => Ok(reservation),
            None => self.reserve_slow(length, room),
        }
    }

    /// Finds room beyond the frontier: at the end of a stretch or of the ring, or where the reader was last seen.
    #[cold]
    fn reserve_slow(&mut self, length: u64, room: Room) -> Result<Reservation, Refusal> {
        // Before anything is overwritten beyond the old frontier: see invariant 5.
        self.publish();
        if length > self.geometry.max_message() {
            return Err(Refusal::TooLarge);
        }
        let record_bytes = self.geometry.record_bytes(length);
        let until_end = self.geometry.until_end(self.position());
        let padding = if record_bytes > until_end { until_end } else { 0 };
        let record = self.position().plus(padding);
        let end = record.plus(record_bytes);
        // The writer zeroes the next header, so it needs room for that, too.
        let next_header = self.geometry.header_bytes();
        if end.plus(next_header).since(self.consumed) > self.geometry.capacity() {
            self.refresh(end.plus(next_header), room)?;
        }
        let lap_end = self.position().plus(until_end);
        let limit = self.consumed.plus(self.geometry.capacity().wrapping_sub(next_header));
        let stretch = if length <= SMALL_MESSAGE { STRETCH } else { LONG_STRETCH };
        let stretch_end = self.position().plus(stretch.min(self.geometry.stretch_max()));
        self.frontier = Position(lap_end.0.min(limit.0).min(stretch_end.0));
        self.forget_warmed_lines();
        let payload = record.plus(self.geometry.header_bytes());
        Ok(Reservation { padding, opens_stretch: true, end, payload, length })
    }

    /// Warms the lines behind a record if a new stretch began with it.
    ///
    /// To be called after the commit, and after the receivers that wait were woken: both would have to wait for the lines.
    #[inline(always)]
    pub fn warm_after(&mut self, reservation: &Reservation) {
        if reservation.opens_stretch {
            self.warm_stretch();
        }
    }

    /// Warms the lines up to the frontier, and asks for those behind it: what stands in them is free to be overwritten.
    fn warm_stretch(&mut self) {
        let ring = self.memory.ring();
        let first = Position(self.position().0 | (LINE - 1)).plus(1);
        // Up to the first line that begins at the frontier or behind it.
        let behind = Position(self.frontier.0.wrapping_add(LINE - 1) & !(LINE - 1));
        let warm = behind.0.saturating_sub(first.0);
        ring.zero_lines(first, warm);
        // No line that holds anything the reader has not given back.
        let (next, limit) = (first.plus(warm), self.consumed.plus(self.geometry.capacity()));
        ring.prefetch_write(next, limit.0.saturating_sub(next.0).min(PREFETCHED) & !(LINE - 1));
        self.know_warmed(self.frontier);
    }

    /// No line is known to be warm.
    fn forget_warmed_lines(&mut self) -> Position {
        self.cursor.stop();
        let position = self.position();
        std::mem::replace(&mut self.warmed, position)
    }

    /// The lines up to here are warm. So the shortest way, which looks at nothing but its limit, goes as far, if the lane is plain.
    #[inline]
    fn know_warmed(&mut self, warmed: Position) {
        self.warmed = warmed;
        if self.geometry.is_plain() && self.geometry.max_message() >= SURELY_ALLOWED {
            // If a line begins where the warm ones end, nothing is known of its start.
            let ends_a_line = warmed.0.is_multiple_of(LINE);
            let last = if ends_a_line { warmed.0.saturating_sub(RecordHeader::BYTES) } else { warmed.0 };
            self.cursor.allow(Position(last));
        }
    }

    /// Forgets which lines are warm, and returns that for [`Writer::commit_in_place`].
    ///
    /// To be called before anything is written into a reservation that may then be dropped, or committed in part: bytes of
    /// such a payload may stand where the writer counts on a 0.
    #[inline]
    pub fn forget_warmed(&mut self) -> Warmed {
        Warmed(self.forget_warmed_lines())
    }

    /// Whether another attempt is worth it: a cheap hint for a caller that waits for room.
    ///
    /// True once the reader has given back so much since the last look that an eighth of the ring is free. The reader writes to
    /// the line of `consumed` with every message, and has to take it back after every look. So only one glance in
    /// [`GLANCES_PER_LOOK`] looks; the others are false.
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
        self.position().since(consumed) <= self.geometry.capacity().wrapping_sub(self.geometry.publish_after())
    }

    /// Reads how far the reader has come. Called once the last known limit is reached.
    fn refresh(&mut self, end: Position, room: Room) -> Result<(), Refusal> {
        // EDGE consume→reuse: pairs with the Release in `reader::tell`.
        let consumed = Position(self.memory.consumed().load(Acquire));
        let moved = consumed.since(self.consumed);
        if moved > self.position().since(self.consumed) || !self.geometry.is_possible(consumed) {
            return Err(Refusal::Corrupted(Corruption::Positions));
        }
        let fits = end.since(consumed) <= self.geometry.capacity();
        if fits && room == Room::Plenty && !self.is_plenty(consumed) {
            // Not noted, or the next attempt would take the room that this one did not.
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

    /// Makes a record exist that was written after [`Writer::forget_warmed`].
    ///
    /// If all of the reservation is used, the payload ends where the next header stands, and the lines behind that are still
    /// warm.
    #[inline(always)]
    pub fn commit_in_place(&mut self, Warmed(warmed): Warmed, reservation: Reservation, used: u64) {
        if used >= reservation.length {
            self.know_warmed(warmed);
        }
        self.commit(reservation, used);
    }

    /// As [`Writer::commit`], after `fill` has written the payload to the position that it is given.
    #[inline(always)]
    pub fn fill_and_commit(&mut self, reservation: Reservation, used: u64, fill: impl FnOnce(M::Ring<'_>, Position)) {
        let ring = self.memory.ring();
        let start = self.position();
        let record = start.plus(reservation.padding);
        let used = used.min(reservation.length);
        let whole = used == reservation.length;
        let next = if whole { reservation.end } else { record.plus(self.geometry.record_bytes(used)) };
        let header = self.next_header.with_length(used as u32);
        fill(ring, reservation.payload);
        commit_record(ring, record, header, next, self.warmed);
        if reservation.padding != 0 {
            let length = reservation.padding.wrapping_sub(self.geometry.header_bytes());
            let padding = RecordHeader::padding(length as u32, self.count());
            // The record went to the beginning of the ring: the padding in front of it is what makes both visible.
            // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::gather` and `walk`.
            ring.header(start).store(padding.bits(), Release);
            self.filling = self.filling.wrapping_add(reservation.padding);
        }
        self.cursor.seek(next);
        self.next_header = self.next_header.next();
        self.filling = self.filling.wrapping_add(next.since(reservation.payload)).wrapping_sub(used);
    }
}

/// Commits a record whose payload is written: first the header behind it is 0, then its own header appears.
#[inline(always)]
fn commit_record<R: Ring>(ring: R, record: Position, header: RecordHeader, next: Position, warmed: Position) {
    // At the start of a warm line stands a 0 already. Elsewhere, the next header shares a line with this record.
    if next.0 >= warmed.0 || !next.0.is_multiple_of(LINE) {
        ring.header(next).store(RecordHeader::EMPTY.bits(), Relaxed);
    }
    // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::gather` and `walk`.
    ring.header(record).store(header.bits(), Release);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::LaneMemory;
    use super::super::by_position::PositionCursor;
    use super::*;
    use crate::sync::AtomicU64;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A lane in private memory that notes what is prefetched.
    #[derive(Debug)]
    struct Noted {
        /// `committed`, `count`, `consumed`.
        words: [AtomicU64; 3],
        ring: Vec<AtomicU64>,
        prefetched: RefCell<Vec<(Position, u64)>>,
    }

    impl Ring for &Noted {
        fn header(&self, position: Position) -> &AtomicU64 {
            &self.ring[position.0 as usize / 8 % self.ring.len()]
        }

        fn prefetch_write(&self, from: Position, bytes: u64) {
            self.prefetched.borrow_mut().push((from, bytes));
        }
    }

    impl LaneMemory for Rc<Noted> {
        type Ring<'a> = &'a Noted;

        fn ring(&self) -> &Noted {
            self
        }

        fn committed(&self) -> &AtomicU64 {
            &self.words[0]
        }

        fn count(&self) -> &AtomicU64 {
            &self.words[1]
        }

        fn consumed(&self) -> &AtomicU64 {
            &self.words[2]
        }
    }

    impl LaneEnd for Rc<Noted> {
        type Cursor = PositionCursor<Self>;

        fn cursor(&self) -> Self::Cursor {
            PositionCursor::new(Self::clone(self), self.ring.len() as u64 * 8)
        }
    }

    /// A writer into a fresh lane.
    fn writer(capacity: u64, max_message: u64) -> Writer<Rc<Noted>> {
        let words = [0, 0, 0].map(AtomicU64::new);
        let ring = (0..capacity / 8).map(|_| AtomicU64::new(0)).collect();
        let lane = Noted { words, ring, prefetched: RefCell::default() };
        Writer::resume(Rc::new(lane), LaneGeometry::new(capacity, 8, max_message)).unwrap()
    }

    #[test]
    fn a_message_that_is_longer_than_allowed_finds_no_room_however_short_it_is() {
        for max_message in 1..20 {
            let mut writer = writer(4096, max_message);
            // It opens a stretch, so that the frontiers lie ahead.
            let opening = writer.reserve(max_message).unwrap();
            writer.commit(opening, max_message);
            writer.warm_after(&opening);
            assert!(writer.reserve_fast(max_message).is_some());
            for length in max_message + 1..30 {
                assert!(writer.reserve_fast(length).is_none());
                assert!(!writer.append(length, |_| ()), "{length} bytes, of {max_message}");
                assert!(!writer.run().append(length, |_| ()), "{length} bytes, of {max_message}");
                assert_eq!(writer.reserve(length).unwrap_err(), Refusal::TooLarge);
            }
        }
    }

    #[test]
    fn no_line_is_prefetched_that_the_reader_has_not_given_back() {
        const CAPACITY: u64 = 1 << 14;
        let mut writer = writer(CAPACITY, 1000);
        let mut sent = 0;
        for length in [8, 56, 300, 1000].into_iter().cycle().take(4000) {
            match writer.reserve(length) {
                Ok(reservation) => {
                    writer.commit(reservation, length);
                    writer.warm_after(&reservation);
                    sent += 1;
                }
                // The reader gives back part of it: as much as was written when the writer stood here.
                Err(_) => writer.memory.consumed().store(writer.position().0 - CAPACITY / 4, Relaxed),
            }
            let limit = Position(writer.memory.consumed().load(Relaxed)).plus(CAPACITY);
            for (from, bytes) in writer.memory.prefetched.borrow_mut().drain(..) {
                assert!(bytes <= PREFETCHED && bytes.is_multiple_of(LINE));
                assert!(bytes == 0 || from.plus(bytes).0 <= limit.0, "{from:?} and {bytes} bytes, of {limit:?}");
            }
        }
        assert!(sent > 3000 && writer.position().0 > 4 * CAPACITY, "over the end of the ring, and often");
    }
}
