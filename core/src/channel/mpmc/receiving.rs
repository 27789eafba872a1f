//! The calls that hand out messages: one, a batch, or one after the other.
//!
//! They stand above the receiver, which a message needs when it is done with, and above the messages.

use super::message::{Batch, Message, Messages};
use super::receiver::Receiver;
use crate::error::{RecvError, RecvTimeoutError, TryRecvError};
use crate::wait::Calls;
use std::time::Duration;

impl Receiver {
    /// The next message. Blocks while nothing is queued. Dropping the message acknowledges it.
    ///
    /// # Errors
    /// See [`RecvError`]; never `BufferTooSmall`.
    #[inline]
    pub fn recv(&mut self) -> Result<Message<'_>, RecvError> {
        let delivery = self.next_delivery()?;
        Ok(Message::new(self, delivery))
    }

    /// The next message, if there is one now.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    #[inline]
    pub fn try_recv(&mut self) -> Result<Message<'_>, TryRecvError> {
        let delivery = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(Message::new(self, delivery))
    }

    /// The next message. Blocks while nothing is queued, for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Message<'_>, RecvTimeoutError> {
        let delivery = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(Message::new(self, delivery))
    }

    /// Takes up to `max` messages at once (at least one, and 65,536 at most), of one priority. Blocks while nothing is queued, but
    /// not to fill the batch. Dropping the batch acknowledges all of it.
    ///
    /// # Errors
    /// See [`RecvError`]; never `BufferTooSmall`.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let batch = rx.recv_batch(64)?;
    /// let texts: Vec<_> = batch.iter().map(|message| message.to_vec()).collect();
    /// assert_eq!(texts, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_batch(&mut self, max: usize) -> Result<Batch<'_>, RecvError> {
        let first = self.next_delivery()?;
        self.collect_batch(first, max)?;
        Ok(Batch::new(self))
    }

    /// Takes up to `max` messages at once, if there is any now.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    pub fn try_recv_batch(&mut self, max: usize) -> Result<Batch<'_>, TryRecvError> {
        let first = self.now()?.ok_or(TryRecvError::Empty)?;
        self.collect_batch(first, max)?;
        Ok(Batch::new(self))
    }

    /// Takes up to `max` messages at once. Blocks while nothing is queued, for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    pub fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Batch<'_>, RecvTimeoutError> {
        let first = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        self.collect_batch(first, max)?;
        Ok(Batch::new(self))
    }

    /// Copies of messages, each acknowledged as it is copied, until the channel is drained and its senders have gone.
    /// Blocks while nothing is queued.
    pub fn messages(&mut self) -> Messages<'_> {
        Messages::new(self)
    }
}
