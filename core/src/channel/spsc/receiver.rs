//! What only an `spsc` receiver and its messages have.

use crate::channel::kind::Spsc;
use crate::channel::{batch, contents, message, messages, receiver};

/// The receiver of an `spsc` channel. One lives at a time; dropping it leaves the channel.
pub type Receiver = receiver::Receiver<Spsc>;

/// A message in the channel. It is copied out, and released when dropped, unless [`Receiver::on_drop`] says otherwise.
pub type Message<'a> = message::Message<'a, Spsc>;

/// Several messages that were in the channel at once. Those that are left are released, and that is published, when the batch is dropped,
/// unless [`Receiver::on_drop`] says otherwise.
pub type Batch<'a> = batch::Batch<'a, Spsc>;

/// One message of a [`Batch`].
pub type BatchMessage<'a> = contents::BatchMessage<'a, Spsc>;

/// Iterates over the messages of a [`Batch`].
pub type BatchIter<'a> = batch::BatchIter<'a, Spsc>;

/// Copies of messages, each released as it is copied.
pub type Messages<'a> = messages::Messages<'a, Spsc>;

/// What only the receiver of an `spsc` channel has.
impl Receiver {
    /// Wakes the sender, if it sleeps in front of a full channel and something was released since it was last woken; and counts
    /// what was received, for [`info`](super::Channel::info). It does not wait, and nothing happens if the sender has left or died.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv()?;
    /// rx.publish_released(); // a sender that sleeps goes on with as little room as this
    /// assert_eq!(channel.info().participants[1].counters.messages, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_released(&mut self) {
        self.tell_released();
    }
}

/// What only a message of an `spsc` channel has.
impl Message<'_> {
    /// How many messages this channel carried before this one: it stays with the message, also if that comes again.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv()?.ack()?;
    /// assert_eq!(rx.recv()?.sequence(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entry().sequence
    }
}

/// What only a message of an `spsc` channel has.
impl BatchMessage<'_> {
    /// How many messages this channel carried before this one: it stays with the message, also if that comes again.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv()?.ack()?;
    /// assert_eq!(rx.recv_batch(64)?.get(0).unwrap().sequence(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entry().sequence
    }
}
