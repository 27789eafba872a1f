//! What is asked of every kind of channel.

use super::shape::Shapes;
use super::trial::{Site, Trial};
use crate::phase::Phase;
use crate::random::Random;
use crate::roles::{Assignment, Role};
use crate::scratch::Scratch;
use crate::waking::Waking;
use anyhow::Result;

/// Where the messages of a channel stand, or its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In lanes: in order, each to be passed before the next. What was released is published later.
    Lanes,
    /// In slots: each by itself. An acknowledgement is final, and what comes again is marked.
    Slots,
    /// In a lane, and each is for all receivers: they stay until they are overwritten.
    Fan,
    /// There are none, but one value.
    Value,
}

/// What the expectations of the tools follow from.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    pub kind: memlane::Kind,
    pub store: Store,
    /// Whether several can send at a time, and several receive.
    pub many_senders: bool,
    pub many_receivers: bool,
}

impl Facts {
    /// Whether several can have each role.
    pub fn is_shared(&self) -> bool {
        self.many_senders && self.many_receivers
    }

    /// The row of random numbers that is this kind's.
    pub fn row(&self) -> u64 {
        self.kind as u64
    }
}

/// How often, and over how many messages, times are compared.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    pub rounds: u64,
    pub messages: u64,
}

/// A kind of channel, whichever it is.
pub trait Kind: Sync {
    fn facts(&self) -> Facts;

    /// As its users write it.
    fn name(&self) -> &'static str {
        self.facts().kind.name()
    }

    /// `kill`: creates a channel that is as its user says.
    fn create(&self, shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>>;

    /// `soak`: creates one of any shape.
    fn draw(&self, random: &mut Random, site: &Site) -> Result<Box<dyn Trial>>;

    /// `soak`: joins an unused channel on both sides, tries what can be undone, and leaves. Returns how often it joined.
    fn visit(&self, name: &str) -> Result<u64>;

    /// `soak`: the same while workers use it, as far as none of them needs the seat.
    fn visit_at_work(&self, name: &str) -> Result<u64>;

    /// What one of its workers does.
    fn work(&self, role: Role, assignment: &Assignment) -> Result<()>;

    /// `stop`: what the others have while two workers stand still that stopped themselves.
    fn stand_still(&self, comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()>;

    /// In which phases its workers can die, those that send, or those that receive.
    fn phases(&self, sends: bool) -> &'static [Phase] {
        Phase::of(sends)
    }
}
