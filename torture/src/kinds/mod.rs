//! What the tools know about each kind of channel: one file and one row each.

mod mpmc;
mod spsc;

use crate::life::{Closing, Site, Staff, Victim};
use crate::random::Random;
use crate::scratch::Scratch;
use crate::steps::scenario;
use crate::waking::Waking;
use crate::{corrupt, faults, kill, stop, worker};
use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use memlane::Info;

pub use self::mpmc::KillOptions as MpmcKillOptions;
pub use self::spsc::KillOptions as SpscKillOptions;

/// A kind of channel.
pub struct Kind {
    pub name: &'static str,
    /// Creates a channel for `kill`.
    pub kill: fn(&kill::Options, &Site) -> Result<Box<dyn Trial>>,
    /// Creates a channel of any shape for `soak`.
    pub draw: fn(&mut Random, &Site) -> Result<Box<dyn Trial>>,
    /// Joins an unused channel on both sides, tries what can be undone, and leaves. Returns how often it joined.
    pub visit: fn(&str) -> Result<u64>,
    /// The same while workers use it, as far as none of them needs the seat.
    pub visit_at_work: fn(&str) -> Result<u64>,
    /// What `stop` checks of workers that stop themselves.
    pub stop: fn(&stop::Options, Waking, &Scratch) -> Result<()>,
    /// The operations that its participants are stepped through.
    pub steps: scenario::Kind,
    /// What one of its workers does.
    pub work: fn(&worker::Options) -> Result<()>,
    /// What its participants do next to somebody who overwrites the file.
    pub corrupt: &'static corrupt::calls::Cast,
    /// Its public calls, under a kernel that refuses.
    pub faults: &'static faults::Cast,
}

const KINDS: [&Kind; 2] = [&spsc::KIND, &mpmc::KIND];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    KINDS.into_iter()
}

/// Reads the name of a kind.
pub fn parser() -> impl TypedValueParser<Value = &'static Kind> {
    PossibleValuesParser::new(KINDS.map(|kind| kind.name))
        .try_map(|name| KINDS.into_iter().find(|kind| kind.name == name).ok_or("there is no such kind"))
}

/// Which channels a tool takes: every kind over every backend, unless its user wants only some.
#[derive(Args)]
pub struct Selection {
    /// Only this kind of channel; else all
    #[arg(long, value_parser = parser())]
    kind: Option<&'static Kind>,
    /// Only this way of waking sleepers; else both
    #[arg(long, value_enum)]
    backend: Option<Waking>,
}

impl Selection {
    pub fn channels(&self) -> Vec<(&'static Kind, Waking)> {
        let kinds = all().filter(|kind| self.kind.is_none_or(|wanted| wanted.name == kind.name));
        let is_wanted = |waking: &Waking| self.backend.is_none_or(|wanted| wanted == *waking);
        kinds.flat_map(|kind| Waking::ALL.into_iter().filter(is_wanted).map(move |waking| (kind, waking))).collect()
    }
}

/// A channel whose participants are being killed, and the accounts of what they did.
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
