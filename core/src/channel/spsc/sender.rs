//! The sending end of an `spsc` channel.

use crate::channel::endpoint::{Endpoint, Since};
use crate::channel::lane::{lane_geometry, settle_nothing};
use crate::channel::shared::Shared;
use crate::error::{GrantError, JoinError, SendBatchError, SendError, SendTimeoutError, TrySendError};
use crate::layout::Role;
use crate::region::{LaneView, RingView, TrustPeers};
use crate::ring::log::{Claim, Position, Refusal, Reservation, Writer};
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use crate::wait::{Calls, Strategy, Waiting};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// The sender of an `spsc` channel. One lives at a time; dropping it leaves the channel.
pub struct Sender {
    writer: Writer<LaneView>,
    pub(in crate::channel) end: Endpoint,
    resumed_at: u64,
    /// Searches for room since it joined.
    searches: u32,
    _not_sync: PhantomData<Cell<()>>,
}

impl Sender {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        let end = Endpoint::join(shared, Role::Sender, settle_nothing, Since::Now)?;
        let lane = LaneView::new(end.region(), end.seat().row(), 0);
        let writer = Writer::resume(lane, lane_geometry(end.region().geometry())).map_err(|reason| {
            JoinError::Corrupted { channel: end.region().label().to_owned(), reason: end.poison(reason) }
        })?;
        let resumed_at = writer.count();
        Ok(Self { writer, end, resumed_at, searches: 0, _not_sync: PhantomData })
    }

    /// How many messages this lane had carried when this sender joined. A sender that takes over from a dead one knows
    /// by it which of its messages are committed.
    #[must_use]
    pub fn resumed_at(&self) -> u64 {
        self.resumed_at
    }

    /// How many messages this lane has carried by now.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.writer.count()
    }

    /// The row of this sender's seat: which of [`Info::participants`](crate::Info::participants) it is.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.writer.geometry().max_message() as usize
    }

    /// How this sender waits for room. Default: [`Strategy::Adaptive`].
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// Sends a copy of `message`, of 0 to [`Sender::max_message`] bytes. Blocks while the channel is full.
    ///
    /// # Errors
    /// See [`SendError`]. The message was not sent.
    #[inline(always)]
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        if self.send_before_frontier(message) {
            self.wake_receiver();
            return Ok(());
        }
        self.send_slowly(message)
    }

    /// Sends by the shortest way, where nothing needs a second thought. In line, so that the compiler knows the length of a message
    /// that has a fixed one. Whether it was sent; nobody was woken.
    #[inline(always)]
    fn send_before_frontier(&mut self, message: &[u8]) -> bool {
        if self.end.is_foreign() || self.end.has_news() {
            return false;
        }
        let Some(reservation) = self.writer.reserve_before_frontier(message.len() as u64) else {
            return false;
        };
        self.fill_and_commit(reservation, message);
        true
    }

    #[cold]
    #[inline(never)]
    fn send_slowly(&mut self, message: &[u8]) -> Result<(), SendError> {
        let reservation = self.room(message.len()).wait_slow()?;
        self.send_into(reservation, message);
        Ok(())
    }

    /// Sends a copy of `message` if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`]. The message was not sent.
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        let reservation = self.room(message.len()).now()?.ok_or(TrySendError::Full)?;
        self.send_into(reservation, message);
        Ok(())
    }

    /// Sends a copy of `message`. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    #[inline]
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        let reservation = self.room(message.len()).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        self.send_into(reservation, message);
        Ok(())
    }

    /// Sends copies of all messages, in order, looking for a sleeping receiver once. Blocks while the channel is full.
    /// Each message can be received as soon as it is written. Returns how many there were.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.send_batch(["one", "two", "three"])?, 3);
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        // Whatever ends this call, an error or a panic of the caller's iterator, the receiver learns of what was sent.
        struct Wake<'a>(&'a mut Sender);
        impl Drop for Wake<'_> {
            fn drop(&mut self) {
                if !self.0.end.is_foreign() {
                    self.0.wake_receiver();
                    self.0.publish();
                }
            }
        }
        let batch = Wake(self);
        let mut messages = messages.into_iter();
        let mut sent = 0;
        loop {
            let Some(message) = batch.0.send_run(&mut messages, &mut sent) else { return Ok(sent) };
            batch.0.send_next_of_batch(message.as_ref()).map_err(|error| SendBatchError { sent, error })?;
            sent += 1;
        }
    }

    /// Sends messages by the shortest way, and counts them, up to one that needs a second thought. Returns that one.
    #[inline(always)]
    fn send_run<I: Iterator>(&mut self, messages: &mut I, sent: &mut usize) -> Option<I::Item>
    where
        I::Item: AsRef<[u8]>,
    {
        let mut run = self.writer.run();
        loop {
            let message = messages.next()?;
            let bytes = message.as_ref();
            let appended = |ring: RingView<'_>, payload: Position| ring.write(payload.0, 0, bytes);
            // The iterator may have forked, or taken its time.
            if self.end.is_foreign() || self.end.has_news() || !run.append(bytes.len() as u64, appended) {
                return Some(message);
            }
            *sent += 1;
        }
    }

    /// Before it waits for room, the receiver learns of what was sent so far.
    #[inline(never)]
    fn send_next_of_batch(&mut self, message: &[u8]) -> Result<(), SendError> {
        let reservation = match self.room(message.len()).first_attempt()? {
            Some(reservation) => reservation,
            None => {
                self.wake_receiver();
                self.room(message.len()).keep_waiting()?
            }
        };
        self.fill_and_commit(reservation, message);
        self.writer.claim_after(&reservation);
        Ok(())
    }

    /// Room for a message of up to `length` bytes, to be filled in place. Blocks while the channel is full.
    ///
    /// # Errors
    /// See [`SendError`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(100)?;
    /// grant.write_at(0, b"head")?;
    /// grant.write_at(4, b"tail")?;
    /// grant.commit(8)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"headtail");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn reserve(&mut self, length: usize) -> Result<Grant<'_>, SendError> {
        let reservation = self.room(length).wait()?;
        Ok(Grant::new(self, reservation))
    }

    /// Room for a message of up to `length` bytes, if there is any now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`].
    #[inline(always)]
    pub fn try_reserve(&mut self, length: usize) -> Result<Grant<'_>, TrySendError> {
        let reservation = self.room(length).now()?.ok_or(TrySendError::Full)?;
        Ok(Grant::new(self, reservation))
    }

    /// Room for a message of up to `length` bytes. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    #[inline]
    pub fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Grant<'_>, SendTimeoutError> {
        let reservation = self.room(length).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(Grant::new(self, reservation))
    }

    /// Leaves the channel, as dropping does, and says whether the messages are where receivers find them.
    ///
    /// # Errors
    /// [`SendError::Removed`]: the channel's file was removed meanwhile, by whatever means. Receivers that were there then may have
    /// got the messages; nobody else does. [`SendError::Corrupted`]; [`SendError::Forked`]: it is the parent's, and stays.
    pub fn close(mut self) -> Result<(), SendError> {
        self.end.check_farewell()
    }

    /// Waiting for room for `length` bytes.
    #[inline]
    fn room(&mut self, length: usize) -> Room<'_> {
        Room { sender: self, length }
    }

    /// Room for `length` bytes; `reserve` finds it where that needs a second thought.
    #[inline(always)]
    fn attempt_room(
        &mut self,
        length: usize,
        reserve: fn(&mut Writer<LaneView>, u64) -> Result<Reservation, Refusal>,
    ) -> Result<Option<Reservation>, SendError> {
        if self.end.is_foreign() {
            return Err(SendError::Forked);
        }
        // Every few stretches, and while it waits: a sender that is busy notices, too, that the file is gone.
        self.searches = self.searches.wrapping_add(1);
        if self.searches.is_multiple_of(8) {
            self.end.pass_slice()?;
        }
        if self.end.has_news() {
            self.end.look_at_receivers()?;
        }
        let reservation = reserve(&mut self.writer, length as u64);
        if self.writer.is_published() {
            self.count_published();
        }
        match reservation {
            Ok(reservation) => Ok(Some(reservation)),
            Err(refusal) => self.refused(refusal, length),
        }
    }

    /// Tells observers what was sent so far.
    fn publish(&mut self) {
        self.writer.publish();
        self.count_published();
    }

    /// The writer published how far it has come: so does its row.
    fn count_published(&mut self) {
        self.end.tally.messages_in_all(self.writer.messages(), self.writer.bytes());
    }

    #[cold]
    fn refused(&mut self, refusal: Refusal, length: usize) -> Result<Option<Reservation>, SendError> {
        match refusal {
            Refusal::Full => Ok(None),
            Refusal::TooLarge => Err(SendError::TooLarge { length, max: self.max_message() }),
            Refusal::Corrupted(reason) => Err(SendError::Corrupted(self.end.poison(reason))),
        }
    }

    #[inline(always)]
    fn send_into(&mut self, reservation: Reservation, message: &[u8]) {
        self.fill_and_commit(reservation, message);
        self.wake_receiver();
        self.writer.claim_after(&reservation);
    }

    #[inline(always)]
    fn fill_and_commit(&mut self, reservation: Reservation, message: &[u8]) {
        let length = message.len() as u64;
        self.writer.fill_and_commit(reservation, length, |ring, payload| ring.write(payload.0, 0, message));
    }

    #[inline]
    fn wake_receiver(&mut self) {
        self.end.notify_receivers();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.end.is_foreign() {
            self.publish();
        }
    }
}

