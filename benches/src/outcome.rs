//! What a round says, and what all of them together say about a contest.

use crate::contest::{BLOCK, Family, Work};
use crate::crew::CrewRound;
use crate::distribution::{Distribution, PERCENTILES};
use crate::disturbance::COUNTING_MIN;
use crate::rig::{Round, Yield};
use crate::statistics::{Estimate, median, paired_ratios, quantile};
use std::time::Duration;

/// What one round says, per operation; or the two of a group.
#[derive(Debug, Clone)]
pub struct Value {
    /// By the clock.
    pub mean_ns: f64,
    /// Median over the blocks, or over single operations; where neither is timed, the mean.
    typical_ns: f64,
    /// CPU time of all participants.
    cpu_ns: f64,
    /// CPU time of the lead alone; where there are two.
    lead_cpu_ns: Option<f64>,
    /// Where each operation is timed.
    latencies: Option<Distribution>,
}

/// What is known about a contest at the end.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Nanoseconds an operation: the median over the chunks of a chunk's mean.
    pub mean_ns: Option<Estimate>,
    /// Nanoseconds an operation: the median over the blocks.
    pub typical_ns: Option<Estimate>,
    /// Nanoseconds of CPU time an operation, of all participants.
    pub cpu_ns: Option<Estimate>,
    /// The same of the lead alone, which receives where messages go one way.
    pub lead_cpu_ns: Option<Estimate>,
    /// Where each operation is timed.
    pub latency: Option<Latency>,
    /// Times the baseline: nanoseconds where time is what counts; otherwise messages a second, or a second of CPU time in
    /// an oversubscribed family. `None` for the baseline.
    pub ratio: Option<Estimate>,
    /// Where messages are compared by CPU time: messages a second by the clock, times the baseline.
    pub wall_ratio: Option<Estimate>,
    /// Groups that counted.
    pub counted: usize,
    /// Groups that were run.
    pub run: usize,
}

/// How long single operations took.
#[derive(Debug, Clone)]
pub struct Latency {
    /// Each of [`PERCENTILES`], over the groups.
    pub percentiles_ns: [Option<Estimate>; PERCENTILES.len()],
    /// All messages of all groups that counted.
    pub all: Distribution,
}

/// What is known about a family at the end.
#[derive(Debug, Clone)]
pub struct FamilyOutcome {
    /// The two-line ping-pong around the groups that counted, nanoseconds: median, lowest, highest.
    pub placement_ns: Option<[f64; 3]>,
    /// The contests, in the order of the table.
    pub contests: Vec<Outcome>,
}

/// Nanoseconds of each round trip of a block.
pub fn per_trip(block: &Duration) -> f64 {
    block.as_nanos() as f64 / BLOCK as f64
}

impl Value {
    /// Of a round with so many operations in each chunk; `None` if too few chunks count.
    pub fn of(round: &Round, operations: u64) -> Option<Self> {
        let counting: Vec<&Yield> = round.chunks.iter().filter(|chunk| chunk.counts).collect();
        if counting.len() < COUNTING_MIN {
            return None;
        }
        let each = |time: Duration| time.as_nanos() as f64 / operations as f64;
        let mean_ns = median(&counting.iter().map(|chunk| each(chunk.wall)).collect::<Vec<_>>())?;
        let blocks: Vec<f64> = counting.iter().flat_map(|chunk| &chunk.blocks).map(per_trip).collect();
        let latencies = Distribution::of(counting.iter().flat_map(|chunk| &chunk.latencies_ns));
        let median_ns = latencies.as_ref().and_then(|latencies| latencies.percentile_ns(50.0)).or(median(&blocks));
        let [lead, partner] =
            [0, 1].map(|end| each(counting.iter().map(|chunk| chunk.ran[end]).sum()) / counting.len() as f64);
        let typical_ns = median_ns.unwrap_or(mean_ns);
        Some(Self { mean_ns, typical_ns, cpu_ns: lead + partner, lead_cpu_ns: Some(lead), latencies })
    }

