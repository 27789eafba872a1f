//! Reserving room in a channel, and filling it in place.

use super::kind::ChannelKind;
use super::port::Outlet;
use super::sender::{ClaimOf, Sender, UndoOf};
use crate::error::{GrantError, SendError, SendTimeoutError, TrySendError};
use crate::region::TrustPeers;
use crate::wait::Calls;
use std::io;
use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

/// Sending in place.
impl<K: ChannelKind> Sender<K> {
    /// Room for a message of up to `length` bytes, to be filled in place. Blocks while the channel is full.
    ///
    /// A sender that stops or dies with a grant open keeps, in a queue, one slot from the others; in a lane, nothing. Receivers do not
    /// wait for it. What becomes of the call when receivers leave or die is said at [`Sender::send`].
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
    pub fn reserve(&mut self, length: usize) -> Result<Grant<'_, K>, SendError> {
        let claim = self.room_for(length).wait()?;
        Ok(Grant::new(self, claim, length))
    }

    /// Room for a message of up to `length` bytes, if there is any now: looked for as in [`Sender::try_send`]. Never blocks.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`].
    ///
    /// ```
    /// # use memlane::TrySendError;
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// let mut tx = channel.sender()?;
    /// tx.try_reserve(8)?.commit(0)?;
    /// assert_eq!(tx.try_reserve(8).unwrap_err(), TrySendError::Full);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn try_reserve(&mut self, length: usize) -> Result<Grant<'_, K>, TrySendError> {
        let claim = self.room_for(length).now()?.ok_or(TrySendError::Full)?;
        Ok(Grant::new(self, claim, length))
    }

    /// As [`Sender::reserve`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock
    /// has no end.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    ///
    /// ```
    /// # use memlane::SendTimeoutError;
    /// # use std::time::Duration;
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// let (mut one, mut two) = (channel.sender()?, channel.sender()?);
    /// let grant = one.reserve_timeout(8, Duration::from_secs(1))?;
    /// assert_eq!(two.reserve_timeout(8, Duration::ZERO).unwrap_err(), SendTimeoutError::Timeout);
    /// drop(grant); // its slot is free again
    /// two.reserve_timeout(8, Duration::ZERO)?.commit(8)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Grant<'_, K>, SendTimeoutError> {
        let claim = self.room_for(length).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(Grant::new(self, claim, length))
    }

    /// As [`Sender::reserve`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Sender::reserve_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve_deadline(100, Instant::now() + Duration::from_millis(1))?;
    /// grant.write_at(0, b"in time")?;
    /// grant.commit(7)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"in time");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn reserve_deadline(&mut self, length: usize, deadline: Instant) -> Result<Grant<'_, K>, SendTimeoutError> {
        let claim = self.room_for(length).by(deadline)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(Grant::new(self, claim, length))
    }
}

/// Room for one message in the channel, invisible to receivers until it is committed. Dropping it sends nothing.
///
/// Bytes that are committed without having been written hold whatever stood there: zeros, or parts of earlier messages of
/// this channel.
///
/// It is an [`io::Write`]: what is written so stands behind what was written so before, and [`Grant::commit_written`] sends it. Where it
/// is full, `write` returns `Ok(0)`.
///
/// ```
/// use std::io::Write;
/// # let channel = memlane::spsc::Options::new().private()?;
/// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
/// let mut grant = tx.reserve(100)?;
/// write!(grant, "{} at {:.2}", "EURUSD", 1.0812)?;
/// grant.commit_written()?;
/// assert_eq!(rx.recv()?.to_vec(), b"EURUSD at 1.08");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping a grant sends nothing: commit it"]
pub struct Grant<'a, K: ChannelKind> {
    sender: &'a mut Sender<K>,
    claim: ClaimOf<K>,
    undo: UndoOf<K>,
    length: usize,
    /// Bytes written by [`io::Write`].
    written: usize,
}

impl<'a, K: ChannelKind> Grant<'a, K> {
    #[inline]
    pub(super) fn new(sender: &'a mut Sender<K>, claim: ClaimOf<K>, length: usize) -> Self {
        let undo = sender.port.hold();
        Self { sender, claim, undo, length, written: 0 }
    }

