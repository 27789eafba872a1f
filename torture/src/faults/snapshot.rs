//! What a failed call may not change: this process's descriptors and mappings, and the files of the channel's folder.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// One moment of this process and of a folder.
pub struct Snapshot {
    /// What each descriptor leads to.
    descriptors: BTreeMap<i32, String>,
    /// Mappings of the folder's files and of anonymous channels: lines of `/proc/self/maps`.
    mappings: BTreeSet<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Snapshot {
    pub fn take(folder: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        read_files(folder, folder, &mut files)?;
        let folder = folder.display().to_string();
        let maps = fs::read_to_string("/proc/self/maps")?;
        let ours = |line: &&str| line.contains(&folder) || line.contains("memfd:memlane");
        Ok(Self {
            descriptors: descriptors()?,
            mappings: maps.lines().filter(ours).map(str::to_owned).collect(),
            files,
        })
    }

    /// The call takes over these descriptors, whatever comes of it.
    pub fn without(mut self, given: &[i32]) -> Self {
        self.descriptors.retain(|descriptor, _| !given.contains(descriptor));
        self
    }

    /// Descriptors that are open here and were not, or the other way round.
    pub fn other_descriptors(&self, before: &Self) -> Vec<String> {
        let lines = |of: &Self| of.descriptors.iter().map(|(number, to)| format!("{number} → {to}")).collect();
        differences(&lines(before), &lines(self))
    }

    /// The same of mappings.
    pub fn other_mappings(&self, before: &Self) -> Vec<String> {
        differences(&before.mappings, &self.mappings)
    }

    /// The same of files.
    pub fn other_files(&self, before: &Self) -> Vec<String> {
        let names = |of: &Self| of.files.keys().cloned().collect();
        differences(&names(before), &names(self))
    }

    /// Files that are there as before, with other bytes.
    pub fn changed_files(&self, before: &Self) -> Vec<String> {
        let changed = |name: &&String| before.files.get(*name).is_some_and(|bytes| *bytes != self.files[*name]);
        self.files.keys().filter(changed).cloned().collect()
    }
}

/// What is in one of them only: `+` in the second.
fn differences(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    let more = after.difference(before).map(|one| format!("+{one}"));
    more.chain(before.difference(after).map(|one| format!("-{one}"))).collect()
}

fn descriptors() -> Result<BTreeMap<i32, String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        let number = entry.file_name().to_string_lossy().parse().context("a descriptor's number")?;
        // The one through which the folder is read is gone by the time that it is looked at, or leads to itself.
        if let Ok(to) = fs::read_link(entry.path())
            && !to.ends_with("fd")
        {
            all.insert(number, to.display().to_string());
        }
    }
    Ok(all)
}

/// Files by their path below `top`. Empty folders do not count.
fn read_files(top: &Path, folder: &Path, into: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_files(top, &path, into)?;
        } else {
            into.insert(path.strip_prefix(top)?.display().to_string(), fs::read(&path)?);
        }
    }
    Ok(())
}
