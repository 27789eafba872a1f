//! Standing still in the middle of reaping: what the dead one held must come to the others all the same.
//!
//! ```text
//! one holds a message and a slot ─ dies
//! a joiner ─ mark ─ step · step · step ┤ stands still                                            ├ goes on ─ ends
//!                                       others join ─ get all messages ─ use all slots ─ leave ┘
//! ```
//!
//! A joiner reaps. A first one is stepped through its join, which says after which instructions the file changed. For each of
//! these another one is stepped so far and stands still there, alive, while others come. They wait as long as they like, but
//! for nobody: a reaper that holds up what the dead one held would hold it up for as long as it is stopped.

use super::Options;
use super::around::{wait_for_end, wait_for_mark};
use super::points::Totals;
use super::throughput::PATIENCE;
use super::verdict::OTHERS;
use crate::scratch::Scratch;
use crate::steps::account::Account;
use crate::steps::acts;
use crate::steps::image::{Image, Watch};
use crate::steps::scenario::{Kind, Operation, Scenario, State, number_of, payload};
use crate::steps::stage::{STEPS_MAX, Stage};
use crate::steps::survivor::survive;
use crate::tracer::{Forked, Stop};
use crate::waking::{Waking, trust};
use anyhow::{Context, Result, ensure};
use memlane::mpmc;

/// Of the changes, one in so many is taken when it is to be quick.
const QUICK: usize = 4;

/// Joins of both roles, in the middle of which a reaper stands still.
pub fn run(options: &Options, waking: Waking, scratch: &Scratch, all: &mut Totals) -> Result<()> {
    for operation in [Operation::JoinSending, Operation::JoinReceiving] {
        let scenario = Scenario { kind: Kind::Mpmc, operation, state: State::Held };
        let named = || format!("reaping in {scenario}, {waking}");
        let mut stage = Stage::prepare(scenario, waking, scratch)?;
        stage.before = after_a_death(&stage).with_context(named)?;
        let changes = changes(&mut stage).with_context(named)?;
        let step = if options.quick { QUICK } else { 1 };
        for &after in changes.iter().step_by(step) {
            stand_still(&mut stage, after).with_context(named)?;
            all.reapers += 1;
        }
        println!(
            "{:18} {:14} {:>12} {:8} {:>8} {:8}",
            operation,
            "reaping",
            "",
            changes.len(),
            "",
            changes.len().div_ceil(step)
        );
    }
    Ok(())
}

/// What one leaves that dies with a message and a slot in hand.
fn after_a_death(stage: &Stage<'_>) -> Result<Image> {
    stage.before.restore(&stage.work())?;
    let name = stage.name();
    let mut holder = Forked::start(|| acts::hold(&name))?;
    wait_for_end(&mut holder, || "holding".to_owned())?;
    Image::take(&stage.work())
}

/// A joiner that is to be stepped.
fn start(stage: &Stage<'_>) -> Result<Forked> {
    stage.before.restore(&stage.work())?;
    let (name, operation) = (stage.name(), stage.scenario.operation);
    Forked::start_traced(|| acts::join(operation, &name))
}

/// After which instructions of the join the file had changed.
fn changes(stage: &mut Stage<'_>) -> Result<Vec<u64>> {
    let mut child = start(stage)?;
    let mut watch = Watch::start(&stage.work())?;
    let (mut steps, mut changes) = (0, Vec::new());
    watch.take();
    loop {
        if child.step()? == Stop::Mark {
            break;
        }
        steps += 1;
        ensure!(steps < STEPS_MAX, "more than {STEPS_MAX} instructions, now at {}", child.place());
        if watch.changed() {
            watch.take();
            changes.push(steps);
        }
    }
    drop(child);
    stage.before.delete(&stage.work())?;
    Ok(changes)
}

/// One reaper stands still there, while others come, and go on to their end.
fn stand_still(stage: &mut Stage<'_>, after: u64) -> Result<()> {
    let mut child = start(stage)?;
    for _ in 0..after {
        child.step()?;
    }
    let place = child.place();
    let at = || format!("standing still after instruction {after}, at {place}");
    let (name, queued, account) = (stage.name(), stage.queued.clone(), &mut stage.account);
    account.clear();
    let mut others = Forked::start(|| {
        let outcome = get_everything(&name, &queued, account);
        account.ended(outcome)
    })?;
    let ended = wait_for_end(&mut others, || account.call());
    ended.with_context(at).context("the others, next to a reaper that stands still")?;
    child.release(false)?;
    wait_for_mark(&mut child, || "its join".to_owned()).with_context(at)?;
    child.go_on();
    wait_for_end(&mut child, || "its leaving".to_owned()).with_context(at)?;
    let left = survive(stage.scenario.kind, &stage.work(), |_| 0).with_context(at)?;
    ensure!(left.is_empty(), "messages came once more: {left:?}");
    Ok(())
}

/// All messages come, those of the dead one with a mark; all slots can be used.
fn get_everything(name: &str, queued: &[u64], account: &mut Account) -> Result<()> {
    account.begin("join");
    let channel = mpmc::Options::new().trust_peers(trust()).open(name)?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    account.begin("recv_timeout");
    let mut came = Vec::new();
    for _ in queued {
        let message = rx.recv_timeout(PATIENCE).with_context(|| format!("of {queued:?} came {came:?}"))?;
        came.push((number_of(&message.to_vec()).context("a message is damaged")?, message.redelivered()));
        message.ack()?;
    }
    came.sort_unstable();
    let expected: Vec<_> = queued.iter().enumerate().map(|(at, &number)| (number, at == 0)).collect();
    ensure!(came == expected, "{came:?} came instead of {expected:?}");
    account.begin("send_timeout");
    let slots = u64::from(channel.slots());
    for number in OTHERS..OTHERS + slots {
        tx.send_timeout(&payload(number), PATIENCE).context("a slot is held up")?;
    }
    for number in OTHERS..OTHERS + slots {
        let message = rx.try_recv().context("a message that was sent does not come")?;
        ensure!(number_of(&message.to_vec()) == Some(number), "another message than {number}");
    }
    Ok(())
}
