//! The receiving end of an `spsc` channel.

use crate::channel::batch::room_for_more;
use crate::channel::end::{Seated, Since, Trouble};
use crate::channel::port::{lane_geometry, settle_nothing};
use crate::channel::shared::Shared;
use crate::error::{Corruption, JoinError, RecvError, TryRecvError};
use crate::layout::Role;
use crate::region::LaneView;
use crate::ring::log::{Position, Reader, ReaderMark, Record, RecordPlace};
use crate::sync::AtomicU32;
use crate::wait::{Calls, Pace, Strategy, Taken, Waiting, block};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

/// The receiver of an `spsc` channel. One lives at a time; dropping it leaves the channel.
pub struct Receiver {
    pub(super) reader: Reader<LaneView>,
    pub(in crate::channel) end: Seated,
    /// Whether the channel held messages when this receiver joined.
    held_messages: bool,
    pace: Pace,
    /// What was published when a sender that waits for room was woken last.
    woken_at: Position,
    /// The records of the current batch; empty otherwise. Kept for its allocation.
    pub(super) batch: Vec<RecordPlace>,
    _not_sync: PhantomData<Cell<()>>,
}

/// What a look for the next message found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Something that the fast path does not serve; the call has not been counted as one that found nothing.
    Unusual,
    /// Something came.
    Found,
    /// Nothing yet.
    InVain,
}

impl Receiver {
    pub(super) fn join(shared: &Arc<Shared>, since: Since<'_>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Receiver, settle_nothing, since)?;
        let corrupted =
            |reason| JoinError::Corrupted { channel: end.region().label().to_owned(), reason: end.poison(reason) };
        let lane = LaneView::new(end.region(), 0, 0);
        let mut reader = Reader::resume(lane, lane_geometry(end.region().geometry())).map_err(corrupted)?;
        let held_messages = reader.poll().map_err(corrupted)?.is_some();
        let pace = Pace::new(reader.geometry().capacity());
        let woken_at = reader.published();
        Ok(Self { reader, end, held_messages, pace, woken_at, batch: Vec::new(), _not_sync: PhantomData })
    }

