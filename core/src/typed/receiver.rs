//! The receiving end of a typed channel.

use super::codec::{Codec, Of, settle};
use super::ends::{Batch, Carrier, Contents, Reader, Receiving};
use super::error::{RecvError, Unreadable};
use super::message::Message;
use super::plain::Plain;
use crate::error::{self, JoinError, OutOfMemory, RecvTimeoutError, TryRecvError};
use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

/// A receiver of values of type `T`, which codec `C` wrote. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time, as an untyped one is.
pub struct Receiver<T: ?Sized, K: Carrier, C = Plain> {
    pub(super) under: K::Receiver,
    scratch: Vec<u8>,
    of: Of<T, C>,
}

/// Receiving values: copies, each acknowledged as it is made.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Receiver<T, K, C> {
    pub(super) fn new(under: K::Receiver) -> Self {
        Self { under, scratch: Vec::new(), of: PhantomData }
    }

    /// The next value. Blocks while there is none: see [`generic::Receiver::recv`](crate::generic::Receiver::recv).
    ///
    /// # Errors
    /// [`RecvError::Channel`] with what the untyped call fails with. [`RecvError::Unreadable`]: the message is no value of the type,
    /// and stays.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn recv(&mut self) -> Result<C::Owned, RecvError> {
        C::recv(&mut self.under, &mut self.scratch)
    }

    /// The next value, if there is one now. Never blocks.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] in [`RecvError::Channel`]; the others of [`Receiver::recv`].
    ///
    /// ```
    /// # use memlane::{TryRecvError, typed::RecvError};
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(matches!(rx.try_recv(), Err(RecvError::Channel(TryRecvError::Empty))));
    /// tx.send(&7)?;
    /// assert_eq!(rx.try_recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<C::Owned, RecvError<TryRecvError>> {
        C::try_recv(&mut self.under, &mut self.scratch)
    }

    /// The next value. Blocks for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`] in [`RecvError::Channel`]; the others of [`Receiver::recv`].
    ///
    /// ```
    /// # use memlane::{RecvTimeoutError, typed::RecvError};
    /// # use std::time::Duration;
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let in_vain = rx.recv_timeout(Duration::from_millis(1));
    /// assert!(matches!(in_vain, Err(RecvError::Channel(RecvTimeoutError::Timeout))));
    /// tx.send(&7)?;
    /// assert_eq!(rx.recv_timeout(Duration::from_millis(1))?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<C::Owned, RecvError<RecvTimeoutError>> {
        let message = self.under.recv_timeout(timeout)?;
        let value = C::read(&message, &mut self.scratch);
        settle(message, value).map_err(RecvError::widened)
    }

    /// The next value. Blocks until `deadline` at most.
    ///
    /// # Errors
    /// As [`Receiver::recv_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2])?;
    /// let (deadline, mut sum) = (Instant::now() + Duration::from_millis(1), 0);
    /// while let Ok(value) = rx.recv_deadline(deadline) {
    ///     sum += value;
    /// }
    /// assert_eq!(sum, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_deadline(&mut self, deadline: Instant) -> Result<C::Owned, RecvError<RecvTimeoutError>> {
        let message = self.under.recv_deadline(deadline)?;
        let value = C::read(&message, &mut self.scratch);
        settle(message, value).map_err(RecvError::widened)
    }

    /// Another receiver of the same channel, with a seat of its own. It knows which senders this one has seen.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken, as they are in kinds with one receiver; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = rx.try_clone()?;
    /// tx.send_batch([7, 8])?;
    /// assert_eq!((rx.recv()?, other.recv()?), (7, 8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.under.another().map(Self::new)
    }

    /// This receiver as one of bytes, for what a typed one does not have: how full the channel is, who sends.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// assert_eq!(rx.untyped().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn untyped(&self) -> &K::Receiver {
        &self.under
    }

    /// This receiver as one of bytes, for what a typed one does not have: strategies, batches in place, and a message that is no value
    /// of the type.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<[u64]>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.untyped_mut().send(b"17 bytes, not 16.")?;
    /// assert!(rx.recv().is_err()); // it stays
    /// assert_eq!(rx.untyped_mut().recv()?.to_vec(), b"17 bytes, not 16.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn untyped_mut(&mut self) -> &mut K::Receiver {
        &mut self.under
    }

    /// This receiver as one of bytes, with its seat.
    ///
    /// ```
    /// let rx = memlane::spsc::Options::new().of::<u64>().private()?.receiver()?;
    /// rx.into_untyped().leave();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_untyped(self) -> K::Receiver {
        self.under
    }
}

/// Receiving messages as they are, to be acknowledged later or read in place.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Receiver<T, K, C> {
    /// The next message. Blocks while there is none.
    ///
    /// # Errors
    /// See [`RecvError`](error::RecvError).
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// let job = rx.recv_message()?;
    /// assert_eq!(job.value()?, 7);
    /// job.ack()?; // done with: nobody gets it again
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_message(&mut self) -> Result<Message<'_, T, K, C>, error::RecvError> {
        self.under.recv().map(Message::new)
    }

    /// The next message, if there is one now. Never blocks.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(rx.try_recv_message().err(), Some(memlane::TryRecvError::Empty));
    /// tx.send(&7)?;
    /// assert_eq!(rx.try_recv_message()?.value()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_recv_message(&mut self) -> Result<Message<'_, T, K, C>, TryRecvError> {
        self.under.try_recv().map(Message::new)
    }

    /// The next message. Blocks for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(rx.recv_message_timeout(Duration::from_millis(1)).is_err());
    /// tx.send(&7)?;
    /// assert_eq!(rx.recv_message_timeout(Duration::from_millis(1))?.value()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_message_timeout(&mut self, timeout: Duration) -> Result<Message<'_, T, K, C>, RecvTimeoutError> {
        self.under.recv_timeout(timeout).map(Message::new)
    }

    /// The next message. Blocks until `deadline` at most.
    ///
    /// # Errors
    /// As [`Receiver::recv_message_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert_eq!(rx.recv_message_deadline(deadline)?.value()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_message_deadline(&mut self, deadline: Instant) -> Result<Message<'_, T, K, C>, RecvTimeoutError> {
        self.under.recv_deadline(deadline).map(Message::new)
    }
}

