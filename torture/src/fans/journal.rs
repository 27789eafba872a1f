//! What a receiver of a broadcast had, in a file: three words, which are written at once.

use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The number of the message with which a receiver began, the one behind the last that it had, and how many it was told that it lost on
/// the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    pub first: u64,
    pub end: u64,
    pub lost: u64,
}

/// A receiver's journal.
pub struct Journal(File);

impl Journal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(OpenOptions::new().write(true).create(true).truncate(true).open(path)?))
    }

    pub fn note(&self, had: Had) -> Result<()> {
        let words = [had.first, had.end, had.lost].map(u64::to_le_bytes).concat();
        Ok(self.0.write_all_at(&words, 0)?)
    }

    /// What the journal at `path` says. `None`: its receiver died before it had joined.
    pub fn read(path: &Path) -> Result<Option<Had>> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let word = |at: usize| {
            let word = bytes.get(at..at + 8).context("a part of a note")?;
            anyhow::Ok(u64::from_le_bytes(word.try_into()?))
        };
        Ok(Some(Had { first: word(0)?, end: word(8)?, lost: word(16)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_last_comes_back() {
        let path = std::env::temp_dir().join(format!("memlane-fans-journal-{}", std::process::id()));
        assert_eq!(Journal::read(&path).unwrap(), None);
        let journal = Journal::create(&path).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), None);
        for lost in [0, u64::MAX] {
            let had = Had { first: 3, end: 1 << 40, lost };
            journal.note(had).unwrap();
            assert_eq!(Journal::read(&path).unwrap(), Some(had));
        }
        std::fs::remove_file(&path).unwrap();
    }
}
