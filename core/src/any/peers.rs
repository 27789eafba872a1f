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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(tx.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(sender) => sender.len())
    }

    /// Whether no message is.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(tx.is_empty());
    /// tx.send(b"hello")?;
    /// assert!(!tx.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(sender) => sender.is_empty())
    }

    /// Whether a send would have to wait.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["job"; 4])?;
    /// assert!(tx.is_full());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        each!(self, Self(sender) => sender.is_full())
    }

    /// How much fits: bytes of a lane, messages of a queue.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.capacity(), 4); // slots, in a queue
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        each!(self, Self(sender) => sender.capacity())
    }

    /// How much of that is free.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// assert_eq!(tx.room(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let peers = tx.peers();
    /// assert_eq!((peers.senders, peers.receivers), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        each!(self, Self(sender) => sender.peers())
    }

    /// Whether the other sender is one of the same channel.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// let (one, other) = (channel.sender()?, channel.sender()?);
    /// assert!(one.same_channel(&other));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let mut tx = channel.sender()?;
    /// let moment = std::time::Duration::from_millis(1);
    /// assert_eq!(tx.wait_for_peer(moment), Err(memlane::WaitForPeerError::Timeout));
    /// let peer = channel.receiver()?;
    /// tx.wait_for_peer(moment)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer(&mut self, timeout: Duration) -> Result<(), WaitForPeerError> {
        each!(self, Self(sender) => sender.wait_for_peer(timeout))
    }

    /// Blocks until a receiver is there, until `deadline` at the latest.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`], and the others of [`WaitForPeerError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let mut tx = channel.sender()?;
    /// let peer = channel.receiver()?;
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_secs(1);
    /// tx.wait_for_peer_deadline(deadline)?; // at once: it is there
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer_deadline(&mut self, deadline: Instant) -> Result<(), WaitForPeerError> {
        each!(self, Self(sender) => sender.wait_for_peer_deadline(deadline))
    }
}

/// How full the channel is for this receiver, and who sends.
impl Receiver {
    /// How many messages are in the channel: see [`generic::Receiver::len`](crate::generic::Receiver::len).
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(receiver) => receiver.len())
    }

    /// Whether no message is.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(rx.is_empty());
    /// tx.send(b"hello")?;
    /// assert!(!rx.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(receiver) => receiver.is_empty())
    }

    /// Whether senders would have to wait.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["job"; 4])?;
    /// assert!(rx.is_full());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        each!(self, Self(receiver) => receiver.is_full())
    }

    /// How much fits: bytes of lanes, messages of a queue.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(rx.capacity(), 4); // slots, in a queue
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        each!(self, Self(receiver) => receiver.capacity())
    }

    /// How much of that is free.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// assert_eq!(rx.room(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn room(&self) -> usize {
        each!(self, Self(receiver) => receiver.room())
    }

    /// Whether this receiver is told that its senders have gone, once it has drained the channel.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(!rx.is_disconnected());
    /// drop(tx);
    /// assert!(rx.is_disconnected());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        each!(self, Self(receiver) => receiver.is_disconnected())
    }

    /// How many participants of each role are alive.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let peers = rx.peers();
    /// assert_eq!((peers.senders, peers.receivers), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        each!(self, Self(receiver) => receiver.peers())
    }

    /// Whether the other receiver is one of the same channel.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(4).private()?;
    /// let (one, other) = (channel.receiver()?, channel.receiver()?);
    /// assert!(one.same_channel(&other));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let mut rx = channel.receiver()?;
    /// let moment = std::time::Duration::from_millis(1);
    /// assert_eq!(rx.wait_for_peer(moment), Err(memlane::WaitForPeerError::Timeout));
    /// let peer = channel.sender()?;
    /// rx.wait_for_peer(moment)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer(&mut self, timeout: Duration) -> Result<(), WaitForPeerError> {
        each!(self, Self(receiver) => receiver.wait_for_peer(timeout))
    }

    /// Blocks until a sender is there, until `deadline` at the latest.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`], and the others of [`WaitForPeerError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let mut rx = channel.receiver()?;
    /// let peer = channel.sender()?;
    /// let deadline = std::time::Instant::now() + std::time::Duration::from_secs(1);
    /// rx.wait_for_peer_deadline(deadline)?; // at once: it is there
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer_deadline(&mut self, deadline: Instant) -> Result<(), WaitForPeerError> {
        each!(self, Self(receiver) => receiver.wait_for_peer_deadline(deadline))
    }
}
