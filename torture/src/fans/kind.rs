//! `broadcast`: a sender, and several receivers that get all of its messages.

use crate::lanes::OnLanes;
use crate::subject::{LaneShape, Staff, Subject};
use memlane::broadcast::{Channel, Message, Options, Receiver, Sender, Start};
use memlane::{JoinError, generic};

/// See the module.
pub struct Broadcast;

/// A ring with a seat more than an operation needs.
fn stepped() -> Options {
    Options::new().capacity(4096).max_receivers(3)
}

impl Subject for Broadcast {
    type Channels = generic::Broadcast;
    const KIND: memlane::Kind = memlane::Kind::Broadcast;
    const STAFF: Staff = Staff { senders: 1, receivers: 3 };

    /// As in `spsc`: a record takes 216 bytes of 4,096.
    const LAP: u64 = 18;

    fn small() -> Options {
        stepped()
    }

    fn tiny(_: usize) -> Options {
        stepped()
    }

    fn receiver(channel: &Channel) -> Result<Receiver, JoinError> {
        channel.receiver_from(Start::Oldest)
    }

    fn large() -> Options {
        Options::new().capacity(1 << 20).max_receivers(1023)
    }
}

impl OnLanes for Broadcast {
    fn shaped(shape: &LaneShape, seats: Staff) -> Options {
        Options::new()
            .capacity(shape.capacity)
            .record_alignment(shape.record_alignment)
            .max_receivers(seats.receivers as usize)
    }

    fn resumed_at(tx: &Sender) -> u64 {
        tx.resumed_at()
    }

    fn sequence(message: &Message<'_>) -> u64 {
        message.sequence()
    }

    fn publish_released(rx: &mut Receiver) {
        rx.publish_released();
    }
}
