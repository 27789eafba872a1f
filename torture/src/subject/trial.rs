//! A channel whose participants are being killed, and the accounts of what they did: what each kind has of its own.

use crate::payload::Payloads;
use crate::random::Random;
use crate::waking::Waking;
use anyhow::Result;
use memlane::{Info, Role};
use std::path::PathBuf;

/// Where a channel lives, and what goes over it.
pub struct Site {
    pub channel: String,
    pub waking: Waking,
    /// An unpacked feed, of which messages are made.
    pub feed: Option<PathBuf>,
}

impl Site {
    /// What messages are made of.
    pub fn payloads(&self) -> Result<Payloads> {
        Payloads::new(self.feed.as_deref())
    }
}

/// How many there are at a time.
#[derive(Debug, Clone, Copy)]
pub struct Staff {
    pub senders: u32,
    pub receivers: u32,
}

impl Staff {
    /// Any number of those of which there are several here: up to three.
    pub fn draw(self, random: &mut Random) -> Self {
        let mut draw = |usual: u32| if usual > 1 { 1 + random.below(3) as u32 } else { usual };
        Self { senders: draw(self.senders), receivers: draw(self.receivers) }
    }
}

/// A worker that is gone.
pub struct Victim {
    pub role: Role,
    /// Unique among all workers.
    pub number: u32,
    pub journal: PathBuf,
    /// Not so if it left in good order.
    pub killed: bool,
}

/// What the accounts say.
pub struct Closing {
    /// Different messages that were delivered.
    pub messages: u64,
    /// Deliveries of messages that had been delivered before.
    pub again: u64,
    pub text: String,
}

/// See the module.
pub trait Trial {
    /// The channel, in words.
    fn describe(&self) -> String;

    /// How many senders and how many receivers there are at a time.
    fn staff(&self) -> Staff;

    /// This one is dead, or left in good order: its journal is complete.
    fn account_for(&mut self, gone: &Victim) -> Result<()>;

    /// No sender comes any more: receivers are to drain the channel and end.
    fn senders_are_gone(&mut self) {}

    /// Everybody is gone. Returns what there is to say about it.
    fn close(self: Box<Self>, info: &Info) -> Result<Closing>;
}
