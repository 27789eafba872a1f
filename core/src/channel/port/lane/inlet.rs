//! A lane's reading end.

use super::ends::ReadingEnd;
use super::memory::settle_nothing;
use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::channel::port::inlet::{Exact, Inlet, Known, NoPort};
use crate::error::{AckError, Corruption, RecvError};
use crate::liveness::Settle;
use crate::region::{LaneView, RingView, TrustPeers};
use crate::ring::log::{LaneEnd, Payload, Position, Reader, ReaderMark, Record, RecordPlace};
use crate::wait::Taken;
use std::collections::TryReserveError;

/// A lane's reading end.
#[derive(Debug)]
pub(crate) struct LaneInlet<L: LaneEnd = LaneView> {
    reader: Reader<L>,
    /// What was published when a sender that waits for room was woken last.
    woken_at: Position,
    /// The records of the current batch; empty otherwise.
    batch: Places<RecordPlace>,
    /// Where those of them begin that are left.
    rest: ReaderMark,
}

#[expect(private_bounds, reason = "only ports make ends of lanes")]
impl<L: ReadingEnd> LaneInlet<L> {
    /// The port with this reader.
    pub(in crate::channel::port) fn of(reader: Reader<L>) -> Self {
        let (woken_at, rest) = (reader.published(), reader.mark());
        Self { reader, woken_at, batch: Places::new(), rest }
    }

    /// The number of the next message: a guess until one was found.
    pub(in crate::channel::port) fn next_sequence(&self) -> u64 {
        self.reader.sequence()
    }

    /// Publishes what was given back, and wakes a sender that waits for room, if it does not know of all of it.
    #[inline]
    fn publish_and_wake(&mut self, end: &mut Seated) {
        self.recall_forgotten();
        if self.reader.publish() {
            self.count_published(end);
        }
        if self.woken_at != self.reader.published() {
            self.wake_sender(end);
        }
    }

    /// The reader published how far it has come: so does its row.
    #[inline]
    fn count_published(&self, end: &mut Seated) {
        end.tally.messages_of_lane(self.reader.messages(), self.reader.bytes());
    }

    /// Goes back to what is left of a batch that its owner forgot: it was not given back, so it comes again.
    #[inline]
    fn recall_forgotten(&mut self) {
        if !self.batch.is_over() {
            self.rewind();
        }
    }

    #[inline]
    fn wake_sender(&mut self, end: &mut Seated) {
        self.woken_at = self.reader.published();
        self.reader.memory().wake_sender(end);
    }

    #[cold]
    fn released_much(&mut self, end: &mut Seated) {
        self.count_published(end);
        self.wake_sender(end);
    }

    /// Ends the batch, what is left of which comes again.
    fn rewind(&mut self) {
        self.batch.clear();
        self.reader.rewind(self.rest);
    }

    /// Wakes a sender that waits for room once much was published since it was woken: if it were for each batch, it would sleep
    /// again after a few messages.
    #[inline]
    fn wake_for_much(&mut self, end: &mut Seated) {
        if self.reader.has_published_far_from(self.woken_at) {
            self.wake_sender(end);
        }
    }
}

impl<L: ReadingEnd> Inlet for LaneInlet<L> {
    type Item = Record;
    type Mark = ReaderMark;
    type Entry = Payload;
    type Bytes<'a> = RingView<'a>;
    type Place = RecordPlace;

    const SETTLE: Settle = settle_nothing;
    /// The limit of the shortest way is 0 there.
    const STOPS_IN_A_CHILD: bool = true;
    const LOOKS_AHEAD: bool = true;

    fn join(end: &Seated) -> Result<Self, NoPort> {
        L::resume(end).map(Self::of)
    }

    fn max_message(&self) -> usize {
        self.reader.geometry().max_message() as usize
    }

    fn capacity(&self) -> u64 {
        self.reader.geometry().capacity()
    }

    fn holds_messages(&mut self, _: &Seated) -> Result<bool, Corruption> {
        Ok(self.reader.poll()?.is_some())
    }

    #[inline(always)]
    fn take_fast(&mut self, _: &mut Seated) -> Result<Option<Record>, RecvError> {
        Ok(self.reader.poll_fast())
    }

