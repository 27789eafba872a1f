//! Where results are kept in the repository: a folder a processor family, with a folder a run.
//!
//! ```text
//! docs/performance/amd-zen4/run-1/results.md, results.json, plots
//!                           run-2/…
//! ```

use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};

/// From the root of the repository.
pub const KEPT: &str = "docs/performance";

/// What all kept runs say about what is asked for.
pub const TARGETS: &str = "docs/performance/targets.md";

/// What a run is called for programs.
pub const RESULTS: &str = "results.json";

/// The folder for the next run on the processor family with this slug.
pub fn next(slug: &str) -> Result<PathBuf> {
    let kept = Path::new(KEPT);
    ensure!(kept.is_dir(), "there is no {KEPT} here: results are kept from the root of the repository");
    Ok(free(&kept.join(slug)))
}

/// The first folder `run-1`, `run-2`, … that is not there.
fn free(family: &Path) -> PathBuf {
    let mut folders = (1..).map(|number| family.join(format!("run-{number}")));
    folders.find(|folder| !folder.exists()).expect("there is always another number")
}

/// The runs of these folders, each of which is a run itself or has runs inside; without any, those that are kept.
pub fn runs(folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let kept = [PathBuf::from(KEPT)];
    let folders = if folders.is_empty() { &kept } else { folders };
    let mut runs = Vec::new();
    for folder in folders {
        let before = runs.len();
        collect(folder, &mut runs);
        ensure!(runs.len() > before, "{} has no {RESULTS}, nor has a folder in it", folder.display());
    }
    Ok(runs)
}

/// Those of a folder, in the order of their names. What cannot be read has none.
fn collect(folder: &Path, runs: &mut Vec<PathBuf>) {
    if folder.join(RESULTS).is_file() {
        runs.push(folder.to_owned());
        return;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut inside: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    inside.sort();
    inside.iter().for_each(|folder| collect(folder, runs));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_numbered_and_found_again() {
        let root = tempfile::tempdir().unwrap();
        let family = root.path().join("amd-zen4");
        for number in 1..=2 {
            let folder = free(&family);
            assert_eq!(folder, family.join(format!("run-{number}")));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(RESULTS), "{}").unwrap();
        }
        let other = root.path().join("intel-ice-lake/run-1");
        std::fs::create_dir_all(&other).unwrap();
        std::fs::write(other.join(RESULTS), "{}").unwrap();
        let [first, second] = ["run-1", "run-2"].map(|run| family.join(run));
        assert_eq!(runs(&[root.path().to_owned()]).unwrap(), [first.clone(), second.clone(), other.clone()]);
        assert_eq!(runs(&[other.clone(), second.clone()]).unwrap(), [other, second], "in the order that was asked for");
        let error = runs(&[family, root.path().join("missing")]).unwrap_err().to_string();
        assert!(error.ends_with("missing has no results.json, nor has a folder in it"), "{error}");
    }
}
