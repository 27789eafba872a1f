//! Waiting for another value as a task.

use super::change::Change;
use super::receiver::{Receiver, into, to_vec};
use crate::error::RecvError;
use crate::wait::poll;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Waiting for a value as a task. Dropping one of these futures loses nothing: a value that was not returned is still unseen.
impl Receiver {
    /// As [`Receiver::changed`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Receiver::changed`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// assert_eq!(rx.changed_async().await?, b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn changed_async(&mut self) -> Result<Vec<u8>, RecvError> {
        poll_fn(|task| self.poll_copy(task)).await
    }

    /// As [`Receiver::changed_into`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Receiver::changed_into`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// let mut buffer = [0; 64];
    /// assert_eq!(rx.changed_into_async(&mut buffer).await?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn changed_into_async(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        poll_fn(|task| poll(&mut Change::new(self, into(buffer)), task.waker())).await
    }

    /// A copy of the next value: what a stream yields.
    pub(crate) fn poll_copy(&mut self, task: &mut Context<'_>) -> Poll<Result<Vec<u8>, RecvError>> {
        poll(&mut Change::new(self, to_vec), task.waker())
    }
}
