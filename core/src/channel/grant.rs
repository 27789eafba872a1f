//! Reserving room in a channel, and filling it in place.

use super::kind::ChannelKind;
use super::port::Outlet;
use super::sender::{ClaimOf, Sender, UndoOf};
use crate::error::{GrantError, SendError, SendTimeoutError, TrySendError};
use crate::region::TrustPeers;
use crate::wait::Calls;
use std::mem::ManuallyDrop;
use std::time::Duration;

/// Sending in place.
impl<K: ChannelKind> Sender<K> {
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
    pub fn reserve(&mut self, length: usize) -> Result<Grant<'_, K>, SendError> {
        let claim = self.room(length).wait()?;
        Ok(Grant::new(self, claim, length))
    }

    /// Room for a message of up to `length` bytes, if there is any now: looked for as in [`Sender::try_send`].
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`].
    #[inline(always)]
    pub fn try_reserve(&mut self, length: usize) -> Result<Grant<'_, K>, TrySendError> {
        let claim = self.room(length).now()?.ok_or(TrySendError::Full)?;
        Ok(Grant::new(self, claim, length))
    }

    /// Room for a message of up to `length` bytes. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    #[inline]
    pub fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Grant<'_, K>, SendTimeoutError> {
        let claim = self.room(length).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(Grant::new(self, claim, length))
    }
}

/// Room for one message in the channel, invisible to receivers until it is committed. Dropping it sends nothing.
///
/// Bytes that are committed without having been written hold whatever stood there: zeros, or parts of earlier messages of
/// this channel.
#[derive(Debug)]
#[must_use = "dropping a grant sends nothing: commit it"]
pub struct Grant<'a, K: ChannelKind> {
    sender: &'a mut Sender<K>,
    claim: ClaimOf<K>,
    undo: UndoOf<K>,
    length: usize,
}

impl<'a, K: ChannelKind> Grant<'a, K> {
    #[inline]
    pub(super) fn new(sender: &'a mut Sender<K>, claim: ClaimOf<K>, length: usize) -> Self {
        let undo = sender.port.hold();
        Self { sender, claim, undo, length }
    }

    /// Bytes that were reserved.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no bytes were reserved: a message of length 0, which is a message.
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

    /// Copies `bytes` into the message at `offset`.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if they do not fit, [`GrantError::Forked`]; nothing was written.
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError> {
        self.check(offset.saturating_add(bytes.len()))?;
        self.sender.port.write(&self.claim, offset, bytes);
        Ok(())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    #[must_use]
    pub fn as_mut_slice(&mut self, trust: TrustPeers) -> &mut [u8] {
        self.sender.port.slice(&self.claim, trust, self.length)
    }

    /// Sends the first `used` bytes.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if `used` is more than was reserved; [`GrantError::Disconnected`] if the channel was closed or
    /// every receiver has left meanwhile; the others of [`GrantError`]. Nothing was sent.
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
}

impl<K: ChannelKind> Drop for Grant<'_, K> {
    #[inline]
    fn drop(&mut self) {
        if !self.sender.end.is_foreign() {
            self.sender.port.abandon(&mut self.sender.end, self.claim);
        }
    }
}
