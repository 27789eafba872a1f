//! The figures for people, for programs, and for `--check`; and a folder with all of it.

mod chart;
pub mod kept;
mod plots;
mod scale;
pub mod targets;

use crate::contest::{CORES, Contest, Family, Work};
use crate::distribution::PERCENTILES;
use crate::machine::Machine;
use crate::outcome::{FamilyOutcome, Latency, Outcome};
use crate::schedule::Effort;
use crate::statistics::{Estimate, INTERVAL};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::Path;

/// Everything that was measured.
pub struct Report<'a> {
    /// On what.
    pub machine: Machine,
    /// Where.
    pub cores: [usize; 2],
    /// What reading the clock cost there.
    pub clock_ns: f64,
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

    /// The ratio that is asked for on this machine.
    fn asked(&self, contest: &Contest) -> Option<f64> {
        contest.target.map(|target| target.asked(&self.machine.family.slug))
    }

    /// Tables in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let Machine { processor, family: processor_family, processors, kernel, virtualised } = &self.machine;
        let [first, second] = self.cores;
        let virtual_ = if *virtualised { ", virtual" } else { "" };
        let _ = writeln!(text, "Processor family: {} (`{}`).\n", processor_family.name, processor_family.slug);
        let _ = writeln!(
            text,
            "{processor}, {processors} processors{virtual_}; Linux {kernel}; cores {first} and {second}; "
        );
        let _ = writeln!(
            text,
            "rounds of {} ms, {} groups wanted. In brackets: {INTERVAL}.",
            self.effort.round.as_millis(),
            self.effort.groups
        );
        let _ = writeln!(
            text,
            "Reading the clock took {:.0} ns. A latency includes one reading, and half of another where there is a timetable.",
            self.clock_ns
        );
        for (family, outcome) in self.families.iter().zip(self.outcomes) {
            let _ = writeln!(text, "\n### {}{}\n", family.title, label(family));
            if let Some([middle, low, high]) = outcome.placement_ns {
                let _ =
                    writeln!(text, "Two-line ping-pong around these groups: {middle:.0} ns ({low:.0} to {high:.0}).\n");
            }
            let columns = columns(family);
            let _ = writeln!(text, "| | {} | asked | groups |", columns.join(" | "));
            let _ = writeln!(text, "| --- |{}", " ---: |".repeat(columns.len() + 2));
            for (contest, outcome) in family.contests.iter().zip(&outcome.contests) {
                let (label, place, cells) = (&contest.label, contest.place(), cells(family, outcome).join(" | "));
                let target = self.asked(contest).map_or_else(String::new, |asked| {
                    let met = outcome.ratio.map(|ratio| family.work.meets(asked, ratio.median));
                    let sign = if family.work.is_time() { "≤" } else { "≥" };
                    let verdict = match met {
                        Some(true) => "met",
                        Some(false) => "missed",
                        None => "unknown",
                    };
                    format!("{sign} {asked}: {verdict}")
                });
                let Outcome { counted, run, .. } = outcome;
                let _ = writeln!(text, "| {label} ({place}) | {cells} | {target} | {counted}/{run} |");
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
                "between": contest.place(),
                "message_bytes": match family.work { Work::Messages { bytes } => Some(bytes), _ => None },
                "mean_ns": outcome.mean_ns,
                "p50_ns": if family.work == Work::RoundTrips { outcome.typical_ns } else { None },
                "oversubscribed": family.oversubscribed(),
                "busy_participants": contest.busy(),
                "cpu_ns": outcome.cpu_ns,
                "lead_cpu_ns": outcome.lead_cpu_ns,
                "latency": outcome.latency.as_ref().map(latency_json),
                "ratio": outcome.ratio,
                "ratio_of": if family.oversubscribed() && !family.work.is_time() { "cpu time" } else { "wall time" },
                "wall_ratio": outcome.wall_ratio,
                "baseline": family.contests[0].id,
                "asked": self.asked(contest),
                "asked_at_most": contest.target.map(|_| family.work.is_time()),
                "groups_counted": outcome.counted,
                "groups_run": outcome.run,
            })
        };
        json!({
            "machine": self.machine,
            "cores": self.cores,
            "clock_ns": self.clock_ns,
            "round_ms": self.effort.round.as_millis() as u64,
            "groups_wanted": self.effort.groups,
            "placements_ns": self.families.iter().zip(self.outcomes).map(|(family, outcome)| {
                let [middle, low, high] = outcome.placement_ns.map_or([None; 3], |values| values.map(Some));
                json!({ "family": family.title, "median": middle, "low": low, "high": high })
            }).collect::<Vec<_>>(),
            "rows": self.rows().map(row).collect::<Vec<_>>(),
        })
    }

    /// Writes tables, figures and plots to files of this folder. Their names.
    pub fn write(&self, folder: &Path) -> Result<Vec<String>> {
        let mut files = vec![
            ("results.md".to_owned(), self.markdown()),
            (kept::RESULTS.to_owned(), serde_json::to_string_pretty(&self.json())? + "\n"),
        ];
        files.extend(plots::draw(self.families, self.outcomes)?.into_iter().map(|plot| (plot.name, plot.svg)));
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        for (name, text) in &files {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(files.into_iter().map(|(name, _)| name).collect())
    }

    /// What was asked for and not reached, or not measured, one line each.
    pub fn missed(&self) -> Vec<String> {
        let missed = |(family, contest, outcome): (&Family, &Contest, &Outcome)| {
            let asked = self.asked(contest)?;
            match outcome.ratio {
                Some(ratio) if family.work.meets(asked, ratio.median) => None,
                Some(ratio) => Some(format!("{}: {}: {:.2}, asked {asked}", family.title, contest.label, ratio.median)),
                None => Some(format!("{}: {}: no undisturbed group", family.title, contest.label)),
            }
        };
        self.rows().filter_map(missed).collect()
    }
}

