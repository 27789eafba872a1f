//! Participants that stand still, alive, and what the others lose by it: nothing but what these hold.
//!
//! - `throughput`: two workers stop themselves where they hold something; what each kind promises of the others meanwhile is
//!   checked, and where they are to notice nothing, their times are compared.
//! - `points`: a process is stepped through an operation, and stands still at each instruction; `steps::others` say what the
//!   others then do, `around` when, `verdict` what must come of it. `torture sweep` has others go on around a rival likewise.
//! - `reaper`: a joiner stands still in the middle of reaping, and others get what the dead one held.

pub mod around;
pub mod exchange;
mod options;
mod points;
mod reaper;
pub mod throughput;
mod totals;
pub mod verdict;

use crate::random::fresh_seed;
use crate::scratch::Scratch;
use crate::steps::Steppable;
use crate::steps::stage::Setting;
use anyhow::{Context, Result};
use std::time::Instant;

pub use options::Options;

pub fn run(options: &Options, kinds: &[&'static dyn Steppable]) -> Result<()> {
    let (seed, started) = (options.seed.unwrap_or_else(fresh_seed), Instant::now());
    println!("torture stop: seed {seed}");
    let mut totals = totals::Totals::default();
    let Options { channels, quick, .. } = options;
    let channels = if *quick { channels.turns_of_some(kinds, seed) } else { channels.channels(kinds) }?;
    for (kind, waking) in channels {
        let scratch = Scratch::new()?;
        let setting = Setting { kind, waking, scratch: &scratch };
        points::run(options, setting, seed, &mut totals)?;
        if kind.facts().is_shared() && "reaping".contains(&options.only) {
            reaper::run(options, setting, &mut totals)?;
        }
        let comparison = options.comparison();
        if comparison.rounds > 0 && options.only.is_empty() {
            println!("{} with {waking}, two workers that stop themselves", kind.name());
            let outcome = kind.stand_still(comparison, waking, &scratch);
            outcome.with_context(|| format!("{}, {waking}", kind.name()))?;
        }
    }
    println!("{totals}; {:.1} s", started.elapsed().as_secs_f64());
    println!("torture stop: who stood still, wherever, kept what it held, and nothing else");
    Ok(())
}
