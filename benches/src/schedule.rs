//! The order of rounds, and what becomes of them.
//!
//! The rounds of a family run in groups: the table from top to bottom, then from bottom to top (A B B A). A contest's
//! value in a group is the mean of its two rounds, so that a drift within the group cancels; ratios are taken within the
//! group, so that a drift between groups does, too. A round's value is the median over the chunks that count by the rule
//! of [`crate::disturbance`]; a group counts for a contest if both of its rounds do.
//!
//! Where there are more busy participants than cores, a round is one long piece, its value is its CPU time a message, or
//! for a job its time by the clock, and it counts as a whole or not at all.
//!
//! A hypervisor moves virtual processors between cores, and everything between two cores becomes twice or ten times as
//! fast or slow. So a two-line ping-pong runs before and after each group. A group counts only if both say the same.

use crate::contest::{BLOCK, CORES, Contest, Crew, Family, Work};
use crate::contests;
use crate::crew::CrewRound;
use crate::disturbance::COUNTING_MIN;
use crate::outcome::{FamilyOutcome, Groups, Value, per_trip};
use crate::rig::{Plan, Rig};
use crate::statistics::median;
use anyhow::Result;
use indicatif::ProgressBar;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// Length of a chunk: shorter than a scheduler's time slice, so that a busy machine has chunks that count, and long
/// enough that the accounts at its ends do not matter.
const CHUNK: Duration = Duration::from_millis(1);

/// Length of a chunk where messages keep to a timetable: the accounts at its ends may delay a message or two, and there are
/// to be thousands of others at high rates, and one at least at low ones.
const PACED_CHUNK: Duration = Duration::from_millis(10);

/// How many times as long a round is where messages keep to a timetable: it has few of them at low rates.
const PACED_LENGTH: u32 = 10;

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

struct Running<'a> {
    family: &'a Family,
    tracks: Vec<Track>,
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
        Self { family, tracks: family.contests.iter().map(|_| Track::default()).collect(), placements_ns: Vec::new() }
    }

    fn is_complete(&self, groups: usize) -> bool {
        self.groups_complete() >= groups
    }

    fn groups_complete(&self) -> usize {
        self.tracks.iter().map(|track| track.groups.iter().flatten().count()).min().unwrap_or(0)
    }

    fn calibrate(&mut self, rig: &mut Rig) -> Result<()> {
        let mut pairs = self.family.contests.iter().zip(&mut self.tracks);
        pairs.try_for_each(|(contest, track)| track.calibrate(rig, contest, self.family.work))
    }

    fn run_group(&mut self, rig: &mut Rig, effort: &Effort, placement: &Placement) -> Result<()> {
        let down = 0..self.family.contests.len();
        let mut halves: Vec<Vec<Option<Value>>> = vec![Vec::new(); down.len()];
        let before = placement.look(rig)?;
        for index in down.clone().chain(down.rev()) {
            let contest = &self.family.contests[index];
            halves[index].push(self.tracks[index].run(rig, contest, self.family.work, effort.round)?);
        }
        let stayed = stayed(before, placement.look(rig)?).filter(|ns| effort.placement_ns.contains(ns));
        self.placements_ns.extend(stayed);
        for (track, halves) in self.tracks.iter_mut().zip(halves) {
            let both: Option<Vec<Value>> = halves.into_iter().collect();
            track.groups.push(both.filter(|_| stayed.is_some()).map(|values| Value::mean(&values)));
        }
        Ok(())
    }

    fn outcome(&self) -> FamilyOutcome {
        let tracks: Vec<&Groups> = self.tracks.iter().map(|track| &*track.groups).collect();
        FamilyOutcome::of(self.family, &tracks, &self.placements_ns)
    }
}

