//! Room for a message in a channel of whatever kind.

use super::handles::{Grant, each};
use crate::error::GrantError;
use crate::region::TrustPeers;
use std::io;

/// What grants of every kind have: see [`generic::Grant`](crate::generic::Grant), call by call.
impl Grant<'_> {
    /// Bytes that were reserved.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.reserve(64)?.len(), 64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(grant) => grant.len())
    }

    /// Whether no bytes were reserved: a message of length 0, which is a message.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(tx.reserve(0)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(grant) => grant.is_empty())
    }

    /// Copies `bytes` into the message at `offset`.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if they do not fit, [`GrantError::Forked`]; nothing was written.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(4)?;
    /// grant.write_at(0, b"head")?;
    /// assert!(grant.write_at(1, b"head").is_err(), "that is behind the end");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError> {
        each!(self, Self(grant) => grant.write_at(offset, bytes))
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// // SAFETY: the channel is private, and nobody else in this process touches its memory.
    /// let trust = unsafe { memlane::TrustPeers::promise() };
    /// let mut grant = tx.reserve(4)?;
    /// grant.as_mut_slice(trust).fill(7);
    /// grant.commit(4)?;
    /// assert_eq!(rx.recv()?.to_vec(), [7; 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_mut_slice(&mut self, trust: TrustPeers) -> &mut [u8] {
        each!(self, Self(grant) => grant.as_mut_slice(trust))
    }

    /// Sends the first `used` bytes.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if `used` is more than was reserved; [`GrantError::Disconnected`] if the channel was closed or
    /// every receiver has left meanwhile; the others of [`GrantError`]. Nothing was sent.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(64)?;
    /// grant.write_at(0, b"short")?;
    /// grant.commit(5)?;
    /// assert_eq!(rx.recv()?.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn commit(self, used: usize) -> Result<(), GrantError> {
        each!(self, Self(grant) => grant.commit(used))
    }
    /// Bytes that were written by [`Write`](io::Write) so far.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// use std::io::Write;
    /// let mut grant = tx.reserve(8)?;
    /// grant.write_all(b"hello")?;
    /// assert_eq!(grant.written(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn written(&self) -> usize {
        each!(self, Self(grant) => grant.written())
    }

    /// Sends the bytes that were written by [`Write`](io::Write).
    ///
    /// # Errors
    /// As of [`Grant::commit`]. Nothing was sent.
    ///
    /// ```
    /// use std::io::Write;
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(100)?;
    /// write!(grant, "{} of {}", 1, 2)?;
    /// grant.commit_written()?;
    /// assert_eq!(rx.recv()?.to_vec(), b"1 of 2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn commit_written(self) -> Result<(), GrantError> {
        each!(self, Self(grant) => grant.commit_written())
    }
}

/// Fills the message from its beginning on: see [`generic::Grant`](crate::generic::Grant).
impl io::Write for Grant<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, Self(grant) => grant.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        each!(self, Self(grant) => grant.flush())
    }
}
