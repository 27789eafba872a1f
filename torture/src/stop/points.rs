//! Standing still at each instruction of an operation.
//!
//! ```text
//! the others join ─ mark ───────────────── SIGCONT ─ laps, calls, leaving, joining again ─ mark ──────────── SIGCONT ─ the rest
//! it prepares ──── mark ─ step · step · step ┤ stands still                                     ├ goes on ─ ends
//! ```
//!
//! A first process is stepped through the whole operation: it says after which instructions the file changed, and before
//! which ones the file is touched: a load shows in no file, but what it saw may be outdated when its process goes on. For
//! each of these, processes of their own come: one is stepped so far and stands still there, either by the tracer alone or, let go
//! by it, by SIGSTOP. While it does, the others do all that the contract lets them do. They are a process, too, so a call of
//! theirs that does not return is noticed and named. Then it goes on, with them standing still: it has to come to its end by
//! itself. In the end a fresh pair takes over the channel, and the accounts of all are compared.

use super::options::Options;
use super::totals::Totals;
use super::{around, verdict};
use crate::random::Random;
use crate::steps::access::Accesses;
use crate::steps::account::Account;
use crate::steps::image::Watch;
use crate::steps::others::Task;
use crate::steps::scenario::{Operation, Scenario};
use crate::steps::stage::{STEPS_MAX, Setting, Stage};
use crate::tracer::{Forked, Stop};
use anyhow::{Context, Result, ensure};

/// Where and how to stand still.
#[derive(Debug, Clone, Copy)]
struct Point {
    steps: u64,
    by_signal: bool,
    finds_nothing: bool,
}

/// All scenarios of a kind.
pub fn run(options: &Options, setting: Setting<'_>, seed: u64, all: &mut Totals) -> Result<()> {
    let Setting { kind, waking, .. } = setting;
    println!("{} with {waking}", kind.name());
    println!(
        "{:18} {:14} {:>12} {:>8} {:>8} {:>8} {:>10}",
        "operation", "state", "instructions", "changes", "accesses", "stops", "messages"
    );
    let mut random = Random::new(seed, kind.facts().row());
    for scenario in Scenario::all(kind.facts()) {
        if !scenario.to_string().contains(&options.only) {
            continue;
        }
        let mut bystanders = Bystanders::prepare(setting, scenario)?;
        let named = || format!("{scenario}, {waking}");
        let path = bystanders.step_through().with_context(named)?;
        let points = choose(options, &path, &mut random);
        let before = all.messages;
        for &point in &points {
            all.messages += bystanders.stand_still(point).with_context(named)?;
            *(if point.by_signal { &mut all.stopped } else { &mut all.traced }) += 1;
        }
        let (operation, state, messages) = (scenario.operation, scenario.state, all.messages - before);
        let Path { steps, changes, accesses } = path;
        let (changes, accesses, stops) = (changes.len(), accesses.len(), points.len());
        println!("{operation:18} {state:14} {steps:12} {changes:8} {accesses:8} {stops:8} {messages:10}");
        all.scenarios += 1;
        all.instructions += steps;
    }
    Ok(())
}

/// Where to stand still: behind each change, and before each access; in both ways, unless it is to be quick.
fn choose(options: &Options, path: &Path, random: &mut Random) -> Vec<Point> {
    let mut point = |steps, by_signal| Point { steps, by_signal, finds_nothing: random.once_in(2) };
    let is_long = path.steps > LONG;
    if options.quick {
        let step = if is_long { 4 } else { 1 };
        let first = path.accesses.len() % step.min(path.changes.len());
        let changes = path.changes.iter().skip(first).step_by(step);
        let accesses = path.accesses.iter().skip(first).step_by(QUICK_ACCESSES * step);
        return changes
            .chain(accesses)
            .zip([false, true].into_iter().cycle())
            .map(|(&at, how)| point(at, how))
            .collect();
    }
    let at_changes = path.changes.iter().flat_map(|&at| [(at, false), (at, true)]);
    let between = path.accesses.iter().filter(|at| !path.changes.contains(at)).copied();
    let between = between.step_by(if is_long { LONG_ACCESSES } else { 1 }).zip([false, true].into_iter().cycle());
    at_changes.chain(between).map(|(at, by_signal)| point(at, by_signal)).collect()
}

/// Operations with more instructions, which are joins, take most of the time.
const LONG: u64 = 2_000;

