//! Two that stand still, one of each role with something in hand, and two others of each role that exchange messages meanwhile.

use super::common::queue_of;
use super::kind::OnSlots;
use crate::payload::{Identity, Payloads};
use crate::roles;
use crate::scratch::{Scratch, Worker};
use crate::steps::others::PATIENCE;
use crate::stop::{exchange::exchange, throughput};
use crate::subject::{ChannelOf, Comparison, OnDeath, ReceiverOf, SenderOf, SlotShape, Staff};
use crate::waking::{self, Waking};
use anyhow::{Result, ensure};
use memlane::generic::{ChannelKind, Message};

/// Seats of each role: enough for those that exchange and those that stand still.
const SEATS: u32 = 8;

/// Compares how long an exchange takes with and without two that stand still, and checks what these hold.
pub fn stand_still<K: OnSlots>(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
    let name = scratch.channel();
    let shape = SlotShape { slots: 64, priorities: 1, on_death: OnDeath::Redeliver };
    let options = K::shaped(&shape, Staff { senders: SEATS, receivers: SEATS });
    let channel = options.backend(waking.backend()).trust_peers(waking::trust()).create(&name)?;
    throughput::compare(comparison, |stopped| {
        let holders = if stopped { Some(Holders::start::<K>(&channel, &name)?) } else { None };
        let elapsed = exchange::<K>(&channel, comparison.messages)?;
        let info = channel.info();
        let queue = queue_of(&info)?;
        let held = u64::from(stopped);
        ensure!((queue.produced, queue.consumed, queue.redeliver) == (held, held, 0), "slots are held: {queue:?}");
        holders.map_or(Ok(()), |holders| holders.finish::<K>(&channel))?;
        let info = channel.info();
        let queue = queue_of(&info)?;
        ensure!(queue.free == queue.slots, "slots were left behind: {queue:?}");
        Ok(elapsed)
    })?;
    Ok(memlane::remove(&name)?)
}

/// The messages of the two that stand still.
const HELD: Identity = Identity { sender: u32::MAX, sequence: 1, priority: 0 };
const LOANED: Identity = Identity { sender: u32::MAX, sequence: 2, priority: 0 };

pub fn stop_before_committing<K: OnSlots>(mut tx: SenderOf<K>) -> Result<()> {
    let mut message = Vec::new();
    Payloads::new(None)?.make(LOANED, &mut message);
    roles::stand_still_before_committing(&mut tx, &message)
}

pub fn stop_before_acknowledging<K: OnSlots>(mut rx: ReceiverOf<K>) -> Result<()> {
    let message = rx.recv()?;
    roles::stand_still()?;
    // Whoever went laps ahead did not touch it.
    is_intact(&message, HELD)?;
    Ok(message.ack()?)
}

pub fn stop_with_a_batch<K: OnSlots>(mut rx: ReceiverOf<K>, count: usize) -> Result<()> {
    let batch = rx.recv_batch(count)?;
    ensure!(batch.len() == count, "{} messages came instead of {count}", batch.len());
    roles::stand_still()?;
    Ok(batch.ack()?)
}

fn is_intact(message: &Message<'_, impl ChannelKind>, expected: Identity) -> Result<()> {
    let got = Payloads::new(None)?.check(&message.to_vec(), &mut Vec::new())?;
    ensure!(got == expected, "{got:?} came where {expected:?} was due");
    Ok(())
}

/// Two that stand still.
struct Holders {
    sender: Worker,
    receiver: Worker,
}

impl Holders {
    fn start<K: OnSlots>(channel: &ChannelOf<K>, name: &str) -> Result<Self> {
        let mut message = Vec::new();
        Payloads::new(None)?.make(HELD, &mut message);
        let hand_over = || Ok(channel.sender()?.send(&message)?);
        let receiver = throughput::start_stopping(&[K::KIND.name(), "stopping-receiver", name], hand_over)?;
        let sender = throughput::start_stopping(&[K::KIND.name(), "stopping-sender", name], || Ok(()))?;
        Ok(Self { sender, receiver })
    }

    /// They go on: one message is acknowledged, the other one comes.
    fn finish<K: OnSlots>(self, channel: &ChannelOf<K>) -> Result<()> {
        throughput::finish(self.receiver)?;
        let mut rx = channel.receiver()?;
        throughput::finish(self.sender)?;
        let message = rx.recv_timeout(PATIENCE)?;
        ensure!(!K::is_marked(&message), "the message in hand came again");
        is_intact(&message, LOANED)
    }
}
