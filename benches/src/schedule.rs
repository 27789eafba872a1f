//! The order of rounds, and what becomes of them.
//!
//! The rounds of a family run in groups: the table from top to bottom, then from bottom to top (A B B A). A contest's
//! value in a group is the mean of its two rounds, so that a drift within the group cancels; ratios are taken within the
//! group, so that a drift between groups does, too. A round's value is the median over the chunks that count by the rule
//! of [`crate::disturbance`]; a group counts for a contest if both of its rounds do.
//!
//! Where there are more busy participants than cores, a round is one long piece, its value is its CPU time a message, and
//! it counts as a whole or not at all.
//!
//! A hypervisor moves virtual processors between cores, and everything between two cores becomes twice or ten times as
//! fast or slow. So a two-line ping-pong runs before and after each group. A group counts only if both say the same.

use crate::contest::{BLOCK, CORES, Contest, Family, Work};
use crate::contests;
use crate::crew::CrewRound;
use crate::disturbance::COUNTING_MIN;
use crate::rig::{Plan, Rig, Round, Yield};
use crate::statistics::{Estimate, median, paired_ratios, quantile};
use anyhow::Result;
use indicatif::ProgressBar;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// Length of a chunk: shorter than a scheduler's time slice, so that a busy machine has chunks that count, and long
/// enough that the accounts at its ends do not matter.
const CHUNK: Duration = Duration::from_millis(1);

/// How many times as long the round of a crew is: of hundreds of milliseconds, of which the kernel's units of idle time are
/// a few hundredths, and in which each participant has many turns on its core.
const CREW_LENGTH: u32 = 8;

/// CPU time after which a crew has told how fast it is.
const CREW_CALIBRATION: Duration = Duration::from_millis(40);

/// How many times as long as wanted a round may take on a busy machine before it gets fewer chunks.
const SLOWNESS_MAX: f64 = 4.0;

/// How far apart the ping-pongs before and after a group may lie.
const SAME_PLACEMENT: f64 = 1.3;

/// How much to measure.
#[derive(Debug, Clone)]
pub struct Effort {
    /// Groups that have to count, for every contest of a family.
    pub groups: usize,
    /// When to be content with fewer: no group is started later than this after the start.
    pub patience: Duration,
    /// Length of a round.
    pub round: Duration,
    /// Only groups count in which the two-line ping-pong took so many nanoseconds.
    pub placement_ns: RangeInclusive<f64>,
}

/// What one round says, per operation.
#[derive(Debug, Clone, Copy)]
struct Value {
    mean_ns: f64,
    /// Median over the blocks; where blocks are not timed, the mean.
    typical_ns: f64,
    /// CPU time of all participants; where nobody has a core to himself.
    cpu_ns: Option<f64>,
}

/// What is known about a contest at the end.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Nanoseconds an operation: the median over the chunks of a chunk's mean.
    pub mean_ns: Option<Estimate>,
    /// Nanoseconds an operation: the median over the blocks.
    pub typical_ns: Option<Estimate>,
    /// Nanoseconds of CPU time an operation, of all participants, in an oversubscribed family.
    pub cpu_ns: Option<Estimate>,
    /// Times the baseline: nanoseconds for round trips, messages a second otherwise, or a second of CPU time in an
    /// oversubscribed family. `None` for the baseline.
    pub ratio: Option<Estimate>,
    /// In an oversubscribed family: messages a second by the clock, times the baseline.
    pub wall_ratio: Option<Estimate>,
    /// Groups that counted.
    pub counted: usize,
    /// Groups that were run.
    pub run: usize,
}

/// What is known about a family at the end.
#[derive(Debug, Clone)]
pub struct FamilyOutcome {
    /// The two-line ping-pong around the groups that counted, nanoseconds: median, lowest, highest.
    pub placement_ns: Option<[f64; 3]>,
    /// The contests, in the order of the table.
    pub contests: Vec<Outcome>,
}

