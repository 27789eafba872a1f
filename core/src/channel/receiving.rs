//! The calls that hand out messages: one, a batch, or one after the other.
//!
//! They stand above the receiver, which a message needs when it is done with, and above the messages.

use super::batch::Batch;
use super::kind::ChannelKind;
use super::message::Message;
use super::messages::{Messages, TryIter};
use super::port::Inlet;
use super::receiver::{ItemOf, Receiver};
use crate::error::{RecvError, RecvTimeoutError, TryRecvError};
use crate::wait::Calls;
use std::time::{Duration, Instant};

/// Receiving messages in place.
impl<K: ChannelKind> Receiver<K> {
    /// The next message. Blocks while there is none. Dropping the message acknowledges it, unless
    /// [`Receiver::on_drop`] says otherwise.
    ///
    /// A sender that dies takes nothing of what it had sent with it. Once the last sender has gone, and nothing is left that may come,
    /// the call ends with [`RecvError::Disconnected`]. If this process dies before the message is acknowledged, it comes again.
    ///
    /// # Errors
    /// See [`RecvError`]; never `BufferTooSmall`.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn recv(&mut self) -> Result<Message<'_, K>, RecvError> {
        let item = self.next()?;
        Ok(Message::new(self, item))
    }

    /// The next message, if there is one now. Never blocks. After `Empty`, a message may have come before the caller looks at the
    /// result.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    ///
    /// ```
    /// # use memlane::TryRecvError;
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.try_recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<Message<'_, K>, TryRecvError> {
        let item = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(Message::new(self, item))
    }

    /// As [`Receiver::recv`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has
    /// no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # use memlane::RecvTimeoutError;
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(rx.recv_timeout(Duration::from_millis(1)).unwrap_err(), RecvTimeoutError::Timeout);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv_timeout(Duration::from_millis(1))?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Message<'_, K>, RecvTimeoutError> {
        let item = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(Message::new(self, item))
    }

    /// As [`Receiver::recv`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Receiver::recv_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let deadline = Instant::now() + Duration::from_millis(1); // for as many as come until then
    /// let mut received = 0;
    /// while rx.recv_deadline(deadline).is_ok() {
    ///     received += 1;
    /// }
    /// assert_eq!(received, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_deadline(&mut self, deadline: Instant) -> Result<Message<'_, K>, RecvTimeoutError> {
        let item = self.by(deadline)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(Message::new(self, item))
    }

    /// Takes up to `max` messages at once (at least one, and 65,536 at most; in a queue, of one priority). Blocks while there is
    /// none, but not to fill the batch. Dropping the batch acknowledges what is left of it,
    /// unless [`Receiver::on_drop`] says otherwise.
    ///
    /// In a lane, a sender that sleeps in front of a full channel is woken once an eighth of it was released, or when the receiver
    /// finds nothing more or calls [`publish_released`](crate::spsc::Receiver::publish_released): do so before you wait for
    /// something else that only that sender can bring about.
    ///
    /// What becomes of the call when a sender dies is said at [`Receiver::recv`]. If this process dies before the batch is
    /// acknowledged, its messages come again.
    ///
    /// # Errors
    /// See [`RecvError`]; never `BufferTooSmall`.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let batch = rx.recv_batch(64)?;
    /// let texts: Vec<_> = batch.iter().map(|message| message.to_vec()).collect();
    /// assert_eq!(texts, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch(&mut self, max: usize) -> Result<Batch<'_, K>, RecvError> {
        let first = self.next()?;
        self.batch_from(first, max)
    }

    /// Takes up to `max` messages at once, if there is any now; for `max`, see [`Receiver::recv_batch`]. Never blocks. Others send
    /// meanwhile: there may be more messages, and after `Empty` one, before the caller looks at the result.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// assert_eq!(rx.try_recv_batch(2)?.len(), 2);
    /// assert_eq!(rx.try_recv_batch(2)?.len(), 1);
    /// assert!(rx.try_recv_batch(2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_recv_batch(&mut self, max: usize) -> Result<Batch<'_, K>, TryRecvError> {
        let first = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(self.batch_from(first, max)?)
    }

    /// As [`Receiver::recv_batch`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock
    /// has no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # use memlane::RecvTimeoutError;
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.recv_batch_timeout(64, Duration::from_millis(1))?.len(), 2); // it does not wait for more
    /// assert_eq!(rx.recv_batch_timeout(64, Duration::from_millis(1)).unwrap_err(), RecvTimeoutError::Timeout);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Batch<'_, K>, RecvTimeoutError> {
        let first = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(self.batch_from(first, max)?)
    }

    /// As [`Receiver::recv_batch`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Receiver::recv_batch_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.recv_batch_deadline(64, Instant::now() + Duration::from_millis(1))?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch_deadline(&mut self, max: usize, deadline: Instant) -> Result<Batch<'_, K>, RecvTimeoutError> {
        let first = self.by(deadline)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(self.batch_from(first, max)?)
    }

    /// The batch that begins with this message.
    #[inline]
    pub(super) fn batch_from(&mut self, first: ItemOf<K>, max: usize) -> Result<Batch<'_, K>, RecvError> {
        let mark = self.port.collect(&mut self.end, first, max)?;
        Ok(Batch::new(self, mark))
    }

    /// Copies of messages, each acknowledged as it is copied, until the channel is drained and its senders have gone.
    /// Blocks while there is none.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// drop(tx);
    /// let texts: Result<Vec<_>, _> = rx.messages().collect(); // ends when the sender has left and nothing is there
    /// assert_eq!(texts?, [b"one", b"two"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn messages(&mut self) -> Messages<'_, K> {
        Messages::new(self)
    }

    /// Copies of the messages that are there, each acknowledged as it is copied, until there is none. Never blocks. Others send
    /// meanwhile, and what they send is taken, too; so it may go on for as long as they do.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.try_iter().collect::<Result<Vec<_>, _>>()?, [b"one", b"two"]);
    /// assert!(rx.try_iter().next().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_iter(&mut self) -> TryIter<'_, K> {
        TryIter::new(self, usize::MAX)
    }

    /// Copies of as many messages as there are [now](Receiver::len), at most, each acknowledged as it is copied. Never blocks. What
    /// others send meanwhile stays for the calls that follow, so it ends however fast they are; it ends early where other receivers
    /// are faster.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// for message in rx.drain() {
    ///     tx.send(&message?)?; // comes back, and does not keep the loop going
    /// }
    /// assert_eq!(rx.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drain(&mut self) -> TryIter<'_, K> {
        let there = self.len();
        TryIter::new(self, there)
    }
}
