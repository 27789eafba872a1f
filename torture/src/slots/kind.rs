//! What a kind with slots says of itself.

use crate::subject::{OptionsOf, ReceiverOf, SenderOf, SlotShape, Staff, Stored};
use memlane::NoSuchPriority;
use memlane::generic::{BatchMessage, Message};
use memlane::mpmc::HeldMessage;

/// A kind whose messages stand in slots, each for one of its receivers.
pub trait OnSlots: Stored {
    /// Channels of this shape, in which so many have a seat.
    fn shaped(shape: &SlotShape, seats: Staff) -> OptionsOf<Self>;

    /// Chooses the priority of what is sent from now on.
    fn set_priority(tx: &mut SenderOf<Self>, priority: u8) -> Result<(), NoSuchPriority>;

    /// Whether there is nothing to receive.
    fn is_empty(rx: &ReceiverOf<Self>) -> bool;

    /// How often a message was delivered, by the channel's count.
    fn deliveries(message: &Message<'_, Self::Channels>) -> u16;

    /// Takes a message out of its receiver's hands.
    fn hold(message: Message<'_, Self::Channels>) -> HeldMessage;

    /// How often a message of a batch was delivered, by the channel's count.
    fn deliveries_in_batch(message: &BatchMessage<'_, Self::Channels>) -> u16;
}
