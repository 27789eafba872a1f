//! The reading end of several lanes.

use super::batch::{Attached, LaneEntry, Run};
use super::memory::LanesView;
use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::channel::port::inlet::{Exact, Inlet, Known, NoPort};
use crate::channel::port::lane::{lane_geometry, settle_nothing};
use crate::error::{AckError, Corruption, RecvError};
use crate::liveness::Settle;
use crate::region::{RingView, TrustPeers};
use crate::ring::lanes::Lanes;
use crate::ring::log::{Payload, Record};
use crate::wait::Taken;
use std::collections::TryReserveError;

/// The reading end of several lanes.
#[derive(Debug)]
pub(crate) struct LanesInlet {
    lanes: Lanes<LanesView>,
    run: Run,
    totals: Totals,
    capacity: u64,
    max_message: usize,
}

/// Messages and bytes of all lanes that were counted.
#[derive(Debug, Default)]
struct Totals {
    messages: u64,
    bytes: u64,
}

impl Totals {
    /// A reader published how far it has come: so does the receiver's row.
    fn count(&mut self, end: &mut Seated, lane: &mut Attached) {
        self.count_up_to(end, lane, (lane.reader.messages(), lane.reader.bytes()));
    }

    /// So many messages and bytes of a lane were given back in all.
    fn count_up_to(&mut self, end: &mut Seated, lane: &mut Attached, in_all: (u64, u64)) {
        let (messages, bytes) = std::mem::replace(&mut lane.counted, in_all);
        self.messages = self.messages.wrapping_add(lane.counted.0.wrapping_sub(messages));
        self.bytes = self.bytes.wrapping_add(lane.counted.1.wrapping_sub(bytes));
        end.tally.messages_in_all(self.messages, self.bytes);
    }

    /// Publishes what was given back in a lane.
    fn publish(&mut self, end: &mut Seated, lane: &mut Attached) {
        if lane.reader.publish() {
            self.count(end, lane);
        }
    }

    /// And wakes a sender that waits for room, if it does not know of all of it.
    fn publish_and_wake(&mut self, end: &mut Seated, lane: &mut Attached) {
        self.publish(end, lane);
        if lane.woken_at != lane.reader.published() {
            wake_sender(end, lane);
        }
    }
}

fn wake_sender(end: &mut Seated, lane: &mut Attached) {
    lane.woken_at = lane.reader.published();
    end.notify_senders(&lane.reader.memory().control.space);
}

impl LanesInlet {
    /// Publishes what was given back, and wakes the senders that wait for room. Where nothing was found any more, that was done.
    fn publish_and_wake(&mut self, end: &mut Seated) {
        self.recall_forgotten();
        let Self { lanes, totals, .. } = self;
        lanes.for_each_active(|lane| totals.publish_and_wake(end, lane));
    }

    /// Goes back to what is left of a batch that its owner forgot: it was not given back, so it comes again.
    #[inline]
    fn recall_forgotten(&mut self) {
        if !self.run.entries.is_over() {
            self.run.rewind(&mut self.lanes);
        }
    }

    /// Wakes a lane's sender once much was published, or where its lane was found empty meanwhile: no other moment comes.
    fn wake_after_batch(&mut self, end: &mut Seated, row: u32) {
        let is_active = self.lanes.is_active(row);
        let Some(lane) = self.lanes.get_mut(row) else { return };
        if !is_active && lane.woken_at != lane.reader.published() || lane.reader.has_published_far_from(lane.woken_at) {
            wake_sender(end, lane);
        }
    }

    /// The next record. Lanes that are found empty on the way are published, unless a batch is being taken.
    fn poll(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        let Self { lanes, totals, .. } = self;
        let found = lanes.poll(|lane| totals.publish_and_wake(end, lane));
        found.map_err(|reason| RecvError::Corrupted(end.poison(reason)))
    }

    #[cold]
    fn released_much(&mut self, end: &mut Seated) {
        if let Some((_, lane)) = self.lanes.visited() {
            self.totals.count(end, lane);
            wake_sender(end, lane);
        }
    }

