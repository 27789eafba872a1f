//! The calls that all kinds share, as traits, so that a tool makes them in one function for every kind.
//!
//! ```text
//! Opens ── create, open … ──► Joins ── sender ────► Sends ── reserve ──► Fills
//!                               │
//!                               └──── receiver ──► Receives ── recv ──► Settles
//!                                                     └─ recv_batch ──► Batched ── get ──► Contents
//! ```
//!
//! The types of each kind have these calls under the same names, each by itself. `joined` joins them to the traits.

use memlane::{
    AckError, Backend, BufferTooSmall, CreateError, GrantError, Info, JoinError, OpenError, RecvError,
    RecvTimeoutError, SendBatchError, SendError, SendTimeoutError, Strategy, TrustPeers, TryRecvError, TrySendError,
};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// Options: what is asked for, and how a channel is found.
pub trait Opens: Default {
    type Channel: Joins;

    fn backend(self, backend: Backend) -> Self;
    fn trust_peers(self, trust: TrustPeers) -> Self;
    fn prefault(self, prefault: bool) -> Self;
    fn lock_memory(self, lock: bool) -> Self;
    fn huge_pages(self, huge: bool) -> Self;
    fn remove_on_drop(self, remove: bool) -> Self;

    fn create(&self, name: &str) -> Result<Self::Channel, CreateError>;
    fn open(&self, name: &str) -> Result<Self::Channel, OpenError>;
    fn open_or_create(&self, name: &str) -> Result<Self::Channel, OpenError>;
    fn anonymous(&self) -> Result<Self::Channel, CreateError>;
    fn private(&self) -> Result<Self::Channel, CreateError>;
    fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Self::Channel, OpenError>;
}

/// A channel: where both ends are joined.
pub trait Joins: Clone + Send + 'static {
    type Sender: Sends;
    type Receiver: Receives;

    fn sender(&self) -> Result<Self::Sender, JoinError>;
    fn receiver(&self) -> Result<Self::Receiver, JoinError>;
    fn info(&self) -> Info;
    fn close(&self);
    fn max_message(&self) -> usize;
    fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)>;
}

/// A sender.
pub trait Sends: Send + 'static {
    type Grant<'a>: Fills
    where
        Self: 'a;

    fn row(&self) -> u32;
    fn set_strategy(&mut self, strategy: Strategy);

    fn send(&mut self, message: &[u8]) -> Result<(), SendError>;
    fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError>;
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError>;
    fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>;

    fn reserve(&mut self, length: usize) -> Result<Self::Grant<'_>, SendError>;
    fn try_reserve(&mut self, length: usize) -> Result<Self::Grant<'_>, TrySendError>;
    fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Self::Grant<'_>, SendTimeoutError>;

    fn close(self) -> Result<(), SendError>;
}

/// Room for a message.
pub trait Fills {
    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError>;
    fn commit(self, used: usize) -> Result<(), GrantError>;
}

/// A receiver.
pub trait Receives: Send + 'static {
    type Message<'a>: Settles
    where
        Self: 'a;
    type Batch<'a>: Batched
    where
        Self: 'a;

    fn row(&self) -> u32;
    fn set_strategy(&mut self, strategy: Strategy);

    fn recv(&mut self) -> Result<Self::Message<'_>, RecvError>;
    fn try_recv(&mut self) -> Result<Self::Message<'_>, TryRecvError>;
    fn recv_timeout(&mut self, timeout: Duration) -> Result<Self::Message<'_>, RecvTimeoutError>;
    fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError>;
    fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError>;
    fn recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, RecvError>;
    fn try_recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, TryRecvError>;
    fn recv_batch_timeout(&mut self, max: usize, timeout: Duration) -> Result<Self::Batch<'_>, RecvTimeoutError>;

    fn close(self);
}

/// The bytes of a message.
pub trait Contents {
    fn to_vec(&self) -> Vec<u8>;
    fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall>;
}

/// Whether a message says that it was delivered before. Lanes do not mark theirs.
pub trait Marked {
    fn again(&self) -> bool {
        false
    }
}

/// A message in hand.
pub trait Settles: Contents + Marked {
    fn ack(self) -> Result<(), AckError>;
    fn nack(self) -> Result<(), AckError>;
}

/// Several messages in hand.
pub trait Batched {
    type One<'b>: Contents + Marked
    where
        Self: 'b;

    fn len(&self) -> usize;
    fn get(&self, index: usize) -> Option<Self::One<'_>>;

    fn iter(&self) -> impl Iterator<Item = Self::One<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}
