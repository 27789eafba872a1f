//! The kind that holds a value: what its workers do, and what its accounts have to say. It carries no messages, so it does in its own
//! way what the others do alike.
//!
//! Checked by both:
//! - every value that a receiver gets is intact and is the one of its version, and none is older than the one before (the receiver
//!   itself checks);
//! - a sender goes on behind the last value that its predecessor had set: behind the one that it had in hand when it died, if
//!   that was set by then, and never behind another one;
//! - what a receiver had was set, and in the end a receiver that leaves has the last one.
//!
//! - `worker`: those that are made to be killed. `journal`: what they had. `trial`: the accounts.
//! - `steps`: those that are stepped, and `others`, who go on around them. `stopped`: receivers that stand still.
//! - `damaged`: those whose file is overwritten. `refused`: those to which system calls are refused. `reads`: a tool of its own.

mod damaged;
mod journal;
mod others;
pub mod reads;
mod refused;
mod steps;
mod stopped;
mod trial;
mod worker;

use crate::phase::Phase;
use crate::random::Random;
use crate::roles::{Assignment, Role};
use crate::scratch::Scratch;
use crate::subject::{Comparison, Facts, Kind, Shapes, Site, Staff, Store, Trial};
use crate::waking::{self, Waking};
use anyhow::{Result, bail, ensure};
use memlane::GetError;
use memlane::watch::{Channel, Options};

/// See the module.
pub struct Watch;

const STAFF: Staff = Staff { senders: 1, receivers: 3 };

fn opened(name: &str) -> Result<Channel> {
    Ok(Options::new().trust_peers(waking::trust()).open(name)?)
}

impl Kind for Watch {
    fn facts(&self) -> Facts {
        Facts { kind: memlane::Kind::Watch, store: Store::Value, many_senders: false, many_receivers: true }
    }

    fn create(&self, _: &Shapes, site: &Site) -> Result<Box<dyn Trial>> {
        trial::create(site.payloads()?.max(), STAFF, site)
    }

    /// Of any number of slots.
    fn draw(&self, random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        let longest = [site.payloads()?.max(), 5_000, 70_000][random.below(3) as usize];
        trial::create(longest, STAFF.draw(random), site)
    }

    fn visit(&self, name: &str) -> Result<u64> {
        let channel = opened(name)?;
        let (tx, mut rx) = (channel.sender()?, channel.receiver()?);
        ensure!(tx.version() == 0 && rx.get() == Err(GetError::NoValue), "a value before anybody set one");
        Ok(2)
    }

    /// There is one seat for a sender, and a worker is to have it.
    fn visit_at_work(&self, name: &str) -> Result<u64> {
        match opened(name)?.receiver()?.get() {
            Ok(_) | Err(GetError::NoValue | GetError::Busy) => Ok(1),
            Err(error) => bail!(error),
        }
    }

    fn work(&self, role: Role, assignment: &Assignment) -> Result<()> {
        let phases = assignment.phases()?;
        phases.enter(Phase::Joining);
        let channel = opened(&assignment.channel)?;
        phases.enter(Phase::Reaping);
        match role {
            Role::Sender => worker::set(channel.sender()?, &phases, assignment),
            Role::Receiver => worker::look(channel.receiver()?, &phases, assignment),
            Role::StoppingReceiver => stopped::stop_with_a_value(channel.receiver()?, &assignment.channel),
            role => bail!("{} has no {role:?}", self.name()),
        }
    }

    fn stand_still(&self, comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        stopped::stand_still(comparison, waking, scratch)
    }

    fn phases(&self, sends: bool) -> &'static [Phase] {
        if sends {
            &[Phase::Joining, Phase::Reaping, Phase::Committing]
        } else {
            &[Phase::Joining, Phase::Reaping, Phase::Waiting, Phase::Taking]
        }
    }
}
