//! One call on a queue, and the options of its channel. Drawn by proptest, and by the fuzz target `calls` from bytes.

use crate::support::Scratch;
use crate::support::stage::{Place, trust};
use memlane::mpmc::{Channel, OnDeath, Options};
use memlane::{Backend, FenceMode};

/// Handles of each role that make calls.
pub const HANDLES: usize = 3;

/// One call, by one of several handles. Lengths are taken modulo what is just too long.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Send {
        sender: usize,
        priority: usize,
        length: usize,
    },
    Batch {
        sender: usize,
        count: usize,
    },
    Reserve {
        sender: usize,
        length: usize,
        commit: Option<usize>,
    },
    Receive {
        receiver: usize,
        end: End,
    },
    ReceiveBatch {
        receiver: usize,
        max: usize,
        end: End,
    },
    /// A batch, the first of which are acknowledged; then each that is left is given back if its bit is set, and acknowledged
    /// otherwise, alone or with the rest.
    SettleBatch {
        receiver: usize,
        max: usize,
        first: usize,
        back: u8,
    },
    /// It has a message and forgets it, and leaves.
    Leave {
        receiver: usize,
    },
    /// A slot is on loan while others go on.
    Lend {
        sender: usize,
        length: usize,
        commit: bool,
        meanwhile: Vec<Call>,
    },
    /// A message is held while others go on.
    Hold {
        receiver: usize,
        end: End,
        meanwhile: Vec<Call>,
    },
    /// Messages until all slots but so many are in use.
    Fill {
        sender: usize,
        but: usize,
    },
    Drain {
        receiver: usize,
    },
    /// So many messages, each received before the next is sent: as many as there are cells, times this, and this more.
    Laps {
        sender: usize,
        receiver: usize,
        laps: usize,
        more: usize,
    },
    /// No sender for so many receives.
    WithoutSenders {
        receiver: usize,
        looks: usize,
    },
    /// No receiver while these are sent.
    WithoutReceivers {
        sender: usize,
        sends: usize,
    },
    /// As many join as there are seats.
    TakeAllSeats,
}

/// What a receiver does with what it got.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Acknowledges,
    Drops,
    GivesBack,
}

/// The options of a channel.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub place: Place,
    pub slots: usize,
    pub max_message: usize,
    pub alignment: usize,
    pub priorities: usize,
    pub limit: u16,
    pub discard: bool,
    pub persistent: bool,
    pub backend: Backend,
    pub fence: Option<FenceMode>,
    pub seats: [usize; 2],
}

impl Shape {
    pub fn create(&self, scratch: &Scratch) -> Channel {
        let on_death = if self.discard { OnDeath::Discard } else { OnDeath::Redeliver };
        let mut options = Options::new()
            .slots(self.slots)
            .max_message(self.max_message)
            .payload_alignment(self.alignment)
            .priorities(self.priorities as u8)
            .delivery_limit(self.limit)
            .on_death(on_death)
            .persistent(self.persistent)
            .max_senders(self.seats[0])
            .max_receivers(self.seats[1])
            .backend(self.backend)
            .trust_peers(trust());
        if let Some(mode) = self.fence {
            options = options.fence(mode);
        }
        match self.place {
            Place::Named => options.create(&scratch.name("queue")).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        }
    }
}
