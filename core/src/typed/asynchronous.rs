//! The calls of tasks, for values.

use super::codec::Codec;
use super::ends::{Carrier, Sending};
use super::error::{RecvError, SendError};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::channel::waitable::poll_handle;
use crate::error::{self, TryRecvError};
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Receiving as a task. Dropping the future loses no value.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Receiver<T, K, C> {
    /// As [`Receiver::recv`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Receiver::recv`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(&7).await?;
    /// assert_eq!(rx.recv_async().await?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_async(&mut self) -> Result<C::Owned, RecvError> {
        poll_fn(|task| self.poll_value(task)).await
    }

    /// The next value, if there is one now. Otherwise the task is woken when it is worth another try.
    pub(crate) fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<C::Owned, RecvError>> {
        poll_handle(self, task.waker(), |receiver| match receiver.try_recv() {
            Ok(value) => Some(Ok(value)),
            Err(RecvError::Unreadable(reason)) => Some(Err(RecvError::Unreadable(reason))),
            Err(RecvError::Channel(error)) => narrowed(error).map(|error| Err(error.into())),
        })
    }
}

/// As the error of a call that waits. `None`: it would wait.
fn narrowed(error: TryRecvError) -> Option<error::RecvError> {
    Some(match error {
        TryRecvError::Empty => return None,
        TryRecvError::Disconnected => error::RecvError::Disconnected,
        TryRecvError::BufferTooSmall { needed } => error::RecvError::BufferTooSmall { needed },
        TryRecvError::OutOfMemory { needed } => error::RecvError::OutOfMemory { needed },
        TryRecvError::Lagged { lost } => error::RecvError::Lagged { lost },
        TryRecvError::Removed => error::RecvError::Removed,
        TryRecvError::Corrupted(reason) => error::RecvError::Corrupted(reason),
        TryRecvError::Forked => error::RecvError::Forked,
    })
}

/// Sending as a task. Dropping the future sends nothing, and keeps no room from others.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Sender<T, K, C> {
    /// As [`Sender::send`], but suspends the task in place of blocking the thread. The value is encoded anew in each poll.
    ///
    /// # Errors
    /// As [`Sender::send`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(&7).await?;
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn send_async(&mut self, value: &T) -> Result<(), SendError> {
        poll_fn(|task| self.poll_send(task, value)).await
    }

    /// See [`generic::Sender::poll_send`](crate::generic::Sender::poll_send).
    ///
    /// # Errors
    /// As [`Sender::send`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// std::future::poll_fn(|task| tx.poll_send(task, &7)).await?;
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn poll_send(&mut self, task: &mut Context<'_>, value: &T) -> Poll<Result<(), SendError>> {
        let bytes = C::encode(value, &mut self.scratch).map_err(SendError::Unencodable)?;
        self.under.poll_send(task, bytes).map_err(SendError::from)
    }
}
