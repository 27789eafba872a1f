//! Processes that make other processes at every moment of a join.
//!
//! - *Joins* under storms of children, made by threads and in signal handlers, by each way that there is and by all at once: a
//!   seat that was left in good order is free, whatever children live.
//! - *Opening*: children, of `fork` and of a bare `clone`, that open the channel by themselves while another thread of their
//!   parent does; also when that is the first use of the engine in this process; and fork handlers of the program's own that do.
//! - *Orphans*: a participant is killed, or leaves, while a child of its lives on: the table in `docs/failure-model.md`.
//!
//! Each runs in a process of its own. One that says nothing for half a minute hangs.

mod handler;
mod joins;
mod orphans;
mod scenes;
mod tally;
mod ways;
pub mod worker;

use self::ways::Way;
use crate::random::{Random, fresh_seed};
use crate::scratch::Scratch;
use crate::talk::Talker;
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use memlane::mpmc;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    /// How many joins there are in storms, in all
    #[arg(long, default_value_t = 100_000)]
    joins: u64,
    /// How many children open the channel, of each sort
    #[arg(long, default_value_t = 500)]
    children: u64,
    /// Only this part; else all
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Only children made this way; else all
    #[arg(long, value_enum)]
    way: Option<Way>,
    /// Seed of all moments; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Joins,
    Opening,
    Initialising,
    Handlers,
    Orphans,
}

/// A process that says nothing for longer hangs.
const HANG: Duration = Duration::from_secs(30);

/// The first use of the engine in a process takes no longer: in it, a child is made.
const FIRST_USE_NS: u64 = 600_000;

/// What must not come of anything, over all parts.
#[derive(Default)]
struct Faults {
    kept: u64,
    taken: u64,
    hung: u64,
    failed: u64,
}

pub fn run(options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    println!("torture storm: {} joins, seed {seed}", options.joins);
    let started = Instant::now();
    ways::adopt_orphans()?;
    let mut faults = Faults::default();
    let is_wanted = |part| options.only.is_none_or(|only| only == part);
    if is_wanted(Part::Joins) {
        joins(options, seed, &mut faults)?;
    }
    let both = [Way::Fork, Way::BareClone].into_iter().filter(|way| options.way.is_none_or(|one| one == *way));
    for way in both {
        if is_wanted(Part::Opening) {
            let children = options.children.to_string();
            scene(&format!("children of {} open", way.name()), &["opening", way.name(), &children], &mut faults)?;
        }
        if is_wanted(Part::Initialising) {
            initialising(way, options.children / 5, seed, &mut faults)?;
        }
    }
    if is_wanted(Part::Handlers) {
        for (late, when) in [("", "before the engine's first use"), ("--late", "after it")] {
            let children = (options.children / 5).to_string();
            let arguments: Vec<_> = ["handlers", &children, late].into_iter().filter(|one| !one.is_empty()).collect();
            scene(&format!("own fork handlers, {when}"), &arguments, &mut faults)?;
        }
    }
    if is_wanted(Part::Orphans) {
        orphans::run()?;
    }
    let Faults { kept, taken, hung, failed } = faults;
    println!(
        "{kept} seats kept, {taken} false RoleTaken, {hung} hung, {failed} failed; {:.1} s",
        started.elapsed().as_secs_f64()
    );
    ensure!(kept + taken + hung + failed == 0, "children keep what their parents left, or somebody hangs");
    println!("torture storm: no child keeps a seat, and nobody hangs");
    Ok(())
}

