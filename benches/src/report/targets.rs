//! What is asked for, over several runs on several processor families: one table of the files `results.json` that they wrote.

use super::kept::{self, RESULTS};
use crate::processor::ProcessorFamily;
use crate::statistics::{Estimate, INTERVAL};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What a run wrote, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Run {
    machine: Machine,
    rows: Vec<Row>,
    placements_ns: Vec<Placement>,
}

#[derive(Debug, Deserialize)]
struct Machine {
    family: ProcessorFamily,
}

#[derive(Debug, Deserialize)]
struct Row {
    family: String,
    contest: String,
    label: String,
    between: String,
    ratio: Option<Estimate>,
    asked: Option<f64>,
    asked_at_most: Option<bool>,
}

/// The two-line ping-pong around a family's groups.
#[derive(Debug, Deserialize)]
struct Placement {
    family: String,
    low: Option<f64>,
    high: Option<f64>,
}

impl Placement {
    /// From the nearest group to the farthest. A median would name a distance that no group had, where the hypervisor moved the
    /// processors between two groups.
    fn shown(&self) -> Option<String> {
        let (low, high) = (format!("{:.0}", self.low?), format!("{:.0}", self.high?));
        Some(if low == high { low } else { format!("{low} to {high}") })
    }
}

impl Run {
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(RESULTS);
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let run: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is not what a run writes", path.display()))?;
        let undirected = run.rows.iter().find(|row| row.asked.is_some() && row.asked_at_most.is_none());
        ensure!(undirected.is_none(), "{} is not what a run writes", path.display());
        Ok(run)
    }

    /// The same row of this run.
    fn row(&self, wanted: &Row) -> Option<&Row> {
        self.rows.iter().find(|row| row.is(wanted))
    }

    fn placement(&self, family: &str) -> Option<String> {
        self.placements_ns.iter().find(|placement| placement.family == family)?.shown()
    }
}

impl Row {
    fn is(&self, other: &Self) -> bool {
        (&self.family, &self.contest) == (&other.family, &other.contest)
    }

    /// Whether this run reached what was asked for, if it measured that.
    fn is_met(&self) -> Option<bool> {
        let (asked, ratio) = (self.asked?, self.ratio?.median);
        Some(if self.asked_at_most == Some(true) { ratio <= asked } else { ratio >= asked })
    }
}

/// One cell for all runs of a processor family.
fn joined<T>(runs: &[&Run], cell: impl Fn(&Run) -> Option<T>, show: impl Fn(T) -> String) -> String {
    let cells = runs.iter().map(|run| cell(run).map_or_else(|| "–".to_owned(), &show));
    cells.collect::<Vec<_>>().join(" · ")
}

/// What the runs of a processor family say about a row. A run of other tables says nothing.
fn cell(runs: &[&Run], row: &Row) -> String {
    let runs: Vec<&Run> = runs.iter().copied().filter(|run| run.row(row).is_some()).collect();
    let met: Vec<bool> = runs.iter().filter_map(|run| run.row(row)?.is_met()).collect();
    if met.is_empty() {
        return "not measured".to_owned();
    }
    let shown = joined(
        &runs,
        |run| run.row(row)?.ratio,
        |Estimate { median, low, high, .. }| format!("{median:.2} [{low:.2}, {high:.2}]"),
    );
    let placements = joined(&runs, |run| run.placement(&row.family), |shown| shown);
    let reached = met.iter().filter(|&&met| met).count();
    format!("{shown} (ping-pong {placements} ns); met in {reached} of {}", met.len())
}

/// What is asked for; where it differs, in the order of the columns.
fn asked(columns: &[(ProcessorFamily, Vec<&Run>)], row: &Row) -> String {
    let sign = if row.asked_at_most == Some(true) { "≤" } else { "≥" };
    let mut asked: Vec<f64> =
        columns.iter().filter_map(|(_, runs)| runs.iter().find_map(|run| run.row(row)?.asked)).collect();
    asked.dedup();
    asked.iter().map(|asked| format!("{sign} {asked}")).collect::<Vec<_>>().join("; ")
}

/// A page in Markdown: [`markdown`], and what is in it.
pub fn page(folders: &[PathBuf]) -> Result<String> {
    let table = markdown(folders)?;
    Ok(format!(
        "# Against the targets\n\nWritten by `memlane-benches targets --keep` from the runs that are kept in the folders beside this page, a column a processor \
         family. Each cell has the median of each run; in brackets, {INTERVAL}; then the two-line ping-pong around the groups, from the \
         nearest placement of the two cores to the farthest; and in how many runs the median is what is asked for.\n\n{table}"
    ))
}

