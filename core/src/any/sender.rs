//! The sending end of a channel of whatever kind.

use super::handles::{Grant, Sender, each};
use crate::error::{JoinError, NoSuchPriority, SendBatchError, SendError, SendTimeoutError, TrySendError};
use crate::wait::Strategy;
use std::time::{Duration, Instant};

/// What senders of every kind have: see [`generic::Sender`](crate::generic::Sender), call by call.
impl Sender {
    /// The row of this sender's seat.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_ne!(tx.row(), rx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        each!(self, Self(sender) => sender.row())
    }

    /// Largest message in bytes.
    ///
    /// ```
    /// let channel = memlane::any::Options::default().max_message(100).private()?;
    /// assert_eq!(channel.sender()?.max_message(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        each!(self, Self(sender) => sender.max_message())
    }

    /// How this sender waits for room. Default: [`Strategy::Adaptive`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set_strategy(memlane::Strategy::Park); // least CPU
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        each!(self, Self(sender) => sender.send_of_kind(message))
    }

    /// Sends a copy of `message`, if that is the straight way. False: it was not sent, and [`Sender::send`] tells why, or waits.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// if !tx.send_at_once(b"hello") {
    ///     tx.send(b"hello")?;
    /// }
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(hidden)]
    #[inline(always)]
    pub fn send_at_once(&mut self, message: &[u8]) -> bool {
        each!(self, Self(sender) => sender.sent_at_once(message))
    }

    /// Sends a copy of `message` if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`]. The message was not sent.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.try_send(b"hello")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        each!(self, Self(sender) => sender.try_send(message))
    }

    /// Sends a copy of `message`. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_timeout(b"hello", std::time::Duration::from_millis(10))?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        each!(self, Self(sender) => sender.send_timeout(message, timeout))
    }

    /// Sends a copy of `message`. Blocks while the channel is full, until `deadline`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(10);
    /// tx.send_deadline(b"one", deadline)?;
    /// tx.send_deadline(b"two", deadline)?; // of the same 10 ms
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send_deadline(&mut self, message: &[u8], deadline: Instant) -> Result<(), SendTimeoutError> {
        each!(self, Self(sender) => sender.send_deadline(message, deadline))
    }

    /// Sends copies of all messages, in order. Blocks while the channel is full. Returns how many there were.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.send_batch(["one", "two"])?, 2);
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(2).private()?;
    /// let stopped = channel.sender()?.try_send_batch(["one", "two", "three"]).unwrap_err();
    /// assert_eq!((stopped.sent, stopped.error), (2, memlane::TrySendError::Full));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(2).private()?;
    /// let timeout = std::time::Duration::from_millis(1);
    /// let stopped = channel.sender()?.send_batch_timeout(["one", "two", "three"], timeout).unwrap_err();
    /// assert_eq!((stopped.sent, stopped.error), (2, memlane::SendTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(10);
    /// assert_eq!(tx.send_batch_deadline(["one", "two"], deadline)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.try_reserve(5)?;
    /// grant.write_at(0, b"hello")?;
    /// grant.commit(5)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_reserve(&mut self, length: usize) -> Result<Grant<'_>, TrySendError> {
        each!(self, Self(sender) => Ok(sender.try_reserve(length)?.into()))
    }

    /// Room for a message of up to `length` bytes. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let grant = tx.reserve_timeout(64, std::time::Duration::from_millis(10))?;
    /// grant.commit(0)?; // a message of no bytes
    /// assert!(rx.recv()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Grant<'_>, SendTimeoutError> {
        each!(self, Self(sender) => Ok(sender.reserve_timeout(length, timeout)?.into()))
    }

    /// Room for a message of up to `length` bytes. Blocks while the channel is full, until `deadline`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(10);
    /// drop(tx.reserve_deadline(64, deadline)?); // nothing is sent
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn reserve_deadline(&mut self, length: usize, deadline: Instant) -> Result<Grant<'_>, SendTimeoutError> {
        each!(self, Self(sender) => Ok(sender.reserve_deadline(length, deadline)?.into()))
    }

    /// Leaves the channel, as dropping does, and says whether the messages are where receivers find them.
    ///
    /// # Errors
    /// See [`generic::Sender::leave`](crate::generic::Sender::leave).
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"last")?;
    /// tx.leave()?; // it can be received
    /// assert_eq!(rx.recv()?.to_vec(), b"last");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leave(self) -> Result<(), SendError> {
        each!(self, Self(sender) => sender.leave())
    }

    /// Another sender of the same channel, with a seat of its own. It knows which receivers this one has seen.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken, as it always is in kinds with one; the others of [`JoinError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = tx.try_clone()?;
    /// other.send(b"from another seat")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"from another seat");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        each!(self, Self(sender) => Ok(sender.join_as()?.into()))
    }

    /// The priority of what this sender sends from now on; 0 is the most urgent. Default: the least urgent. A kind without
    /// priorities has one.
    ///
    /// # Errors
    /// [`NoSuchPriority`]; nothing changed.
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).priorities(2).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"in time")?;
    /// tx.set_priority(0)?;
    /// tx.send(b"at once")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"at once");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        each!(self, Self(sender) => sender.choose_priority(priority))
    }

    /// How many messages this sender's lane had carried when it joined: a sender that takes over from a dead one knows by it which
    /// of its messages are committed. `None` in kinds without lanes.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// drop(tx);
    /// assert_eq!(channel.sender()?.resumed_at(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resumed_at(&self) -> Option<u64> {
        each!(self, Self(sender) => sender.carried().map(|(before, _)| before))
    }

    /// How many messages this sender's lane has carried by now. `None` in kinds without lanes.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert_eq!(tx.sent(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sent(&self) -> Option<u64> {
        each!(self, Self(sender) => sender.carried().map(|(_, by_now)| by_now))
    }
}
