//! The reading end of a lossy broadcast: it copies each message, and believes the copy once it knows that nothing of it was overwritten
//! meanwhile.
//!
//! What it hands out are its copies. Only a message that fills the caller's buffer exactly goes there without one.

use super::copies::Copies;
use super::memory::{BroadcastView, seat_of};
use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::channel::port::inlet::{Exact, NoPort};
use crate::channel::port::lane::lane_geometry;
use crate::error::RecvError;
use crate::layout::Policy;
use crate::ring::broadcast::{BroadcastMemory, Found, Look, LossyReader, Start};
use crate::ring::log::{ReaderMark, Record, RecordPlace};
use crate::sync::Ordering::Relaxed;
use crate::wait::Taken;

/// How often a receiver that is overtaken while it copies looks for a place to go on from, in one look.
const TURNS: u32 = 64;

/// After so many messages, a power of two, it tells where it stands.
const TOLD_AFTER: u64 = 64;

/// See the module.
#[derive(Debug)]
pub(crate) struct LossyInlet {
    reader: LossyReader<BroadcastView>,
    seat: u32,
    told_after: u64,
    copies: Copies<Record>,
    /// The messages of the current batch, which are the first of the copies; empty otherwise.
    batch: Places<RecordPlace>,
    /// How many messages are lost, of which the caller was not told.
    missed: u64,
    /// Whether it was told that there is nothing more.
    ended: bool,
    messages: u64,
    bytes: u64,
}

impl LossyInlet {
    /// `is_named`: whether it says with each message where it stands.
    pub(super) fn join(end: &Seated, lane: u32, start: Start, is_named: bool) -> Result<Self, NoPort> {
        let (seat, region) = (seat_of(end), end.region());
        let memory = BroadcastView::new(region, lane, seat);
        let (reader, missed) = LossyReader::join(memory, lane_geometry(region.geometry()), start)?;
        let (copies, batch) = (Copies::new(), Places::new());
        let told_after = match region.facts().policy {
            // The sender goes by it.
            Policy::Evict => 1,
            // Its successor goes on there.
            _ if is_named => 1,
            Policy::Block | Policy::Fail | Policy::Overwrite => TOLD_AFTER,
        };
        reader.show(seat);
        let inlet = Self { reader, seat, told_after, copies, batch, missed, ended: false, messages: 0, bytes: 0 };
        inlet.keep_number(inlet.next_sequence().saturating_sub(missed));
        Ok(inlet)
    }

    /// The port of a receiver that has come back by its name, or has taken another one's seat over.
    pub(super) fn come_back(end: &Seated, lane: u32) -> Result<Self, NoPort> {
        let kept = BroadcastView::new(end.region(), lane, seat_of(end)).next().load(Relaxed);
        Self::join(end, lane, Start::At(kept), end.seat().is_kept())
    }

    pub(super) fn reader(&self) -> &LossyReader<BroadcastView> {
        &self.reader
    }

    pub(super) fn copies(&self) -> &Copies<Record> {
        &self.copies
    }

    pub(super) fn batch(&self) -> &Places<RecordPlace> {
        &self.batch
    }

    /// The number of the next message.
    pub(super) fn next_sequence(&self) -> u64 {
        self.copies.next_sequence().unwrap_or(self.reader.sequence())
    }

    /// How many messages were sent behind those that it has copied.
    pub(super) fn behind(&self) -> u64 {
        self.reader.behind()
    }

    /// Whether there is something to take.
    pub(super) fn glance(&self) -> bool {
        self.copies.count() > 0 || self.missed > 0 || !self.ended && self.reader.glance()
    }

    /// Whether a take would return something, or fail. Tells of no loss: the take does.
    pub(super) fn has_message(&mut self, end: &Seated) -> bool {
        self.recall_forgotten();
        if self.copies.count() > 0 || self.ended {
            return self.copies.count() > 0;
        }
        if self.missed > 0 {
            return true;
        }
        match self.reader.poll_again() {
            Ok(found) => !matches!(found, Found::Nothing),
            Err(reason) => {
                end.poison(reason);
                true
            }
        }
    }