    fn check_ours(end: &Seated) -> Result<(), AckError> {
        if end.is_foreign() { Err(AckError::Forked) } else { Ok(()) }
    }
}

/// The memory of every lane, by its row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rings<'a>(&'a Lanes<LanesView>);

impl<'a> Rings<'a> {
    /// The ring that a message stands in.
    ///
    /// # Panics
    /// If it stands in none: what is made of an entry's row was taken from its lane, so that is a bug in the engine.
    #[inline]
    fn of(self, entry: &LaneEntry) -> RingView<'a> {
        self.0.get(entry.row).expect("a message stands in a lane").reader.memory().ring()
    }
}

impl Inlet for LanesInlet {
    type Item = Record;
    type Mark = ();
    type Entry = LaneEntry;
    type Bytes<'a> = Rings<'a>;
    type Place = LaneEntry;

    const SETTLE: Settle = settle_nothing;
    /// The limit of each lane's shortest way is 0 there.
    const STOPS_IN_A_CHILD: bool = true;
    const LOOKS_AHEAD: bool = false;

    fn join(end: &Seated) -> Result<Self, NoPort> {
        let region = end.region();
        let geometry = lane_geometry(region.geometry());
        let lanes = Lanes::resume(LanesView::new(region), geometry)?;
        let (capacity, max_message) = (geometry.capacity(), geometry.max_message() as usize);
        Ok(Self { lanes, run: Run::new(), totals: Totals::default(), capacity, max_message })
    }

    fn max_message(&self) -> usize {
        self.max_message
    }

    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn holds_messages(&mut self, _: &Seated) -> Result<bool, Corruption> {
        Ok(self.lanes.poll(|_| {})?.is_some())
    }

    #[inline]
    fn take_fast(&mut self, _: &mut Seated) -> Result<Option<Record>, RecvError> {
        Ok(self.lanes.visited().and_then(|(_, lane)| lane.reader.poll_fast()))
    }

    #[inline]
    fn copy_exact(&mut self, _: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Record>, RecvError> {
        let Some((_, lane)) = self.lanes.visited() else { return Ok(Exact::Undecided) };
        let length = buffer.len() as u64;
        if !lane.reader.take_exact(length, |spot| spot.read(buffer)) {
            return Ok(Exact::Undecided);
        }
        self.lanes.spend(length);
        Ok(Exact::Copied)
    }

    fn take(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        self.recall_forgotten();
        self.poll(end)
    }

    #[inline]
    fn has_message_hint(&self) -> bool {
        self.lanes.glance()
    }

    /// A hint passes idle lanes over; a poll looks at all of them. What it finds, it finds again.
    fn has_message(&mut self, end: &mut Seated) -> bool {
        !matches!(self.take(end), Ok(None))
    }

    fn found_nothing(&mut self, end: &mut Seated) {
        self.publish_and_wake(end);
    }

    /// Whether a sender is there, the lanes tell themselves, by looks of their own that are in the right order.
    /// (All that was given back is published: nothing was taken since the last look found nothing. What is wrong, the next look
    /// tells.)
    fn is_drained(&mut self) -> bool {
        self.lanes.is_over(|_| {}).unwrap_or(false)
    }

    fn end(&mut self) {
        self.lanes.end();
    }

    fn taken(&self, _: &Seated) -> Taken {
        Taken { messages: self.totals.messages, bytes: self.totals.bytes }
    }

    /// It is the visited lane's next one for as long as it is held.
    #[inline]
    fn entry(&self, record: &Record) -> LaneEntry {
        let (row, sequence) = self.lanes.next_message();
        LaneEntry { row, payload: Payload { payload: record.payload, length: record.length, sequence } }
    }

    #[inline]
    fn entry_of((): &(), place: LaneEntry, _: usize) -> LaneEntry {
        place
    }

    #[inline]
    fn length(entry: &LaneEntry) -> usize {
        entry.payload.length as usize
    }

    #[inline]
    fn known(_: Rings<'_>, entry: &LaneEntry) -> Known {
        Known { sequence: Some(entry.sequence()), sender: Some(entry.row), ..Known::default() }
    }

    #[inline]
    fn bytes(&self) -> Rings<'_> {
        Rings(&self.lanes)
    }

