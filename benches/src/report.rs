//! The figures for people, for programs, and for `--check`.

use crate::contest::{CORES, Contest, Family, Target, Work};
use crate::machine::Machine;
use crate::schedule::{Effort, FamilyOutcome, Outcome};
use crate::statistics::Estimate;
use serde_json::{Value, json};
use std::fmt::Write;

/// Everything that was measured.
pub struct Report<'a> {
    /// On what.
    pub machine: Machine,
    /// Where.
    pub cores: [usize; 2],
    /// How long.
    pub effort: Effort,
    /// What.
    pub families: &'a [Family],
    /// The outcome of each family.
    pub outcomes: &'a [FamilyOutcome],
}

impl Report<'_> {
    fn rows(&self) -> impl Iterator<Item = (&Family, &Contest, &Outcome)> {
        self.families.iter().zip(self.outcomes).flat_map(|(family, outcome)| {
            family.contests.iter().zip(&outcome.contests).map(move |(contest, outcome)| (family, contest, outcome))
        })
    }

    /// Tables in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let Machine { processor, processors, kernel, virtualised } = &self.machine;
        let [first, second] = self.cores;
        let virtual_ = if *virtualised { ", virtual" } else { "" };
        let _ = writeln!(
            text,
            "{processor}, {processors} processors{virtual_}; Linux {kernel}; cores {first} and {second}; "
        );
        let _ = writeln!(
            text,
            "rounds of {} ms, {} groups wanted. In brackets: 95 % interval of the median.",
            self.effort.round.as_millis(),
            self.effort.groups
        );
        for (family, outcome) in self.families.iter().zip(self.outcomes) {
            let _ = writeln!(text, "\n### {}{}\n", family.title, label(family));
            if let Some([middle, low, high]) = outcome.placement_ns {
                let _ =
                    writeln!(text, "Two-line ping-pong around these groups: {middle:.0} ns ({low:.0} to {high:.0}).\n");
            }
            text.push_str(match family.work {
                Work::RoundTrips => "| | p50, ns | mean, ns | p50 × first row | asked (aim) | groups |\n",
                Work::Messages { .. } if family.oversubscribed() => {
                    "| | CPU ns a message | M messages/s (× first row) | CPU time: first row ÷ this | asked (aim) | groups |\n"
                }
                Work::Messages { .. } => "| | M messages/s | GB/s | × first row | asked (aim) | groups |\n",
            });
            text.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
            for (contest, outcome) in family.contests.iter().zip(&outcome.contests) {
                let [left, right] =
                    if family.oversubscribed() { crew_figures(outcome) } else { figures(family.work, outcome) };
                let place = if contest.between_processes() { "processes" } else { "threads" };
                let ratio = outcome.ratio.map_or_else(String::new, with_interval);
                let target = contest.target.map_or_else(String::new, |target| {
                    let met = outcome.ratio.map(|ratio| target.is_met(family.work, ratio.median));
                    let sign = if family.work == Work::RoundTrips { "≤" } else { "≥" };
                    let verdict = match met {
                        Some(true) => "met",
                        Some(false) => "missed",
                        None => "unknown",
                    };
                    format!("{sign} {} ({}): {verdict}", target.asked, target.aim)
                });
                let Outcome { counted, run, .. } = outcome;
                let label = &contest.label;
                let _ =
                    writeln!(text, "| {label} ({place}) | {left} | {right} | {ratio} | {target} | {counted}/{run} |");
            }
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let row = |(family, contest, outcome): (&Family, &Contest, &Outcome)| {
            json!({
                "family": family.title,
                "contest": contest.id,
                "label": contest.label,
                "between": if contest.between_processes() { "processes" } else { "threads" },
                "message_bytes": match family.work { Work::RoundTrips => None, Work::Messages { bytes } => Some(bytes) },
                "mean_ns": outcome.mean_ns,
                "p50_ns": if family.work == Work::RoundTrips { outcome.typical_ns } else { None },
                "oversubscribed": family.oversubscribed(),
                "busy_participants": contest.busy(),
                "cpu_ns": outcome.cpu_ns,
                "ratio": outcome.ratio,
                "ratio_of": if family.oversubscribed() { "cpu time" } else { "wall time" },
                "wall_ratio": outcome.wall_ratio,
                "baseline": family.contests[0].id,
                "asked": contest.target.map(|target| target.asked),
                "aim": contest.target.map(|target| target.aim),
                "groups_counted": outcome.counted,
                "groups_run": outcome.run,
            })
        };
        json!({
            "machine": self.machine,
            "cores": self.cores,
            "round_ms": self.effort.round.as_millis() as u64,
            "groups_wanted": self.effort.groups,
            "placements_ns": self.families.iter().zip(self.outcomes).map(|(family, outcome)| {
                let [middle, low, high] = outcome.placement_ns.map_or([None; 3], |values| values.map(Some));
                json!({ "family": family.title, "median": middle, "low": low, "high": high })
            }).collect::<Vec<_>>(),
            "rows": self.rows().map(row).collect::<Vec<_>>(),
        })
    }

    /// What was asked for and not reached, or not measured, one line each.
    pub fn missed(&self) -> Vec<String> {
        let missed = |(family, contest, outcome): (&Family, &Contest, &Outcome)| {
            let target: Target = contest.target?;
            match outcome.ratio {
                Some(ratio) if target.is_met(family.work, ratio.median) => None,
                Some(ratio) => {
                    Some(format!("{}: {}: {:.2}, asked {}", family.title, contest.label, ratio.median, target.asked))
                }
                None => Some(format!("{}: {}: no undisturbed group", family.title, contest.label)),
            }
        };
        self.rows().filter_map(missed).collect()
    }
}

/// What stands behind the title of a family.
fn label(family: &Family) -> String {
    match family.busy() {
        busy if family.oversubscribed() => format!(" – oversubscribed: {busy} busy participants on {CORES} cores"),
        _ => String::new(),
    }
}

fn with_interval(ratio: Estimate) -> String {
    let Estimate { median, low, high, .. } = ratio;
    format!("{median:.2} [{low:.2}, {high:.2}]")
}

fn show(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

fn crew_figures(outcome: &Outcome) -> [String; 2] {
    let rate = show(outcome.mean_ns.map(|estimate| 1e3 / estimate.median), 1);
    let compared = outcome.wall_ratio.map_or_else(String::new, |ratio| format!(" ({})", with_interval(ratio)));
    [show(outcome.cpu_ns.map(|estimate| estimate.median), 0), rate + &compared]
}

fn figures(work: Work, outcome: &Outcome) -> [String; 2] {
    let mean_ns = outcome.mean_ns.map(|estimate| estimate.median);
    match work {
        Work::RoundTrips => [show(outcome.typical_ns.map(|estimate| estimate.median), 0), show(mean_ns, 0)],
        Work::Messages { bytes } => [show(mean_ns.map(|ns| 1e3 / ns), 1), show(mean_ns.map(|ns| bytes as f64 / ns), 2)],
    }
}
