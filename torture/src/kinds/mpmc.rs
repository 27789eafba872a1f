//! `mpmc`: several senders and several receivers over slots.

use crate::slots::{OnSlots, Slots};
use crate::subject::{OnDeath, SlotShape, Staff, Stored, Subject};
use memlane::mpmc::{BatchMessage, HeldMessage, Message, Options, Receiver, Sender};
use memlane::{NoSuchPriority, generic, mpmc};

/// See the module.
pub struct Mpmc;

/// A queue with a seat more of each role than an operation needs.
fn stepped(slots: usize) -> Options {
    Options::new().slots(slots).max_message(256).max_senders(3).max_receivers(3)
}

impl Subject for Mpmc {
    type Channels = generic::Mpmc;
    const KIND: memlane::Kind = memlane::Kind::Mpmc;
    const STAFF: Staff = Staff { senders: 2, receivers: 3 };

    /// Cells.
    const LAP: u64 = 64;

    fn small() -> Options {
        stepped(4)
    }

    fn roomy() -> Options {
        stepped(16)
    }

    fn tiny(message_bytes: usize) -> Options {
        let shape = Options::new().slots(6).max_message(message_bytes).priorities(2);
        shape.max_senders(2).max_receivers(1)
    }

    fn large() -> Options {
        let shape = Options::new().slots(65_536).priorities(8).max_message(32);
        shape.max_senders(512).max_receivers(512)
    }

    fn is_marked(message: &Message<'_>) -> bool {
        message.redelivered()
    }

    fn is_marked_in_batch(message: &BatchMessage<'_>) -> bool {
        message.redelivered()
    }
}

impl Stored for Mpmc {
    type Store = Slots;
}

impl OnSlots for Mpmc {
    fn shaped(shape: &SlotShape, seats: Staff) -> Options {
        let policy = match shape.on_death {
            OnDeath::Redeliver => mpmc::OnDeath::Redeliver,
            OnDeath::Discard => mpmc::OnDeath::Discard,
        };
        let options = Options::new().slots(shape.slots).priorities(shape.priorities).on_death(policy);
        options.max_senders(seats.senders as usize).max_receivers(seats.receivers as usize)
    }

    fn set_priority(tx: &mut Sender, priority: u8) -> Result<(), NoSuchPriority> {
        tx.set_priority(priority)
    }

    fn is_empty(rx: &Receiver) -> bool {
        rx.is_empty()
    }

    fn deliveries(message: &Message<'_>) -> u16 {
        message.deliveries()
    }

    fn hold(message: Message<'_>) -> HeldMessage {
        message.hold()
    }

    fn deliveries_in_batch(message: &BatchMessage<'_>) -> u16 {
        message.deliveries()
    }
}
