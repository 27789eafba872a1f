//! What the tools do by where messages stand, and what they do whichever kind it is: with that, every kind that has a row is a
//! [`Kind`].

use super::errands;
use super::kind::{Comparison, Facts, Kind, Store};
use super::shape::Shapes;
use super::subjects::{ChannelOf, Subject, opened};
use super::trial::{Site, Trial};
use crate::phase::{Phase, Phases};
use crate::random::Random;
use crate::roles::{Assignment, Role, idle};
use crate::scratch::Scratch;
use crate::waking::Waking;
use anyhow::Result;

/// What is done with channels whose messages stand there. The calls are [`Kind`]'s.
pub trait Storage<K: Subject> {
    const STORE: Store;

    fn create(shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>>;

    fn draw(random: &mut Random, site: &Site) -> Result<Box<dyn Trial>>;

    fn visit(name: &str) -> Result<u64>;

    fn visit_at_work(name: &str) -> Result<u64>;

    /// A worker in a role that is not the same for every kind.
    fn work(role: Role, channel: &ChannelOf<K>, phases: Phases, assignment: &Assignment) -> Result<()>;

    fn stand_still(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()>;
}

/// A kind whose messages stand somewhere.
pub trait Stored: Subject + Sync {
    type Store: Storage<Self>;
}

impl<K: Stored> Kind for K {
    fn facts(&self) -> Facts {
        let store = <K::Store as Storage<K>>::STORE;
        Facts { kind: K::KIND, store, many_senders: K::STAFF.senders > 1, many_receivers: K::STAFF.receivers > 1 }
    }

    fn create(&self, shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>> {
        K::Store::create(shapes, site)
    }

    fn draw(&self, random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        K::Store::draw(random, site)
    }

    fn visit(&self, name: &str) -> Result<u64> {
        K::Store::visit(name)
    }

    fn visit_at_work(&self, name: &str) -> Result<u64> {
        K::Store::visit_at_work(name)
    }

    fn work(&self, role: Role, assignment: &Assignment) -> Result<()> {
        let (channel, phases) = opened_for_work::<K>(assignment)?;
        match role {
            Role::IdleReceiver => idle(channel.receiver()?),
            Role::IdleSender => idle(channel.sender()?),
            Role::BlockedReceiver => Ok(channel.receiver()?.recv().map(drop)?),
            Role::Pump => errands::pump(channel.sender()?, assignment.count),
            Role::Drain => errands::drain(channel.receiver()?),
            role => K::Store::work(role, &channel, phases, assignment),
        }
    }

    fn stand_still(&self, comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        K::Store::stand_still(comparison, waking, scratch)
    }
}

/// Opens the channel of a worker, which is to join it next, and says so in its phases.
fn opened_for_work<K: Subject>(assignment: &Assignment) -> Result<(ChannelOf<K>, Phases)> {
    let phases = assignment.phases()?;
    phases.enter(Phase::Joining);
    let channel = opened::<K>(&assignment.channel)?;
    phases.enter(Phase::Reaping);
    Ok((channel, phases))
}
