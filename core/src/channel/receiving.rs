//! The calls that hand out messages: one, a batch, or one after the other.
//!
//! They stand above the receiver, which a message needs when it is done with, and above the messages.

use super::kind::ChannelKind;
use super::message::{Batch, Message, Messages};
use super::port::Inlet;
use super::receiver::Receiver;
use crate::error::{RecvError, RecvTimeoutError, TryRecvError};
use crate::wait::Calls;
use std::time::Duration;

/// Receiving messages in place.
impl<K: ChannelKind> Receiver<K> {
    /// The next message. Blocks while there is none. Dropping the message acknowledges it.
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

    /// The next message, if there is one now.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    #[inline]
    pub fn try_recv(&mut self) -> Result<Message<'_, K>, TryRecvError> {
        let item = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(Message::new(self, item))
    }

    /// The next message. Blocks while there is none, for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    #[inline]
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Message<'_, K>, RecvTimeoutError> {
        let item = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(Message::new(self, item))
    }

    /// Takes up to `max` messages at once (at least one, and 65,536 at most; in a queue, of one priority). Blocks while there is
    /// none, but not to fill the batch. Dropping the batch acknowledges all of it.
    ///
    /// In a lane, a sender that sleeps in front of a full channel is woken once an eighth of it was released, or when the receiver
    /// finds nothing more or calls [`publish_released`](crate::spsc::Receiver::publish_released): do so before you wait for
    /// something else that only that sender can bring about.
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
        let mark = self.port.collect(&mut self.end, first, max)?;
        Ok(Batch::new(self, mark))
    }

    /// Takes up to `max` messages at once, if there is any now.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], and the others of [`TryRecvError`].
    pub fn try_recv_batch(&mut self, max: usize) -> Result<Batch<'_, K>, TryRecvError> {
        let first = self.now()?.ok_or(TryRecvError::Empty)?;
        let mark = self.port.collect(&mut self.end, first, max)?;
        Ok(Batch::new(self, mark))
    }

    /// Takes up to `max` messages at once. Blocks while there is none, for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    pub fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Batch<'_, K>, RecvTimeoutError> {
        let first = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        let mark = self.port.collect(&mut self.end, first, max)?;
        Ok(Batch::new(self, mark))
    }

    /// Copies of messages, each acknowledged as it is copied, until the channel is drained and its senders have gone.
    /// Blocks while there is none.
    pub fn messages(&mut self) -> Messages<'_, K> {
        Messages::new(self)
    }
}
