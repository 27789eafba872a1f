//! The reading end of a lane.

use super::memory::plain_record_bytes;
use super::record::{Payload, ReaderMark, Record, RecordPlace};
use super::{Cursor, LaneEnd, LaneGeometry, LaneMemory, Position, Ring, Spot, Way};
use crate::error::Corruption;
use crate::layout::{RecordHeader, RecordKind};
use crate::sync::Ordering::{Acquire, Relaxed, Release};

/// Reads records from a lane. There is one at a time; its successor is made by [`Reader::resume`].
#[derive(Debug)]
pub struct Reader<M: LaneEnd> {
    memory: M,
    geometry: LaneGeometry,
    /// Stands where the next record starts. In a plain lane, it is allowed to go up to the frontier.
    cursor: M::Cursor,
    /// Up to here, what was given back is counted, and the writer was woken if it waited. `consumed` is less than an eighth of
    /// the ring ahead of it.
    published: Position,
    /// The header of the next message if it has length 0: a guess until `sequence_known`.
    expected: RecordHeader,
    sequence_known: bool,
    /// Whether this reader finds nothing any more, whatever comes.
    ended: bool,
    /// The number of this reader's first message, and of the one that was next when `consumed` was stored last.
    first_sequence: u64,
    published_sequence: u64,
    /// Where this reader started.
    first: Position,
    /// Bytes since `first` that are neither headers nor payload.
    filling: u64,
    /// Up to here, a record neither reaches beyond the end of the ring nor makes publishing due when it is released.
    frontier: Position,
    /// Bytes of payload that the next record probably has: as many as the last one that [`Reader::poll_fast`] found.
    likely_length: u32,
}

/// So many places of a batch are made at once.
const GATHERED_AT_ONCE: usize = 64;

impl<M: LaneEnd> Reader<M> {
    /// Goes on behind the last record that the previous reader gave back (as far as it published that), or starts a
    /// fresh lane.
    ///
    /// The caller has exclusive possession of the reader's role, and its predecessor is gone for good.
    ///
    /// # Errors
    /// The lane's words contradict each other.
    pub fn resume(memory: M, geometry: LaneGeometry) -> Result<Self, Corruption> {
        // Acquire, though its predecessor's end is an edge of its own: see "Where there is no edge" in docs/memory-model.md.
        let consumed = Position(memory.consumed().load(Acquire));
        if !geometry.is_possible(consumed) {
            return Err(Corruption::Positions);
        }
        let sequence = memory.count().load(Relaxed);
        let mut cursor = memory.cursor();
        cursor.seek(consumed);
        Ok(Self {
            memory,
            geometry,
            cursor,
            published: consumed,
            expected: RecordHeader::message(0, sequence),
            sequence_known: false,
            ended: false,
            first_sequence: sequence,
            published_sequence: sequence,
            first: consumed,
            filling: 0,
            frontier: consumed,
            likely_length: 0,
        })
    }

    /// Says which number the next message has, for a reader that has just [resumed](Reader::resume). Otherwise it learns that from the
    /// first header that it sees.
    pub fn expect(&mut self, sequence: u64) {
        self.expected = RecordHeader::message(0, sequence);
        (self.first_sequence, self.published_sequence) = (sequence, sequence);
        self.sequence_known = true;
    }

    /// The words that this reader reads.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The lane's shape.
    #[inline]
    pub fn geometry(&self) -> &LaneGeometry {
        &self.geometry
    }

    /// The record at the reader's position, if one is committed. Does not advance.
    ///
    /// # Errors
    /// The header there is not one that a writer writes.
    #[inline(always)]
    pub fn poll(&mut self) -> Result<Option<Record>, Corruption> {
        let length = self.header().length_after(self.expected);
        match self.record_before_frontier(length) {
            Some(record) => Ok(Some(record)),
            None => self.poll_slow(),
        }
    }

