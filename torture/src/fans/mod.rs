//! The kind whose messages go to all of its receivers: what its workers do, and what its accounts have to say. It takes part in `kill` and
//! `soak`, with a sender that waits, one that overwrites, or one that evicts; is stepped by `sweep` and `stop`, and damaged
//! by `corrupt`.
//!
//! Checked by `kill` and `soak`:
//! - every message is intact, and comes with its number, in order; a lossless receiver misses none from the one on with which it began, and
//!   a lossy one is told of exactly those that it does not get (the receiver itself checks);
//! - a sender goes on behind what its predecessor had committed;
//! - one that comes by the name of a receiver that is away, killed or not, goes on behind what that one released; a lossy one is told what it
//!   lost meanwhile;
//! - in the end, when the last sender is killed, each receiver that is there comes to the last message that was committed.
//!
//! Checked by `sweep` and `stop`:
//! - whoever dies or stands still, wherever: what is committed is there from the oldest message on without a gap, for those that come and for
//!   those that were there; only the oldest ones are overwritten, and none that a lossless receiver has yet to read;
//! - a sender waits for nobody who is dead, and for nobody at all if it overwrites.
//!
//! - `kind`: its row. `receiver`: the one that is made to be killed; the sender is that of a lane. `journal`: what it had. `trial`: the accounts.
//! - `steps`: those that are stepped, and `others`, who go on around them. `stopped`: receivers that stand still.

mod journal;
mod kind;
mod others;
mod receiver;
mod steps;
mod stopped;
mod trial;

use crate::lanes;
use crate::phase::Phases;
use crate::random::Random;
use crate::roles::{Assignment, Role};
use crate::scratch::Scratch;
use crate::subject::{Comparison, Shapes, Site, Storage, Store, Stored, Subject, Trial, opened};
use crate::waking::Waking;
use anyhow::{Result, bail, ensure};
use memlane::TryRecvError;
use memlane::broadcast::{Channel, Policy};

pub use kind::Broadcast;
pub use steps::Fan;

/// See the module.
pub struct Fans;

impl Stored for Broadcast {
    type Store = Fans;
}

impl Storage<Broadcast> for Fans {
    const STORE: Store = Store::Lanes;

    fn create(shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>> {
        trial::create(shapes.fans.policy.into(), shapes.lanes.capacity, Broadcast::STAFF, site)
    }

    fn draw(random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        let policy = [Policy::Block, Policy::Overwrite, Policy::Evict][random.below(3) as usize];
        trial::create(policy, 4096 << random.below(7), Broadcast::STAFF.draw(random), site)
    }

    fn visit(name: &str) -> Result<u64> {
        let channel = opened::<Broadcast>(name)?;
        let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
        drop(tx.try_reserve(16)?);
        ensure!(matches!(rx.try_recv(), Err(TryRecvError::Empty)), "a message before anybody sent one");
        Ok(2)
    }

    /// There is one seat for a sender, and a worker is to have it.
    fn visit_at_work(name: &str) -> Result<u64> {
        match opened::<Broadcast>(name)?.receiver()?.try_recv().map(drop) {
            Ok(()) | Err(TryRecvError::Empty | TryRecvError::Lagged { .. } | TryRecvError::Disconnected) => Ok(1),
            Err(error) => bail!(error),
        }
    }

    fn work(role: Role, channel: &Channel, phases: Phases, assignment: &Assignment) -> Result<()> {
        match role {
            Role::Sender => lanes::send::<Broadcast>(channel.sender()?, &phases, assignment),
            Role::Receiver => receiver::receive(channel, &phases, assignment),
            Role::StoppingReceiver => stopped::stop_with_a_message(channel),
            role => bail!("{} has no {role:?}", Broadcast::KIND),
        }
    }

    fn stand_still(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        stopped::stand_still(comparison, waking, scratch)
    }
}