    /// Of a crew's round; `None` if it does not count.
    pub fn of_crew(round: &CrewRound, operations: u64) -> Option<Self> {
        let [mean_ns, cpu_ns] = [round.wall, round.cpu].map(|time| time.as_nanos() as f64 / operations as f64);
        let value = Self { mean_ns, typical_ns: mean_ns, cpu_ns, lead_cpu_ns: None, latencies: None };
        round.counts.then_some(value)
    }

    /// Of the two rounds of a group.
    pub fn mean(values: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| values.iter().map(of).sum::<f64>() / values.len() as f64;
        let lead: Option<Vec<f64>> = values.iter().map(|value| value.lead_cpu_ns).collect();
        Self {
            mean_ns: mean(|value| value.mean_ns),
            typical_ns: mean(|value| value.typical_ns),
            cpu_ns: mean(|value| value.cpu_ns),
            lead_cpu_ns: lead.map(|lead| lead.iter().sum::<f64>() / lead.len() as f64),
            latencies: Distribution::merged(values.iter().filter_map(|value| value.latencies.as_ref())),
        }
    }
}

/// One contest's groups; `None` for those that did not count.
pub type Groups = [Option<Value>];

fn estimate(groups: &Groups, of: impl Fn(&Value) -> Option<f64>) -> Option<Estimate> {
    Estimate::of(&groups.iter().flatten().filter_map(of).collect::<Vec<_>>())
}

impl Outcome {
    /// What all groups say about a contest of this family. Baselines are compared with nothing.
    pub fn of(family: &Family, groups: &Groups, baseline: Option<&Groups>) -> Self {
        let oversubscribed = family.oversubscribed();
        // A ratio of rates is the inverse of the ratio of times.
        let rate: fn(&Value) -> f64 = |value| 1.0 / value.mean_ns;
        let figure: fn(&Value) -> f64 = match family.work {
            Work::RoundTrips | Work::Latency { .. } | Work::Job { .. } => |value| value.typical_ns,
            Work::Messages { .. } if oversubscribed => |value| 1.0 / value.cpu_ns,
            Work::Messages { .. } => rate,
        };
        let compare = |figure: fn(&Value) -> f64| {
            let series = |groups: &Groups| groups.iter().map(|value| value.as_ref().map(figure)).collect::<Vec<_>>();
            Estimate::of(&paired_ratios(&series(groups), &series(baseline?)))
        };
        Self {
            mean_ns: estimate(groups, |value| Some(value.mean_ns)),
            typical_ns: estimate(groups, |value| Some(value.typical_ns)),
            cpu_ns: estimate(groups, |value| Some(value.cpu_ns)),
            lead_cpu_ns: estimate(groups, |value| value.lead_cpu_ns),
            latency: Latency::of(groups),
            ratio: compare(figure),
            wall_ratio: if oversubscribed && !family.work.is_time() { compare(rate) } else { None },
            counted: groups.iter().flatten().count(),
            run: groups.len(),
        }
    }
}

impl Latency {
    fn of(groups: &Groups) -> Option<Self> {
        let all = Distribution::merged(groups.iter().flatten().filter_map(|value| value.latencies.as_ref()))?;
        let percentile = |percent| estimate(groups, |value| value.latencies.as_ref()?.percentile_ns(percent));
        Some(Self { percentiles_ns: PERCENTILES.map(percentile), all })
    }
}