    pub(super) fn taken(&self) -> Taken {
        Taken { messages: self.messages, bytes: self.bytes }
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Tells where it stands: the sender, observers, and the receiver that comes back by its name.
    fn tell(&self) {
        // Of what it missed, the caller is told before that.
        if self.missed == 0 {
            self.keep_number(self.next_sequence());
        }
        self.reader.tell(self.seat);
    }

    fn keep_number(&self, next: u64) {
        // Relaxed: its successor comes behind it by the row.
        self.reader.memory().next().store(next, Relaxed);
    }

    // A function of its own: once in many messages.
    #[inline(never)]
    fn count_told(&self, end: &mut Seated) {
        self.tell();
        end.tally.messages_of_lane(self.messages, self.bytes);
    }

    /// Nothing more was found.
    pub(super) fn found_nothing(&mut self, end: &mut Seated) {
        self.recall_forgotten();
        self.count_told(end);
    }

    /// So many messages of so many bytes are done with.
    #[inline]
    fn count(&mut self, end: &mut Seated, messages: u64, bytes: u64) {
        let before = self.messages;
        self.messages = before.wrapping_add(messages);
        self.bytes = self.bytes.wrapping_add(bytes);
        if (before ^ self.messages) >= self.told_after {
            self.count_told(end);
        }
    }

    /// A batch whose owner forgot it comes again.
    #[inline]
    fn recall_forgotten(&mut self) {
        self.batch.clear();
    }

    /// The next record, if one is there.
    fn poll(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        if self.missed > 0 {
            return Err(self.lagged(end, 0));
        }
        for _ in 0..TURNS {
            match self.reader.poll().map_err(|reason| RecvError::Corrupted(end.poison(reason)))? {
                Look::Record(record) => return Ok(Some(record)),
                Look::Nothing => return Ok(None),
                Look::Lagged { lost } => return Err(self.lagged(end, lost)),
                Look::Overtaken => {}
            }
        }
        Ok(None)
    }

    /// So many are lost, and those that were missed before.
    #[cold]
    fn lagged(&mut self, end: &mut Seated, lost: u64) -> RecvError {
        let lost = lost.saturating_add(std::mem::take(&mut self.missed));
        end.tally.lost(lost);
        // Its successor is not told of them again.
        self.tell();
        RecvError::Lagged { lost }
    }

    /// Copies a record, and keeps the copy if nothing of it was overwritten. False: it was.
    fn copy(&mut self, record: Record) -> Result<bool, RecvError> {
        let (length, payload) = (record.length as usize, record.payload.0);
        let ring = self.reader.memory().ring();
        let place = self
            .copies
            .append(length, |bytes| ring.append_to(payload, length, bytes))
            .map_err(|_| RecvError::OutOfMemory { needed: length })?;
        if !self.reader.is_intact() {
            return Ok(false);
        }
        self.copies.keep(place, record, self.reader.sequence());
        self.reader.release(record);
        Ok(true)
    }

    /// Copies the next message. `None`: there is none.
    pub(super) fn take(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        self.recall_forgotten();
        if let Some(front) = self.copies.front() {
            return Ok(Some(front));
        }
        if self.ended {
            return Ok(None);
        }
        for _ in 0..TURNS {
            let Some(record) = self.poll(end)? else { return Ok(None) };
            if self.copy(record)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Copies the next message into the buffer, where it is at hand and fills that exactly.
    #[inline(always)]
    pub(super) fn copy_exact(&mut self, end: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Record>, RecvError> {
        if self.copies.count() > 0 || self.missed > 0 || self.ended {
            return Ok(Exact::Undecided);
        }
        let found = self.reader.poll_again().map_err(|reason| RecvError::Corrupted(end.poison(reason)))?;
        let Found::Record(record) = found else { return Ok(Exact::Undecided) };
        if record.length != buffer.len() as u64 {
            return Ok(if self.copy(record)? { Exact::Other(record) } else { Exact::Undecided });
        }
        self.reader.memory().ring().read(record.payload.0, buffer);
        if !self.reader.is_intact() {
            return Ok(Exact::Undecided);
        }
        self.reader.release(record);
        self.count(end, 1, record.length);
        Ok(Exact::Copied)
    }

    /// The message in front is done with.
    pub(super) fn finish(&mut self, end: &mut Seated) {
        if let Some(front) = self.copies.front() {
            self.copies.finish(1);
            self.count(end, 1, front.length);
        }
    }

    /// Takes up to `max` messages, of which the first is in front of the copies: as many as there are without a gap.
    pub(super) fn collect(&mut self, end: &mut Seated, max: usize) -> Result<ReaderMark, RecvError> {
        self.copies.compact();
        let max = max.max(1);
        while self.batch.room_for_more(max) > 0 {
            let index = self.batch.len();
            if index == self.copies.count() && !self.copy_next(end)? {
                break;
            }
            let Some(place) = self.copies.get(index) else { break };
            self.batch.all_mut().push(place);
        }
        match self.batch.is_over() {
            true => Err(RecvError::OutOfMemory { needed: size_of::<RecordPlace>() }),
            false => Ok(self.copies.mark()),
        }
    }

    /// Copies one message more for a batch, if it follows what is copied, and no ring's worth is. What there is no memory for, and what
    /// was overwritten, is for the next call.
    fn copy_next(&mut self, end: &mut Seated) -> Result<bool, RecvError> {
        if self.ended || self.copies.len() as u64 >= self.reader.geometry().capacity() {
            return Ok(false);
        }
        match self.reader.poll_again().map_err(|reason| RecvError::Corrupted(end.poison(reason)))? {
            Found::Record(record) => Ok(matches!(self.copy(record), Ok(true))),
            Found::Nothing | Found::Overwritten => Ok(false),
        }
    }

    /// The first `count` messages of the batch that are left are done with.
    pub(super) fn finish_first(&mut self, end: &mut Seated, count: usize) {
        let (_, rest) = self.batch.rest();
        let passed = &rest[..count.min(rest.len())];
        let (count, bytes) = (passed.len(), passed.iter().map(RecordPlace::length).sum());
        self.batch.pass(count, 0);
        self.copies.finish(count);
        self.count(end, count as u64, bytes);
    }

    /// All that are left are done with.
    pub(super) fn finish_batch(&mut self, end: &mut Seated) {
        self.finish_first(end, usize::MAX);
        self.batch.clear();
        self.count_told(end);
    }

    /// All that are left come again.
    pub(super) fn give_back_batch(&mut self) {
        self.batch.clear();
    }
}
