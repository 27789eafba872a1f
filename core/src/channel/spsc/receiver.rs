//! What only an `spsc` receiver and its messages have.

use crate::channel::kind::Spsc;
use crate::channel::{message, receiver};

/// The receiver of an `spsc` channel. One lives at a time; dropping it leaves the channel.
pub type Receiver = receiver::Receiver<Spsc>;

/// A message in the channel. It is copied out, and released when dropped.
pub type Message<'a> = message::Message<'a, Spsc>;

/// Several messages that were in the channel at once. They are released, and that is published, when the batch is dropped.
pub type Batch<'a> = message::Batch<'a, Spsc>;

/// One message of a [`Batch`].
pub type BatchMessage<'a> = message::BatchMessage<'a, Spsc>;

/// Iterates over the messages of a [`Batch`].
pub type BatchIter<'a> = message::BatchIter<'a, Spsc>;

/// Copies of messages, each released as it is copied.
pub type Messages<'a> = message::Messages<'a, Spsc>;

/// What only the receiver of an `spsc` channel has.
impl Receiver {
    /// Wakes the sender, if it sleeps in front of a full channel and something was released since it was woken last; and counts
    /// what was received, for [`info`](super::Channel::info).
    pub fn publish_released(&mut self) {
        if !self.end.is_foreign() {
            self.port.publish_and_wake(&mut self.end);
        }
    }
}

/// What only a message of an `spsc` channel has.
impl Message<'_> {
    /// How many messages this channel carried before this one.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entry().sequence
    }
}

/// What only a message of an `spsc` channel has.
impl BatchMessage<'_> {
    /// How many messages this channel carried before this one.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entry().sequence
    }
}