/// Measures all families, group by group, so that all are measured over the same time.
pub fn measure(rig: &mut Rig, families: &[Family], effort: &Effort) -> Result<Vec<FamilyOutcome>> {
    let placement = Placement { contest: contests::placement() };
    let mut running: Vec<Running<'_>> = families.iter().map(Running::new).collect();
    for family in &mut running {
        family.calibrate(rig)?;
    }
    let progress = ProgressBar::new((families.len() * effort.groups) as u64);
    let started = Instant::now();
    while started.elapsed() < effort.patience && !running.iter().all(|family| family.is_complete(effort.groups)) {
        for family in &mut running {
            if !family.is_complete(effort.groups) {
                family.run_group(rig, effort, &placement)?;
            }
        }
        let complete: usize = running.iter().map(|family| family.groups_complete().min(effort.groups)).sum();
        progress.set_position(complete as u64);
    }
    progress.finish_and_clear();
    Ok(running.iter().map(Running::outcome).collect())
}

/// The ping-pong that tells which cores we were given.
struct Placement {
    contest: Contest,
}

impl Placement {
    /// Nanoseconds a round trip. A disturbance spoils one block of thousands, so the median needs no rule.
    fn look(&self, rig: &mut Rig) -> Result<Option<f64>> {
        let round = rig.run(&self.contest, Plan { warm_up: BLOCK, chunk: 64 * BLOCK, chunks: 10 })?;
        let blocks: Vec<f64> = round.chunks.iter().flat_map(|chunk| &chunk.blocks).map(per_trip).collect();
        Ok(median(&blocks))
    }
}

/// Nanoseconds of each round trip of a block.
fn per_trip(block: &Duration) -> f64 {
    block.as_nanos() as f64 / BLOCK as f64
}

struct Running<'a> {
    family: &'a Family,
    tracks: Vec<Track>,
    groups: usize,
    /// Of the groups that counted.
    placements_ns: Vec<f64>,
}

/// One contest's rounds.
#[derive(Default)]
struct Track {
    /// An operation, undisturbed.
    ns_expected: f64,
    /// How many times as long the last round took as it should have, because somebody else was running.
    slowness: f64,
    groups: Vec<Option<Value>>,
}

impl<'a> Running<'a> {
    fn new(family: &'a Family) -> Self {
        Self {
            family,
            tracks: family.contests.iter().map(|_| Track::default()).collect(),
            groups: 0,
            placements_ns: Vec::new(),
        }
    }

    fn is_complete(&self, groups: usize) -> bool {
        self.groups_complete() >= groups
    }

    fn groups_complete(&self) -> usize {
        self.tracks.iter().map(|track| track.groups.iter().flatten().count()).min().unwrap_or(0)
    }

    fn calibrate(&mut self, rig: &mut Rig) -> Result<()> {
        let pairs = self.family.contests.iter().zip(&mut self.tracks);
        pairs.into_iter().try_for_each(|(contest, track)| track.calibrate(rig, contest))
    }

    fn run_group(&mut self, rig: &mut Rig, effort: &Effort, placement: &Placement) -> Result<()> {
        let down = 0..self.family.contests.len();
        let mut halves: Vec<Vec<Option<Value>>> = vec![Vec::new(); down.len()];
        let before = placement.look(rig)?;
        for index in down.clone().chain(down.rev()) {
            let contest = &self.family.contests[index];
            halves[index].push(self.tracks[index].run(rig, contest, effort.round)?);
        }
        let stayed = stayed(before, placement.look(rig)?).filter(|ns| effort.placement_ns.contains(ns));
        self.placements_ns.extend(stayed);
        for (track, halves) in self.tracks.iter_mut().zip(halves) {
            let both: Option<Vec<Value>> = halves.into_iter().collect();
            track.groups.push(both.filter(|_| stayed.is_some()).map(|values| Value::mean(&values)));
        }
        self.groups += 1;
        Ok(())
    }