/// Of the accesses of these, one in so many is taken.
const LONG_ACCESSES: usize = 4;

/// Of the accesses of the others, when it is to be quick.
const QUICK_ACCESSES: usize = 16;

/// What stepping once found.
struct Path {
    /// Instructions from mark to mark.
    steps: u64,
    /// After how many of them the file had changed.
    changes: Vec<u64>,
    /// After how many of them the next one touches the file, or calls the system.
    accesses: Vec<u64>,
}

/// One scenario, and those who go on meanwhile.
struct Bystanders<'a> {
    stage: Stage<'a>,
    /// What the others did.
    others: Account,
    /// What the one did who slept when the operation started.
    sleeper: Account,
}

impl<'a> Bystanders<'a> {
    fn prepare(setting: Setting<'a>, scenario: Scenario) -> Result<Self> {
        let stage = Stage::prepare(setting, scenario)?;
        let others = Account::create(&setting.scratch.path("others"))?;
        let sleeper = Account::create(&setting.scratch.path("sleeper"))?;
        Ok(Self { stage, others, sleeper })
    }

    /// Steps one process through the operation.
    fn step_through(&mut self) -> Result<Path> {
        let (mut child, others, sleeper) = self.start(false)?;
        let mut watch = Watch::start(&self.stage.work())?;
        let mut watched = Accesses::of(&child, &self.stage.work())?;
        let (mut steps, mut changes, mut accesses) = (0, Vec::new(), Vec::new());
        loop {
            if watch.changed() {
                watch.take();
                changes.push(steps);
            }
            if watched.is_next()? {
                accesses.push(steps);
            }
            if child.step()? == Stop::Mark {
                break;
            }
            steps += 1;
            ensure!(steps < STEPS_MAX, "more than {STEPS_MAX} instructions, now at {}", child.place());
        }
        drop((child, others, sleeper));
        self.stage.before.delete(&self.stage.work())?;
        Ok(Path { steps, changes, accesses })
    }

    /// Starts the others, who join, who is to sleep, who does so, and the one who is stepped.
    fn start(&mut self, finds_nothing: bool) -> Result<(Forked, Option<Forked>, Option<Forked>)> {
        self.stage.before.restore(&self.stage.work())?;
        let kind = self.stage.kind;
        let (task, name) = (Task { scenario: self.stage.scenario, finds_nothing }, self.stage.name());
        let wakes = task.scenario.operation == Operation::Wake;
        self.others.clear();
        self.sleeper.clear();
        let mut others = None;
        // If there can be only one receiver, and that one sleeps, there are no others.
        if !wakes || task.scenario.facts.many_receivers {
            others = Some(around::join(kind, task, &name, &mut self.others)?);
        }
        let child = self.stage.start()?;
        let mut sleeper = None;
        if wakes {
            let account = &mut self.sleeper;
            sleeper = Some(self.stage.start_sleeper(|| kind.sleep_and_leave(&name, account))?);
        }
        Ok((child, others, sleeper))
    }

    /// One process stands still there. Returns how many messages the others received meanwhile.
    fn stand_still(&mut self, point: Point) -> Result<u64> {
        let (mut child, others, sleeper) = self.start(point.finds_nothing)?;
        for _ in 0..point.steps {
            if child.step()? == Stop::Mark {
                break;
            }
        }
        let (place, how) = (child.place(), if point.by_signal { "by SIGSTOP" } else { "by the tracer" });
        let at = || format!("standing still {how} after instruction {}, at {place}", point.steps);
        let others = others.map(|process| (process, &self.others));
        let sleeper = sleeper.map(|process| (process, &self.sleeper));
        around::go_on(child, others, sleeper, point.by_signal).with_context(at)?;
        let delivered = self.stage.kind.survive(&self.stage.work(), &|_| self.sent()).with_context(at)?;
        let accounts = verdict::Accounts {
            scenario: self.stage.scenario,
            queued: &self.stage.queued,
            stopped: self.stage.account.deeds(),
            others: self.others.deeds(),
            sleeper: self.sleeper.deeds(),
            left: delivered,
            killed: None,
        };
        Ok(accounts.check().with_context(at)?.messages)
    }

    /// How many messages were sent in all.
    fn sent(&self) -> u64 {
        self.stage.sent
            + verdict::sent(&self.stage.account.deeds()).count() as u64
            + verdict::sent(&self.others.deeds()).count() as u64
    }
}
