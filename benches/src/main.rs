//! The bench runner: how fast memlane is, next to the machine's own limits and to its peers in the same run.
//!
//! `cargo run --release -p memlane-benches -- run spsc`. Method and figures: docs/performance.md.

mod arena;
#[cfg(feature = "c")]
mod c_ends;
mod calls;
mod clock;
mod contest;
mod contests;
mod crew;
mod distribution;
mod disturbance;
mod foreign;
mod hot;
mod machine;
mod onlookers;
mod outcome;
mod payload;
mod peer;
mod peers;
mod place;
mod processor;
mod report;
mod rig;
mod schedule;
mod shapes;
mod smoke;
mod statistics;
mod streams;
mod units;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use contest::Family;
use contests::{TABLES, Table};
use report::{Report, kept};
use rig::Rig;
use schedule::Effort;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Measures memlane next to the machine's own limits and to its peers")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures
    Run(Measure),
    /// Lists the tables
    List,
    /// Shows what runs say about what is asked for: all processor families side by side, and all runs of each
    Targets {
        /// What they wrote with `run --out`, or folders with several of those. Default: docs/performance, all that was kept
        folders: Vec<PathBuf>,
        /// Write docs/performance/targets.md instead
        #[arg(long, conflicts_with = "folders")]
        keep: bool,
    },
    /// Runs every contest of every table for a moment and checks what arrives: whether it works, not how fast
    Smoke {
        /// The two cores to run on
        #[arg(long, value_name = "CORE,CORE", value_parser = pair::<usize>, default_value = "0,1")]
        cores: [usize; 2],
    },
    /// The other end; started by the runner
    #[command(hide = true)]
    Partner { folder: PathBuf, meeting: PathBuf, core: usize },
    /// One of many; started by the runner
    #[command(hide = true)]
    Member { folder: PathBuf, seat: usize },
    /// One that may only read; started by a member
    #[command(hide = true)]
    Onlooker { channel: PathBuf },
    /// Sends to itself, for counting instructions
    #[command(hide = true)]
    Hot { through: hot::Through, direction: hot::Direction, messages: usize, bytes: usize },
}

#[derive(Args)]
struct Measure {
    /// Which tables to measure, by name (`list` shows them); all if none is named
    tables: Vec<String>,
    /// The two cores to run on
    #[arg(long, value_name = "CORE,CORE", value_parser = pair::<usize>, default_value = "0,1")]
    cores: [usize; 2],
    /// Groups of undisturbed rounds wanted for each figure
    #[arg(long, default_value_t = 15)]
    groups: usize,
    /// On a busy machine, be content with fewer after so many seconds
    #[arg(long, default_value_t = 240)]
    seconds: u64,
    /// Length of a round in milliseconds; eight times as long where there are more busy participants than cores
    #[arg(long, default_value_t = 50)]
    round_ms: u64,
    /// Only families whose title contains this
    #[arg(long)]
    only: Option<String>,
    /// Only groups count in which the two-line ping-pong takes FROM to TO nanoseconds: to compare two builds on a
    /// machine whose hypervisor moves its processors
    #[arg(long, value_name = "FROM,TO", value_parser = pair::<f64>)]
    placement: Option<[f64; 2]>,
    /// Write results.md, results.json and plots (SVG) to this folder, too
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write them to docs/performance, too: to the folder of this machine's processor family, as its next run
    #[arg(long)]
    keep: bool,
    /// Fail if a ratio that is asked for is missed
    #[arg(long)]
    check: bool,
}

/// Two values with a comma between them.
fn pair<T: FromStr>(text: &str) -> Result<[T; 2]> {
    let value = |part: &str| part.trim().parse().ok();
    let (first, second) = text.split_once(',').context("two values with a comma between them")?;
    value(first).zip(value(second)).map(|(first, second)| [first, second]).context("not two numbers")
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(measure) => run(&measure),
        Command::List => {
            TABLES.iter().for_each(|table| println!("{:<12} {}", table.name, table.about));
            Ok(())
        }
        Command::Targets { keep: true, .. } => std::fs::write(kept::TARGETS, report::targets::page(&[])?)
            .with_context(|| format!("writing {}", kept::TARGETS)),
        Command::Targets { folders, .. } => {
            print!("{}", report::targets::markdown(&folders)?);
            Ok(())
        }
        Command::Smoke { cores } => smoke::run(cores),
        Command::Partner { folder, meeting, core } => {
            let mut contests = vec![contests::placement()];
            contests.extend(contests::all());
            rig::partner(&contests, &folder, &meeting, core)
        }
        Command::Member { folder, seat } => crew::member(&contests::all(), &folder, seat),
        Command::Onlooker { channel } => onlookers::look_on(&channel),
        Command::Hot { through, direction, messages, bytes } => hot::run(through, direction, messages, bytes),
    }
}

/// The families of the tables with these names, or of all.
fn families(names: &[String]) -> Result<Vec<Family>> {
    let table = |name: &String| {
        TABLES.iter().find(|table| table.name == name).with_context(|| format!("no table is called '{name}'"))
    };
    let named: Vec<&Table> = names.iter().map(table).collect::<Result<_>>()?;
    let tables = if named.is_empty() { TABLES.iter().collect() } else { named };
    Ok(tables.into_iter().flat_map(|table| (table.families)()).collect())
}

fn run(measure: &Measure) -> Result<()> {
    let mut families = families(&measure.tables)?;
    if let Some(wanted) = &measure.only {
        families.retain(|family| family.title.contains(wanted.as_str()));
        ensure!(!families.is_empty(), "no family's title contains '{wanted}'");
    }
    let cores = measure.cores;
    let effort = Effort {
        groups: measure.groups,
        patience: Duration::from_secs(measure.seconds),
        round: Duration::from_millis(measure.round_ms),
        placement_ns: measure.placement.map_or(0.0..=f64::INFINITY, |[from, to]| from..=to),
    };
    let machine = machine::Machine::describe();
    let mut folders: Vec<PathBuf> = measure.out.iter().cloned().collect();
    if measure.keep {
        folders.push(kept::next(&machine.family.slug)?);
    }
    let mut rig = Rig::start(cores)?;
    let clock_ns = clock::cost_ns();
    let outcomes = schedule::measure(&mut rig, &families, &effort)?;
    let report = Report { machine, cores, clock_ns, effort, families: &families, outcomes: &outcomes };
    print!("{}", report.markdown());
    for folder in &folders {
        println!("\nWritten to {}: {}", folder.display(), report.write(folder)?.join(", "));
    }
    if measure.check {
        let missed = report.missed();
        ensure!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
        println!("\nEverything that was asked for was reached.");
    }
    Ok(())
}