/// Waiting for room for `length` bytes.
struct Room<'a> {
    sender: &'a mut Sender,
    length: usize,
}

impl Waiting for Room<'_> {
    type Output = Reservation;
    type Error = SendError;
    type Waiter = Endpoint;

    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<Reservation>, SendError> {
        if self.sender.end.is_foreign() || self.sender.end.has_news() {
            return Ok(None);
        }
        Ok(self.sender.writer.reserve_shortly(self.length as u64))
    }

    #[inline(always)]
    fn attempt(&mut self) -> Result<Option<Reservation>, SendError> {
        self.sender.attempt_room(self.length, Writer::reserve_patiently)
    }

    #[inline(always)]
    fn attempt_slow(&mut self) -> Result<Option<Reservation>, SendError> {
        self.sender.attempt_room(self.length, Writer::reserve)
    }

    #[inline]
    fn glance(&self) -> bool {
        self.sender.writer.glance()
    }

    #[inline]
    fn waiter(&self) -> &Endpoint {
        &self.sender.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Endpoint {
        &mut self.sender.end
    }

    fn word(&self) -> &AtomicU32 {
        &self.sender.writer.memory().control.space
    }

    /// What was released may not be room enough.
    fn wakes(&self) -> Wakes {
        Wakes::All
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.sender.end.tally.full();
    }
}

