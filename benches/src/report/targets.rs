//! What is asked for, over several runs: one table of the files `results.json` that they wrote.

use crate::statistics::Estimate;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What a run wrote, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Run {
    rows: Vec<Row>,
    placements_ns: Vec<Placement>,
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
    median: Option<f64>,
}

impl Run {
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("results.json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let run: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is not what a run writes", path.display()))?;
        let undirected = run.rows.iter().find(|row| row.asked.is_some() && row.asked_at_most.is_none());
        ensure!(undirected.is_none(), "{} is not what a run writes", path.display());
        Ok(run)
    }

    fn ratio(&self, wanted: &Row) -> Option<Estimate> {
        let same = |row: &&Row| (&row.family, &row.contest) == (&wanted.family, &wanted.contest);
        self.rows.iter().find(same)?.ratio
    }

    fn placement(&self, family: &str) -> Option<f64> {
        self.placements_ns.iter().find(|placement| placement.family == family)?.median
    }
}

impl Row {
    fn is_met(&self, asked: f64, ratio: Estimate) -> bool {
        if self.asked_at_most == Some(true) { ratio.median <= asked } else { ratio.median >= asked }
    }
}

/// One cell for all runs.
fn joined<T>(runs: &[Run], cell: impl Fn(&Run) -> Option<T>, show: impl Fn(T) -> String) -> String {
    let cells = runs.iter().map(|run| cell(run).map_or_else(|| "–".to_owned(), &show));
    cells.collect::<Vec<_>>().join(" · ")
}

/// A table in Markdown of all that is asked for: the median of each run with its interval, and the two-line ping-pong around
/// it, which tells where the two cores were.
pub fn markdown(folders: &[PathBuf]) -> Result<String> {
    let runs: Vec<Run> = folders.iter().map(|folder| Run::read(folder)).collect::<Result<_>>()?;
    let mut text = String::from("| work | asked | × first row, a run after the other | ping-pong, ns | met |\n");
    text += "| --- | --- | --- | --- | --- |\n";
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for row in runs.iter().flat_map(|run| &run.rows) {
        let Some(asked) = row.asked else { continue };
        if seen.contains(&(&row.family, &row.contest)) {
            continue;
        }
        seen.push((&row.family, &row.contest));
        let ratios: Vec<Estimate> = runs.iter().filter_map(|run| run.ratio(row)).collect();
        let met = ratios.iter().filter(|&&ratio| row.is_met(asked, ratio)).count();
        let shown = joined(
            &runs,
            |run| run.ratio(row),
            |Estimate { median, low, high, .. }| format!("{median:.2} [{low:.2}, {high:.2}]"),
        );
        let placements = joined(&runs, |run| run.placement(&row.family), |ns| format!("{ns:.0}"));
        let sign = if row.asked_at_most == Some(true) { "≤" } else { "≥" };
        let Row { family, label, between, .. } = row;
        let all = ratios.len();
        let _ = writeln!(
            text,
            "| {family}: {label} ({between}) | {sign} {asked} | {shown} | {placements} | {met} of {all} |"
        );
    }
    ensure!(!seen.is_empty(), "nothing in these runs has a target");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ratio: &str) -> String {
        format!(
            r#"{{"rows": [
                {{"family": "round trips", "contest": "limit", "label": "ping-pong", "between": "processes",
                  "ratio": null, "asked": null, "asked_at_most": null}},
                {{"family": "round trips", "contest": "ours", "label": "memlane", "between": "processes",
                  "ratio": {ratio}, "asked": 1.3, "asked_at_most": true}}],
                "placements_ns": [{{"family": "round trips", "median": 117.4, "low": 1.0, "high": 2.0}}]}}"#
        )
    }

    #[test]
    fn runs_stand_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let ratios = [
            r#"{"median": 1.0, "low": 0.9, "high": 1.4, "values": 3}"#,
            r#"{"median": 1.2, "low": 1.1, "high": 1.4, "values": 3}"#,
            "null",
        ];
        let folders: Vec<PathBuf> = ratios
            .iter()
            .enumerate()
            .map(|(number, ratio)| {
                let folder = folder.path().join(number.to_string());
                std::fs::create_dir(&folder).unwrap();
                std::fs::write(folder.join("results.json"), run(ratio)).unwrap();
                folder
            })
            .collect();
        let text = markdown(&folders).unwrap();
        assert_eq!(
            text.lines().nth(2),
            Some(
                "| round trips: memlane (processes) | ≤ 1.3 | 1.00 [0.90, 1.40] · 1.20 [1.10, 1.40] · – | \
                 117 · 117 · 117 | 2 of 2 |"
            )
        );
        assert_eq!(text.lines().count(), 3, "rows without a target are left out");
    }

    #[test]
    fn what_is_no_result_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert!(markdown(&folders).unwrap_err().to_string().starts_with("reading "));
        std::fs::write(folder.path().join("results.json"), "{}").unwrap();
        assert!(markdown(&folders).unwrap_err().to_string().ends_with("is not what a run writes"));
    }
}
