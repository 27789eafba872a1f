//! What a receiver of lanes had, in a file: a pair of words for each lane, which is written at once.

use anyhow::Result;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The first message of a lane that a receiver had, and the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    pub first: u64,
    pub end: u64,
}

const BYTES: usize = 16;

/// A receiver's journal.
pub struct Journal(File);

impl Journal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(OpenOptions::new().write(true).create(true).truncate(true).open(path)?))
    }

    pub fn note(&self, lane: u32, had: Had) -> Result<()> {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&had.first.to_le_bytes());
        bytes[8..].copy_from_slice(&had.end.to_le_bytes());
        Ok(self.0.write_all_at(&bytes, u64::from(lane) * BYTES as u64)?)
    }

    /// What the journal at `path` says, lane by lane. A receiver that died before it began one had nothing.
    pub fn read(path: &Path) -> Result<Vec<(u32, Had)>> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut all = Vec::new();
        for (lane, pair) in (0..).zip(bytes.chunks_exact(BYTES)) {
            let [first, end] = [u64::from_le_bytes(pair[..8].try_into()?), u64::from_le_bytes(pair[8..].try_into()?)];
            // Of lanes in front of those that it had some of, the file holds zeros.
            if end > 0 {
                all.push((lane, Had { first, end }));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_of_each_lane_comes_back() {
        let path = std::env::temp_dir().join(format!("memlane-lanes-journal-{}", std::process::id()));
        assert_eq!(Journal::read(&path).unwrap(), []);
        let journal = Journal::create(&path).unwrap();
        let (zeroth, second) = (Had { first: 0, end: 7 }, Had { first: 1 << 40, end: u64::MAX });
        journal.note(2, Had { first: 1 << 40, end: 1 << 41 }).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), [(2, Had { first: 1 << 40, end: 1 << 41 })]);
        journal.note(2, second).unwrap();
        journal.note(0, zeroth).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), [(0, zeroth), (2, second)]);
        std::fs::remove_file(&path).unwrap();
    }
}
