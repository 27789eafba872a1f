//! What the processes do that are stepped through an operation on a broadcast. The operations are those of `steps::acts`; what differs is who
//! else is there, and what stays: a message is for all, so it stays when one receiver had it.

use super::Broadcast;
use super::others;
use crate::numbered::{number_of, payload};
use crate::phase::Phase;
use crate::random::Random;
use crate::roles::{Assignment, Role as Work};
use crate::scratch::Scratch;
use crate::steps::account::{Account, Deed, Delivered};
use crate::steps::others::Task;
use crate::steps::scenario::{Operation, Scenario, State};
use crate::steps::{Steppable, acts, survivor};
use crate::subject::{Comparison, Facts, Kind, Shapes, Site, Store, Subject, Trial, opened};
use crate::tracer::mark;
use crate::waking::{Waking, trust};
use crate::watch;
use anyhow::{Context, Result, bail, ensure};
use memlane::broadcast::{Channel, Policy, Receiver, Sender, Start};
use memlane::{ChannelStatus, RecvError, Role, TryRecvError, TrySendError};
use std::path::Path;

/// Broadcasts that are stepped: of a sender that waits, and in one state of one that overwrites.
pub struct Fan;

/// Messages that pass an overwriting channel before the operation: more than two laps.
const LAPPED: u64 = 2 * Broadcast::LAP + 4;

/// The first of the numbers that survivors send, and how many they exchange: several laps.
const SURVIVORS: u64 = 1_000_000;
const EXCHANGED: u64 = 150;

/// More messages than these were never in a channel.
const MOST: usize = 64;

impl Kind for Fan {
    fn facts(&self) -> Facts {
        Facts { store: Store::Fan, ..Broadcast.facts() }
    }

    fn create(&self, shapes: &Shapes, site: &Site) -> Result<Box<dyn Trial>> {
        Broadcast.create(shapes, site)
    }

    fn draw(&self, random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        Broadcast.draw(random, site)
    }

    fn visit(&self, name: &str) -> Result<u64> {
        Broadcast.visit(name)
    }

    fn visit_at_work(&self, name: &str) -> Result<u64> {
        Broadcast.visit_at_work(name)
    }

    fn work(&self, role: Work, assignment: &Assignment) -> Result<()> {
        Broadcast.work(role, assignment)
    }

    fn stand_still(&self, comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        Broadcast.stand_still(comparison, waking, scratch)
    }

    fn phases(&self, sends: bool) -> &'static [Phase] {
        Broadcast.phases(sends)
    }
}

impl Steppable for Fan {
    fn prepare(&self, waking: Waking, state: State, name: &str) -> Result<(u64, Vec<u64>)> {
        let policy = if state == State::Lapped { Policy::Overwrite } else { Policy::Block };
        let shape = Broadcast::small().policy(policy).max_receivers(5);
        let channel = shape.backend(waking.backend()).trust_peers(trust()).create(name)?;
        let mut tx = channel.sender()?;
        let sent = match state {
            State::Full => fill(&mut tx, 0, channel.receiver()?)?,
            State::Empty => 0,
            State::One => 1,
            State::Wrap => Broadcast::LAP,
            State::Lapped => LAPPED,
            other => bail!("a broadcast is never {other}"),
        };
        if state != State::Full {
            (0..sent).try_for_each(|number| tx.try_send(&payload(number)))?;
        }
        let mut rx = channel.receiver_from(Start::Oldest)?;
        let queued = drain(&mut rx)?;
        Ok((sent, queued))
    }

    fn act(&self, scenario: &Scenario, name: &str, account: &mut Account) -> Result<()> {
        let channel = opened::<Broadcast>(name)?;
        // Full of what this one has not read. It ends with the process.
        let blocker = if scenario.state == State::Full { Some(channel.receiver_from(Start::Oldest)?) } else { None };
        let _standing = std::mem::ManuallyDrop::new(blocker);
        if scenario.state == State::Lapped && scenario.operation == Operation::Receive {
            return receive_lapped(&channel, account);
        }
        acts::act::<Broadcast>(scenario, name, account)
    }

    fn join(&self, role: Role, name: &str) -> Result<()> {
        acts::join::<Broadcast>(role, name)
    }

    /// A message is for all: nobody holds one so that others do without.
    fn hold(&self, _: &str) -> Result<()> {
        bail!("nobody holds a message of a broadcast")
    }

    fn sleep(&self, name: &str) -> Result<()> {
        acts::sleep::<Broadcast>(name)
    }

    fn sleep_and_leave(&self, name: &str, account: &mut Account) -> Result<()> {
        acts::sleep_and_leave::<Broadcast>(name, account)
    }

    fn go_on(&self, task: Task, name: &str, account: &mut Account) -> Result<()> {
        others::go_on(task, name, account)
    }

    fn get_everything(&self, _: &str, _: &[u64], _: &mut Account) -> Result<()> {
        bail!("nobody holds a message of a broadcast")
    }

    fn survive(&self, path: &Path, sent: &dyn Fn(&[Delivered]) -> u64) -> Result<Vec<Delivered>> {
        let name = path.display().to_string();
        let (found, exchanged) = drain_and_use(&name)?;
        let info = memlane::inspect(&name)?;
        ensure!(info.status == ChannelStatus::Live, "the channel is {:?}", info.status);
        ensure!(watch::everybody_left(&info), "somebody is still there: {:?}", info.participants);
        let (counted, expected) = (info.lanes.iter().map(|lane| lane.messages).sum::<u64>(), sent(&found) + exchanged);
        ensure!(counted == expected, "{expected} messages were sent, and the lane counts {counted}");
        survivor::remove(path)?;
        Ok(found)
    }
}

