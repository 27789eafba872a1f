//! The calls of tasks, of whatever kind.

use super::handles::{Batch, Message, Receiver, Sender, each};
use crate::error::{RecvError, SendError};
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Receiving as a task. Dropping one of these futures loses no message.
impl Receiver {
    /// See [`generic::Receiver::recv_async`](crate::generic::Receiver::recv_async).
    ///
    /// # Errors
    /// As [`Receiver::recv`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// assert_eq!(rx.recv_async().await?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_async(&mut self) -> Result<Message<'_>, RecvError> {
        each!(self, Self(receiver) => Ok(receiver.recv_async().await?.into()))
    }

    /// See [`generic::Receiver::recv_into_async`](crate::generic::Receiver::recv_into_async).
    ///
    /// # Errors
    /// As [`Receiver::recv_into`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// assert_eq!(rx.recv_into_async(&mut [0; 64]).await?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_into_async(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        each!(self, Self(receiver) => receiver.recv_into_async(buffer).await)
    }

    /// See [`generic::Receiver::recv_batch_async`](crate::generic::Receiver::recv_batch_async).
    ///
    /// # Errors
    /// As [`Receiver::recv_batch`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// assert_eq!(rx.recv_batch_async(64).await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_batch_async(&mut self, max: usize) -> Result<Batch<'_>, RecvError> {
        each!(self, Self(receiver) => Ok(receiver.recv_batch_async(max).await?.into()))
    }

    /// A copy of the next message, acknowledged as it is copied: what a stream yields.
    pub(crate) fn poll_copy(&mut self, task: &mut Context<'_>) -> Poll<Result<Vec<u8>, RecvError>> {
        each!(self, Self(receiver) => receiver.poll_copy(task))
    }
}

/// Sending as a task. Dropping one of these futures sends nothing, and keeps no room from others.
impl Sender {
    /// See [`generic::Sender::send_async`](crate::generic::Sender::send_async).
    ///
    /// # Errors
    /// As [`Sender::send`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn send_async(&mut self, message: &[u8]) -> Result<(), SendError> {
        poll_fn(|task| self.poll_send(task, message)).await
    }

    /// See [`generic::Sender::poll_send`](crate::generic::Sender::poll_send).
    ///
    /// # Errors
    /// As [`Sender::send`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// std::future::poll_fn(|task| tx.poll_send(task, b"hello")).await?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn poll_send(&mut self, task: &mut Context<'_>, message: &[u8]) -> Poll<Result<(), SendError>> {
        each!(self, Self(sender) => sender.poll_send(task, message))
    }
}
