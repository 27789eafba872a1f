//! How full a channel of whatever kind is, and who else takes part, asked of its handles. Nothing here but waiting for a peer waits,
//! and nothing disturbs the participants; what others can change meanwhile, [`generic`](crate::generic) says call by call.

use super::handles::{Receiver, Sender, each};
use crate::channel::peers::Peers;
use crate::error::WaitForPeerError;
use std::time::{Duration, Instant};

/// How full the channel is for this sender, and who receives.
impl Sender {
    /// How many messages are in the channel, or in this sender's lane of it: see
    /// [`generic::Sender::len`](crate::generic::Sender::len).
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(sender) => sender.len())
    }

    /// Whether no message is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(sender) => sender.is_empty())
    }

    /// Whether a send would have to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        each!(self, Self(sender) => sender.is_full())
    }

    /// How much fits: bytes of a lane, messages of a queue.
    #[must_use]
    pub fn capacity(&self) -> usize {
        each!(self, Self(sender) => sender.capacity())
    }

    /// How much of that is free.
    #[must_use]
    pub fn room(&self) -> usize {
        each!(self, Self(sender) => sender.room())
    }

    /// Whether a send would be refused, since every receiver has left or the channel was closed.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let (tx, rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(!tx.is_disconnected());
    /// drop(rx);
    /// assert!(tx.is_disconnected());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        each!(self, Self(sender) => sender.is_disconnected())
    }

    /// How many participants of each role are alive.
    #[must_use]
    pub fn peers(&self) -> Peers {
        each!(self, Self(sender) => sender.peers())
    }

    /// Whether the other sender is one of the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        let ours = each!(self, Self(sender) => sender.shared());
        let theirs = each!(other, Self(sender) => sender.shared());
        ours.is_same_channel(theirs)
    }

    /// Blocks until a receiver is there, for at most `timeout`.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`], and the others of [`WaitForPeerError`].
    pub fn wait_for_peer(&mut self, timeout: Duration) -> Result<(), WaitForPeerError> {
        each!(self, Self(sender) => sender.wait_for_peer(timeout))
    }

    /// Blocks until a receiver is there, until `deadline` at the latest.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`], and the others of [`WaitForPeerError`].
    pub fn wait_for_peer_deadline(&mut self, deadline: Instant) -> Result<(), WaitForPeerError> {
        each!(self, Self(sender) => sender.wait_for_peer_deadline(deadline))
    }
}

/// How full the channel is for this receiver, and who sends.
impl Receiver {
    /// How many messages are in the channel: see [`generic::Receiver::len`](crate::generic::Receiver::len).
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(receiver) => receiver.len())
    }

    /// Whether no message is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(receiver) => receiver.is_empty())
    }

    /// Whether senders would have to wait.
    #[must_use]
    pub fn is_full(&self) -> bool {
        each!(self, Self(receiver) => receiver.is_full())
    }

    /// How much fits: bytes of lanes, messages of a queue.
    #[must_use]
    pub fn capacity(&self) -> usize {
        each!(self, Self(receiver) => receiver.capacity())
    }

    /// How much of that is free.
    #[must_use]
    pub fn room(&self) -> usize {
        each!(self, Self(receiver) => receiver.room())
    }

    /// Whether this receiver is told that its senders have gone, once it has drained the channel.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        each!(self, Self(receiver) => receiver.is_disconnected())
    }

    /// How many participants of each role are alive.
    #[must_use]
    pub fn peers(&self) -> Peers {
        each!(self, Self(receiver) => receiver.peers())
    }

    /// Whether the other receiver is one of the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        let ours = each!(self, Self(receiver) => receiver.shared());
        let theirs = each!(other, Self(receiver) => receiver.shared());
        ours.is_same_channel(theirs)
    }

    /// Blocks until a sender is there, for at most `timeout`.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`], and the others of [`WaitForPeerError`].
    pub fn wait_for_peer(&mut self, timeout: Duration) -> Result<(), WaitForPeerError> {
        each!(self, Self(receiver) => receiver.wait_for_peer(timeout))
    }

    /// Blocks until a sender is there, until `deadline` at the latest.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`], and the others of [`WaitForPeerError`].
    pub fn wait_for_peer_deadline(&mut self, deadline: Instant) -> Result<(), WaitForPeerError> {
        each!(self, Self(receiver) => receiver.wait_for_peer_deadline(deadline))
    }
}
