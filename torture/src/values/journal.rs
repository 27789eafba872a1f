//! Which versions a worker had, in a file: two words, which are written at once.

use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The version at which a worker began, and the last one that it had set, or got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    pub first: u64,
    pub last: u64,
}

/// A worker's journal.
pub struct Journal(File);

impl Journal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(OpenOptions::new().write(true).create(true).truncate(true).open(path)?))
    }

    pub fn note(&self, had: Had) -> Result<()> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&had.first.to_le_bytes());
        bytes[8..].copy_from_slice(&had.last.to_le_bytes());
        Ok(self.0.write_all_at(&bytes, 0)?)
    }

    /// What the journal at `path` says. `None`: its worker died before it had anything.
    pub fn read(path: &Path) -> Result<Option<Had>> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let word = |at: usize| {
            let word = bytes.get(at..at + 8).context("half of a note")?;
            anyhow::Ok(u64::from_le_bytes(word.try_into()?))
        };
        Ok(Some(Had { first: word(0)?, last: word(8)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_last_comes_back() {
        let path = std::env::temp_dir().join(format!("memlane-values-journal-{}", std::process::id()));
        assert_eq!(Journal::read(&path).unwrap(), None);
        let journal = Journal::create(&path).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), None);
        for last in [7, u64::MAX] {
            journal.note(Had { first: 3, last }).unwrap();
            assert_eq!(Journal::read(&path).unwrap(), Some(Had { first: 3, last }));
        }
        std::fs::remove_file(&path).unwrap();
    }
}
