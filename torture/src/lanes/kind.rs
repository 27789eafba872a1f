//! What a kind with lanes says of itself.

use crate::subject::{LaneShape, OptionsOf, ReceiverOf, SenderOf, Staff, Stored};
use memlane::generic::Message;

/// A kind whose senders have a lane each, and whose one receiver has all of them.
pub trait OnLanes: Stored {
    /// Channels of this shape, in which so many have a seat, if it is a kind of which several can have one.
    fn shaped(shape: &LaneShape, seats: Staff) -> OptionsOf<Self>;

    /// The number of this sender's first message in its lane, which has its predecessors' messages before.
    fn resumed_at(tx: &SenderOf<Self>) -> u64;

    /// The number of a message in its lane.
    fn sequence(message: &Message<'_, Self::Channels>) -> u64;

    /// Publishes what the receiver has released.
    fn publish_released(rx: &mut ReceiverOf<Self>);
}
