//! The sending end of a typed channel.

use super::codec::{Codec, Of};
use super::ends::{Carrier, Sending};
use super::error::SendError;
use super::plain::Plain;
use super::schema::Schema;
use crate::error::{self, JoinError, SendBatchError, SendTimeoutError, TrySendError};
use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

/// A sender of values of type `T`, which codec `C` writes. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time, as an untyped one is.
pub struct Sender<T: ?Sized, K: Carrier, C = Plain> {
    pub(super) under: K::Sender,
    pub(super) scratch: Vec<u8>,
    of: Of<T, C>,
}

impl<T: ?Sized, K: Carrier, C: Codec<T>> Sender<T, K, C> {
    pub(super) fn new(under: K::Sender) -> Self {
        Self { under, scratch: Vec::new(), of: PhantomData }
    }

    /// Sends a value. Blocks while the channel is full: see [`generic::Sender::send`](crate::generic::Sender::send).
    ///
    /// # Errors
    /// [`SendError::Channel`] with what the untyped call fails with; [`SendError::Unencodable`]. The value was not sent.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn send(&mut self, value: &T) -> Result<(), SendError> {
        let bytes = C::encode(value, &mut self.scratch).map_err(SendError::Unencodable)?;
        Ok(self.under.send(bytes)?)
    }

    /// Sends a value if there is room now. Never blocks: see [`generic::Sender::try_send`](crate::generic::Sender::try_send).
    ///
    /// # Errors
    /// [`TrySendError::Full`] in [`SendError::Channel`]; the others of [`Sender::send`].
    ///
    /// ```
    /// # use memlane::{TrySendError, typed::SendError};
    /// let channel = memlane::mpmc::Options::new().slots(1).of::<u64>().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.try_send(&7)?;
    /// assert!(matches!(tx.try_send(&8), Err(SendError::Channel(TrySendError::Full))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_send(&mut self, value: &T) -> Result<(), SendError<TrySendError>> {
        let bytes = C::encode(value, &mut self.scratch).map_err(SendError::Unencodable)?;
        Ok(self.under.try_send(bytes)?)
    }

    /// Sends a value. Blocks while the channel is full, for at most `timeout`: see
    /// [`generic::Sender::send_timeout`](crate::generic::Sender::send_timeout).
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`] in [`SendError::Channel`]; the others of [`Sender::send`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_timeout(&7, std::time::Duration::from_millis(10))?;
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send_timeout(&mut self, value: &T, timeout: Duration) -> Result<(), SendError<SendTimeoutError>> {
        let bytes = C::encode(value, &mut self.scratch).map_err(SendError::Unencodable)?;
        Ok(self.under.send_timeout(bytes, timeout)?)
    }

    /// Sends a value. Blocks while the channel is full, until `deadline`: see
    /// [`generic::Sender::send_deadline`](crate::generic::Sender::send_deadline).
    ///
    /// # Errors
    /// As [`Sender::send_timeout`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(10);
    /// tx.send_deadline(&7, deadline)?;
    /// tx.send_deadline(&8, deadline)?; // of the same 10 ms
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send_deadline(&mut self, value: &T, deadline: Instant) -> Result<(), SendError<SendTimeoutError>> {
        let bytes = C::encode(value, &mut self.scratch).map_err(SendError::Unencodable)?;
        Ok(self.under.send_deadline(bytes, deadline)?)
    }

    /// Another sender of the same channel, with a seat of its own. It knows which receivers this one has seen.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken, as they are in `spsc`; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().of::<u64>().private()?;
    /// let mut tx = channel.sender()?;
    /// let mut other = tx.try_clone()?;
    /// let sending = std::thread::spawn(move || other.send(&7));
    /// assert_eq!(channel.receiver()?.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.under.another().map(Self::new)
    }

    /// This sender as one of bytes, for what a typed one does not have: how full the channel is, who receives.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send(&7)?;
    /// assert_eq!(tx.untyped().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn untyped(&self) -> &K::Sender {
        &self.under
    }

    /// This sender as one of bytes, for what a typed one does not have: strategies, priorities. Bytes that are no value of the type can
    /// be sent so, and are [`Unreadable`](super::Unreadable) to typed receivers.
    ///
    /// ```
    /// use memlane::Strategy;
    /// let mut tx = memlane::spsc::Options::new().of::<u64>().private()?.sender()?;
    /// tx.untyped_mut().set_strategy(Strategy::Park); // least CPU time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn untyped_mut(&mut self) -> &mut K::Sender {
        &mut self.under
    }

    /// This sender as one of bytes, with its seat.
    ///
    /// ```
    /// let tx = memlane::spsc::Options::new().of::<u64>().private()?.sender()?;
    /// tx.into_untyped().leave()?; // says whether the messages are where receivers find them
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_untyped(self) -> K::Sender {
        self.under
    }
}

/// A value that is sent as its bytes.
struct AsBytes<B, T: ?Sized>(B, PhantomData<fn(&T)>);

impl<B: Borrow<T>, T: Schema + ?Sized> AsRef<[u8]> for AsBytes<B, T> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.0.borrow().as_bytes()
    }
}

fn as_bytes<T: Schema + ?Sized, I>(values: I) -> impl Iterator<Item: AsRef<[u8]>>
where
    I: IntoIterator<Item: Borrow<T>>,
{
    values.into_iter().map(|value| AsBytes::<_, T>(value, PhantomData))
}

/// Sending several values at once, of types that are sent as their bytes.
impl<T: Schema + ?Sized, K: Carrier> Sender<T, K> {
    /// Sends all values, in order, looking for sleeping receivers once. Blocks while the channel is full. Returns how many there
    /// were: see [`generic::Sender::send_batch`](crate::generic::Sender::send_batch).
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.send_batch([1, 2, 3])?, 3); // or of references: `&values`
    /// assert_eq!(rx.recv()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch<I>(&mut self, values: I) -> Result<usize, SendBatchError<error::SendError>>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.under.send_batch(as_bytes::<T, I>(values))
    }

    /// As [`Sender::send_batch`], but never blocks: sends as many as there is room for now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`], in a [`SendBatchError`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(2).of::<u64>().private()?;
    /// let stopped = channel.sender()?.try_send_batch([1, 2, 3]).unwrap_err();
    /// assert_eq!((stopped.sent, stopped.error), (2, memlane::TrySendError::Full));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_send_batch<I>(&mut self, values: I) -> Result<usize, SendBatchError<TrySendError>>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.under.try_send_batch(as_bytes::<T, I>(values))
    }

    /// As [`Sender::send_batch`], but blocks for at most `timeout` in all.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`], in a [`SendBatchError`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(2).of::<u64>().private()?;
    /// let stopped = channel.sender()?.send_batch_timeout([1, 2, 3], std::time::Duration::from_millis(1)).unwrap_err();
    /// assert_eq!((stopped.sent, stopped.error), (2, memlane::SendTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch_timeout<I>(
        &mut self,
        values: I,
        timeout: Duration,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.under.send_batch_timeout(as_bytes::<T, I>(values), timeout)
    }

    /// As [`Sender::send_batch`], but blocks until `deadline` at the latest.
    ///
    /// # Errors
    /// As [`Sender::send_batch_timeout`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(10);
    /// assert_eq!(tx.send_batch_deadline([1, 2], deadline)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch_deadline<I>(
        &mut self,
        values: I,
        deadline: Instant,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.under.send_batch_deadline(as_bytes::<T, I>(values), deadline)
    }
}

impl<T: ?Sized, K: Carrier, C> fmt::Debug for Sender<T, K, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.under.fmt(formatter)
    }
}
