//! A worker's side of the conversation, and the channels that it is about.

use super::probe::Probe;
use crate::talk::{hear, say};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// See the module.
pub struct Shift {
    pub folder: PathBuf,
    pub probe: Probe,
}

impl Shift {
    /// The name of a channel.
    pub fn channel(&self, case: usize) -> String {
        channel(&self.folder, case)
    }

    /// Everything is held: now somebody may write what they like.
    pub fn stand_by(&self) -> Result<()> {
        say("ready")?;
        match hear()?.as_deref() {
            Some("go") => Ok(()),
            other => bail!("{other:?} instead of go"),
        }
    }
}

/// The name of one channel of a batch.
pub fn channel(folder: &Path, case: usize) -> String {
    folder.join(format!("channel-{case}")).display().to_string()
}
