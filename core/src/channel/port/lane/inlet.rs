//! A lane's reading end.

use super::memory::{lane_geometry, settle_nothing};
use crate::channel::batch::room_for_more;
use crate::channel::end::Seated;
use crate::channel::port::inlet::{Exact, Inlet, Known};
use crate::error::{AckError, Corruption, RecvError};
use crate::liveness::Settle;
use crate::region::{LaneView, RingView, TrustPeers};
use crate::ring::log::{Payload, Position, Reader, ReaderMark, Record, RecordPlace};
use crate::wait::Taken;
use std::collections::TryReserveError;

/// A lane's reading end.
#[derive(Debug)]
pub(crate) struct LaneInlet {
    reader: Reader<LaneView>,
    /// What was published when a sender that waits for room was woken last.
    woken_at: Position,
    /// The records of the current batch; empty otherwise. Kept for its allocation.
    batch: Vec<RecordPlace>,
}

impl LaneInlet {
    /// Publishes what was given back, and wakes a sender that waits for room, if it does not know of all of it.
    #[inline]
    pub(in crate::channel) fn publish_and_wake(&mut self, end: &mut Seated) {
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
        end.tally.messages_in_all(self.reader.messages(), self.reader.bytes());
    }

    #[inline]
    fn wake_sender(&mut self, end: &mut Seated) {
        self.woken_at = self.reader.published();
        end.notify_senders(&self.reader.memory().control.space);
    }

    #[cold]
    fn released_much(&mut self, end: &mut Seated) {
        self.count_published(end);
        self.wake_sender(end);
    }

    fn rewind(&mut self, start: ReaderMark) {
        self.batch.clear();
        self.reader.rewind(start);
    }
}

impl Inlet for LaneInlet {
    type Item = Record;
    type Mark = ReaderMark;
    type Entry = Payload;
    type Bytes<'a> = RingView<'a>;
    type Place = RecordPlace;

    const SETTLE: Settle = settle_nothing;
    const LOOKS_AHEAD: bool = true;

    fn join(end: &Seated) -> Result<Self, Corruption> {
        let lane = LaneView::new(end.region(), 0, 0);
        let reader = Reader::resume(lane, lane_geometry(end.region().geometry()))?;
        let woken_at = reader.published();
        Ok(Self { reader, woken_at, batch: Vec::new() })
    }

    fn max_message(&self) -> usize {
        self.reader.geometry().max_message() as usize
    }

    fn capacity(&self) -> u64 {
        self.reader.geometry().capacity()
    }

    fn holds_messages(&mut self) -> Result<bool, Corruption> {
        Ok(self.reader.poll()?.is_some())
    }

    #[inline(always)]
    fn take_fast(&mut self, _: &mut Seated) -> Result<Option<Record>, RecvError> {
        Ok(self.reader.poll_fast())
    }

    #[inline(always)]
    fn copy_exact(&mut self, _: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Record>, RecvError> {
        let Some(record) = self.reader.poll_fast_plain(buffer.len() as u64) else { return Ok(Exact::Undecided) };
        self.reader.memory().ring().read(record.payload.0, buffer);
        self.reader.release_fast(record);
        Ok(Exact::Copied)
    }

    #[inline]
    fn take(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        self.reader.poll().map_err(|reason| RecvError::Corrupted(end.poison(reason)))
    }

    #[inline]
    fn has_message_hint(&self) -> bool {
        self.reader.glance()
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
    fn known(entry: &Payload) -> Known {
        Known { sequence: Some(entry.sequence), ..Known::default() }
    }

    #[inline(always)]
    fn bytes(&self) -> RingView<'_> {
        self.reader.memory().ring()
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
        self.batch.clear();
        if room_for_more(&mut self.batch, 1) == 0 {
            return Err(RecvError::OutOfMemory { needed: size_of::<RecordPlace>() });
        }
        self.batch.push(start.place(&first));
        self.reader.advance(first);
        loop {
            let room = room_for_more(&mut self.batch, max);
            let full = self.batch.len() + room;
            self.reader.gather(start, room, &mut self.batch);
            if self.batch.len() == full {
                if room == 0 {
                    break;
                }
                continue;
            }
            match self.reader.poll() {
                Ok(Some(record)) => {
                    self.batch.push(start.place(&record));
                    self.reader.advance(record);
                }
                Ok(None) => break,
                Err(reason) => {
                    self.rewind(start);
                    return Err(RecvError::Corrupted(end.poison(reason)));
                }
            }
        }
        Ok(start)
    }

    #[inline(always)]
    fn batch(&self) -> &[RecordPlace] {
        &self.batch
    }

    /// That is published at once, so that nobody gets it again. But a sender that waits for room is not woken for each
    /// batch: it would sleep again after a few messages.
    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.batch.clear();
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        if self.reader.publish() {
            self.count_published(end);
        }
        if self.reader.is_far_from(self.woken_at) {
            self.wake_sender(end);
        }
        Ok(())
    }

    fn give_back_batch(&mut self, end: &mut Seated, start: &ReaderMark) -> Result<(), AckError> {
        self.rewind(*start);
        if end.is_foreign() { Err(AckError::Forked) } else { Ok(()) }
    }

    fn hand_back_batch(&mut self, _: &mut Seated, start: &ReaderMark) {
        self.rewind(*start);
    }

    fn leave(&mut self, end: &mut Seated) {
        self.publish_and_wake(end);
    }
}