impl Track {
    /// Finds out how many operations make a chunk, or the round of a crew, from ever longer ones.
    fn calibrate(&mut self, rig: &mut Rig, contest: &Contest, work: Work) -> Result<()> {
        if let Some(every) = work.timetable() {
            self.ns_expected = every.as_nanos() as f64;
            return Ok(());
        }
        if let Some(crew) = contest.crew() {
            let mut operations = 1000_u64.next_multiple_of(crew.share() * work.unit());
            loop {
                let round = rig.run_crew(contest, crew, operations)?;
                self.ns_expected = undisturbed_ns(&round, crew, operations);
                if round.cpu > CREW_CALIBRATION {
                    return Ok(());
                }
                operations *= 4;
            }
        }
        let mut chunk = work.unit();
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
    fn run(&mut self, rig: &mut Rig, contest: &Contest, work: Work, length: Duration) -> Result<Option<Value>> {
        if let Some(crew) = contest.crew() {
            let wanted = (CREW_LENGTH * length).as_nanos() as f64 / self.ns_expected;
            let operations = (wanted.clamp(1.0, 1e9) as u64).next_multiple_of(crew.share() * work.unit());
            let round = rig.run_crew(contest, crew, operations)?;
            self.ns_expected = undisturbed_ns(&round, crew, operations);
            return Ok(Value::of_crew(&round, operations));
        }
        let plan = self.plan(work, length);
        let round = rig.run(contest, plan)?;
        let wall: Duration = round.chunks.iter().map(|chunk| chunk.wall).sum();
        self.slowness = wall.as_nanos() as f64 / (plan.chunks as f64 * plan.chunk as f64 * self.ns_expected);
        let value = Value::of(&round, plan.chunk);
        if let (Some(value), None) = (&value, work.timetable()) {
            self.ns_expected = value.mean_ns;
        }
        Ok(value)
    }

    /// How many operations fill a round of this length, or one with fewer chunks if the last one took far too long.
    fn plan(&self, work: Work, length: Duration) -> Plan {
        let (chunk_length, length) = match work.timetable() {
            Some(_) => (PACED_CHUNK, PACED_LENGTH * length),
            None => (CHUNK, length),
        };
        let wanted = (chunk_length.as_nanos() as f64 / self.ns_expected).clamp(1.0, 1e7) as u64;
        let chunk = (wanted - wanted % work.unit()).max(work.unit());
        let chunk_ns = (chunk as f64 * self.ns_expected).max(chunk_length.as_nanos() as f64);
        let chunks = length.as_nanos() as f64 / chunk_ns / (self.slowness / SLOWNESS_MAX).max(1.0);
        Plan { warm_up: 2 * chunk, chunk, chunks: (chunks as usize).max(2 * COUNTING_MIN) }
    }
}

/// Nanoseconds an operation by the clock; where others disturbed, what it would take if nobody slept: a round that is too
/// short cannot be judged, however busy the machine was before.
fn undisturbed_ns(round: &CrewRound, crew: Crew, operations: u64) -> f64 {
    let time = if round.counts { round.wall } else { round.cpu / crew.size().min(CORES) as u32 };
    time.as_nanos() as f64 / operations as f64
}

/// The placement of a group, if it was the same before and after.
fn stayed(before: Option<f64>, after: Option<f64>) -> Option<f64> {
    let (before, after) = (before?, after?);
    (before.max(after) <= SAME_PLACEMENT * before.min(after)).then_some((before + after) / 2.0)
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

    #[test]
    fn a_round_has_whole_chunks_of_a_millisecond_or_of_one_operation() {
        let plan = |work, ns_expected, slowness| {
            let Plan { warm_up, chunk, chunks } =
                Track { ns_expected, slowness, groups: Vec::new() }.plan(work, Duration::from_millis(50));
            assert_eq!(warm_up, 2 * chunk);
            (chunk, chunks)
        };
        let messages = Work::Messages { bytes: 8 };
        assert_eq!(plan(messages, 10.0, 1.0), (100_000, 50));
        assert_eq!(plan(messages, 2.5e6, 1.0), (1, 20), "large ones");
        assert_eq!(plan(messages, 10.0, 8.0), (100_000, 25), "a busy machine");
        assert_eq!(plan(messages, 1e9, 1.0), (1, 2 * COUNTING_MIN));
        assert_eq!(plan(Work::RoundTrips, 300.0, 1.0), (3328, 50), "whole blocks");
        assert_eq!(plan(Work::RoundTrips, 88_000.0, 1.0), (BLOCK, 17));
        let paced = |every| Work::Latency { every: Some(Duration::from_nanos(every)) };
        assert_eq!(plan(paced(1000), 1000.0, 1.0), (10_000, 50));
        assert_eq!(plan(paced(10_000_000), 1e7, 1.0), (1, 50));
    }

    #[test]
    fn a_disturbed_round_does_not_make_the_next_one_short() {
        let [cpu, wall] = [80, 400].map(Duration::from_millis);
        let expected =
            |counts, senders| undisturbed_ns(&CrewRound { wall, cpu, counts }, Crew::sharing(senders, 1), 1_000_000);
        assert_eq!(expected(false, 2), 40.0);
        assert_eq!(expected(false, 0), 80.0, "one alone");
        assert_eq!(expected(true, 2), 400.0, "the crew slept");
    }
}
