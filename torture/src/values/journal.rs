//! Which versions a worker had, in a file: two words, which are written at once.

use crate::note::Note;
use anyhow::Result;
use std::path::Path;

/// The version at which a worker began, and the last one that it had set, or got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    pub first: u64,
    pub last: u64,
}

/// A worker's journal.
pub struct Journal(Note<2>);

impl Journal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(Note::create(path)?))
    }

    pub fn note(&self, had: Had) -> Result<()> {
        self.0.write([had.first, had.last])
    }

    /// What the journal at `path` says. `None`: its worker died before it had anything.
    pub fn read(path: &Path) -> Result<Option<Had>> {
        Ok(Note::read(path)?.map(|[first, last]| Had { first, last }))
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