/// What stands behind the title of a family.
fn label(family: &Family) -> String {
    match family.busy() {
        busy if family.oversubscribed() => {
            let compared = if family.work.is_time() { ", compared by the clock all the same" } else { "" };
            format!(" – oversubscribed: {busy} busy participants on {CORES} cores{compared}")
        }
        _ => String::new(),
    }
}

fn with_interval(estimate: Estimate, digits: usize) -> String {
    let Estimate { median, low, high, .. } = estimate;
    format!("{median:.digits$} [{low:.digits$}, {high:.digits$}]")
}

fn show(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Millions of messages a second, with more digits where there are few of them.
fn rate(mean_ns: Option<f64>) -> String {
    let rate = mean_ns.map(|ns| 1e3 / ns);
    show(rate, if rate.is_some_and(|rate| rate < 1.0) { 3 } else { 1 })
}

/// What a table has between the names and the targets.
fn columns(family: &Family) -> Vec<String> {
    let fixed: &[&str] = match family.work {
        Work::RoundTrips => &["p50, ns", "mean, ns", "CPU ns a trip", "p50 × first row"],
        Work::Latency { every } => {
            let percentiles = PERCENTILES.map(|percent| format!("{}, ns", percentile_name(percent)));
            // The sender spins on the clock all the time.
            let cpu = if every.is_some() { "receiver's CPU ns a message" } else { "CPU ns a trip" };
            return percentiles.into_iter().chain([cpu, "p50 × first row"].map(str::to_owned)).collect();
        }
        Work::Job { item, .. } => {
            let columns = [&*format!("ns a {item}"), &*format!("CPU ns a {item}"), "time × first row"];
            return columns.map(str::to_owned).into();
        }
        Work::Messages { .. } if family.oversubscribed() => {
            &["CPU ns a message", "M messages/s (× first row)", "CPU time: first row ÷ this"]
        }
        Work::Messages { .. } => &["M messages/s", "GB/s", "CPU ns a message", "× first row"],
    };
    fixed.iter().map(|&column| column.to_owned()).collect()
}

/// What stands in these columns.
fn cells(family: &Family, outcome: &Outcome) -> Vec<String> {
    let median = |estimate: Option<Estimate>| estimate.map(|estimate| estimate.median);
    let (mean_ns, cpu) = (median(outcome.mean_ns), show(median(outcome.cpu_ns), 0));
    let ratio = outcome.ratio.map_or_else(String::new, |ratio| with_interval(ratio, 2));
    match family.work {
        Work::RoundTrips => vec![show(median(outcome.typical_ns), 0), show(mean_ns, 0), cpu, ratio],
        Work::Latency { every } => {
            let percentiles = outcome.latency.as_ref().map_or([None; PERCENTILES.len()], |all| all.percentiles_ns);
            let shown = percentiles.map(|ns| ns.map_or_else(|| "–".to_owned(), |ns| with_interval(ns, 0)));
            let cpu = if every.is_some() { show(median(outcome.lead_cpu_ns), 0) } else { cpu };
            shown.into_iter().chain([cpu, ratio]).collect()
        }
        Work::Job { .. } => vec![show(mean_ns, 1), show(median(outcome.cpu_ns), 1), ratio],
        Work::Messages { .. } if family.oversubscribed() => {
            let rate = rate(mean_ns);
            let wall = outcome.wall_ratio.map_or_else(String::new, |ratio| format!(" ({})", with_interval(ratio, 2)));
            vec![cpu, rate + &wall, ratio]
        }
        Work::Messages { bytes } => {
            vec![rate(mean_ns), show(mean_ns.map(|ns| bytes as f64 / ns), 2), cpu, ratio]
        }
    }
}

/// As everybody calls it.
fn percentile_name(percent: f64) -> String {
    if percent == 100.0 { "max".to_owned() } else { format!("p{percent}") }
}

fn latency_json(latency: &Latency) -> Value {
    let percentiles = PERCENTILES.iter().zip(latency.percentiles_ns);
    json!({
        "percentiles_ns": percentiles.map(|(&percent, ns)| (percentile_name(percent), json!(ns))).collect::<Map<_, _>>(),
        "messages": latency.all.messages(),
        // Pairs: the slowest one in so many took longer than so many nanoseconds.
        "curve": latency.all.curve(),
    })
}
