//! What only an `mpmc` receiver and its messages have.

use crate::channel::kind::Mpmc;
use crate::channel::{message, receiver};
use crate::error::JoinError;

/// A receiver of an `mpmc` channel. Dropping it leaves the channel.
pub type Receiver = receiver::Receiver<Mpmc>;

/// A message that is this receiver's alone. Dropping it acknowledges it.
pub type Message<'a> = message::Message<'a, Mpmc>;

/// Several messages that were queued at once. Dropping the batch acknowledges all of it.
pub type Batch<'a> = message::Batch<'a, Mpmc>;

/// One message of a [`Batch`].
pub type BatchMessage<'a> = message::BatchMessage<'a, Mpmc>;

/// Iterates over the messages of a [`Batch`].
pub type BatchIter<'a> = message::BatchIter<'a, Mpmc>;

/// Copies of messages, each acknowledged as it is copied.
pub type Messages<'a> = message::Messages<'a, Mpmc>;

/// What only a receiver of an `mpmc` channel has.
impl Receiver {
    /// Another receiver of the same channel, with a seat of its own. It knows which senders this one has seen: where this one
    /// is told that they have gone, so is the clone.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.join_as()
    }
}

/// What only a message of an `mpmc` channel has.
impl Message<'_> {
    /// Whether it was delivered before, to a receiver that gave it back or died.
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.entry().is_repeated()
    }

    /// How often it was delivered, this time included. Stays at 65,535.
    #[must_use]
    pub fn deliveries(&self) -> u16 {
        self.entry().header.deliveries()
    }
}

/// What only a message of an `mpmc` channel has.
impl BatchMessage<'_> {
    /// Whether it was delivered before, to a receiver that gave it back or died.
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.entry().is_repeated()
    }

    /// How often it was delivered, this time included. Stays at 65,535.
    #[must_use]
    pub fn deliveries(&self) -> u16 {
        self.entry().header.deliveries()
    }
}
