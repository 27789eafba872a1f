//! All kinds over both backends at once, for as long as is wanted: joins, leaves, kills, stops, visits and looks, at random.
//!
//! ```text
//! round   ├ spsc, futexes      channel · channel · channel ┤        ┤ nothing is there: descriptors, mappings and memory
//!         ├ spsc, semaphores   channel · channel ──────────┤ drained┤ are compared with those after the first round
//!         ├ mpmc, futexes      channel · channel · channel ┤        ┤
//!         └ mpmc, semaphores   channel ─── channel ────────┤        ┤
//! ```
//!
//! A channel lives for a second or two. Then it is drained, its accounts are compared as `kill` does, and it is removed; so
//! the accounts do not grow for ever. This process drives all of it, joins and leaves each channel many times itself, and is
//! the one that lives on: what a join, a look, a creation or a removal leaks, it has in the end.

mod row;
mod stall;

use crate::measure;
use crate::random::{Random, fresh_seed};
use crate::scratch::Scratch;
use crate::subject::Kind;
use crate::waking::Waking;
use anyhow::{Context, Result, ensure};
use clap::Args;
use row::Row;
use std::time::{Duration, Instant};

/// What a run may add to the memory of this process: what the allocator holds back besides. A join that leaked a mapping
/// touched a page of it at least, and there are always enough joins for that to be twice as much.
const GROWTH_KIB_MAX: u64 = 2 << 10;
const PAGE_KIB: u64 = 4;

/// How long a round takes, about.
const ROUND: Duration = Duration::from_secs(4);

#[derive(Args)]
pub struct Options {
    /// How many minutes
    #[arg(long, default_value_t = 0, required_unless_present = "seconds")]
    minutes: u64,
    /// How many seconds, besides the minutes
    #[arg(long, default_value_t = 0)]
    seconds: u64,
    /// Seed of everything random; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
}

/// What this process has while no channel is there.
#[derive(Debug, PartialEq, Eq)]
struct Belongings {
    descriptors: Vec<String>,
    mappings: Vec<String>,
}

impl Belongings {
    fn now() -> Result<Self> {
        Ok(Self { descriptors: measure::descriptors()?, mappings: measure::mapped_files()? })
    }
}

pub fn run(options: &Options, kinds: &[&'static dyn Kind]) -> Result<()> {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let length = Duration::from_secs(options.minutes * 60 + options.seconds);
    println!("torture soak: seed {seed}, {} s", length.as_secs());
    let scratch = Scratch::new()?;
    let mut rows = Vec::new();
    for &kind in kinds {
        for waking in Waking::ALL {
            rows.push(Row::new(kind, waking, Random::new(seed, rows.len() as u64)));
        }
    }
    let before = Belongings::now()?;
    let rounds = (length.as_secs() / ROUND.as_secs()).max(2) as u32;
    let started = Instant::now();
    let mut warm = None;
    for round in 1..=rounds {
        soak(&mut rows, &scratch, || started.elapsed() < length * round / rounds)?;
        let now = Belongings::now()?;
        ensure!(now == before, "after round {round}, this process has {now:#?}, before {before:#?}");
        let left = scratch.files()?;
        ensure!(left.is_empty(), "after round {round}, files are left: {left:?}");
        warm.get_or_insert((measure::resident_kib()?, joins(&rows)));
    }
    report(&rows, rounds, started.elapsed());
    let (warm_kib, warm_joins) = warm.context("no round")?;
    judge_growth(warm_kib, measure::resident_kib()?, joins(&rows) - warm_joins)?;
    println!(
        "descriptors {}, mapped files {}, before and after; files in /dev/shm 0",
        before.descriptors.len(),
        before.mappings.len()
    );
    println!("torture soak: nothing lost, nothing leaked, nobody stuck");
    Ok(())
}

/// All rows at once, for so long; then each channel to its end.
fn soak(rows: &mut [Row], scratch: &Scratch, goes_on: impl Fn() -> bool) -> Result<()> {
    while goes_on() {
        for row in &mut *rows {
            row.go_on(scratch).with_context(|| row.to_string())?;
        }
    }
    rows.iter_mut().try_for_each(|row| row.end().with_context(|| row.to_string()))
}

/// How often this process joined.
fn joins(rows: &[Row]) -> u64 {
    rows.iter().map(|row| row.totals.joins).sum()
}

fn judge_growth(warm_kib: u64, end_kib: u64, joins: u64) -> Result<()> {
    println!(
        "memory of this process: {warm_kib} KiB after the first round, {end_kib} KiB in the end (bound {GROWTH_KIB_MAX} KiB more; a \
         page for each of the {joins} joins between were {} KiB)",
        joins * PAGE_KIB
    );
    ensure!(joins * PAGE_KIB >= 2 * GROWTH_KIB_MAX, "too few joins to tell a leak from the allocator's wishes");
    ensure!(end_kib <= warm_kib + GROWTH_KIB_MAX, "this process grew");
    Ok(())
}

fn report(rows: &[Row], rounds: u32, elapsed: Duration) {
    println!(
        "{:24} {:>8} {:>10} {:>9} {:>6} {:>6} {:>6} {:>7} {:>7} {:>10} {:>14}",
        "", "channels", "messages", "again", "killed", "left", "stops", "joins", "looks", "worker KiB", "longest stall"
    );
    for row in rows {
        let totals = &row.totals;
        println!(
            "{:24} {:8} {:10} {:9} {:6} {:6} {:6} {:7} {:7} {:10} {:11.1} ms",
            row.to_string(),
            totals.channels,
            totals.messages,
            totals.again,
            totals.killed,
            totals.left,
            totals.stops,
            totals.joins,
            totals.looks,
            totals.worker_kib,
            row.longest_stall().as_secs_f64() * 1e3
        );
    }
    println!("{rounds} rounds; {:.1} s", elapsed.as_secs_f64());
}
