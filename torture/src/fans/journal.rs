//! What a receiver of a broadcast had, in a file: four words, which are written at once.

use crate::note::Note;
use anyhow::Result;
use std::path::Path;

/// The number of the message with which a receiver began, the one behind the last that it had, how many it was told that it lost on
/// the way, and whether it joined by the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    pub first: u64,
    pub end: u64,
    pub lost: u64,
    pub named: bool,
}

/// A receiver's journal.
pub struct Journal(Note<4>);

impl Journal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(Note::create(path)?))
    }

    pub fn note(&self, had: Had) -> Result<()> {
        self.0.write([had.first, had.end, had.lost, had.named.into()])
    }

    /// What the journal at `path` says. `None`: its receiver died before it had joined.
    pub fn read(path: &Path) -> Result<Option<Had>> {
        Ok(Note::read(path)?.map(|[first, end, lost, named]| Had { first, end, lost, named: named != 0 }))
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
            let had = Had { first: 3, end: 1 << 40, lost, named: true };
            journal.note(had).unwrap();
            assert_eq!(Journal::read(&path).unwrap(), Some(had));
        }
        std::fs::remove_file(&path).unwrap();
    }
}
