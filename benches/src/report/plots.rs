//! Which plots there are: what single messages took, a plot a family, and what changes from family to family.

use super::chart::{Axis, Chart, Lines};
use super::scale::{Scale, percentile};
use crate::contest::{Contest, Family, Plot, Work};
use crate::outcome::{FamilyOutcome, Outcome};
use crate::units::{binary, number, slug, time};
use anyhow::Result;

/// A file and what it contains.
pub struct Drawing {
    /// Its name, without a folder.
    pub name: String,
    /// SVG.
    pub svg: String,
}

/// All plots of what was measured.
pub fn draw(families: &[Family], outcomes: &[FamilyOutcome]) -> Result<Vec<Drawing>> {
    let measured: Vec<_> = families.iter().zip(outcomes).collect();
    let mut charts: Vec<(String, Chart)> = measured.iter().filter_map(|(family, of)| latencies(family, of)).collect();
    let mut plots: Vec<Plot> = Vec::new();
    for position in families.iter().filter_map(|family| family.position) {
        if !plots.contains(&position.plot) {
            plots.push(position.plot);
        }
    }
    charts.extend(plots.into_iter().map(|plot| over_families(plot, &measured)));
    let mut drawings = Vec::new();
    for (name, chart) in charts {
        drawings.extend(chart.svg()?.map(|svg| Drawing { name: format!("{name}.svg"), svg }));
    }
    Ok(drawings)
}

/// The curve of each contest, if this is about latencies.
fn latencies(family: &Family, outcome: &FamilyOutcome) -> Option<(String, Chart)> {
    let Work::Latency { every } = family.work else { return None };
    let mut lines = Lines::default();
    for (contest, outcome) in family.contests.iter().zip(&outcome.contests) {
        let curve = outcome.latency.iter().flat_map(|latency| latency.all.curve());
        lines.add(&label(contest), is_limit(contest), curve);
    }
    let from = if every.is_some() { "from when a message was due; " } else { "" };
    let chart = Chart {
        title: family.title.clone(),
        note: format!("{from}all undisturbed groups together; lower is better"),
        x: Axis { label: "share of messages that were at least as fast", scale: Scale::Percentiles, show: percentile },
        y: Axis { label: "latency", scale: Scale::Log10, show: time },
        lines: lines.sorted(),
        marked: false,
    };
    Some((slug(&family.title), chart))
}

/// A point of each contest from each of the families in this plot.
fn over_families(plot: Plot, measured: &[(&Family, &FamilyOutcome)]) -> (String, Chart) {
    let mut lines = Lines::default();
    for (family, outcome) in measured {
        let Some(position) = family.position.filter(|position| position.plot == plot) else { continue };
        for (contest, outcome) in family.contests.iter().zip(&outcome.contests) {
            let point = value(plot, family.work, outcome).map(|value| (position.at as f64, value));
            lines.add(&label(contest), is_limit(contest), point);
        }
    }
    let bytes: fn(f64) -> String = |bytes| binary(bytes as usize);
    let (name, title, note, x, y) = match plot {
        Plot::MessageSizes => (
            "message-sizes".to_owned(),
            "Throughput by size of message, one sender and one receiver".to_owned(),
            "every byte written and read; medians; higher is better",
            Axis { label: "bytes of a message", scale: Scale::Log2, show: bytes },
            Axis { label: "GB/s", scale: Scale::Log10, show: number },
        ),
        Plot::RingSizes => (
            "ring-sizes".to_owned(),
            "Cost of a message of 1 KiB by size of ring".to_owned(),
            "medians; lower is better, and flat: a larger ring should not cost more",
            Axis { label: "bytes of the ring", scale: Scale::Log2, show: bytes },
            Axis { label: "time a message", scale: Scale::Linear, show: time },
        ),
        Plot::Participants { slots } => (
            format!("participants-{slots}-slots"),
            format!("Cost of a message by number of participants, queue of {slots} slots"),
            "CPU time of all participants, on two cores; medians; lower is better",
            Axis { label: "senders, and as many receivers", scale: Scale::Log2, show: number },
            Axis { label: "CPU time a message", scale: Scale::Linear, show: time },
        ),
    };
    (name, Chart { title, note: note.to_owned(), x, y, lines: lines.sorted(), marked: true })
}

fn value(plot: Plot, work: Work, outcome: &Outcome) -> Option<f64> {
    match plot {
        Plot::MessageSizes => {
            let Work::Messages { bytes } = work else { return None };
            Some(bytes as f64 / outcome.mean_ns?.median)
        }
        Plot::RingSizes => Some(outcome.mean_ns?.median),
        Plot::Participants { .. } => Some(outcome.cpu_ns?.median),
    }
}

fn label(contest: &Contest) -> String {
    if is_limit(contest) { contest.label.clone() } else { format!("{} ({})", contest.label, contest.place()) }
}

fn is_limit(contest: &Contest) -> bool {
    contest.label.starts_with("limit: ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contests;
    use crate::statistics::Estimate;

    /// What a family whose contests all took so many nanoseconds says.
    fn outcome(family: &Family, ns: f64) -> FamilyOutcome {
        let outcome = Outcome {
            mean_ns: Estimate::of(&[ns]),
            typical_ns: None,
            cpu_ns: Estimate::of(&[2.0 * ns]),
            lead_cpu_ns: None,
            latency: None,
            ratio: None,
            wall_ratio: None,
            counted: 1,
            run: 1,
        };
        FamilyOutcome { placement_ns: None, contests: vec![outcome; family.contests.len()] }
    }

    fn families(name: &str) -> Vec<Family> {
        (contests::TABLES.iter().find(|table| table.name == name).unwrap().families)()
    }

    #[test]
    fn families_of_a_sweep_make_one_plot_and_others_none() {
        let all: Vec<Family> = ["spsc", "mpmc", "sizes", "rings"].into_iter().flat_map(families).collect();
        let outcomes: Vec<_> = all.iter().map(|family| outcome(family, 100.0)).collect();
        let names: Vec<_> = draw(&all, &outcomes).unwrap().into_iter().map(|drawing| drawing.name).collect();
        let expected =
            ["participants-1024-slots.svg", "participants-16384-slots.svg", "message-sizes.svg", "ring-sizes.svg"];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_point_is_what_its_plot_is_about() {
        let sizes = families("sizes");
        let family = sizes.iter().find(|family| family.work == Work::Messages { bytes: 1024 }).unwrap();
        let outcome = &outcome(family, 512.0).contests[0];
        let participants = Plot::Participants { slots: 1 };
        let values = [Plot::MessageSizes, Plot::RingSizes, participants].map(|plot| value(plot, family.work, outcome));
        assert_eq!(values, [Some(2.0), Some(512.0), Some(1024.0)]);
    }
}
