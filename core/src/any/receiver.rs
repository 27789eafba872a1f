//! The receiving end of a channel of whatever kind.

use super::handles::{Batch, Message, Messages, Receiver, TryIter, each};
use crate::channel::on_drop::OnDrop;
use crate::error::{JoinError, RecvError, RecvTimeoutError, TryRecvError};
use crate::wait::Strategy;
use std::time::{Duration, Instant};

/// What receivers of every kind have: see [`generic::Receiver`](crate::generic::Receiver), call by call.
impl Receiver {
    /// The row of this receiver's seat.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_ne!(rx.row(), tx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        each!(self, Self(receiver) => receiver.row())
    }

    /// Largest message in bytes: a buffer of this length always suffices.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut buffer = vec![0; rx.max_message()]; // always suffices
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        each!(self, Self(receiver) => receiver.max_message())
    }

    /// How this receiver waits for messages. Default: [`Strategy::Adaptive`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// rx.set_strategy(memlane::Strategy::Spin); // lowest latency
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        each!(self, Self(receiver) => receiver.set_strategy(strategy));
    }

    /// Copies the next message into `buffer`, acknowledges it, and returns its length, if that is the straight way. `None`: nothing was
    /// received, and [`Receiver::recv_into`] tells why, or waits.
    ///
    /// # Errors
    /// As [`Receiver::recv_into`], of a message that was at hand.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let mut buffer = [0; 64];
    /// let length = match rx.recv_at_once(&mut buffer)? {
    ///     Some(length) => length,
    ///     None => rx.recv_into(&mut buffer)?,
    /// };
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(hidden)]
    #[inline(always)]
    pub fn recv_at_once(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, RecvError> {
        each!(self, Self(receiver) => receiver.received_at_once(buffer))
    }

    /// Copies the next message into `buffer`, acknowledges it, and returns its length. Blocks while there is none.
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`] leaves the message with this receiver, which gets it with its next call; see [`RecvError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let mut buffer = [0; 64];
    /// let length = rx.recv_into(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        each!(self, Self(receiver) => receiver.recv_into_of_kind(buffer))
    }

    /// Copies the next message into `buffer`, if there is one now, acknowledges it, and returns its length.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]; `BufferTooSmall` leaves the message with this receiver; see [`TryRecvError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut buffer = [0; 64];
    /// assert_eq!(rx.try_recv_into(&mut buffer), Err(memlane::TryRecvError::Empty));
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.try_recv_into(&mut buffer), Ok(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        each!(self, Self(receiver) => receiver.try_recv_into_of_kind(buffer))
    }

    /// Copies the next message into `buffer`, acknowledges it, and returns its length. Blocks while there is none, for at most
    /// `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`]; `BufferTooSmall` leaves the message with this receiver; see [`RecvTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let timeout = std::time::Duration::from_millis(1);
    /// assert_eq!(rx.recv_into_timeout(&mut [0; 64], timeout), Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_into_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, RecvTimeoutError> {
        each!(self, Self(receiver) => receiver.recv_into_timeout(buffer, timeout))
    }

    /// Copies the next message into `buffer`, acknowledges it, and returns its length. Blocks while there is none, until
    /// `deadline`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`]; `BufferTooSmall` leaves the message with this receiver; see [`RecvTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(1);
    /// assert_eq!(rx.recv_into_deadline(&mut [0; 64], deadline), Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_into_deadline(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, RecvTimeoutError> {
        each!(self, Self(receiver) => receiver.recv_into_deadline(buffer, deadline))
    }

    /// The next message. Blocks while there is none. Dropping the message acknowledges it.
    ///
    /// # Errors
    /// See [`RecvError`]; never `BufferTooSmall`.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?; // cannot do it now
    /// let again = rx.recv()?;
    /// assert_eq!((again.to_vec(), again.redelivered()), (b"job".to_vec(), Some(true)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv(&mut self) -> Result<Message<'_>, RecvError> {
        each!(self, Self(receiver) => Ok(receiver.recv()?.into()))
    }

    /// The next message, if there is one now.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(rx.try_recv().is_err());
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.try_recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<Message<'_>, TryRecvError> {
        each!(self, Self(receiver) => Ok(receiver.try_recv()?.into()))
    }

    /// The next message. Blocks while there is none, for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv_timeout(std::time::Duration::from_millis(1))?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Message<'_>, RecvTimeoutError> {
        each!(self, Self(receiver) => Ok(receiver.recv_timeout(timeout)?.into()))
    }

    /// The next message. Blocks while there is none, until `deadline`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(1);
    /// assert_eq!(rx.recv_deadline(deadline).err(), Some(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_deadline(&mut self, deadline: Instant) -> Result<Message<'_>, RecvTimeoutError> {
        each!(self, Self(receiver) => Ok(receiver.recv_deadline(deadline)?.into()))
    }

    /// Takes up to `max` messages at once. Blocks while there is none, but not to fill the batch. Dropping the batch acknowledges
    /// all of it.
    ///
    /// # Errors
    /// See [`RecvError`]; never `BufferTooSmall`.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let batch = rx.recv_batch(64)?;
    /// let texts: Vec<_> = batch.iter().map(|message| message.to_vec()).collect();
    /// assert_eq!(texts, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch(&mut self, max: usize) -> Result<Batch<'_>, RecvError> {
        each!(self, Self(receiver) => Ok(receiver.recv_batch(max)?.into()))
    }

    /// Takes up to `max` messages at once, if there is any now.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.try_recv_batch(64)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_recv_batch(&mut self, max: usize) -> Result<Batch<'_>, TryRecvError> {
        each!(self, Self(receiver) => Ok(receiver.try_recv_batch(max)?.into()))
    }

    /// Takes up to `max` messages at once. Blocks while there is none, for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(rx.recv_batch_timeout(64, std::time::Duration::from_millis(1)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Batch<'_>, RecvTimeoutError> {
        each!(self, Self(receiver) => Ok(receiver.recv_batch_timeout(max, timeout)?.into()))
    }

    /// Takes up to `max` messages at once. Blocks while there is none, until `deadline`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_millis(1);
    /// assert!(rx.recv_batch_deadline(64, deadline).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch_deadline(&mut self, max: usize, deadline: Instant) -> Result<Batch<'_>, RecvTimeoutError> {
        each!(self, Self(receiver) => Ok(receiver.recv_batch_deadline(max, deadline)?.into()))
    }

    /// What dropping a message or a batch of this receiver means, from now on: see
    /// [`on_drop`](crate::generic::Receiver::on_drop).
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.on_drop(memlane::OnDrop::GiveBack);
    /// drop(rx.recv()?); // an early return, for example
    /// rx.recv()?.ack()?; // the same one again
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_drop(&mut self, means: OnDrop) {
        each!(self, Self(receiver) => receiver.on_drop(means));
    }

    /// Copies of messages, each acknowledged as it is copied, until the channel is drained and its senders have gone. Blocks while
    /// there is none.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// drop(tx);
    /// assert_eq!(rx.messages().map(Result::unwrap).collect::<Vec<_>>(), [b"one", b"two"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn messages(&mut self) -> Messages<'_> {
        each!(self, Self(receiver) => receiver.messages().into())
    }

    /// Copies of messages, each acknowledged as it is copied, until there is none. Never blocks.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.try_iter().collect::<Result<Vec<_>, _>>()?, [b"one", b"two"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_iter(&mut self) -> TryIter<'_> {
        each!(self, Self(receiver) => receiver.try_iter().into())
    }

    /// Copies of as many messages as there are [now](Receiver::len), at most, each acknowledged as it is copied. Never blocks, and ends
    /// however fast others send.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// for message in rx.drain() {
    ///     tx.send(&message?)?; // comes back, and does not keep the loop going
    /// }
    /// assert_eq!(rx.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drain(&mut self) -> TryIter<'_> {
        each!(self, Self(receiver) => receiver.drain().into())
    }

    /// Wakes senders that sleep in front of a full channel, if something was released since they were woken last. Kinds without
    /// lanes do that with every message.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// drop(rx.recv()?);
    /// rx.publish_released(); // before waiting for something that only the sender can bring about
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_released(&mut self) {
        each!(self, Self(receiver) => receiver.tell_released());
    }

    /// Leaves the channel, as dropping does.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// rx.leave();
    /// assert_eq!(tx.send(b"to nobody"), Err(memlane::SendError::Disconnected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leave(self) {
        each!(self, Self(receiver) => receiver.leave());
    }

    /// Ends the channel for all: senders get `Disconnected`; this receiver and others drain what is still there.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"in time")?;
    /// rx.close();
    /// assert_eq!(tx.send(b"too late"), Err(memlane::SendError::Disconnected));
    /// assert_eq!(rx.recv()?.to_vec(), b"in time");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn close(&mut self) {
        each!(self, Self(receiver) => receiver.close());
    }

    /// Another receiver of the same channel, with a seat of its own. It knows which senders this one has seen.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken, as it always is in kinds with one; the others of [`JoinError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = rx.try_clone()?;
    /// tx.send(b"to one of them")?;
    /// assert_eq!(other.recv()?.to_vec(), b"to one of them");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        each!(self, Self(receiver) => Ok(receiver.join_as()?.into()))
    }
}
