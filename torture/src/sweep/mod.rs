//! A SIGKILL after every machine instruction of every operation, and after every instruction of the reaping that follows.
//!
//! ```text
//! a channel in some state ─copy─► a process, stepped from mark to mark by ptrace
//!                                 │ the file changed? its bytes are what a death here leaves
//!                                 ├─copy─► survivors: join, drain, use all of it, leave, remove; compared with what may be
//!                                 └─copy─► a reaper, stepped likewise: each of its deaths, and survivors again
//! ```
//!
//! **Every instruction, by copies.** What a killed process leaves is the file, and locks that nobody holds. So two deaths
//! between which the file did not change are the same to all survivors, and one process is stepped through the operation
//! once: whenever the file's bytes differ from those one instruction before, survivors take over a copy beside a lock file
//! that nobody holds. Instructions of which one stores more than once (`rep movs`) stop after each store.
//!
//! **Every instruction, by SIGKILL.** That a copy is what a death leaves is not only said: processes of their own are killed
//! after so many instructions, each by a real SIGKILL. Where an operation has at most `--kill-all` of them, that is after
//! every one, else around every change and at regular distances. Nothing may come of it that no copy had. Of each reaper, one
//! more is really killed, each time after another change.
//!
//! **Rivals.** All of that is done again while somebody else stands still inside an operation: see `rivals`.
//!
//! What it proves: no single death, nor the death of the reaper after it, at any instruction of the paths that were taken,
//! loses, doubles, reorders or damages a message, or leaves anything held, counted wrongly or locked.
//!
//! What it does not: other paths (more than two participants at work at the same time, larger messages), which models and
//! `torture kill` take; what a processor that is not single-stepped reorders, which models take; memory that is torn
//! within one instruction. A system call is one step: what the kernel does inside is not divided.

mod deaths;
mod judge;
mod options;
mod rival;
mod rivals;

use crate::random::{Random, fresh_seed};
use crate::scratch::Scratch;
use crate::side_by_side;
use crate::steps::Steppable;
use crate::steps::scenario::Scenario;
use crate::steps::stage::Setting;
use crate::waking::Waking;
use anyhow::{Context, Result};
use deaths::{Deaths, Stepped};
use memlane::Role;
use options::Totals;
use std::time::Instant;

pub use options::Options;

/// If it is to be quick, what every so manieth operation leaves is reaped: most of all steps are reapers'.
const QUICK_REAPS: u64 = 3;

/// Real kills of a longer operation, besides those around changes.
const REGULAR: u64 = 12;

const CLOSING: &str = "torture sweep: whoever died, wherever, nothing was lost";

pub fn run(options: &Options, kinds: &[&'static dyn Steppable]) -> Result<()> {
    let (seed, started) = (options.seed.unwrap_or_else(fresh_seed), Instant::now());
    println!("torture sweep: seed {seed}");
    let Options { channels, quick, .. } = options;
    let channels = if *quick { channels.turns(kinds, seed) } else { channels.channels(kinds) }?;
    if let [(kind, waking)] = channels[..] {
        run_one(options, kind, waking, seed)?;
    } else {
        let channels: Vec<_> = channels.iter().map(|&(kind, waking)| (kind.name(), waking)).collect();
        let mut arguments = vec![format!("--seed={seed}"), format!("--only={}", options.only)];
        arguments.push(format!("--kill-all={}", options.kill_all));
        arguments.extend(options.quick.then(|| "--quick".to_owned()));
        side_by_side::run("sweep", &channels, &arguments, CLOSING)?;
        println!("all of them: {:.1} s", started.elapsed().as_secs_f64());
    }
    println!("{CLOSING}");
    Ok(())
}

fn run_one(options: &Options, kind: &'static dyn Steppable, waking: Waking, seed: u64) -> Result<()> {
    let started = Instant::now();
    let scratch = Scratch::new()?;
    let mut all = Totals::default();
    let setting = Setting { kind, waking, scratch: &scratch };
    sweep(options, setting, seed, &mut all)?;
    rivals::sweep(options, setting, &mut Random::new(seed, kind.facts().row()), &mut all)?;
    println!(
        "{} instructions, {} different files left; {} real kills; reapers: {} instructions, {} files, {} real kills; {:.1} s",
        all.points,
        all.states,
        all.kills,
        all.reaper_points,
        all.reaper_states,
        all.reaper_kills,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// All scenarios of a kind.
fn sweep(options: &Options, setting: Setting<'_>, seed: u64, all: &mut Totals) -> Result<()> {
    let Setting { kind, waking, .. } = setting;
    println!("torture sweep: {} with {waking}", kind.name());
    println!(
        "{:18} {:14} {:>12} {:>8} {:>8} {:>14} {:>12}",
        "operation", "state", "instructions", "files", "kills", "of reapers", "their files"
    );
    for (number, scenario) in (seed..).zip(Scenario::all(kind.facts())) {
        if !scenario.to_string().contains(&options.only) {
            continue;
        }
        let reaps = !options.quick || !options.only.is_empty() || number.is_multiple_of(QUICK_REAPS);
        let totals =
            sweep_scenario(options, setting, scenario, reaps).with_context(|| format!("{scenario}, {waking}"))?;
        println!(
            "{:18} {:14} {:12} {:8} {:8} {:14} {:12}",
            scenario.operation,
            scenario.state,
            totals.points,
            totals.states,
            totals.kills,
            totals.reaper_points,
            totals.reaper_states
        );
        all.add(&totals);
    }
    Ok(())
}

fn sweep_scenario(options: &Options, setting: Setting<'_>, scenario: Scenario, reaps: bool) -> Result<Totals> {
    let mut deaths = Deaths::prepare(setting, scenario)?;
    let stepped = deaths.step_through()?;
    let points = kill_points(options, &stepped);
    deaths.kill_at(&points, &stepped)?;
    let mut totals = Totals {
        points: stepped.steps + 1,
        states: stepped.remains.len() as u64,
        kills: points.len() as u64,
        ..Totals::default()
    };
    let middle = stepped.remains.len() / 2;
    for (number, remains) in stepped.remains.iter().enumerate() {
        for (at, role) in [Role::Sender, Role::Receiver].into_iter().enumerate() {
            if !reaps || options.quick && (number, at) != (middle, middle % 2) {
                continue;
            }
            let (steps, changes) = deaths.reap(remains, role)?;
            totals.reaper_points += steps;
            totals.reaper_states += changes.len() as u64;
            if !options.quick {
                deaths.kill_reaper_at(remains, role, changes[number % changes.len()])?;
                totals.reaper_kills += 1;
            }
        }
    }
    Ok(totals)
}

/// After how many instructions to kill really.
fn kill_points(options: &Options, stepped: &Stepped) -> Vec<u64> {
    if !options.quick && stepped.steps <= options.kill_all {
        return (0..=stepped.steps + 1).collect();
    }
    let changes = stepped.remains.iter().map(|one| one.steps);
    let changes: Vec<u64> = changes.flat_map(|steps| [steps.saturating_sub(1), steps]).collect();
    let mut points = if options.quick {
        let step = changes.len().div_ceil(2);
        changes.into_iter().step_by(step).collect()
    } else {
        let mut points = changes;
        points.extend((0..REGULAR).map(|part| stepped.steps * part / REGULAR));
        points
    };
    points.push(stepped.steps + 1);
    points.sort_unstable();
    points.dedup();
    points
}
