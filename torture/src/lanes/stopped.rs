//! An end of a lane that stands still, and what the other end, and other senders, have meanwhile.

use super::kind::OnLanes;
use super::message::identity;
use crate::payload::Payloads;
use crate::roles;
use crate::scratch::{Scratch, Worker};
use crate::steps::others::PATIENCE;
use crate::stop::throughput;
use crate::subject::{ChannelOf, Comparison, OptionsOf, ReceiverOf, SenderOf};
use crate::waking::{self, Waking};
use anyhow::{Context, Result, anyhow, bail, ensure};
use memlane::{JoinError, RecvError, RecvTimeoutError, SendTimeoutError, TrySendError};
use std::time::Duration;

/// Long enough to show that nothing comes.
const A_WHILE: Duration = Duration::from_millis(250);

/// Messages in front of the one at which a sender stops.
const BEFORE: u64 = 3;

/// A sender that stands still, and then a receiver.
pub fn stand_still<K: OnLanes>(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
    let name = scratch.channel();
    let shape = OptionsOf::<K>::new().backend(waking.backend()).trust_peers(waking::trust());
    stopped_sender::<K>(&shape.create(&name)?, &name)?;
    memlane::remove(&name)?;
    stopped_receiver::<K>(&shape.create(&name)?, &name, comparison.messages)?;
    Ok(memlane::remove(&name)?)
}

pub fn stop_before_committing<K: OnLanes>(mut tx: SenderOf<K>) -> Result<()> {
    let payloads = Payloads::new(None)?;
    let (lane, mut message) = (tx.row(), Vec::new());
    for sequence in 0..BEFORE {
        payloads.make(identity(lane, sequence), &mut message);
        tx.send(&message)?;
    }
    payloads.make(identity(lane, BEFORE), &mut message);
    roles::stand_still_before_committing(&mut tx, &message)
}

pub fn stop_before_releasing<K: OnLanes>(mut rx: ReceiverOf<K>) -> Result<()> {
    let payloads = Payloads::new(None)?;
    let (mut buffer, mut scratch) = (vec![0; payloads.max()], Vec::new());
    for expected in 0.. {
        let message = match rx.recv() {
            Ok(message) => message,
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        };
        if expected == 0 {
            roles::stand_still()?;
        }
        let length = message.copy_to(&mut buffer)?;
        let sequence = payloads.check(&buffer[..length], &mut scratch)?.sequence;
        ensure!(sequence == expected, "message {sequence} came where {expected} was due");
    }
    Ok(())
}

/// Starts a worker of this kind that stops itself.
fn start<K: OnLanes>(role: &str, name: &str, help: impl FnOnce() -> Result<()>) -> Result<Worker> {
    throughput::start_stopping(&[K::KIND.name(), role, name], help)
}

fn stopped_sender<K: OnLanes>(channel: &ChannelOf<K>, name: &str) -> Result<()> {
    let mut rx = channel.receiver()?;
    let sender = start::<K>("stopping-sender", name, || Ok(()))?;
    let payloads = Payloads::new(None)?;
    let mut next = |timeout, expected| -> Result<Option<RecvTimeoutError>> {
        let message = match rx.recv_timeout(timeout) {
            Ok(message) => message.to_vec(),
            Err(error) => return Ok(Some(error)),
        };
        let sequence = payloads.check(&message, &mut Vec::new())?.sequence;
        ensure!(sequence == expected, "message {sequence} came where {expected} was due");
        Ok(None)
    };
    for sequence in 0..BEFORE {
        ensure!(next(PATIENCE, sequence)?.is_none(), "message {sequence} did not come");
    }
    let outcome = next(A_WHILE, BEFORE)?;
    ensure!(outcome == Some(RecvTimeoutError::Timeout), "behind the last commit came {outcome:?}");
    match channel.sender() {
        Err(JoinError::RoleTaken { .. }) if K::STAFF.senders == 1 => {}
        Ok(mut other) if K::STAFF.senders > 1 => {
            let mut message = Vec::new();
            payloads.make(identity(other.row(), K::resumed_at(&other)), &mut message);
            other.send(&message)?;
            ensure!(next(PATIENCE, K::resumed_at(&other))?.is_none(), "another sender's message did not come");
        }
        other => bail!("beside the stopped sender, another one got {:?}", other.map(drop)),
    }
    throughput::finish(sender)?;
    ensure!(next(PATIENCE, BEFORE)?.is_none(), "the message in hand did not come");
    let outcome = next(PATIENCE, 0)?;
    ensure!(outcome == Some(RecvTimeoutError::Disconnected), "in the end came {outcome:?}");
    println!(
        "a sender stands still before a commit: {BEFORE} messages came, then none, and the last one when it went on"
    );
    Ok(())
}

fn stopped_receiver<K: OnLanes>(channel: &ChannelOf<K>, name: &str, messages: u64) -> Result<()> {
    let mut tx = channel.sender()?;
    let payloads = Payloads::new(None)?;
    let (lane, mut message) = (tx.row(), Vec::new());
    payloads.make(identity(lane, 0), &mut message);
    let receiver = start::<K>("stopping-receiver", name, || Ok(tx.send(&message)?))?;
    let mut fitted = None;
    for sequence in 1..messages {
        payloads.make(identity(lane, sequence), &mut message);
        match tx.try_send(&message) {
            Ok(()) => {}
            Err(TrySendError::Full) => {
                fitted = Some(sequence);
                break;
            }
            Err(error) => bail!(error),
        }
    }
    let fitted = fitted.context("the ring never filled")?;
    let outcome = tx.send_timeout(&message, A_WHILE);
    ensure!(outcome == Err(SendTimeoutError::Timeout), "into the full ring went {outcome:?}");
    let waiting = std::thread::spawn(move || -> Result<()> {
        for sequence in fitted..messages {
            payloads.make(identity(lane, sequence), &mut message);
            tx.send_timeout(&message, PATIENCE)?;
        }
        Ok(())
    });
    throughput::finish(receiver)?;
    waiting.join().map_err(|_| anyhow!("the sender panicked"))??;
    let lane = channel.info().lanes[lane as usize];
    ensure!((lane.messages, lane.used_bytes()) == (messages, 0), "something was left: {lane:?}");
    println!(
        "a receiver stands still: {fitted} messages fitted, then the sender waited; all {messages} came when it went on"
    );
    Ok(())
}
