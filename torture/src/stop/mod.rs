//! Participants that stand still, alive, and what the others lose by it: nothing but what these hold.
//!
//! - `throughput`: two workers stop themselves where they hold something; what each kind promises of the others meanwhile is
//!   checked, and where they are to notice nothing, their times are compared.
//! - `points`: a process is stepped through an operation, and stands still at each instruction; `queue` and `lane` say what
//!   the others then do, `around` when, `verdict` what must come of it. `torture sweep` has others go on around a rival
//!   likewise.
//! - `reaper`: a joiner stands still in the middle of reaping, and others get what the dead one held.

pub mod around;
mod lane;
pub mod points;
mod queue;
mod reaper;
pub mod throughput;
pub mod verdict;

use crate::kinds::Selection;
use crate::random::fresh_seed;
use crate::scratch::Scratch;
use crate::steps::scenario::Kind;
use anyhow::{Context, Result};
use clap::Args;
use std::time::Instant;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    channels: Selection,
    /// Seed of which points are taken, and of what the others leave behind; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Each change of the file once, fewer in joins and over semaphores; some accesses; three rounds of 50,000 messages
    #[arg(long)]
    quick: bool,
    /// Only operations whose line contains this, and no comparison of times
    #[arg(long, default_value = "")]
    only: String,
    /// How often the times are compared; 0: not at all
    #[arg(long)]
    rounds: Option<u64>,
    /// How many messages the others exchange each time
    #[arg(long)]
    messages: Option<u64>,
}

impl Options {
    fn rounds(&self) -> u64 {
        self.rounds.unwrap_or(if self.quick { 3 } else { 20 })
    }

    /// How many messages the others exchange when times are compared.
    pub fn messages(&self) -> u64 {
        self.messages.unwrap_or(if self.quick { 50_000 } else { 200_000 })
    }
}

pub fn run(options: &Options) -> Result<()> {
    let (seed, started) = (options.seed.unwrap_or_else(fresh_seed), Instant::now());
    println!("torture stop: seed {seed}");
    let mut totals = points::Totals::default();
    for (kind, waking) in options.channels.channels() {
        let scratch = Scratch::new()?;
        points::run(options, kind.steps, waking, seed, &scratch, &mut totals)?;
        if kind.steps == Kind::Mpmc && "reaping".contains(&options.only) {
            reaper::run(options, waking, &scratch, &mut totals)?;
        }
        if options.rounds() > 0 && options.only.is_empty() {
            println!("{} with {waking}, two workers that stop themselves", kind.name);
            (kind.stop)(options, waking, &scratch).with_context(|| format!("{}, {waking}", kind.name))?;
        }
    }
    println!("{totals}; {:.1} s", started.elapsed().as_secs_f64());
    println!("torture stop: who stood still, wherever, kept what it held, and nothing else");
    Ok(())
}