    #[inline(always)]
    fn copy_exact(&mut self, _: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Record>, RecvError> {
        let is_copied = self.reader.take_exact(buffer.len() as u64, |spot| spot.read(buffer));
        Ok(if is_copied { Exact::Copied } else { Exact::Undecided })
    }

    #[inline]
    fn take(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        self.recall_forgotten();
        self.reader.poll().map_err(|reason| RecvError::Corrupted(end.poison(reason)))
    }

    #[inline]
    fn has_message_hint(&self) -> bool {
        self.reader.glance()
    }

    /// Behind padding there may be nothing, which the hint takes for a message.
    fn has_message(&mut self, end: &mut Seated) -> bool {
        !matches!(self.take(end), Ok(None))
    }

    #[inline]
    fn found_nothing(&mut self, end: &mut Seated) {
        self.publish_and_wake(end);
    }

    fn audit(&self) -> Result<(), Corruption> {
        if self.reader.misses_records() { Err(Corruption::RecordHeader) } else { Ok(()) }
    }

    fn end(&mut self) {
        self.reader.end();
    }

    #[inline]
    fn taken(&self, _: &Seated) -> Taken {
        Taken { messages: self.reader.messages(), bytes: self.reader.bytes() }
    }

    /// It is the reader's next one for as long as it is held.
    #[inline(always)]
    fn entry(&self, record: &Record) -> Payload {
        Payload { payload: record.payload, length: record.length, sequence: self.reader.sequence() }
    }

    #[inline(always)]
    fn entry_of(mark: &ReaderMark, place: RecordPlace, index: usize) -> Payload {
        mark.payload(place, index)
    }

    #[inline(always)]
    fn length(entry: &Payload) -> usize {
        entry.length as usize
    }

    #[inline]
    fn known(_: RingView<'_>, entry: &Payload) -> Known {
        Known { sequence: Some(entry.sequence), ..Known::default() }
    }

    #[inline(always)]
    fn bytes(&self) -> RingView<'_> {
        self.reader.memory().view().ring()
    }

    #[inline(always)]
    fn read(ring: RingView<'_>, entry: &Payload, buffer: &mut [u8]) {
        ring.read(entry.payload.0, buffer);
    }

    fn append(ring: RingView<'_>, entry: &Payload, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        ring.append_to(entry.payload.0, entry.length as usize, vector)
    }

    #[inline]
    fn borrow<'a>(ring: RingView<'a>, entry: &Payload, trust: TrustPeers) -> &'a [u8]
    where
        Self: 'a,
    {
        ring.borrow(trust, entry.payload.0, entry.length as usize)
    }

    #[inline(always)]
    fn finish(&mut self, end: &mut Seated, record: Record) -> Result<(), AckError> {
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        if self.reader.release(record) {
            self.released_much(end);
        }
        Ok(())
    }

    /// Nothing has advanced: forgetting the message is all.
    #[inline(always)]
    fn give_back(&mut self, end: &mut Seated, _: Record) -> Result<(), AckError> {
        if end.is_foreign() { Err(AckError::Forked) } else { Ok(()) }
    }

    #[inline(always)]
    fn keep(&mut self, _: Record) {}

    fn collect(&mut self, end: &mut Seated, first: Record, max: usize) -> Result<ReaderMark, RecvError> {
        let start = self.reader.mark();
        self.rest = start;
        if self.batch.room_for_more(1) == 0 {
            return Err(RecvError::OutOfMemory { needed: size_of::<RecordPlace>() });
        }
        self.batch.all_mut().push(start.place(&first));
        self.reader.advance(first);
        loop {
            let room = self.batch.room_for_more(max);
            let full = self.batch.len() + room;
            self.reader.gather(start, room, self.batch.all_mut());
            if self.batch.len() == full {
                if room == 0 {
                    break;
                }
                continue;
            }
            match self.reader.poll() {
                Ok(Some(record)) => {
                    self.batch.all_mut().push(start.place(&record));
                    self.reader.advance(record);
                }
                Ok(None) => break,
                Err(reason) => {
                    self.rewind();
                    return Err(RecvError::Corrupted(end.poison(reason)));
                }
            }
        }
        // A batch that is forgotten is noticed by the slow path, which takes over now.
        self.reader.pause();
        Ok(start)
    }

    #[inline(always)]
    fn batch(&self) -> &Places<RecordPlace> {
        &self.batch
    }

    /// They are released, and that is published at once, so that no successor gets them again.
    fn finish_first(&mut self, end: &mut Seated, start: &ReaderMark, count: usize) -> Result<(), AckError> {
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        let (_, rest) = self.batch.rest();
        let passed = &rest[..count.min(rest.len())];
        if let Some(last) = passed.last() {
            let carried = passed.iter().map(RecordPlace::length).sum();
            let last = start.payload(*last, 0);
            self.rest = self.reader.mark_behind(&self.rest, passed.len() as u64, carried, &last);
            self.batch.pass(passed.len(), 0);
            self.reader.publish_before(&self.rest);
            let (messages, bytes) = self.reader.so_far(&self.rest);
            end.tally.messages_of_lane(messages, bytes);
            self.wake_for_much(end);
        }
        Ok(())
    }

    /// That is published at once, so that no successor gets them again.
    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.batch.clear();
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        if self.reader.publish() {
            self.count_published(end);
        }
        self.wake_for_much(end);
        Ok(())
    }

    fn give_back_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.rewind();
        if end.is_foreign() { Err(AckError::Forked) } else { Ok(()) }
    }

    fn hand_back_batch(&mut self, _: &mut Seated) {
        self.rewind();
    }

    fn leave(&mut self, end: &mut Seated) {
        self.publish_and_wake(end);
    }
}
