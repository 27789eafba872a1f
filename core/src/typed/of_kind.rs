//! Every kind carries typed messages, by the calls of its own handles.

use super::ends::{Batch, Carrier, Contents, Held, OfThisCrate, Reader, Receiving, Sending};
use crate::channel::batch;
use crate::channel::contents::BatchMessage;
use crate::channel::exact::OtherLength;
use crate::channel::kind::ChannelKind;
use crate::channel::message::Message;
use crate::channel::opened::Channel;
use crate::channel::receiver::Receiver;
use crate::channel::sender::Sender;
use crate::error::{
    AckError, BufferTooSmall, HandOverError, JoinError, OutOfMemory, RecvError, RecvTimeoutError, SendBatchError,
    SendError, SendTimeoutError, TakeOverError, TryRecvError, TrySendError,
};
use crate::region::TrustPeers;
use std::time::{Duration, Instant};

impl<K: ChannelKind> OfThisCrate for K {}

impl<K: ChannelKind> Carrier for K {
    type Sender = Sender<K>;
    type Receiver = Receiver<K>;

    fn sender_of(channel: &Channel<K>) -> Result<Sender<K>, JoinError> {
        channel.sender()
    }

    fn receiver_of(channel: &Channel<K>) -> Result<Receiver<K>, JoinError> {
        channel.receiver()
    }

    fn next_sender_of(channel: &Channel<K>, timeout: Duration) -> Result<Sender<K>, TakeOverError> {
        channel.take_over_sender(timeout)
    }

    fn next_receiver_of(channel: &Channel<K>, timeout: Duration) -> Result<Receiver<K>, TakeOverError> {
        channel.take_over_receiver(timeout)
    }
}

impl<K: ChannelKind> Sending for Sender<K> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.send(message)
    }

    #[inline]
    fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        self.try_send(message)
    }

    #[inline]
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        self.send_timeout(message, timeout)
    }

    #[inline]
    fn send_deadline(&mut self, message: &[u8], deadline: Instant) -> Result<(), SendTimeoutError> {
        self.send_deadline(message, deadline)
    }

    fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.send_batch(messages)
    }

    fn try_send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError<TrySendError>>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.try_send_batch(messages)
    }

    fn send_batch_timeout<I>(
        &mut self,
        messages: I,
        timeout: Duration,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.send_batch_timeout(messages, timeout)
    }

    fn send_batch_deadline<I>(
        &mut self,
        messages: I,
        deadline: Instant,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.send_batch_deadline(messages, deadline)
    }

    fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        self.hand_over(timeout)
    }

    #[cfg(feature = "async")]
    fn poll_send(
        &mut self,
        task: &mut std::task::Context<'_>,
        message: &[u8],
    ) -> std::task::Poll<Result<(), SendError>> {
        self.poll_send(task, message)
    }

    fn another(&self) -> Result<Self, JoinError> {
        self.join_as()
    }
}

impl<K: ChannelKind> Receiving for Receiver<K> {
    type Message<'a> = Message<'a, K>;
    type Batch<'a> = batch::Batch<'a, K>;

    #[inline(always)]
    fn recv(&mut self) -> Result<Self::Message<'_>, RecvError> {
        self.recv()
    }

    #[inline]
    fn try_recv(&mut self) -> Result<Self::Message<'_>, TryRecvError> {
        self.try_recv()
    }

    #[inline]
    fn recv_timeout(&mut self, timeout: Duration) -> Result<Self::Message<'_>, RecvTimeoutError> {
        self.recv_timeout(timeout)
    }

    #[inline]
    fn recv_deadline(&mut self, deadline: Instant) -> Result<Self::Message<'_>, RecvTimeoutError> {
        self.recv_deadline(deadline)
    }

    #[inline(always)]
    fn recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, RecvError> {
        self.recv_exact(buffer)
    }

    #[inline(always)]
    fn try_recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, TryRecvError> {
        self.try_recv_exact(buffer)
    }

    fn recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, RecvError> {
        self.recv_batch(max)
    }

    fn try_recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, TryRecvError> {
        self.try_recv_batch(max)
    }

    fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Self::Batch<'_>, RecvTimeoutError> {
        self.recv_batch_timeout(max, timeout)
    }

    fn recv_batch_deadline(&mut self, max: usize, deadline: Instant) -> Result<Self::Batch<'_>, RecvTimeoutError> {
        self.recv_batch_deadline(max, deadline)
    }

    fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        self.hand_over(timeout)
    }

    fn another(&self) -> Result<Self, JoinError> {
        self.join_as()
    }
}

impl<K: ChannelKind> Contents for Message<'_, K> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn copy(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        self.copy_to(buffer)
    }

    fn append(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        self.append_to(vector)
    }
}

impl<K: ChannelKind> Held for Message<'_, K> {
    #[inline]
    fn slice(&self, trust: TrustPeers) -> &[u8] {
        self.as_slice(trust)
    }

    #[inline]
    fn ack(self) -> Result<(), AckError> {
        self.ack()
    }

    fn nack(self) -> Result<(), AckError> {
        self.nack()
    }

    fn hand_back(self) {
        self.hand_back();
    }
}

impl<K: ChannelKind> Contents for BatchMessage<'_, K> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn copy(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        self.copy_to(buffer)
    }

    fn append(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        self.append_to(vector)
    }
}

impl<K: ChannelKind> Batch for batch::Batch<'_, K> {
    fn left(&self) -> usize {
        self.len()
    }

    #[inline]
    fn each<R: Reader>(&self, reader: &mut R) -> Result<(), R::Error> {
        self.iter().try_for_each(|message| reader.read(&message))
    }

    fn ack(self) -> Result<(), AckError> {
        self.ack()
    }

    fn ack_first(&mut self, count: usize) -> Result<(), AckError> {
        self.ack_first(count)
    }

    fn hand_back(self) {
        self.hand_back();
    }
}
