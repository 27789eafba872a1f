//! What typed channels stand on: a kind, or `any`, with its untyped handles.
//!
//! Handles of all kinds, and those of `any`, have calls of the same names. The traits here are these calls, as far as typed handles
//! need them: [`Sending`] and [`Receiving`] of handles, [`Held`] of messages, [`Batch`] of batches, [`Contents`] of what can be read.

use crate::channel::exact::OtherLength;
use crate::channel::opened::Channel;
use crate::channel::waitable::Waitable;
use crate::error::{
    AckError, BufferTooSmall, HandOverError, JoinError, OutOfMemory, RecvError, RecvTimeoutError, SendBatchError,
    SendError, SendTimeoutError, TakeOverError, TryRecvError, TrySendError,
};
use crate::region::TrustPeers;
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// What carries typed messages: every [kind](crate::generic::ChannelKind), and [`Any`](crate::any::Any) for channels of whatever kind.
///
/// ```
/// use memlane::typed::{Carrier, Receiver, Sender};
///
/// fn echo<K: Carrier>(tx: &mut Sender<u64, K>, rx: &mut Receiver<u64, K>) -> Result<u64, Box<dyn std::error::Error>> {
///     tx.send(&7)?;
///     Ok(rx.recv()?)
/// }
/// let lane = memlane::spsc::Options::new().of::<u64>().private()?;
/// assert_eq!(echo(&mut lane.sender()?, &mut lane.receiver()?)?, 7);
/// let queue = memlane::any::Options::new(memlane::Kind::Mpmc).of::<u64>().private()?;
/// assert_eq!(echo(&mut queue.sender()?, &mut queue.receiver()?)?, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(private_bounds, reason = "only this crate makes kinds")]
pub trait Carrier: OfThisCrate + Sized + 'static {
    /// The untyped sender.
    type Sender: Sending;
    /// The untyped receiver.
    type Receiver: Receiving;
    #[doc(hidden)]
    fn sender_of(channel: &Channel<Self>) -> Result<Self::Sender, JoinError>;
    #[doc(hidden)]
    fn receiver_of(channel: &Channel<Self>) -> Result<Self::Receiver, JoinError>;
    #[doc(hidden)]
    fn next_sender_of(channel: &Channel<Self>, timeout: Duration) -> Result<Self::Sender, TakeOverError>;
    #[doc(hidden)]
    fn next_receiver_of(channel: &Channel<Self>, timeout: Duration) -> Result<Self::Receiver, TakeOverError>;
}

/// Keeps programs from being carriers.
pub(crate) trait OfThisCrate {}

/// The calls of an untyped sender.
pub trait Sending: Sized + Debug + Send + Waitable {
    fn send(&mut self, message: &[u8]) -> Result<(), SendError>;
    fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError>;
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError>;
    fn send_deadline(&mut self, message: &[u8], deadline: Instant) -> Result<(), SendTimeoutError>;
    fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator<Item: AsRef<[u8]>>;
    fn try_send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError<TrySendError>>
    where
        I: IntoIterator<Item: AsRef<[u8]>>;
    fn send_batch_timeout<I>(
        &mut self,
        messages: I,
        timeout: Duration,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator<Item: AsRef<[u8]>>;
    fn send_batch_deadline<I>(
        &mut self,
        messages: I,
        deadline: Instant,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator<Item: AsRef<[u8]>>;
    fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>>;
    #[cfg(feature = "async")]
    fn poll_send(
        &mut self,
        task: &mut std::task::Context<'_>,
        message: &[u8],
    ) -> std::task::Poll<Result<(), SendError>>;
    /// Another sender of the same channel, which knows which receivers this one has seen.
    fn another(&self) -> Result<Self, JoinError>;
}

/// The calls of an untyped receiver.
pub trait Receiving: Sized + Debug + Send + Waitable {
    type Message<'a>: Held
    where
        Self: 'a;
    type Batch<'a>: Batch
    where
        Self: 'a;

    fn recv(&mut self) -> Result<Self::Message<'_>, RecvError>;
    fn try_recv(&mut self) -> Result<Self::Message<'_>, TryRecvError>;
    fn recv_timeout(&mut self, timeout: Duration) -> Result<Self::Message<'_>, RecvTimeoutError>;
    fn recv_deadline(&mut self, deadline: Instant) -> Result<Self::Message<'_>, RecvTimeoutError>;
    /// Copies the next message, if it is as long as the buffer. One of another length stays.
    fn recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, RecvError>;
    fn try_recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, TryRecvError>;
    fn recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, RecvError>;
    fn try_recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, TryRecvError>;
    fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Self::Batch<'_>, RecvTimeoutError>;
    fn recv_batch_deadline(&mut self, max: usize, deadline: Instant) -> Result<Self::Batch<'_>, RecvTimeoutError>;
    fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>>;
    /// Another receiver of the same channel, which knows which senders this one has seen.
    fn another(&self) -> Result<Self, JoinError>;
}

/// What can be read of a message.
pub trait Contents {
    fn length(&self) -> usize;
    fn copy(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall>;
    fn append(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory>;
}

/// A message that is a receiver's alone.
pub trait Held: Contents + Debug {
    fn slice(&self, trust: TrustPeers) -> &[u8];
    fn ack(self) -> Result<(), AckError>;
    fn nack(self) -> Result<(), AckError>;
    fn hand_back(self);
}

/// What reads the messages of a batch, whatever kind they are of.
pub trait Reader {
    type Error;

    fn read(&mut self, message: &impl Contents) -> Result<(), Self::Error>;
}

/// Several messages that are a receiver's alone.
pub trait Batch {
    fn left(&self) -> usize;
    /// Has the messages read in order, up to the first that cannot be.
    fn each<R: Reader>(&self, reader: &mut R) -> Result<(), R::Error>;
    fn ack(self) -> Result<(), AckError>;
    fn ack_first(&mut self, count: usize) -> Result<(), AckError>;
    fn hand_back(self);
}