    fn outcome(&self) -> FamilyOutcome {
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|share| quantile(&self.placements_ns, share));
        let placement_ns = middle.zip(low).zip(high).map(|((middle, low), high)| [middle, low, high]);
        FamilyOutcome { placement_ns, contests: self.outcomes() }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let series = |track: &Track, of: fn(&Value) -> f64| -> Vec<Option<f64>> {
            track.groups.iter().map(|value| value.as_ref().map(of)).collect()
        };
        let estimate = |values: Vec<Option<f64>>| Estimate::of(&values.into_iter().flatten().collect::<Vec<_>>());
        let oversubscribed = self.family.oversubscribed();
        // A ratio of rates is the inverse of the ratio of times.
        let rate: fn(&Value) -> f64 = |value| 1.0 / value.mean_ns;
        let figure: fn(&Value) -> f64 = match self.family.work {
            Work::RoundTrips => |value| value.typical_ns,
            Work::Messages { .. } if oversubscribed => |value| 1.0 / value.cpu_ns.unwrap_or(f64::NAN),
            Work::Messages { .. } => rate,
        };
        let compare = |track: &Track, figure: fn(&Value) -> f64| {
            Estimate::of(&paired_ratios(&series(track, figure), &series(&self.tracks[0], figure)))
        };
        let outcome = |(index, track): (usize, &Track)| Outcome {
            mean_ns: estimate(series(track, |value| value.mean_ns)),
            typical_ns: estimate(series(track, |value| value.typical_ns)),
            cpu_ns: estimate(track.groups.iter().map(|value| value.as_ref()?.cpu_ns).collect()),
            ratio: (index > 0).then(|| compare(track, figure)).flatten(),
            wall_ratio: (index > 0 && oversubscribed).then(|| compare(track, rate)).flatten(),
            counted: track.groups.iter().flatten().count(),
            run: self.groups,
        };
        self.tracks.iter().enumerate().map(outcome).collect()
    }
}

impl Track {
    /// Finds out how many operations make a chunk, or the round of a crew, from ever longer ones.
    fn calibrate(&mut self, rig: &mut Rig, contest: &Contest) -> Result<()> {
        if let Some(crew) = contest.crew() {
            let mut operations = 1000 * crew.share();
            loop {
                let round = rig.run_crew(contest, crew, operations)?;
                self.ns_expected = undisturbed_ns(&round, operations);
                if round.cpu > CREW_CALIBRATION {
                    return Ok(());
                }
                operations *= 4;
            }
        }
        let mut chunk = BLOCK;
        loop {
            let round = rig.run(contest, Plan { warm_up: 0, chunk, chunks: 5 })?;
            let fastest = round.chunks.iter().map(|chunk| chunk.wall).min().unwrap_or_default();
            self.ns_expected = fastest.as_nanos() as f64 / chunk as f64;
            if fastest > CHUNK / 4 {
                return Ok(());
            }
            chunk *= 4;
        }
    }

    /// One round; `None` if it is discarded.
    fn run(&mut self, rig: &mut Rig, contest: &Contest, length: Duration) -> Result<Option<Value>> {
        if let Some(crew) = contest.crew() {
            let wanted = (CREW_LENGTH * length).as_nanos() as f64 / self.ns_expected;
            let operations = (wanted.clamp(1.0, 1e9) as u64).next_multiple_of(crew.share());
            let round = rig.run_crew(contest, crew, operations)?;
            self.ns_expected = undisturbed_ns(&round, operations);
            return Ok(Value::of_crew(&round, operations));
        }
        let blocks = (CHUNK.as_nanos() as f64 / self.ns_expected / BLOCK as f64).clamp(1.0, 1e6) as u64;
        let chunk = blocks * BLOCK;
        let chunks = (length.as_secs_f64() / CHUNK.as_secs_f64() / (self.slowness / SLOWNESS_MAX).max(1.0)) as usize;
        let chunks = chunks.max(2 * COUNTING_MIN);
        let round = rig.run(contest, Plan { warm_up: 2 * chunk, chunk, chunks })?;
        let wall: Duration = round.chunks.iter().map(|chunk| chunk.wall).sum();
        self.slowness = wall.as_secs_f64() / (chunks as f64 * CHUNK.as_secs_f64());
        let value = Value::of(&round, chunk);
        if let Some(value) = value {
            self.ns_expected = value.mean_ns;
        }
        Ok(value)
    }
}

/// Nanoseconds an operation by the clock; where others disturbed, what it would take if nobody slept: a round that is too
/// short cannot be judged, however busy the machine was before.
fn undisturbed_ns(round: &CrewRound, operations: u64) -> f64 {
    let time = if round.counts { round.wall } else { round.cpu / CORES as u32 };
    time.as_nanos() as f64 / operations as f64
}

/// The placement of a group, if it was the same before and after.
fn stayed(before: Option<f64>, after: Option<f64>) -> Option<f64> {
    let (before, after) = (before?, after?);
    (before.max(after) <= SAME_PLACEMENT * before.min(after)).then_some((before + after) / 2.0)
}