/// Room for one message in the channel, invisible to the receiver until it is committed. Dropping it sends nothing.
///
/// Bytes that are committed without having been written hold whatever the ring held there: zeros, or parts of earlier
/// messages of this channel.
#[derive(Debug)]
#[must_use = "dropping a grant sends nothing: commit it"]
pub struct Grant<'a> {
    sender: &'a mut Sender,
    reservation: Reservation,
    claim: Claim,
}

impl<'a> Grant<'a> {
    #[inline]
    fn new(sender: &'a mut Sender, reservation: Reservation) -> Self {
        let claim = sender.writer.disclaim();
        Self { sender, reservation, claim }
    }

    /// Bytes that were reserved.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reservation.length as usize
    }

    /// Whether no bytes were reserved: a message of length 0, which is a message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether bytes up to `end` may be touched.
    #[inline]
    fn check(&self, end: usize) -> Result<(), GrantError> {
        if self.sender.end.is_foreign() {
            return Err(GrantError::Forked);
        }
        if end > self.len() {
            return Err(GrantError::OutOfBounds { length: self.len(), end });
        }
        Ok(())
    }

    /// Copies `bytes` into the message at `offset`.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if they do not fit, [`GrantError::Forked`]; nothing was written.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError> {
        self.check(offset.saturating_add(bytes.len()))?;
        self.sender.writer.memory().ring().write(self.reservation.payload.0, offset, bytes);
        Ok(())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    #[must_use]
    pub fn as_mut_slice(&mut self, trust: TrustPeers) -> &mut [u8] {
        let Reservation { payload, length, .. } = self.reservation;
        self.sender.writer.memory_mut().borrow_mut(trust, payload.0, length as usize)
    }

    /// Sends the first `used` bytes.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if `used` is more than was reserved; [`GrantError::Disconnected`] if the channel was closed or
    /// the receiver has left meanwhile; the others of [`GrantError`]. Nothing was sent.
    #[inline(always)]
    pub fn commit(self, used: usize) -> Result<(), GrantError> {
        self.check(used)?;
        self.sender.end.check_commit()?;
        self.sender.writer.commit_disclaimed(self.claim, self.reservation, used as u64);
        self.sender.wake_receiver();
        self.sender.writer.claim_after(&self.reservation);
        Ok(())
    }
}
