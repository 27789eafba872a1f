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

use super::around::{wait_for_end, wait_for_mark};
use super::options::Options;
use super::totals::Totals;
use crate::steps::image::{Image, Watch};
use crate::steps::scenario::{Operation, Scenario, State};
use crate::steps::stage::{STEPS_MAX, Setting, Stage};
use crate::tracer::{Forked, Stop};
use anyhow::{Context, Result, ensure};

/// Of the changes, one in so many is taken when it is to be quick.
const QUICK: usize = 4;

/// Joins of both roles, in the middle of which a reaper stands still.
pub fn run(options: &Options, setting: Setting<'_>, all: &mut Totals) -> Result<()> {
    let Setting { kind, waking, .. } = setting;
    for operation in [Operation::JoinSending, Operation::JoinReceiving] {
        let scenario = Scenario { facts: kind.facts(), operation, state: State::Held };
        let named = || format!("reaping in {scenario}, {waking}");
        let mut stage = Stage::prepare(setting, scenario)?;
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
    let mut holder = Forked::start(|| stage.kind.hold(&name))?;
    wait_for_end(&mut holder, || "holding".to_owned())?;
    Image::take(&stage.work())
}

/// A joiner that is to be stepped.
fn start(stage: &Stage<'_>) -> Result<Forked> {
    stage.before.restore(&stage.work())?;
    let (name, role) = (stage.name(), stage.scenario.role());
    Forked::start_traced(|| stage.kind.join(role, &name))
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
    let (kind, name, queued, account) = (stage.kind, stage.name(), stage.queued.clone(), &mut stage.account);
    account.clear();
    let mut others = Forked::start(|| {
        let outcome = kind.get_everything(&name, &queued, account);
        account.ended(outcome)
    })?;
    let ended = wait_for_end(&mut others, || account.call());
    ended.with_context(at).context("the others, next to a reaper that stands still")?;
    child.release(false)?;
    wait_for_mark(&mut child, || "its join".to_owned()).with_context(at)?;
    child.go_on();
    wait_for_end(&mut child, || "its leaving".to_owned()).with_context(at)?;
    let left = kind.survive(&stage.work(), &|_| 0).with_context(at)?;
    ensure!(left.is_empty(), "messages came once more: {left:?}");
    Ok(())
}