impl FamilyOutcome {
    /// From the groups of each contest, and the placements of the groups that counted.
    pub fn of(family: &Family, tracks: &[&Groups], placements_ns: &[f64]) -> Self {
        let [low, middle, high] = [0.0, 0.5, 1.0].map(|share| quantile(placements_ns, share));
        let placement_ns = middle.zip(low).zip(high).map(|((middle, low), high)| [middle, low, high]);
        let outcome = |(index, groups): (usize, &&Groups)| {
            let baseline = tracks.first().filter(|_| index > 0);
            Outcome::of(family, groups, baseline.copied())
        };
        Self { placement_ns, contests: tracks.iter().enumerate().map(outcome).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contests;

    fn crew_value(cpu_ms: u64, wall_ms: u64, counts: bool) -> Option<Value> {
        let [cpu, wall] = [cpu_ms, wall_ms].map(Duration::from_millis);
        Value::of_crew(&CrewRound { wall, cpu, counts }, 1_000_000)
    }

    /// A family of two queues with so many senders and as many receivers, and what its tracks say after two groups.
    fn outcomes(each: usize, contestant: [Option<Value>; 2]) -> Vec<Outcome> {
        let mpmc = contests::TABLES.iter().find(|table| table.name == "mpmc").unwrap();
        let mut family = (mpmc.families)().into_iter().find(|family| family.busy() == 2 * each).unwrap();
        family.contests.truncate(2);
        let baseline = [crew_value(200, 50, true), crew_value(400, 100, true)];
        FamilyOutcome::of(&family, &[&baseline, &contestant], &[]).contests
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
    fn a_job_is_compared_by_the_time_that_it_takes_however_many_do_it() {
        let merge = contests::TABLES.iter().find(|table| table.name == "merge").unwrap();
        let mut family = (merge.families)().pop().unwrap();
        family.contests.truncate(2);
        assert!(family.oversubscribed());
        let (alone, divided) = ([crew_value(100, 100, true)], [crew_value(600, 250, true)]);
        let outcome = FamilyOutcome::of(&family, &[&alone, &divided], &[]).contests.pop().unwrap();
        assert_eq!((outcome.ratio.unwrap().median, outcome.wall_ratio), (2.5, None));
        assert_eq!(outcome.cpu_ns.unwrap().median, 600.0);
    }

    #[test]
    fn a_crews_round_that_others_disturbed_has_no_value() {
        let contestant = outcomes(2, [crew_value(400, 25, false), crew_value(800, 50, true)]).pop().unwrap();
        assert_eq!((contestant.counted, contestant.ratio.unwrap().values), (1, 1));
    }

    /// A round of four chunks, of which the first does not count, with this latency of both of its operations.
    fn timed(latency_ns: u64) -> Option<Value> {
        let chunk = |counts| Yield {
            wall: Duration::from_nanos(if counts { 2000 } else { 9000 }),
            blocks: Vec::new(),
            latencies_ns: vec![if counts { latency_ns } else { 1_000_000 }; 2],
            ran: [300, 1900].map(Duration::from_nanos),
            counts,
        };
        Value::of(&Round { chunks: [false, true, true, true].map(chunk).into() }, 2)
    }

    #[test]
    fn latencies_and_cpu_time_are_those_of_the_chunks_that_count() {
        let value = timed(700).unwrap();
        assert_eq!((value.mean_ns, value.typical_ns), (1000.0, 700.0));
        assert_eq!((value.lead_cpu_ns, value.cpu_ns), (Some(150.0), 1100.0));
        let latencies = value.latencies.unwrap();
        assert_eq!((latencies.messages(), latencies.percentile_ns(100.0)), (6, Some(700.0)));
    }

    #[test]
    fn percentiles_are_estimated_over_the_groups_and_compared_by_the_median() {
        let (title, work) = (String::new(), Work::Latency { every: None });
        let family = Family { title, work, position: None, contests: vec![contests::placement()] };
        let (baseline, contestant) = ([timed(100), timed(300)], [timed(200), timed(1200)]);
        let outcomes = FamilyOutcome::of(&family, &[&baseline, &contestant], &[]).contests;
        assert_eq!(outcomes[1].ratio.unwrap().median, 3.0);
        let latency = outcomes[1].latency.as_ref().unwrap();
        assert_eq!(latency.percentiles_ns[0].unwrap().median, 700.0);
        assert_eq!(latency.all.messages(), 12);
    }
}
