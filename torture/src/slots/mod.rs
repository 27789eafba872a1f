//! Kinds with slots: what their workers do, and what the accounts have to say. There are so few slots that the queue is full most
//! of the time.
//!
//! Checked by `kill`: the [`ledger`]; besides, at the end every slot is free again.
//!
//! Checked by `stop`: while a sender and a receiver stand still, two others of each exchange as many messages as without
//! them, in order, none missing; exactly two slots are held, and these two come back.
//!
//! - `kind`: what a kind with slots says of itself. `common`: what its workers have in common.
//! - `sender`, `receiver`: those that are made to be killed. `journal`: what they write down.
//! - `ledger`: what all journals together say. `trial`: the accounts.
//! - `stopped`: those that stand still, and the others.

mod common;
mod journal;
mod kind;
mod ledger;
mod receiver;
mod sender;
mod stopped;
mod trial;

use self::receiver::Receiving;
use self::sender::Sending;
use crate::phase::Phases;
use crate::random::Random;
use crate::roles::{Assignment, Role};
use crate::scratch::Scratch;
use crate::subject::{ChannelOf, Comparison, OnDeath, Shapes, Site, SlotShape, Storage, Store, Trial, opened};
use crate::waking::Waking;
use anyhow::{Result, bail};
use memlane::TrySendError;

pub use kind::OnSlots;

/// See the module.
pub struct Slots;

impl<K: OnSlots> Storage<K> for Slots {
    const STORE: Store = Store::Slots;

    fn create(shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>> {
        trial::create::<K>(&shapes.slots, K::STAFF, 0, site)
    }

    fn draw(random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        let shape = SlotShape {
            slots: 32 << random.below(5),
            priorities: 1 + random.below(3) as u8,
            on_death: if random.once_in(3) { OnDeath::Discard } else { OnDeath::Redeliver },
        };
        trial::create::<K>(&shape, K::STAFF.draw(random), 1, site)
    }

    fn visit(name: &str) -> Result<u64> {
        let channel = opened::<K>(name)?;
        let (mut tx, _rx) = (channel.sender()?, channel.receiver()?);
        match tx.try_reserve(16).map(drop) {
            Ok(()) | Err(TrySendError::Full) => Ok(2),
            Err(error) => bail!(error),
        }
    }

    fn visit_at_work(name: &str) -> Result<u64> {
        <Self as Storage<K>>::visit(name)
    }

    fn work(role: Role, channel: &ChannelOf<K>, phases: Phases, assignment: &Assignment) -> Result<()> {
        match role {
            Role::Sender => Sending::<K>::new(channel, phases, assignment)?.run(),
            Role::Receiver => Receiving::<K>::new(channel, phases, assignment)?.run(),
            Role::StoppingSender => stopped::stop_before_committing::<K>(channel.sender()?),
            Role::StoppingReceiver => stopped::stop_before_acknowledging::<K>(channel.receiver()?),
            Role::HoldingReceiver => stopped::stop_with_a_batch::<K>(channel.receiver()?, assignment.count as usize),
            role => bail!("{} has no {role:?}", K::KIND),
        }
    }

    fn stand_still(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        stopped::stand_still::<K>(comparison, waking, scratch)
    }
}
