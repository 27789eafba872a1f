//! The calls of tasks: `recv_async`, `send_async` and their like.
//!
//! A message is taken in a poll, and returned from that same poll; room is claimed in a poll, and filled in that same poll. Between two polls
//! a future holds nothing of the channel, so it may be dropped at any point.

use super::batch::Batch;
use super::kind::ChannelKind;
use super::message::Message;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::error::{RecvError, SendError};
use crate::wait::poll;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// Receiving as a task. Dropping one of these futures loses no message.
impl<K: ChannelKind> Receiver<K> {
    /// As [`Receiver::recv`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Receiver::recv`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// let message = rx.recv_async().await?;
    /// assert_eq!(message.to_vec(), b"hello");
    /// message.ack()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_async(&mut self) -> Result<Message<'_, K>, RecvError> {
        let item = poll_fn(|task| poll(self, task.waker())).await?;
        Ok(Message::new(self, item))
    }

    /// As [`Receiver::recv_into`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Receiver::recv_into`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// let mut buffer = [0; 64];
    /// assert_eq!(rx.recv_into_async(&mut buffer).await?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_into_async(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let item = poll_fn(|task| poll(self, task.waker())).await?;
        self.copy_and_finish(item, buffer)
    }

    /// As [`Receiver::recv_batch`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Receiver::recv_batch`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.recv_batch_async(64).await?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn recv_batch_async(&mut self, max: usize) -> Result<Batch<'_, K>, RecvError> {
        let first = poll_fn(|task| poll(self, task.waker())).await?;
        self.batch_from(first, max)
    }

    /// A copy of the next message, acknowledged as it is copied: what [`stream`](Self::stream) yields.
    pub(crate) fn poll_copy(&mut self, task: &mut Context<'_>) -> Poll<Result<Vec<u8>, RecvError>> {
        let item = ready!(poll(self, task.waker()))?;
        let message = Message::new(self, item);
        let copy = message.to_vec();
        Poll::Ready(message.ack().map(|()| copy).map_err(RecvError::from))
    }
}

/// Sending as a task. Dropping one of these futures sends nothing, and keeps no room from others.
impl<K: ChannelKind> Sender<K> {
    /// As [`Sender::send`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Sender::send`]. The message was not sent.
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_async(b"hello").await?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn send_async(&mut self, message: &[u8]) -> Result<(), SendError> {
        poll_fn(|task| self.poll_send(task, message)).await
    }

    /// Sends a copy of `message` if there is room now. Otherwise the task is woken when it is worth another try.
    ///
    /// # Errors
    /// As [`Sender::send`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// std::future::poll_fn(|task| tx.poll_send(task, b"hello")).await?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn poll_send(&mut self, task: &mut Context<'_>, message: &[u8]) -> Poll<Result<(), SendError>> {
        let claim = ready!(poll(&mut self.room_for(message.len()), task.waker()))?;
        Poll::Ready(self.send_into(claim, message))
    }
}
