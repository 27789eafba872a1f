//! The sending end of a channel of whatever kind.

use super::handles::{Grant, Sender, each};
use crate::error::{JoinError, NoSuchPriority, SendBatchError, SendError, SendTimeoutError, TrySendError};
use crate::wait::Strategy;
use std::time::{Duration, Instant};

/// What senders of every kind have: see [`generic::Sender`](crate::generic::Sender), call by call.
impl Sender {
    /// The row of this sender's seat.
    #[must_use]
    pub fn row(&self) -> u32 {
        each!(self, Self(sender) => sender.row())
    }

    /// Largest message in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        each!(self, Self(sender) => sender.max_message())
    }

    /// How this sender waits for room. Default: [`Strategy::Adaptive`].
    pub fn set_strategy(&mut self, strategy: Strategy) {
        each!(self, Self(sender) => sender.set_strategy(strategy));
    }

    /// Sends a copy of `message`. Blocks while the channel is full.
    ///
    /// # Errors
    /// See [`SendError`]. The message was not sent.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        each!(self, Self(sender) => sender.send(message))
    }

    /// Sends a copy of `message` if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`]. The message was not sent.
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        each!(self, Self(sender) => sender.try_send(message))
    }

    /// Sends a copy of `message`. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    #[inline]
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        each!(self, Self(sender) => sender.send_timeout(message, timeout))
    }

    /// Sends a copy of `message`. Blocks while the channel is full, until `deadline`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    #[inline]
    pub fn send_deadline(&mut self, message: &[u8], deadline: Instant) -> Result<(), SendTimeoutError> {
        each!(self, Self(sender) => sender.send_deadline(message, deadline))
    }

    /// Sends copies of all messages, in order. Blocks while the channel is full. Returns how many there were.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one.
    pub fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        each!(self, Self(sender) => sender.send_batch(messages))
    }

    /// As [`Sender::send_batch`], but never blocks: sends as many as there is room for now.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one: [`TrySendError::Full`], for example.
    pub fn try_send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError<TrySendError>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        each!(self, Self(sender) => sender.try_send_batch(messages))
    }

    /// As [`Sender::send_batch`], but blocks for at most `timeout` in all.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one: [`SendTimeoutError::Timeout`], for example.
    pub fn send_batch_timeout<I>(
        &mut self,
        messages: I,
        timeout: Duration,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        each!(self, Self(sender) => sender.send_batch_timeout(messages, timeout))
    }

    /// As [`Sender::send_batch`], but blocks until `deadline` at the latest.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one: [`SendTimeoutError::Timeout`], for example.
    pub fn send_batch_deadline<I>(
        &mut self,
        messages: I,
        deadline: Instant,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        each!(self, Self(sender) => sender.send_batch_deadline(messages, deadline))
    }

    /// Room for a message of up to `length` bytes, to be filled in place. Blocks while the channel is full.
    ///
    /// # Errors
    /// See [`SendError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(100)?;
    /// grant.write_at(0, b"head")?;
    /// grant.write_at(4, b"tail")?;
    /// grant.commit(8)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"headtail");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn reserve(&mut self, length: usize) -> Result<Grant<'_>, SendError> {
        each!(self, Self(sender) => Ok(sender.reserve(length)?.into()))
    }

    /// Room for a message of up to `length` bytes, if there is any now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`].
    #[inline]
    pub fn try_reserve(&mut self, length: usize) -> Result<Grant<'_>, TrySendError> {
        each!(self, Self(sender) => Ok(sender.try_reserve(length)?.into()))
    }

    /// Room for a message of up to `length` bytes. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    #[inline]
    pub fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Grant<'_>, SendTimeoutError> {
        each!(self, Self(sender) => Ok(sender.reserve_timeout(length, timeout)?.into()))
    }

    /// Room for a message of up to `length` bytes. Blocks while the channel is full, until `deadline`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    #[inline]
    pub fn reserve_deadline(&mut self, length: usize, deadline: Instant) -> Result<Grant<'_>, SendTimeoutError> {
        each!(self, Self(sender) => Ok(sender.reserve_deadline(length, deadline)?.into()))
    }

    /// Leaves the channel, as dropping does, and says whether the messages are where receivers find them.
    ///
    /// # Errors
    /// See [`generic::Sender::leave`](crate::generic::Sender::leave).
    pub fn leave(self) -> Result<(), SendError> {
        each!(self, Self(sender) => sender.leave())
    }

    /// Another sender of the same channel, with a seat of its own. It knows which receivers this one has seen.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken, as it always is in kinds with one; the others of [`JoinError`].
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        each!(self, Self(sender) => Ok(sender.join_as()?.into()))
    }

    /// The priority of what this sender sends from now on; 0 is the most urgent. Default: the least urgent. A kind without
    /// priorities has one.
    ///
    /// # Errors
    /// [`NoSuchPriority`]; nothing changed.
    pub fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        each!(self, Self(sender) => sender.choose_priority(priority))
    }

    /// How many messages this sender's lane had carried when it joined: a sender that takes over from a dead one knows by it which
    /// of its messages are committed. `None` in kinds without lanes.
    #[must_use]
    pub fn resumed_at(&self) -> Option<u64> {
        each!(self, Self(sender) => sender.carried().map(|(before, _)| before))
    }

    /// How many messages this sender's lane has carried by now. `None` in kinds without lanes.
    #[must_use]
    pub fn sent(&self) -> Option<u64> {
        each!(self, Self(sender) => sender.carried().map(|(_, by_now)| by_now))
    }
}