impl Value {
    fn of(round: &Round, operations: u64) -> Option<Self> {
        let counting: Vec<&Yield> = round.chunks.iter().filter(|chunk| chunk.counts).collect();
        if counting.len() < COUNTING_MIN {
            return None;
        }
        let means: Vec<f64> = counting.iter().map(|chunk| chunk.wall.as_nanos() as f64 / operations as f64).collect();
        let blocks: Vec<f64> = counting.iter().flat_map(|chunk| &chunk.blocks).map(per_trip).collect();
        let mean_ns = median(&means)?;
        Some(Self { mean_ns, typical_ns: median(&blocks).unwrap_or(mean_ns), cpu_ns: None })
    }

    fn of_crew(round: &CrewRound, operations: u64) -> Option<Self> {
        let [mean_ns, cpu_ns] = [round.wall, round.cpu].map(|time| time.as_nanos() as f64 / operations as f64);
        round.counts.then_some(Self { mean_ns, typical_ns: mean_ns, cpu_ns: Some(cpu_ns) })
    }

    fn mean(values: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| values.iter().map(of).sum::<f64>() / values.len() as f64;
        let cpu: Option<Vec<f64>> = values.iter().map(|value| value.cpu_ns).collect();
        Self {
            mean_ns: mean(|value| value.mean_ns),
            typical_ns: mean(|value| value.typical_ns),
            cpu_ns: cpu.map(|cpu| cpu.iter().sum::<f64>() / cpu.len() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_in_which_the_processors_were_moved_has_no_placement() {
        assert_eq!(stayed(Some(100.0), Some(120.0)), Some(110.0));
        assert_eq!(stayed(Some(110.0), Some(490.0)), None);
        assert_eq!(stayed(Some(110.0), Some(50.0)), None);
        assert_eq!(stayed(None, Some(50.0)), None);
    }

    fn crew_value(cpu_ms: u64, wall_ms: u64, counts: bool) -> Option<Value> {
        let [cpu, wall] = [cpu_ms, wall_ms].map(Duration::from_millis);
        Value::of_crew(&CrewRound { wall, cpu, counts }, 1_000_000)
    }

    /// A family of two queues with so many senders and as many receivers, and what its tracks say after two groups.
    fn outcomes(each: usize, contestant: [Option<Value>; 2]) -> Vec<Outcome> {
        let mpmc = contests::TABLES.iter().find(|table| table.name == "mpmc").unwrap();
        let mut family = (mpmc.families)().into_iter().find(|family| family.busy() == 2 * each).unwrap();
        family.contests.truncate(2);
        let mut running = Running::new(&family);
        running.tracks[0].groups = vec![crew_value(200, 50, true), crew_value(400, 100, true)];
        running.tracks[1].groups = contestant.to_vec();
        running.outcomes()
    }

    #[test]
    fn a_disturbed_round_does_not_make_the_next_one_short() {
        let [cpu, wall] = [80, 400].map(Duration::from_millis);
        assert_eq!(undisturbed_ns(&CrewRound { wall, cpu, counts: false }, 1_000_000), 40.0);
        assert_eq!(undisturbed_ns(&CrewRound { wall, cpu, counts: true }, 1_000_000), 400.0, "the crew slept");
    }

    #[test]
    fn a_crew_is_compared_by_cpu_time_and_by_the_clock_beside() {
        // Twice the CPU time of the baseline, in half the time by the clock.
        let [baseline, contestant] =
            outcomes(2, [crew_value(400, 25, true), crew_value(800, 50, true)]).try_into().unwrap();
        assert_eq!((baseline.ratio, baseline.wall_ratio), (None, None));
        assert_eq!(baseline.cpu_ns.unwrap().median, 300.0);
        assert_eq!(contestant.ratio.unwrap().median, 0.5);
        assert_eq!(contestant.wall_ratio.unwrap().median, 2.0);
    }

    #[test]
    fn two_with_a_core_each_are_compared_by_the_clock() {
        let contestant = outcomes(1, [crew_value(400, 25, true), crew_value(800, 50, true)]).pop().unwrap();
        assert_eq!(contestant.ratio.unwrap().median, 2.0);
        assert_eq!(contestant.wall_ratio, None);
    }

    #[test]
    fn a_crews_round_that_others_disturbed_has_no_value() {
        let contestant = outcomes(2, [crew_value(400, 25, false), crew_value(800, 50, true)]).pop().unwrap();
        assert_eq!((contestant.counted, contestant.ratio.unwrap().values), (1, 1));
    }
}