    /// Whether records that were committed are gone: nothing seems to stand at the position, and `committed` is ahead of it.
    ///
    /// No participant takes a record away before it is read, so the lane is damaged. For slow paths.
    pub fn misses_records(&self) -> bool {
        // EDGE published→observe: pairs with the Release in `Writer::publish`; the headers before it were stored earlier.
        let committed = Position(self.memory.committed().load(Acquire));
        // It may lag behind what was read already.
        let ahead = committed.since(self.position());
        (1..=self.geometry.capacity()).contains(&ahead) && self.header() == RecordHeader::EMPTY
    }

    /// Reads the record at the position and gives it back, if it has this many bytes of payload and ends before the frontier of a
    /// plain lane: the shortest way, for a caller that knows which length comes. `read` copies it out of its spot. False: ask
    /// [`Reader::poll`].
    ///
    /// The length is not compared with the longest message's: only a caller that asks for more would notice, and the frontier
    /// bounds that, too. Publishing is not due before the frontier.
    #[inline(always)]
    pub fn take_exact(
        &mut self,
        length: u64,
        read: impl FnOnce(<<M::Cursor as Cursor>::Way<'_> as Way>::Spot),
    ) -> bool {
        let mut way = self.cursor.way();
        let bytes = plain_record_bytes(length);
        let Some(spot) = way.ahead(bytes) else { return false };
        // EDGE commit→poll: pairs with the Release in `write_record`, `commit_record` and `Writer::fill_and_commit`.
        let header = RecordHeader::from_bits(spot.header().load(Acquire));
        if header.length_after(self.expected) != length {
            return false;
        }
        read(spot);
        way.go();
        self.expected = self.expected.next();
        self.filling = self.filling.wrapping_add(bytes.wrapping_sub(RecordHeader::BYTES).wrapping_sub(length));
        // For every record: a reader that takes one message out of a full ring, and then does something else for an hour, must not
        // keep its writer from the room.
        tell(&self.memory, way.position());
        true
    }

    /// The record at the position, if it ends before the frontier. `None`: ask [`Reader::poll`].
    ///
    /// For any lane, and for a caller that does not know which length comes. It guesses that of the last record: where that is
    /// right, the processor goes on to the next record without waiting for this one's header.
    #[inline]
    pub fn poll_fast(&mut self) -> Option<Record> {
        let header = self.header();
        if header != self.expected.with_length(self.likely_length) {
            self.likely_length = u32::try_from(header.length_after(self.expected)).ok()?;
        }
        self.record_before_frontier(self.likely_length.into())
    }

    /// The record at the position, if it is no longer than allowed and ends before the frontier. Until the reader knows the number of
    /// its first message, the frontier stands at the position.
    #[inline(always)]
    fn record_before_frontier(&self, length: u64) -> Option<Record> {
        if length > self.geometry.max_message() {
            return None;
        }
        let start = self.position();
        let end = start.plus(self.geometry.record_bytes(length));
        if end.0 > self.frontier.0 {
            return None;
        }
        Some(Record { end, payload: start.plus(self.geometry.header_bytes()), length })
    }

    /// Whether something stands at the reader's position: a cheap hint for a receiver that waits.
    #[inline]
    pub fn glance(&self) -> bool {
        self.memory.ring().header(self.position()).load(Relaxed) != RecordHeader::EMPTY.bits()
    }

    /// The record at the position, wherever that is: at the end of the ring, where publishing is due, or where nothing is
    /// committed.
    fn poll_slow(&mut self) -> Result<Option<Record>, Corruption> {
        let header = self.header();
        if header == RecordHeader::EMPTY || self.ended {
            return Ok(None);
        }
        let record = if header.is_after(self.expected) && self.sequence_known {
            self.accept(header).map(Some)
        } else {
            self.poll_unusual(header)
        };
        self.move_frontier();
        // A writer goes no further than a ring beyond `consumed`. One that went further could feed a batch for ever.
        let most = self.geometry.capacity().wrapping_add(self.geometry.publish_after());
        match record {
            Ok(Some(Record { end, .. })) if end.since(self.published) > most => Err(Corruption::Positions),
            record => record,
        }
    }

    /// Ends the reader: from now on it finds nothing, whatever is committed.
    pub fn end(&mut self) {
        self.ended = true;
        // Every call takes the slow path, which looks at `ended`.
        self.pause();
    }

    /// Moves the frontier after the position and what was published.
    fn move_frontier(&mut self) {
        if self.sequence_known && !self.ended {
            let lap_end = self.position().plus(self.geometry.until_end(self.position()));
            // A record that ends where publishing is due is released by a call that publishes.
            let publish_at =
                self.published.plus(self.geometry.publish_after().wrapping_sub(self.geometry.header_bytes()));
            self.frontier = Position(lap_end.0.min(publish_at.0));
            if self.geometry.is_plain() {
                self.cursor.allow(self.frontier);
            }
        }
    }

    /// Where the next record starts.
    #[inline]
    fn position(&self) -> Position {
        self.cursor.position()
    }

    #[inline]
    fn header(&self) -> RecordHeader {
        // EDGE commit→poll: pairs with the Release in `write_record`, `commit_record` and `Writer::fill_and_commit`.
        RecordHeader::from_bits(self.memory.ring().header(self.position()).load(Acquire))
    }

    /// The record of a header that was read once, if its length fits the lane.
    fn accept(&self, header: RecordHeader) -> Result<Record, Corruption> {
        let length = u64::from(header.length());
        let bytes = self.geometry.record_bytes(length);
        let fits = length <= self.geometry.max_message() && bytes <= self.geometry.until_end(self.position());
        if !fits {
            return Err(Corruption::RecordLength);
        }
        let payload = self.position().plus(self.geometry.header_bytes());
        Ok(Record { end: self.position().plus(bytes), payload, length })
    }

    /// The record behind a header that is padding, the first one after [`Reader::resume`], or damage.
    #[cold]
    fn poll_unusual(&mut self, mut header: RecordHeader) -> Result<Option<Record>, Corruption> {
        self.learn_sequence(header);
        if header.kind() == RecordKind::Padding {
            let until_end = self.geometry.until_end(self.position());
            if header
                != RecordHeader::padding(until_end.wrapping_sub(self.geometry.header_bytes()) as u32, self.sequence())
            {
                return Err(Corruption::RecordHeader);
            }
            self.cursor.seek(self.position().plus(until_end));
            self.filling = self.filling.wrapping_add(until_end);
            header = self.header();
            if header == RecordHeader::EMPTY {
                return Ok(None);
            }
        }
        if !header.is_after(self.expected) {
            return Err(Corruption::RecordHeader);
        }
        self.accept(header).map(Some)
    }

    /// Learns the number of the next message from the first header that this reader sees.
    ///
    /// The header tells the low bits. The writer's count, which is behind or ahead by at most one ring, tells the rest.
    fn learn_sequence(&mut self, header: RecordHeader) {
        if !self.sequence_known && matches!(header.kind(), RecordKind::Message | RecordKind::Padding) {
            let not_above = self.memory.count().load(Relaxed).wrapping_add(self.geometry.records_max());
            let sequence = header.sequence_not_above(not_above);
            self.expect(sequence);
        }
    }

    /// Gives the record back that was polled last: the writer may overwrite it.
    ///
    /// Returns whether so much was given back that it was published: then the caller wakes a writer that waits for room.
    #[inline]
    pub fn release(&mut self, record: Record) -> bool {
        self.advance(record);
        let is_due = self.is_due(self.published, self.position());
        if is_due {
            self.publish_what_is_due();
        } else {
            // For every record: as in `take_exact`.
            tell(&self.memory, self.position());
        }
        is_due
    }

    // A function of its own, so that giving back is short enough to stand in line everywhere.
    #[cold]
    fn publish_what_is_due(&mut self) {
        self.publish();
    }

    /// Whether it is so far from one position to another that publishing, or waking, is due.
    #[inline]
    fn is_due(&self, from: Position, to: Position) -> bool {
        to.since(from) >= self.geometry.publish_after()
    }

    /// Whether so much was published beyond `place` that a writer that waits for room is woken.
    #[inline]
    pub fn has_published_far_from(&self, place: Position) -> bool {
        self.is_due(place, self.published)
    }

    /// Up to where this reader has published what it gave back.
    #[inline]
    pub fn published(&self) -> Position {
        self.published
    }

    /// Moves past up to `max` records at the position, and notes their places: the fast path of a batch.
    ///
    /// It ends where a record is not an ordinary one before the frontier of a plain lane. As with [`Reader::advance`], nothing
    /// is given back yet.
    // A function of its own: among what comes before and after it, its variables would not all stay in registers.
    #[inline(never)]
    pub fn gather(&mut self, start: ReaderMark, max: usize, places: &mut Vec<RecordPlace>) {
        let max_message = self.geometry.max_message();
        let mut way = self.cursor.way();
        let start_position = way.position();
        let before = places.len();
        // Probably as long as the last one. Where it is, the processor loads the next header without waiting for this one.
        let length = places.last().map_or(0, |place| place.length() as u32);
        let (mut likely, mut bytes) = (self.expected.with_length(length), plain_record_bytes(length.into()));
        let mut carried = 0u64;
        let mut left = max;
        while left > 0 {
            let (known, first, wanted) = (places.len(), likely.without_length(), left.min(GATHERED_AT_ONCE));
            // They are there before they are known: to push each of them would compare the vector's length with its capacity.
            places.resize(known + wanted, RecordPlace::UNKNOWN);
            for place in &mut places[known..] {
                // EDGE commit→poll: pairs with the Release in `write_record`, `commit_record` and `Writer::fill_and_commit`.
                let header = RecordHeader::from_bits(way.here().header().load(Acquire));
                if header != likely {
                    if header.length_after(likely.without_length()) > max_message {
                        break;
                    }
                    (likely, bytes) = (header, plain_record_bytes(header.length().into()));
                }
                let payload = way.position().plus(RecordHeader::BYTES);
                if way.ahead(bytes).is_none() {
                    break;
                }
                way.go();
                *place = start.place_of(payload, likely.length().into());
                carried = carried.wrapping_add(likely.length().into());
                likely = likely.next();
            }
            let gathered = likely.without_length().messages_since(first) as usize;
            places.truncate(known + gathered);
            if gathered < wanted {
                break;
            }
            left -= gathered;
        }
        let headers = RecordHeader::BYTES.wrapping_mul((places.len() - before) as u64);
        let filling = way.position().since(start_position).wrapping_sub(headers).wrapping_sub(carried);
        drop(way);
        (self.expected, self.filling) = (likely.without_length(), self.filling.wrapping_add(filling));
    }

    /// Moves past a record without giving it back. The caller still reads it, and publishes later.
    #[inline]
    pub fn advance(&mut self, record: Record) {
        self.cursor.seek(record.end);
        self.expected = self.expected.next();
        self.filling = self.filling.wrapping_add(record.filling());
    }

    /// How many messages the lane carried before the next one: a guess until one was polled.
    #[inline]
    pub fn sequence(&self) -> u64 {
        // Fewer than a ring's worth are read between two publications.
        let since = self.expected.messages_since(RecordHeader::message(0, self.published_sequence));
        self.published_sequence.wrapping_add(since)
    }

    /// Messages that this reader gave back.
    pub fn messages(&self) -> u64 {
        self.sequence().wrapping_sub(self.first_sequence)
    }

    /// Bytes of payload that this reader gave back.
    pub fn bytes(&self) -> u64 {
        self.so_far(&self.mark()).1
    }

    /// Messages that this reader read before a mark, and their bytes of payload.
    pub fn so_far(&self, mark: &ReaderMark) -> (u64, u64) {
        let messages = mark.sequence.wrapping_sub(self.first_sequence);
        let headers = self.geometry.header_bytes().wrapping_mul(messages);
        (messages, mark.position.since(self.first).wrapping_sub(headers).wrapping_sub(mark.filling))
    }

    /// Where the reader stands now, for [`Reader::rewind`].
    pub fn mark(&self) -> ReaderMark {
        ReaderMark { position: self.position(), sequence: self.sequence(), filling: self.filling }
    }

    /// The mark behind so many records, the first of which is the next one after `from`. They carry so many bytes of payload, and
    /// this is the last one's.
    pub fn mark_behind(&self, from: &ReaderMark, count: u64, carried: u64, last: &Payload) -> ReaderMark {
        let header_bytes = self.geometry.header_bytes();
        let start = Position(last.payload.0.wrapping_sub(header_bytes));
        let position = start.plus(self.geometry.record_bytes(last.length));
        let headers = header_bytes.wrapping_mul(count);
        let filling = position.since(from.position).wrapping_sub(headers).wrapping_sub(carried);
        ReaderMark {
            position,
            sequence: from.sequence.wrapping_add(count),
            filling: from.filling.wrapping_add(filling),
        }
    }

    /// Goes back to a mark, so that what was read since comes again. Nothing behind it was given back.
    pub fn rewind(&mut self, mark: ReaderMark) {
        self.cursor.seek(mark.position);
        self.filling = mark.filling;
        self.expected = RecordHeader::message(0, mark.sequence);
        // The frontier may be of a later lap.
        self.frontier = mark.position;
        self.cursor.stop();
    }

    /// Gives back everything that was read so far, and publishes that.
    ///
    /// Returns whether there was anything to publish: then the caller counts it, and wakes a writer that waits for room.
    #[inline]
    pub fn publish(&mut self) -> bool {
        if self.published == self.position() {
            return false;
        }
        self.published_sequence = self.sequence();
        self.publish_at(self.position());
        true
    }

    /// Gives back everything before a mark, and publishes that. What was read behind it is still being read: the fast paths find
    /// nothing until that is given back, or gone back to.
    pub fn publish_before(&mut self, mark: &ReaderMark) {
        self.published_sequence = mark.sequence;
        self.publish_at(mark.position);
        self.pause();
    }

    #[inline]
    fn publish_at(&mut self, position: Position) {
        self.published = position;
        self.move_frontier();
        tell(&self.memory, position);
    }

    /// Keeps the fast paths from finding anything, until [`Reader::publish`], [`Reader::rewind`] or [`Reader::poll`].
    #[inline]
    pub fn pause(&mut self) {
        self.frontier = Position(0);
        self.cursor.stop();
    }
}

/// Stores up to where everything was given back: a plain store into a line that only this reader writes.
#[inline(always)]
fn tell<M: LaneMemory>(memory: &M, position: Position) {
    // EDGE consume→reuse: pairs with the Acquire in `Writer::refresh`.
    memory.consumed().store(position.0, Release);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::by_position::PositionCursor;
    use super::*;
    use crate::sync::AtomicU64;

    /// A ring in which every word is the header that the reader expects next: a peer that writes ahead of it for ever.
    #[derive(Debug, Default)]
    struct Endless {
        word: AtomicU64,
        zero: AtomicU64,
    }

    impl Ring for &Endless {
        fn header(&self, position: Position) -> &AtomicU64 {
            self.word.store(RecordHeader::message(0, position.0 / RecordHeader::BYTES).bits(), Relaxed);
            &self.word
        }
    }

    impl LaneMemory for &Endless {
        type Ring<'a>
            = Self
        where
            Self: 'a;

        fn ring(&self) -> Self {
            self
        }

        fn committed(&self) -> &AtomicU64 {
            &self.zero
        }

        fn count(&self) -> &AtomicU64 {
            &self.zero
        }

        fn consumed(&self) -> &AtomicU64 {
            &self.zero
        }
    }

    impl LaneEnd for &Endless {
        type Cursor = PositionCursor<Self>;

        fn cursor(&self) -> Self::Cursor {
            PositionCursor::new(self, geometry().capacity())
        }
    }

    fn geometry() -> LaneGeometry {
        LaneGeometry::new(4096, 8, 100)
    }

    #[test]
    fn a_writer_that_goes_further_than_a_ring_is_noticed() {
        let (lane, geometry) = (Endless::default(), geometry());
        let mut reader = Reader::resume(&lane, geometry).unwrap();
        // A ring's worth, and what may have been given back since that was published last.
        let most = geometry.records_max() + geometry.records_max() / 8;
        let mut records = 0;
        let end = loop {
            match reader.poll() {
                Ok(Some(record)) if records <= most => reader.advance(record),
                end => break end,
            }
            records += 1;
        };
        assert_eq!((records, end), (most, Err(Corruption::Positions)));
    }
}
