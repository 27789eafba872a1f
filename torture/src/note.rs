//! A few words in a file, which are written at once: what a worker tells of itself, for those that look once it is dead.

use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A note of so many words.
pub struct Note<const WORDS: usize>(File);

impl<const WORDS: usize> Note<WORDS> {
    /// The worker's: in a new file, which says nothing yet.
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(OpenOptions::new().write(true).create(true).truncate(true).open(path)?))
    }

    /// Takes the place of what was written before.
    pub fn write(&self, words: [u64; WORDS]) -> Result<()> {
        Ok(self.0.write_all_at(&words.map(u64::to_le_bytes).concat(), 0)?)
    }

    /// What the file at `path` says. `None`: there is none, or its worker died before it wrote.
    pub fn read(path: &Path) -> Result<Option<[u64; WORDS]>> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut words = [0; WORDS];
        for (word, at) in words.iter_mut().zip((0..).step_by(8)) {
            let part = bytes.get(at..at + 8).context("a part of a note")?;
            *word = u64::from_le_bytes(part.try_into()?);
        }
        Ok(Some(words))
    }
}
