//! Who comes when everybody is dead or has left: a fresh sender and a fresh receiver, who find everything in order or say what is not.
//!
//! Nothing here waits for anybody: what does not come at once is missing.

use super::account::Delivered;
use crate::numbered::{number_of, payload};
use crate::subject::{ReceiverOf, Subject, opened};
use crate::watch;
use anyhow::{Context, Result, bail, ensure};
use memlane::{ChannelStatus, TryRecvError, TrySendError};
use std::path::Path;

/// The first of the numbers that survivors send.
const SURVIVORS: u64 = 1_000_000;

/// Messages that survivors exchange: two laps of a queue's cells, and several of a lane's ring.
const EXCHANGED: u64 = 150;

/// More messages than these were never in a channel.
const MOST: usize = 64;

/// Takes over, drains the channel, uses all of it, leaves, and removes it. Returns what was in it. `sent`: how many messages
/// were sent to it until then, if these were in it.
pub fn survive<K: Subject>(path: &Path, sent: &dyn Fn(&[Delivered]) -> u64) -> Result<Vec<Delivered>> {
    let name = path.display().to_string();
    let (delivered, exchanged) = drain_and_use::<K>(&name)?;
    check_what_is_left(&name, sent(&delivered) + exchanged)?;
    remove(path)?;
    Ok(delivered)
}

/// Removes the channel, of which everybody has left.
pub fn remove(path: &Path) -> Result<()> {
    memlane::remove(&path.display().to_string())?;
    let folder = path.parent().context("a path without a folder")?;
    let file = path.file_name().context("a path without a name")?.to_string_lossy().into_owned();
    for entry in std::fs::read_dir(folder)? {
        let left = entry?.file_name().to_string_lossy().into_owned();
        ensure!(!left.starts_with(&file), "a file was left: {left}");
    }
    Ok(())
}

/// Returns what was delivered, and how many messages were exchanged after that.
fn drain_and_use<K: Subject>(name: &str) -> Result<(Vec<Delivered>, u64)> {
    let slots = memlane::inspect(name)?.queue.map(|queue| queue.slots);
    let channel = opened::<K>(name)?;
    let mut tx = channel.sender().context("joining as a sender")?;
    let mut rx = channel.receiver().context("joining as a receiver")?;

    let mut delivered = Vec::new();
    loop {
        match rx.try_recv() {
            Ok(message) => {
                let number = number_of(&message.to_vec()).context("a message is damaged")?;
                delivered.push(Delivered { number, again: K::is_marked(&message) });
                ensure!(delivered.len() <= MOST, "messages without end");
            }
            Err(TryRecvError::Empty) => break,
            Err(error) => bail!("after {delivered:?}: {error}"),
        }
    }

    let expect = |number: u64, rx: &mut ReceiverOf<K>| -> Result<()> {
        let message = rx.try_recv().with_context(|| format!("message {number} after the death"))?;
        let got = number_of(&message.to_vec()).context("a message after the death is damaged")?;
        ensure!(got == number, "message {got} after the death instead of {number}");
        ensure!(!K::is_marked(&message), "a message after the death says that it was delivered before");
        Ok(())
    };
    let mut next = SURVIVORS;
    while next < SURVIVORS + EXCHANGED {
        for number in next..next + 3 {
            tx.try_send(&payload(number)).context("sending after the death")?;
        }
        for number in next..next + 3 {
            expect(number, &mut rx)?;
        }
        next += 3;
    }
    // A lane's receiver publishes what it released when it finds nothing more.
    ensure!(matches!(rx.try_recv(), Err(TryRecvError::Empty)), "more messages than were sent");
    let first = next;
    loop {
        match tx.try_send(&payload(next)) {
            Ok(()) => next += 1,
            Err(TrySendError::Full) => break,
            Err(error) => bail!("filling the channel: {error}"),
        }
        ensure!(next - first <= MOST as u64, "a channel that is never full");
    }
    let room = next - first;
    ensure!(slots.map_or(room >= 17, |slots| room == slots), "there is room for {room} messages only");
    for number in first..next {
        expect(number, &mut rx)?;
    }
    drop(tx);
    match rx.try_recv() {
        Err(TryRecvError::Disconnected) => {}
        Err(error) => bail!("instead of the end: {error}"),
        Ok(_) => bail!("one message more than were sent"),
    }
    Ok((delivered, next - SURVIVORS))
}

/// Everybody has left, and `sent` messages have been sent and received.
fn check_what_is_left(name: &str, sent: u64) -> Result<()> {
    let info = memlane::inspect(name)?;
    ensure!(info.status == ChannelStatus::Live, "the channel is {:?}", info.status);
    ensure!(watch::everybody_left(&info), "somebody is still there: {:?}", info.participants);
    if let Some(queue) = info.queue {
        ensure!(queue.free == queue.slots, "slots are not free: {queue:?}");
        ensure!(queue.queued.iter().sum::<u64>() == 0, "messages are left: {queue:?}");
        return Ok(());
    }
    ensure!(info.lanes.iter().all(|lane| lane.used_bytes() == 0), "bytes are left: {:?}", info.lanes);
    let counted = info.lanes.iter().map(|lane| lane.messages).sum::<u64>();
    ensure!(counted == sent, "{sent} messages were sent, and the lanes count {counted}");
    Ok(())
}