    /// The row of this receiver's seat: which of [`Info::participants`](crate::Info::participants) it is.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes: a buffer of this length always suffices.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.reader.geometry().max_message() as usize
    }

    /// How this receiver waits for messages. Default: [`Strategy::Adaptive`].
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// Copies the next message into `buffer`, releases it, and returns its length. Blocks while the channel is empty.
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`] leaves the message in the channel; see [`RecvError`].
    #[inline(always)]
    pub fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        // In line, so that the compiler knows the length of a message that has a fixed one.
        if let Some(length) = self.copy_before_frontier(buffer) {
            return Ok(length);
        }
        let look = self.look_for_next();
        if look == Look::Found
            && let Some(length) = self.copy_before_frontier(buffer)
        {
            return Ok(length);
        }
        self.recv_into_slow(buffer, look)
    }

    /// Takes a message that is as long as the buffer, by the fast path.
    #[inline(always)]
    fn copy_before_frontier(&mut self, buffer: &mut [u8]) -> Option<usize> {
        if self.end.is_foreign() {
            return None;
        }
        let record = self.reader.poll_fast_plain(buffer.len() as u64)?;
        self.reader.memory().ring().read(record.payload.0, buffer);
        self.reader.release_fast(record);
        Some(buffer.len())
    }

    /// Looks for what may come in a moment, if the strategy has it spin: the caller then takes it by the shortest way.
    #[inline(never)]
    fn look_for_next(&mut self) -> Look {
        if self.reader.glance() || self.end.is_foreign() {
            return Look::Unusual;
        }
        self.end.tally.empty();
        block::fall_back(self);
        if !self.reader.glance() {
            self.publish_and_wake();
            if self.end.has_news() {
                return Look::InVain;
            }
        }
        if !block::look_eagerly(self) {
            return Look::InVain;
        }
        Look::Found
    }

    #[inline(never)]
    fn recv_into_slow(&mut self, buffer: &mut [u8], look: Look) -> Result<usize, RecvError> {
        // Probably just shorter than the buffer.
        let record = match self.record_before_frontier() {
            Some(record) => record,
            None => self.wait_after(look)?,
        };
        self.copy_and_release(record, buffer)
    }

    /// The next record. Blocks while the channel is empty.
    #[inline(always)]
    pub(super) fn next_record(&mut self) -> Result<Record, RecvError> {
        match self.record_before_frontier() {
            Some(record) => Ok(record),
            None => self.next_record_slow(),
        }
    }

    /// The next record, by the fast path.
    #[inline(always)]
    fn record_before_frontier(&mut self) -> Option<Record> {
        if self.end.is_foreign() { None } else { self.reader.poll_fast() }
    }

    #[cold]
    #[inline(never)]
    fn next_record_slow(&mut self) -> Result<Record, RecvError> {
        if !self.end.is_foreign()
            && let Ok(Some(record)) = self.reader.poll()
        {
            return Ok(record);
        }
        let look = self.look_for_next();
        self.wait_after(look)
    }

    #[inline(never)]
    fn wait_after(&mut self, look: Look) -> Result<Record, RecvError> {
        match look {
            Look::Unusual => self.wait_slow(),
            Look::Found | Look::InVain => match self.attempt_record()? {
                Some(record) => Ok(record),
                None => self.keep_waiting(),
            },
        }
    }

    /// Copies the next message into `buffer`, if there is one now, releases it, and returns its length.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]; `BufferTooSmall` leaves the message in the channel; see [`TryRecvError`].
    #[inline]
    pub fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        let record = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(self.copy_and_release(record, buffer)?)
    }

    /// Wakes the sender, if it sleeps in front of a full channel and something was released since it was woken last; and counts
    /// what was received, for [`info`](super::Channel::info).
    pub fn publish_released(&mut self) {
        if !self.end.is_foreign() {
            self.publish_and_wake();
        }
    }

    /// Leaves the channel, as dropping does.
    pub fn close(self) {}

    #[inline]
    fn copy_and_release(&mut self, record: Record, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let length = record.length as usize;
        let Some(target) = buffer.get_mut(..length) else {
            return Err(RecvError::BufferTooSmall { needed: length });
        };
        self.reader.memory().ring().read(record.payload.0, target);
        self.release(record);
        Ok(length)
    }

    /// Whether this process inherited it by `fork`.
    pub(super) fn is_foreign(&self) -> bool {
        self.end.is_foreign()
    }

    /// Gives one record back; in a forked child, touches nothing.
    #[inline(always)]
    pub(super) fn release(&mut self, record: Record) {
        if self.end.is_foreign() {
            return;
        }
        if self.reader.release(record) {
            self.released_much();
        }
    }

    #[cold]
    fn released_much(&mut self) {
        self.count_published();
        self.wake_sender();
    }

    /// Puts the first message of a batch into `self.batch`, and up to `max` in all. Returns where they begin.
    pub(super) fn collect_batch(&mut self, first: Record, max: usize) -> Result<ReaderMark, RecvError> {
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
                    self.reader.rewind(start);
                    return Err(RecvError::Corrupted(self.end.poison(reason)));
                }
            }
        }
        Ok(start)
    }

    /// Gives the current batch back; in a forked child, touches nothing.
    ///
    /// That is published at once, so that nobody gets it again. But a sender that waits for room is not woken for each
    /// batch: it would sleep again after a few messages.
    pub(super) fn release_batch(&mut self) {
        if self.end.is_foreign() {
            return;
        }
        self.batch.clear();
        if self.reader.publish() {
            self.count_published();
        }
        if self.reader.is_far_from(self.woken_at) {
            self.wake_sender();
        }
    }

    #[inline]
    fn attempt_record(&mut self) -> Result<Option<Record>, RecvError> {
        if self.end.is_foreign() {
            return Err(RecvError::Forked);
        }
        match self.reader.poll() {
            Ok(Some(record)) => Ok(Some(record)),
            Ok(None) => self.found_empty(),
            Err(reason) => Err(RecvError::Corrupted(self.end.poison(reason))),
        }
    }

    fn found_empty(&mut self) -> Result<Option<Record>, RecvError> {
        self.publish_and_wake();
        if self.end.has_news() { self.take_news() } else { Ok(None) }
    }

    /// Somebody joined or left, or the status changed. What is still in the channel comes first.
    #[cold]
    fn take_news(&mut self) -> Result<Option<Record>, RecvError> {
        let look = self.end.look();
        if look.is_ok() && self.reader.misses_records() {
            return Err(RecvError::Corrupted(self.end.poison(Corruption::RecordHeader)));
        }
        if let Ok((presence, membership)) = look
            && !self.end.senders_are_gone(presence, self.held_messages)
        {
            self.end.acknowledge(membership);
            return Ok(None);
        }
        // Whoever left did so after its last commit. A channel that was closed may have a sender that does not know yet: what it
        // commits after this look does not come any more.
        match self.reader.poll() {
            Ok(None) => {
                if look == Err(Trouble::Closed) {
                    self.reader.end();
                }
                Err(look.map_or_else(RecvError::from, |_| RecvError::Disconnected))
            }
            Ok(record) => Ok(record),
            Err(reason) => Err(RecvError::Corrupted(self.end.poison(reason))),
        }
    }

    #[inline]
    fn taken(&self) -> Taken {
        Taken { messages: self.reader.messages(), bytes: self.reader.bytes() }
    }

    /// Publishes what was given back, and wakes a sender that waits for room, if it does not know of all of it.
    #[inline]
    fn publish_and_wake(&mut self) {
        if self.reader.publish() {
            self.count_published();
        }
        if self.woken_at != self.reader.published() {
            self.wake_sender();
        }
    }

    /// The reader published how far it has come: so does its row.
    #[inline]
    fn count_published(&mut self) {
        let Taken { messages, bytes } = self.taken();
        self.end.tally.messages_in_all(messages, bytes);
    }

    #[inline]
    fn wake_sender(&mut self) {
        self.woken_at = self.reader.published();
        self.end.notify_one_sender(&self.reader.memory().control.space);
    }
}

impl Waiting for Receiver {
    type Output = Record;
    type Error = RecvError;
    type Waiter = Seated;

    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<Record>, RecvError> {
        Ok(self.record_before_frontier())
    }

    #[inline]
    fn attempt(&mut self) -> Result<Option<Record>, RecvError> {
        self.attempt_record()
    }

    #[inline]
    fn glance(&self) -> bool {
        self.reader.glance()
    }

    #[inline]
    fn waiter(&self) -> &Seated {
        &self.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.end
    }

    fn word(&self) -> &AtomicU32 {
        self.end.data()
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.end.tally.empty();
    }

    #[inline]
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        let taken = self.taken();
        Some((&mut self.pace, taken))
    }

    fn before_park(&mut self) {
        self.publish_released();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.publish_released();
    }
}