/// A table in Markdown of all that is asked for, a column a processor family: the median of each run with its interval, and the
/// two-line ping-pong around it, which tells where the two cores were. Of the runs in these folders, or of those that are kept.
pub fn markdown(folders: &[PathBuf]) -> Result<String> {
    let runs: Vec<Run> = kept::runs(folders)?.iter().map(|folder| Run::read(folder)).collect::<Result<_>>()?;
    let mut columns: Vec<(ProcessorFamily, Vec<&Run>)> = Vec::new();
    for run in &runs {
        match columns.iter_mut().find(|(family, _)| family.slug == run.machine.family.slug) {
            Some((_, runs)) => runs.push(run),
            None => columns.push((run.machine.family.clone(), vec![run])),
        }
    }
    let heads: Vec<String> =
        columns.iter().map(|(family, runs)| format!("{}, × first row, runs: {}", family.name, runs.len())).collect();
    let mut text = format!("| work | asked | {} |\n| --- | --- |{}\n", heads.join(" | "), " --- |".repeat(heads.len()));
    let mut seen: Vec<&Row> = Vec::new();
    for row in runs.iter().flat_map(|run| &run.rows) {
        if row.asked.is_none() || seen.iter().any(|earlier| earlier.is(row)) {
            continue;
        }
        seen.push(row);
        let cells: Vec<String> = columns.iter().map(|(_, runs)| cell(runs, row)).collect();
        let Row { family, label, between, .. } = row;
        let _ = writeln!(text, "| {family}: {label} ({between}) | {} | {} |", asked(&columns, row), cells.join(" | "));
    }
    ensure!(!seen.is_empty(), "nothing in these runs has a target");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a run on this processor family wrote: a limit, and what memlane took times that, where at most `asked` was asked for.
    fn run(slug: &str, ratio: &str, asked: f64) -> String {
        format!(
            r#"{{"machine": {{"processor": "a processor", "family": {{"name": "The {slug}", "slug": "{slug}"}}}},
                "rows": [
                {{"family": "round trips", "contest": "limit", "label": "ping-pong", "between": "processes",
                  "ratio": null, "asked": null, "asked_at_most": null}},
                {{"family": "round trips", "contest": "ours", "label": "memlane", "between": "processes",
                  "ratio": {ratio}, "asked": {asked}, "asked_at_most": true}}],
                "placements_ns": [{{"family": "round trips", "median": 282.0, "low": 100.2, "high": 463.4}}]}}"#
        )
    }

    /// A folder for each of these results.
    fn folders(root: &Path, results: &[String]) -> Vec<PathBuf> {
        let write = |(number, results): (usize, &String)| {
            let folder = root.join(number.to_string());
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(RESULTS), results).unwrap();
            folder
        };
        results.iter().enumerate().map(write).collect()
    }

    const GOOD: &str = r#"{"median": 1.0, "low": 0.9, "high": 1.4, "values": 3}"#;
    const BAD: &str = r#"{"median": 1.2, "low": 1.1, "high": 1.4, "values": 3}"#;

    #[test]
    fn runs_stand_side_by_side() {
        let root = tempfile::tempdir().unwrap();
        folders(root.path(), &[GOOD, BAD, "null"].map(|ratio| run("one", ratio, 1.1)));
        let text = markdown(&[root.path().to_owned()]).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "| work | asked | The one, × first row, runs: 3 |");
        assert_eq!(
            lines[2],
            "| round trips: memlane (processes) | ≤ 1.1 | 1.00 [0.90, 1.40] · 1.20 [1.10, 1.40] · – \
             (ping-pong 100 to 463 · 100 to 463 · 100 to 463 ns); met in 1 of 2 |"
        );
        assert_eq!(lines.len(), 3, "rows without a target are left out");
    }

    #[test]
    fn processor_families_stand_side_by_side_each_with_its_own_target() {
        let root = tempfile::tempdir().unwrap();
        let other = run("other", BAD, 1.3);
        let rows = [run("one", GOOD, 1.1), other.clone(), run("one", BAD, 1.1)];
        let text = markdown(&folders(root.path(), &rows)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "| work | asked | The one, × first row, runs: 2 | The other, × first row, runs: 1 |");
        assert_eq!(
            lines[2],
            "| round trips: memlane (processes) | ≤ 1.1; ≤ 1.3 | 1.00 [0.90, 1.40] · 1.20 [1.10, 1.40] \
             (ping-pong 100 to 463 · 100 to 463 ns); met in 1 of 2 | 1.20 [1.10, 1.40] (ping-pong 100 to 463 ns); met in 1 of 1 |"
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let text =
            markdown(&folders(elsewhere.path(), &[other.replace("\"ours\"", "\"theirs\""), run("one", GOOD, 1.1)]));
        assert!(text.unwrap().lines().nth(2).unwrap().ends_with("met in 1 of 1 | not measured |"));
    }

    #[test]
    fn what_is_no_result_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path(), &["{}".to_owned(), run("one", GOOD, 1.1).replace("1.1,", "null,")]);
        assert!(markdown(&folders[..1]).unwrap_err().to_string().ends_with("is not what a run writes"));
        assert!(markdown(&folders[1..]).unwrap_err().to_string().starts_with("nothing in these runs"));
    }
}
