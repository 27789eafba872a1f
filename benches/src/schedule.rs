//! The order of rounds, and what becomes of them.
//!
//! The rounds of a family run in groups: the table from top to bottom, then from bottom to top (A B B A). A contest's
//! value in a group is the mean of its two rounds, so that a drift within the group cancels; ratios are taken within the
//! group, so that a drift between groups does, too. A round's value is the median over
//! the chunks that count by the rule of [`crate::disturbance`]; a group counts for a contest if both of its rounds do.

use crate::contest::{BLOCK, Contest, Family, Work};
use crate::disturbance::is_enough;
use crate::rig::{Plan, Rig, Round, Yield};
use crate::statistics::{Estimate, median, paired_ratios};
use anyhow::Result;
use indicatif::ProgressBar;
use std::time::Duration;

/// Length of a chunk: shorter than a scheduler's time slice, so that a busy machine has chunks that count, and long
/// enough that the accounts at its ends do not matter.
const CHUNK: Duration = Duration::from_millis(1);

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Groups that have to count, for every contest of a family.
    pub groups: usize,
    /// Groups that are run at most to get them.
    pub groups_max: usize,
    /// Length of a round.
    pub round: Duration,
}

/// What one round says, per operation.
#[derive(Debug, Clone, Copy)]
struct Value {
    mean_ns: f64,
    /// Median over the blocks; where blocks are not timed, the mean.
    typical_ns: f64,
}

/// What is known about a contest at the end.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Nanoseconds an operation: the median over the chunks of a chunk's mean.
    pub mean_ns: Option<Estimate>,
    /// Nanoseconds an operation: the median over the blocks.
    pub typical_ns: Option<Estimate>,
    /// Times the baseline: nanoseconds for round trips, messages a second otherwise. `None` for the baseline.
    pub ratio: Option<Estimate>,
    /// Groups that counted.
    pub counted: usize,
    /// Groups that were run.
    pub run: usize,
}

/// Measures all families, group by group, so that all are measured over the same time.
pub fn measure(rig: &mut Rig, families: &[Family], effort: Effort) -> Result<Vec<Vec<Outcome>>> {
    let mut running: Vec<Running<'_>> = families.iter().map(Running::new).collect();
    for family in &mut running {
        family.calibrate(rig)?;
    }
    let rounds: usize = families.iter().map(|family| 2 * family.contests.len()).sum();
    let progress = ProgressBar::new((rounds * effort.groups_max) as u64);
    for _ in 0..effort.groups_max {
        for family in &mut running {
            if family.is_complete(effort.groups) {
                progress.inc(2 * family.family.contests.len() as u64);
            } else {
                family.run_group(rig, effort.round, &progress)?;
            }
        }
    }
    progress.finish_and_clear();
    Ok(running.iter().map(Running::outcomes).collect())
}

struct Running<'a> {
    family: &'a Family,
    tracks: Vec<Track>,
    groups: usize,
}

/// One contest's rounds.
#[derive(Default)]
struct Track {
    ns_expected: f64,
    groups: Vec<Option<Value>>,
}

impl<'a> Running<'a> {
    fn new(family: &'a Family) -> Self {
        Self { family, tracks: family.contests.iter().map(|_| Track::default()).collect(), groups: 0 }
    }

    fn is_complete(&self, groups: usize) -> bool {
        self.tracks.iter().all(|track| track.groups.iter().flatten().count() >= groups)
    }

    /// Finds out how many operations make a chunk, from ever longer ones.
    fn calibrate(&mut self, rig: &mut Rig) -> Result<()> {
        for (contest, track) in self.family.contests.iter().zip(&mut self.tracks) {
            let mut chunk = BLOCK;
            loop {
                let round = rig.run(contest, Plan { warm_up: 0, chunk, chunks: 5 })?;
                let fastest = round.chunks.iter().map(|chunk| chunk.wall).min().unwrap_or_default();
                track.ns_expected = fastest.as_nanos() as f64 / chunk as f64;
                if fastest > CHUNK / 4 {
                    break;
                }
                chunk *= 4;
            }
        }
        Ok(())
    }

    fn run_group(&mut self, rig: &mut Rig, round: Duration, progress: &ProgressBar) -> Result<()> {
        let down = 0..self.family.contests.len();
        let mut halves: Vec<Vec<Option<Value>>> = vec![Vec::new(); down.len()];
        for index in down.clone().chain(down.rev()) {
            let contest = &self.family.contests[index];
            halves[index].push(self.tracks[index].run(rig, contest, round)?);
            progress.inc(1);
        }
        for (track, halves) in self.tracks.iter_mut().zip(halves) {
            let both: Option<Vec<Value>> = halves.into_iter().collect();
            track.groups.push(both.map(|values| Value::mean(&values)));
        }
        self.groups += 1;
        Ok(())
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let series = |track: &Track, of: fn(&Value) -> f64| -> Vec<Option<f64>> {
            track.groups.iter().map(|value| value.as_ref().map(of)).collect()
        };
        let estimate = |values: Vec<Option<f64>>| Estimate::of(&values.into_iter().flatten().collect::<Vec<_>>());
        // A ratio of rates is the inverse of the ratio of times.
        let figure: fn(&Value) -> f64 = match self.family.work {
            Work::RoundTrips => |value| value.typical_ns,
            Work::Messages { .. } => |value| 1.0 / value.mean_ns,
        };
        let baseline = series(&self.tracks[0], figure);
        let outcome = |(index, track): (usize, &Track)| Outcome {
            mean_ns: estimate(series(track, |value| value.mean_ns)),
            typical_ns: estimate(series(track, |value| value.typical_ns)),
            ratio: (index > 0).then(|| Estimate::of(&paired_ratios(&series(track, figure), &baseline))).flatten(),
            counted: track.groups.iter().flatten().count(),
            run: self.groups,
        };
        self.tracks.iter().enumerate().map(outcome).collect()
    }
}

impl Track {
    /// One round; `None` if it is discarded.
    fn run(&mut self, rig: &mut Rig, contest: &Contest, length: Duration) -> Result<Option<Value>> {
        let blocks = (CHUNK.as_nanos() as f64 / self.ns_expected / BLOCK as f64).clamp(1.0, 1e6) as u64;
        let chunk = blocks * BLOCK;
        let chunks = (length.as_nanos() / CHUNK.as_nanos()).max(1) as usize;
        let round = rig.run(contest, Plan { warm_up: 2 * chunk, chunk, chunks })?;
        let value = Value::of(&round, chunk);
        if let Some(value) = value {
            self.ns_expected = value.mean_ns;
        }
        Ok(value)
    }
}

impl Value {
    fn of(round: &Round, operations: u64) -> Option<Self> {
        let counting: Vec<&Yield> = round.chunks.iter().filter(|chunk| chunk.counts).collect();
        if !is_enough(counting.len(), round.chunks.len()) {
            return None;
        }
        let per = |time: Duration, operations: u64| time.as_nanos() as f64 / operations as f64;
        let means: Vec<f64> = counting.iter().map(|chunk| per(chunk.wall, operations)).collect();
        let blocks: Vec<f64> =
            counting.iter().flat_map(|chunk| &chunk.blocks).map(|block| per(*block, BLOCK)).collect();
        let mean_ns = median(&means)?;
        Some(Self { mean_ns, typical_ns: median(&blocks).unwrap_or(mean_ns) })
    }

    fn mean(values: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| values.iter().map(of).sum::<f64>() / values.len() as f64;
        Self { mean_ns: mean(|value| value.mean_ns), typical_ns: mean(|value| value.typical_ns) }
    }
}