    /// Bytes that were reserved.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let mut tx = channel.sender()?;
    /// assert_eq!(tx.reserve(100)?.len(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no bytes were reserved: a message of length 0, which is a message.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let grant = tx.reserve(0)?;
    /// assert!(grant.is_empty());
    /// grant.commit(0)?;
    /// assert!(rx.recv()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether bytes up to `end` may be touched.
    #[inline]
    fn check(&self, end: usize) -> Result<(), GrantError> {
        if self.sender.end.is_foreign() {
            return Err(GrantError::Forked);
        }
        if end > self.length {
            return Err(GrantError::OutOfBounds { length: self.length, end });
        }
        Ok(())
    }

    /// Bytes that were written by [`io::Write`]: what [`Grant::commit_written`] sends. Others do not count.
    ///
    /// ```
    /// use std::io::Write;
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let mut tx = channel.sender()?;
    /// let mut grant = tx.reserve(8)?;
    /// grant.write_all(b"hello")?;
    /// assert_eq!((grant.written(), grant.len()), (5, 8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn written(&self) -> usize {
        self.written
    }

    /// Copies `bytes` into the message at `offset`.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if they do not fit, [`GrantError::Forked`]; nothing was written.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(12)?;
    /// grant.write_at(4, b"payload!")?;
    /// grant.write_at(0, &8u32.to_le_bytes())?; // the head, once its content is known
    /// assert!(grant.write_at(5, b"payload!").is_err(), "that is behind the end");
    /// grant.commit(12)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"\x08\0\0\0payload!");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError> {
        self.check(offset.saturating_add(bytes.len()))?;
        self.sender.port.write(&self.claim, offset, bytes);
        Ok(())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    ///
    /// ```
    /// # use memlane::TrustPeers;
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// // SAFETY: the channel is private, and nobody else in this process touches its memory.
    /// let trust = unsafe { TrustPeers::promise() };
    /// let mut grant = tx.reserve(4)?;
    /// grant.as_mut_slice(trust).fill(7);
    /// grant.commit(4)?;
    /// assert_eq!(rx.recv()?.to_vec(), [7; 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_mut_slice(&mut self, trust: TrustPeers) -> &mut [u8] {
        self.sender.port.slice(&self.claim, trust, self.length)
    }

    /// Sends the first `used` bytes. Never blocks.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if `used` is more than was reserved; [`GrantError::Disconnected`] if the channel was closed or
    /// every receiver has left meanwhile; the others of [`GrantError`]. Nothing was sent.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(64)?; // more than it turns out to need
    /// grant.write_at(0, b"short")?;
    /// grant.commit(5)?;
    /// assert_eq!(rx.recv()?.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn commit(self, used: usize) -> Result<(), GrantError> {
        self.check(used)?;
        self.sender.end.check_commit()?;
        // From here on, there is nothing to abandon.
        let mut grant = ManuallyDrop::new(self);
        let (claim, undo) = (grant.claim, grant.undo);
        let Sender { port, end, .. } = &mut *grant.sender;
        port.commit(end, claim, undo, used).map_err(|reason| GrantError::Corrupted(end.poison(reason)))?;
        port.wake(end);
        port.after_wake(&claim);
        Ok(())
    }

    /// Sends what was written by [`io::Write`]. Never blocks.
    ///
    /// # Errors
    /// As [`Grant::commit`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// use std::io::Write;
    /// let mut grant = tx.reserve(64)?;
    /// write!(grant, "price {}", 100)?;
    /// grant.commit_written()?;
    /// assert_eq!(rx.recv()?.to_vec(), b"price 100");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn commit_written(self) -> Result<(), GrantError> {
        let written = self.written;
        self.commit(written)
    }
}

/// Fills the message, behind what was written so before.
impl<K: ChannelKind> io::Write for Grant<'_, K> {
    /// Copies as many bytes as fit. `Ok(0)`: it is full.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fit = bytes.len().min(self.length.saturating_sub(self.written));
        let (now, _) = bytes.split_at(fit);
        self.write_at(self.written, now)?;
        self.written = self.written.saturating_add(fit);
        Ok(fit)
    }

    /// Does nothing: what is written stands where it belongs.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<K: ChannelKind> Drop for Grant<'_, K> {
    #[inline]
    fn drop(&mut self) {
        if !self.sender.end.is_foreign() {
            self.sender.port.abandon(&mut self.sender.end, self.claim);
        }
    }
}
