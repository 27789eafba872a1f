//! Where a public call is made.

use crate::steps::Steppable;
use crate::steps::scenario::State;
use crate::waking::Waking;
use anyhow::Result;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The ground on which a call is made.
#[derive(Debug, Clone, Copy)]
pub enum Ground {
    /// A channel in this state, which nobody is in.
    Left(State),
    /// A channel whose sender and receiver died.
    Dead,
    /// A channel from before the last reboot.
    Stale,
    /// A channel whose header is damaged.
    Damaged,
}

impl Ground {
    /// Makes it. Returns how many messages were sent, and the numbers of those that are there.
    pub fn prepare(self, kind: &dyn Steppable, waking: Waking, name: &str) -> Result<(u64, Vec<u64>)> {
        match self {
            Self::Left(state) => kind.prepare(waking, state, name),
            Self::Dead => {
                let facts = kind.prepare(waking, State::One, name)?;
                kind.hold(name)?;
                Ok(facts)
            }
            Self::Stale => {
                kind.prepare(waking, State::One, name)?;
                forge(name, |header| header[BOOT].fill(0x11))?;
                // What takes its place is empty.
                Ok((0, Vec::new()))
            }
            Self::Damaged => {
                let facts = kind.prepare(waking, State::Empty, name)?;
                flip_damage(Path::new(name))?;
                Ok(facts)
            }
        }
    }
}

/// Where the header has the boot id, and how long it is with the checksum at its end: `docs/layout.md`.
const BOOT: std::ops::Range<usize> = 32..48;
const HEADER: usize = 1024;

/// Flips a bit of a header, whose checksum then does not fit, or fits again.
pub fn flip_damage(path: &Path) -> Result<()> {
    let file = fs::OpenOptions::new().read(true).write(true).open(path)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, BOOT.start as u64)?;
    Ok(file.write_all_at(&[byte[0] ^ 1], BOOT.start as u64)?)
}

/// Changes a header, whose checksum fits again.
fn forge(name: &str, change: impl FnOnce(&mut [u8])) -> Result<()> {
    let mut bytes = fs::read(name)?;
    let (header, checksum) = bytes[..HEADER].split_at_mut(HEADER - 4);
    change(header);
    checksum.copy_from_slice(&crc32c::crc32c(header).to_le_bytes());
    Ok(fs::write(name, bytes)?)
}