/// Receives a message while the sender may overwrite. That it lost some is told in front of it.
fn receive_lapped(channel: &Channel, account: &mut Account) -> Result<()> {
    let mut rx = channel.receiver_from(Start::Oldest)?;
    mark();
    let mut received = rx.recv().map(|message| message.to_vec());
    if let Err(RecvError::Lagged { .. }) = received {
        received = rx.recv().map(|message| message.to_vec());
    }
    let number = number_of(&received?).context("a message is damaged")?;
    mark();
    account.note(Deed::Got(Delivered { number, again: false }))
}

/// Sends until the receiver, which reads nothing, has no room left. Returns how many messages that were, those before included.
fn fill(tx: &mut Sender, first: u64, _held: Receiver) -> Result<u64> {
    for number in first.. {
        match tx.try_send(&payload(number)) {
            Ok(()) => ensure!(number - first < MOST as u64, "a channel that is never full"),
            Err(TrySendError::Full) => return Ok(number),
            Err(error) => bail!(error),
        }
    }
    bail!("numbers have an end")
}

/// Everything that is there, in order and without a gap.
fn drain(rx: &mut Receiver) -> Result<Vec<u64>> {
    let (mut found, mut due) = (Vec::new(), rx.next_sequence());
    loop {
        match rx.try_recv() {
            Ok(message) => {
                ensure!(message.sequence() == due, "message {} came where {due} was due", message.sequence());
                found.push(number_of(&message.to_vec()).context("a message is damaged")?);
            }
            Err(TryRecvError::Empty) => return Ok(found),
            Err(error) => bail!("behind {found:?}: {error}"),
        }
        due += 1;
        ensure!(found.len() <= MOST, "messages without end");
    }
}

/// A fresh sender, a fresh receiver, and later a second one. Returns what was there from the oldest message on, and how many were sent after that.
fn drain_and_use(name: &str) -> Result<(Vec<Delivered>, u64)> {
    let channel = opened::<Broadcast>(name)?;
    let mut tx = channel.sender().context("joining as a sender")?;
    let mut rx = channel.receiver_from(Start::Oldest).context("joining as a receiver")?;
    let found = drain(&mut rx)?;
    let mut next = SURVIVORS;
    while next < SURVIVORS + EXCHANGED {
        let three = next..next + 3;
        for number in three.clone() {
            tx.try_send(&payload(number)).context("sending after the death")?;
        }
        let got = drain(&mut rx).context("after the death")?;
        ensure!(got == three.clone().collect::<Vec<_>>(), "after the death came {got:?} instead of {three:?}");
        next += 3;
    }
    // Not before: until here, rows of the dead are not all taken again, and hold up nobody.
    let mut slow = channel.receiver().context("joining as a second receiver")?;
    let is_lossy = channel.info().broadcast.context("no broadcast")?.policy == Policy::Overwrite;
    next = if is_lossy { overtake(&mut tx, &mut rx, next)? } else { hold_back(&mut tx, (&mut rx, &mut slow), next)? };
    drop(tx);
    // What the slow one lost, or has to come, is told by others above.
    while let Ok(_) | Err(TryRecvError::Lagged { .. }) = slow.try_recv().map(drop) {}
    for rx in [&mut rx, &mut slow] {
        let end = rx.try_recv().map(drop);
        ensure!(end == Err(TryRecvError::Disconnected), "instead of the end came {end:?}");
    }
    let found = found.into_iter().map(|number| Delivered { number, again: false }).collect();
    Ok((found, next - SURVIVORS))
}

/// The slow receiver holds the sender back, and then has everything, as the other one.
fn hold_back(tx: &mut Sender, (rx, slow): (&mut Receiver, &mut Receiver), first: u64) -> Result<u64> {
    let mut next = first;
    loop {
        match tx.try_send(&payload(next)) {
            Ok(()) => next += 1,
            Err(TrySendError::Full) => break,
            Err(error) => bail!("filling the channel: {error}"),
        }
        ensure!(next - first <= MOST as u64, "a channel that is never full");
        ensure!(drain(rx)? == [next - 1], "another message while the channel is filled");
    }
    ensure!(next - first >= Broadcast::LAP - 4, "there is room for {} messages only", next - first);
    ensure!(drain(slow)? == (first..next).collect::<Vec<_>>(), "the slow receiver has other messages");
    Ok(next)
}

/// The receiver is told of exactly those that it did not get.
fn overtake(tx: &mut Sender, rx: &mut Receiver, first: u64) -> Result<u64> {
    let end = first + LAPPED;
    (first..end).try_for_each(|number| tx.try_send(&payload(number)))?;
    let outcome = rx.try_recv().map(drop);
    let Err(TryRecvError::Lagged { lost }) = outcome else { bail!("instead of what was lost came {outcome:?}") };
    let got = drain(rx)?;
    ensure!(
        got == (first + lost..end).collect::<Vec<_>>(),
        "{lost} are said to be lost of {first}..{end}, and {got:?} came"
    );
    Ok(end)
}
