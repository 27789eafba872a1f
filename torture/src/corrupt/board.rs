//! What a worker is doing right now, for when it does not live to tell: a small file.

use crate::watch::now_ns;
use anyhow::Result;
use memlane::Role;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NAME_BYTES: usize = 32;

/// Written by one worker.
pub struct Board(File);

/// A call that has begun.
pub struct Note {
    /// Which channel of the batch.
    pub case: usize,
    pub call: String,
    /// How long ago it began.
    pub since: Duration,
}

fn path(folder: &Path, role: Role) -> PathBuf {
    folder.join(role.name())
}

impl Board {
    pub fn create(folder: &Path, role: Role) -> Result<Self> {
        Ok(Self(File::create(path(folder, role))?))
    }

    /// A call begins.
    pub fn note(&self, case: u64, name: &str) {
        let mut note = [0; 16 + NAME_BYTES];
        note[..8].copy_from_slice(&case.to_le_bytes());
        note[8..16].copy_from_slice(&now_ns().to_le_bytes());
        note[16..16 + name.len()].copy_from_slice(name.as_bytes());
        // A full disk costs a good message about a failure, nothing else.
        let _ = self.0.write_all_at(&note, 0);
    }
}

/// What this worker noted last; nothing if it made no call yet.
pub fn read(folder: &Path, role: Role) -> Option<Note> {
    let bytes = std::fs::read(path(folder, role)).ok()?;
    let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let call = String::from_utf8_lossy(bytes.get(16..)?).trim_end_matches('\0').to_owned();
    let since = Duration::from_nanos(now_ns().saturating_sub(number(8)?));
    Some(Note { case: number(0)? as usize, call, since })
}