    #[inline]
    fn read(rings: Rings<'_>, entry: &LaneEntry, buffer: &mut [u8]) {
        rings.of(entry).read(entry.payload.payload.0, buffer);
    }

    fn append(rings: Rings<'_>, entry: &LaneEntry, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        rings.of(entry).append_to(entry.payload.payload.0, entry.payload.length as usize, vector)
    }

    fn borrow<'a>(rings: Rings<'a>, entry: &LaneEntry, trust: TrustPeers) -> &'a [u8]
    where
        Self: 'a,
    {
        rings.of(entry).borrow(trust, entry.payload.payload.0, entry.payload.length as usize)
    }

    #[inline]
    fn finish(&mut self, end: &mut Seated, record: Record) -> Result<(), AckError> {
        Self::check_ours(end)?;
        let Some((_, lane)) = self.lanes.visited() else { return Ok(()) };
        if lane.reader.release(record) {
            self.released_much(end);
        }
        self.lanes.spend(record.length);
        Ok(())
    }

    /// Nothing has advanced, and the turn stays: forgetting the message is all.
    fn give_back(&mut self, end: &mut Seated, _: Record) -> Result<(), AckError> {
        Self::check_ours(end)
    }

    fn keep(&mut self, _: Record) {}

    fn collect(&mut self, end: &mut Seated, first: Record, max: usize) -> Result<(), RecvError> {
        self.run.clear();
        let max = max.max(1);
        let mut next = Some(first);
        while let Some(record) = next {
            if self.run.take_visit(&mut self.lanes, record, max) == 0 {
                break;
            }
            // What was taken is not given back yet: of those lanes, nothing is published on the way.
            let Self { lanes, totals, .. } = self;
            let emptied = |lane: &mut Attached| {
                if !lane.in_batch {
                    totals.publish_and_wake(end, lane);
                }
            };
            next = match lanes.poll(emptied) {
                Ok(next) => next,
                Err(reason) => {
                    self.run.rewind(&mut self.lanes);
                    return Err(RecvError::Corrupted(end.poison(reason)));
                }
            };
        }
        self.run.pause(&mut self.lanes);
        match self.run.entries.is_over() {
            true => Err(RecvError::OutOfMemory { needed: size_of::<LaneEntry>() }),
            false => Ok(()),
        }
    }

    fn batch(&self) -> &Places<LaneEntry> {
        &self.run.entries
    }

    /// They are released, lane by lane, and that is published at once, so that no successor gets them again.
    fn finish_first(&mut self, end: &mut Seated, (): &(), count: usize) -> Result<(), AckError> {
        Self::check_ours(end)?;
        let mut left = count.min(self.run.entries.left());
        while left > 0
            && let Some((passed, row, released)) = self.run.pass(&mut self.lanes, left)
        {
            if let Some(lane) = self.lanes.get_mut(row) {
                lane.reader.publish_before(&released);
                let in_all = lane.reader.so_far(&released);
                self.totals.count_up_to(end, lane, in_all);
            }
            self.wake_after_batch(end, row);
            left -= passed;
        }
        Ok(())
    }

    /// That is published at once, so that no successor gets it again. But a sender that waits for room is not woken for each
    /// batch: it would sleep again after a few messages. Only where its lane was found empty meanwhile, no other moment comes.
    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        if end.is_foreign() {
            self.run.clear();
            return Err(AckError::Forked);
        }
        let run = std::mem::replace(&mut self.run, Run::new());
        for row in run.rows() {
            let Some(lane) = self.lanes.get_mut(row) else { continue };
            lane.in_batch = false;
            self.totals.publish(end, lane);
            self.wake_after_batch(end, row);
        }
        self.run = run;
        self.run.clear();
        Ok(())
    }

    fn give_back_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.run.rewind(&mut self.lanes);
        Self::check_ours(end)
    }

    fn hand_back_batch(&mut self, _: &mut Seated) {
        self.run.rewind(&mut self.lanes);
    }

    fn leave(&mut self, end: &mut Seated) {
        self.publish_and_wake(end);
    }
}