/// A storm of each way, from threads and from handlers, and of all at once.
fn joins(options: &Options, seed: u64, faults: &mut Faults) -> Result<()> {
    let ways: Vec<_> = Way::ALL.into_iter().filter(|way| options.way.is_none_or(|one| one == *way)).collect();
    let each = ways.iter().map(|way| vec![*way]).chain((ways.len() > 1).then_some(ways.clone()));
    let storms: Vec<_> = each.flat_map(|ways| [(ways.clone(), false), (ways, true)]).collect();
    let share = options.joins.div_ceil(storms.len() as u64).to_string();
    for (ways, in_handlers) in storms {
        let scratch = Scratch::new()?;
        let name = if ways.len() > 1 { "all ways" } else { ways[0].name() };
        let name = format!("{name}, {}", if in_handlers { "in handlers" } else { "by threads" });
        let mut arguments = vec!["storm-worker".to_owned(), "joins".to_owned(), scratch.file("")];
        arguments.extend([share.clone(), seed.to_string()]);
        arguments.extend(ways.iter().map(|way| way.name().to_owned()));
        arguments.extend(in_handlers.then(|| "--in-handlers".to_owned()));
        let (mut worker, started) = (Talker::start(&arguments)?, Instant::now());
        let said = loop {
            match worker.hear(HANG) {
                Ok(line) if line.starts_with("at ") => {}
                Ok(line) => break Some(line),
                Err(crate::talk::Silence::Still) => break None,
                Err(ended) => anyhow::bail!("{name}: the worker {ended}"),
            }
        };
        // Children of one that hangs may wait for it.
        drop(worker);
        orphans::end_all()?;
        let Some(line) = said else {
            println!("{name:36} hangs");
            faults.hung += 1;
            continue;
        };
        let [joins, kept, taken, made] = numbers(&line)?;
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{name:36} {joins:6} joins, {made:6} children, {kept} seats kept, {taken} false RoleTaken; {seconds:.1} s"
        );
        ensure!(made > 0, "{name}: no child was made");
        faults.kept += kept;
        faults.taken += taken;
    }
    Ok(())
}

/// One process whose children, or handlers, use the engine.
fn scene(name: &str, arguments: &[&str], faults: &mut Faults) -> Result<()> {
    let scratch = Scratch::new()?;
    let [fine, hung, failed] = one_scene(&scratch.channel(), arguments)?;
    report(name, fine, hung, failed, faults);
    Ok(())
}

fn one_scene(channel: &str, arguments: &[&str]) -> Result<[u64; 3]> {
    let _channel = mpmc::Options::new().slots(2).max_message(8).max_receivers(64).create(channel)?;
    let mut all = vec!["storm-worker", arguments[0], channel];
    all.extend(&arguments[1..]);
    let mut worker = Talker::start(all)?;
    match worker.hear(HANG) {
        Ok(line) => numbers(&line),
        Err(crate::talk::Silence::Still) => Ok([0, 1, 0]),
        Err(ended) => anyhow::bail!("{arguments:?}: the worker {ended}"),
    }
}

fn report(name: &str, fine: u64, hung: u64, failed: u64, faults: &mut Faults) {
    println!("{name:48} {fine:6} fine, {hung} hung, {failed} failed");
    faults.hung += hung;
    faults.failed += failed;
}

/// Processes in which a child is made while another thread uses the engine for the first time.
fn initialising(way: Way, trials: u64, seed: u64, faults: &mut Faults) -> Result<()> {
    let mut random = Random::new(seed, way as u64);
    let mut ends = [0; 3];
    for _ in 0..trials {
        let (scratch, after) = (Scratch::new()?, random.below(FIRST_USE_NS).to_string());
        let trial = one_scene(&scratch.channel(), &["initialising", way.name(), &after])?;
        ends.iter_mut().zip(trial).for_each(|(all, one)| *all += one);
    }
    let [fine, hung, failed] = ends;
    report(&format!("children of {} at the engine's first use", way.name()), fine, hung, failed, faults);
    Ok(())
}

/// The numbers of a line `done …`.
fn numbers<const N: usize>(line: &str) -> Result<[u64; N]> {
    let rest = line.strip_prefix("done ").with_context(|| format!("{line:?} instead of an account"))?;
    let all: Vec<u64> = rest.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    all.try_into().ok().with_context(|| format!("{line:?} is not {N} numbers"))
}