/// Receiving several values at once.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Receiver<T, K, C> {
    /// Appends up to `max` values to `values`, those that are there (at least one), and acknowledges them together. Blocks while
    /// there is none, but not to fill up. Returns how many they were: see
    /// [`generic::Receiver::recv_batch`](crate::generic::Receiver::recv_batch).
    ///
    /// # Errors
    /// As [`Receiver::recv`]; nothing was appended. A message that is no value, behind others that are, ends the call early: the next
    /// one fails with it; what came behind it is handed back, in a queue behind the other messages.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2, 3])?;
    /// let mut values = Vec::new();
    /// assert_eq!(rx.recv_many(&mut values, 64)?, 3);
    /// assert_eq!(values, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_many(&mut self, values: &mut Vec<C::Owned>, max: usize) -> Result<usize, RecvError> {
        let batch = self.under.recv_batch(max)?;
        take_all::<T, C>(batch, &mut self.scratch, values)
    }

    /// As [`Receiver::recv_many`], but never blocks.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] in [`RecvError::Channel`]; the others of [`Receiver::recv_many`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2, 3])?;
    /// let mut values = Vec::new();
    /// assert_eq!(rx.try_recv_many(&mut values, 2)?, 2);
    /// assert_eq!(rx.try_recv_many(&mut values, 2)?, 1);
    /// assert!(rx.try_recv_many(&mut values, 2).is_err());
    /// assert_eq!(values, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_recv_many(&mut self, values: &mut Vec<C::Owned>, max: usize) -> Result<usize, RecvError<TryRecvError>> {
        let batch = self.under.try_recv_batch(max)?;
        take_all::<T, C>(batch, &mut self.scratch, values).map_err(RecvError::widened)
    }

    /// As [`Receiver::recv_many`], but blocks for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`] in [`RecvError::Channel`]; the others of [`Receiver::recv_many`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2])?;
    /// let mut values = Vec::new();
    /// assert_eq!(rx.recv_many_timeout(&mut values, 64, std::time::Duration::from_millis(1))?, 2); // it does not wait for more
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_many_timeout(
        &mut self,
        values: &mut Vec<C::Owned>,
        max: usize,
        timeout: Duration,
    ) -> Result<usize, RecvError<RecvTimeoutError>> {
        let batch = self.under.recv_batch_timeout(max, timeout)?;
        take_all::<T, C>(batch, &mut self.scratch, values).map_err(RecvError::widened)
    }

    /// As [`Receiver::recv_many`], but blocks until `deadline` at most.
    ///
    /// # Errors
    /// As [`Receiver::recv_many_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2])?;
    /// let mut values = Vec::new();
    /// assert_eq!(rx.recv_many_deadline(&mut values, 64, Instant::now() + Duration::from_millis(1))?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_many_deadline(
        &mut self,
        values: &mut Vec<C::Owned>,
        max: usize,
        deadline: Instant,
    ) -> Result<usize, RecvError<RecvTimeoutError>> {
        let batch = self.under.recv_batch_deadline(max, deadline)?;
        take_all::<T, C>(batch, &mut self.scratch, values).map_err(RecvError::widened)
    }
}

/// Reads the messages of a batch as values.
struct Reading<'a, T: ?Sized, C: Codec<T>> {
    scratch: &'a mut Vec<u8>,
    values: &'a mut Vec<C::Owned>,
}

impl<T: ?Sized, C: Codec<T>> Reader for Reading<'_, T, C> {
    type Error = Unreadable;

    #[inline]
    fn read(&mut self, message: &impl Contents) -> Result<(), Unreadable> {
        self.values.push(C::read(message, self.scratch)?);
        Ok(())
    }
}

/// Appends the values of a batch, up to the first message that is none, and acknowledges their messages.
fn take_all<T: ?Sized, C: Codec<T>>(
    mut batch: impl Batch,
    scratch: &mut Vec<u8>,
    values: &mut Vec<C::Owned>,
) -> Result<usize, RecvError> {
    let (before, left) = (values.len(), batch.left());
    let read = match values.try_reserve(left) {
        Ok(()) => batch.each(&mut Reading::<T, C> { scratch, values }),
        Err(_) => Err(OutOfMemory { needed: left.saturating_mul(size_of::<C::Owned>()) }.into()),
    };
    let taken = values.len().saturating_sub(before);
    let finished = match read {
        Ok(()) => batch.ack(),
        Err(reason) if taken == 0 => {
            batch.hand_back();
            return Err(RecvError::Unreadable(reason));
        }
        Err(_) => {
            let finished = batch.ack_first(taken);
            batch.hand_back();
            finished
        }
    };
    if let Err(error) = finished {
        // They come again, or nobody gets them any more.
        values.truncate(before);
        return Err(error::RecvError::from(error).into());
    }
    Ok(taken)
}

impl<T: ?Sized, K: Carrier, C> fmt::Debug for Receiver<T, K, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.under.fmt(formatter)
    }
}
