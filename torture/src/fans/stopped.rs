//! Receivers of a broadcast that stand still while the sender overwrites, and what it and another receiver have meanwhile: everything, at once.
//! (For a lossless one, the sender waits: `sweep` and `stop` step through that.)

use super::Broadcast;
use crate::numbered::{LENGTH, number_of, payload};
use crate::roles;
use crate::scratch::{Scratch, Worker};
use crate::stop::throughput;
use crate::subject::{Comparison, Subject};
use crate::waking::{self, Waking};
use anyhow::{Context, Result, bail, ensure};
use memlane::RecvError;
use memlane::broadcast::{Channel, Message, Options, Policy, Start};

/// Two receivers stand still with a message in hand, while so many are sent.
pub fn stand_still(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
    let name = scratch.channel();
    let options = Options::new().max_message(LENGTH).backend(waking.backend()).trust_peers(waking::trust());
    let channel = options.policy(Policy::Overwrite).create(&name)?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    tx.send(&payload(0))?;
    let start = || throughput::start_stopping(&[Broadcast::KIND.name(), "stopping-receiver", &name], || Ok(()));
    let stopped: Vec<Worker> = [start()?, start()?].into();
    for number in 0..comparison.messages {
        if number > 0 {
            tx.send(&payload(number))?;
        }
        check(&rx.recv()?, number)?;
    }
    drop((tx, rx));
    stopped.into_iter().try_for_each(throughput::finish)?;
    println!(
        "two receivers stand still: {} messages were sent and received meanwhile, and they know of each whether they have it",
        comparison.messages
    );
    Ok(memlane::remove(&name)?)
}

/// Has the first message, stands still, and then all of the others, or is told how many are lost.
pub fn stop_with_a_message(channel: &Channel) -> Result<()> {
    let mut rx = channel.receiver_from(Start::Oldest)?;
    check(&rx.recv()?, 0)?;
    roles::stand_still()?;
    let mut next = 1;
    loop {
        match rx.recv() {
            Ok(message) => {
                check(&message, next)?;
                next += 1;
            }
            Err(RecvError::Lagged { lost }) => next += lost,
            Err(RecvError::Disconnected) => break,
            Err(error) => bail!(error),
        }
    }
    let sent = channel.info().lanes.first().context("no lane")?.messages;
    ensure!(next == sent, "it knows of {next} messages, of {sent}");
    Ok(())
}

fn check(message: &Message<'_>, due: u64) -> Result<()> {
    let number = number_of(&message.to_vec()).context("a message is torn")?;
    ensure!((number, message.sequence()) == (due, due), "message {number} came where {due} was due");
    Ok(())
}
