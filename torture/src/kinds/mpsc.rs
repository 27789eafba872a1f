//! `mpsc`: several senders with a lane each, and a receiver.

use crate::lanes::{Lanes, OnLanes};
use crate::subject::{LaneShape, Staff, Stored, Subject};
use memlane::generic;
use memlane::mpsc::{Message, Options, Receiver, Sender};

/// See the module.
pub struct Mpsc;

/// Lanes with a seat more than an operation needs.
fn stepped() -> Options {
    Options::new().capacity(4096).max_senders(3)
}

impl Subject for Mpsc {
    type Channels = generic::Mpsc;
    const KIND: memlane::Kind = memlane::Kind::Mpsc;
    const STAFF: Staff = Staff { senders: 3, receivers: 1 };

    /// As in `spsc`: a record takes 216 bytes of 4,096.
    const LAP: u64 = 18;

    fn small() -> Options {
        stepped()
    }

    fn tiny(_: usize) -> Options {
        stepped()
    }

    fn large() -> Options {
        Options::new().capacity(64 << 10).max_senders(256)
    }
}

impl Stored for Mpsc {
    type Store = Lanes;
}

impl OnLanes for Mpsc {
    fn shaped(shape: &LaneShape, seats: Staff) -> Options {
        Options::new()
            .capacity(shape.capacity)
            .record_alignment(shape.record_alignment)
            .max_senders(seats.senders as usize)
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
