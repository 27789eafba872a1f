//! `spsc`: a sender and a receiver, with a lane between them.

use crate::lanes::{Lanes, OnLanes};
use crate::subject::{LaneShape, Staff, Stored, Subject};
use memlane::generic;
use memlane::spsc::{Message, Options, Receiver, Sender};

/// See the module.
pub struct Spsc;

impl Subject for Spsc {
    type Channels = generic::Spsc;
    const KIND: memlane::Kind = memlane::Kind::Spsc;
    const STAFF: Staff = Staff { senders: 1, receivers: 1 };

    /// A record takes 216 bytes: of 4,096, 18 leave too few for another one.
    const LAP: u64 = 18;

    fn small() -> Options {
        Options::new().capacity(4096)
    }

    fn tiny(_: usize) -> Options {
        Options::new().capacity(4096)
    }

    fn large() -> Options {
        Options::new().capacity(8 << 20)
    }
}

impl Stored for Spsc {
    type Store = Lanes;
}

impl OnLanes for Spsc {
    fn shaped(shape: &LaneShape, _: Staff) -> Options {
        Options::new().capacity(shape.capacity).record_alignment(shape.record_alignment)
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
