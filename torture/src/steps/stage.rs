//! One scenario, set up: the channel as it stands before, and the process that is stepped through the operation.

use super::account::Account;
use super::image::Image;
use super::scenario::Scenario;
use super::steppable::Steppable;
use crate::scratch::Scratch;
use crate::tracer::Forked;
use crate::waking::Waking;
use crate::watch::{self, until_participant};
use anyhow::Result;
use memlane::ParticipantInfo;
use std::path::PathBuf;

/// No operation takes more instructions, unless it loops without end.
pub const STEPS_MAX: u64 = 1_000_000;

/// Which kind is stepped, how its participants are woken, and where its files are.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub kind: &'static dyn Steppable,
    pub waking: Waking,
    pub scratch: &'a Scratch,
}

/// See the module.
pub struct Stage<'a> {
    pub kind: &'static dyn Steppable,
    pub scenario: Scenario,
    pub scratch: &'a Scratch,
    /// The channel as it stands before.
    pub before: Image,
    /// How many messages were sent to it until then.
    pub sent: u64,
    /// The numbers of those that are still there.
    pub queued: Vec<u64>,
    /// What the stepped process did.
    pub account: Account,
}

impl<'a> Stage<'a> {
    pub fn prepare(setting: Setting<'a>, scenario: Scenario) -> Result<Self> {
        let Setting { kind, waking, scratch } = setting;
        let path = scratch.path("prepared");
        let (sent, queued) = kind.prepare(waking, scenario.state, &path.display().to_string())?;
        let before = Image::take(&path)?;
        let account = Account::create(&scratch.path("account"))?;
        Ok(Self { kind, scenario, scratch, before, sent, queued, account })
    }

    /// The channel that is worked on.
    pub fn work(&self) -> PathBuf {
        self.scratch.path("work")
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.work().display().to_string()
    }

    /// Starts the process, traced, up to the operation.
    pub fn start(&mut self) -> Result<Forked> {
        let name = self.name();
        self.account.clear();
        let (kind, scenario, account) = (self.kind, self.scenario, &mut self.account);
        Forked::start_traced(|| kind.act(&scenario, &name, account))
    }

    /// Starts a process that does `act`, and waits until it sleeps for want of a message.
    pub fn start_sleeper(&self, act: impl FnOnce() -> Result<()>) -> Result<Forked> {
        let sleeper = Forked::start(act)?;
        let parks = |one: &ParticipantInfo| one.pid == sleeper.id() && one.counters.parks > 0;
        until_participant(&self.name(), "the sleeper goes to sleep", parks)?;
        watch::until("the sleeper sleeps", || sleeper.is_asleep())?;
        Ok(sleeper)
    }
}
