//! Kinds with lanes: what their workers do, and what the accounts have to say. The rings are so small that they wrap and fill
//! all the time.
//!
//! Checked by `kill`:
//! - every message is intact, and comes in its lane's order within each receiver (the receiver itself checks);
//! - in each lane, a receiver starts no later than where its predecessor stopped: nothing is missing;
//! - what it repeats was within what its predecessor may not have published (1/8 of the ring and one message);
//! - in the end sent = delivered, in each lane.
//!
//! Checked by `stop`: a sender that stands still before a commit lets the receiver have all that came before, and other senders,
//! where there can be some, theirs; one that waits behind a receiver that stands still waits only while the ring is full, as a
//! lossless lane has it.
//!
//! - `kind`: what a kind with lanes says of itself. `message`: what goes through them.
//! - `sender`, `receiver`: those that are made to be killed. `journal`: what a receiver had.
//! - `trial`: the accounts.
//! - `stopped`: those that stand still, and the others.

mod journal;
mod kind;
mod message;
mod receiver;
mod sender;
mod stopped;
mod trial;

use crate::phase::Phases;
use crate::random::Random;
use crate::roles::{Assignment, Role};
use crate::scratch::Scratch;
use crate::subject::{ChannelOf, Comparison, LaneShape, Shapes, Site, Storage, Store, Trial, opened};
use crate::waking::Waking;
use anyhow::{Result, bail, ensure};
use memlane::{TryRecvError, TrySendError};

pub use kind::OnLanes;
pub use message::identity;
pub use sender::send;

/// See the module.
pub struct Lanes;

impl<K: OnLanes> Storage<K> for Lanes {
    const STORE: Store = Store::Lanes;

    fn create(shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>> {
        trial::create::<K>(&shapes.lanes, K::STAFF, 0, site)
    }

    fn draw(random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        let record_alignment = [8, 8, 64, 128][random.below(4) as usize];
        let shape = LaneShape { capacity: 4096 << random.below(7), record_alignment };
        trial::create::<K>(&shape, K::STAFF.draw(random), 1, site)
    }

    /// There is one seat for a receiver: a visitor has it while no worker is to come.
    fn visit(name: &str) -> Result<u64> {
        let channel = opened::<K>(name)?;
        let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
        drop(tx.try_reserve(16)?);
        ensure!(matches!(rx.try_recv(), Err(TryRecvError::Empty)), "a message before anybody sent one");
        Ok(2)
    }

    /// Where there is one seat for a sender, a visitor would take that of the worker that is to come.
    fn visit_at_work(name: &str) -> Result<u64> {
        let channel = opened::<K>(name)?;
        if K::STAFF.senders == 1 {
            return Ok(0);
        }
        match channel.sender()?.try_reserve(16).map(drop) {
            // A dead one may have filled the lane, and the receiver may be about to be replaced.
            Ok(()) | Err(TrySendError::Full | TrySendError::Disconnected) => Ok(1),
            Err(error) => bail!(error),
        }
    }

    fn work(role: Role, channel: &ChannelOf<K>, phases: Phases, assignment: &Assignment) -> Result<()> {
        match role {
            Role::Sender => send::<K>(channel.sender()?, &phases, assignment),
            Role::Receiver => receiver::receive::<K>(channel.receiver()?, &phases, assignment),
            Role::StoppingSender => stopped::stop_before_committing::<K>(channel.sender()?),
            Role::StoppingReceiver => stopped::stop_before_releasing::<K>(channel.receiver()?),
            role => bail!("{} has no {role:?}", K::KIND),
        }
    }

    fn stand_still(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        stopped::stand_still::<K>(comparison, waking, scratch)
    }
}
