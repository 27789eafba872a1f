//! A channel's file as bytes: what is left of a process that is killed, and all that its survivors have.
//!
//! Besides the file there are only the locks that prove life, and these a dead one does not hold. So a copy of the file
//! beside its lock file, locked by nobody, is exactly what is left when everybody dies who had the original open.

#![allow(unsafe_code, reason = "mapping a file is unsafe, and everything else here is not")]

use anyhow::{Context, Result, ensure};
use memmap2::Mmap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The bytes of a channel in which nobody is alive.
#[derive(Clone)]
pub struct Image {
    bytes: Vec<u8>,
    /// What the lock file says: whose it is. Never changes.
    locks: Vec<u8>,
    instance: String,
}

impl Image {
    /// Takes the channel at `path` as it is now, and removes it.
    pub fn take(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let instance = memlane::inspect(&name)?.instance;
        let locks = std::fs::read(lock_path(path, &instance))?;
        let image = Self { bytes: std::fs::read(path)?, locks, instance };
        memlane::remove_forced(&name)?;
        Ok(image)
    }

    /// The same channel with these bytes.
    pub fn with_bytes(&self, bytes: Vec<u8>) -> Self {
        Self { bytes, locks: self.locks.clone(), instance: self.instance.clone() }
    }

    /// Makes a channel of it, whose participants are dead or gone.
    pub fn restore(&self, path: &Path) -> Result<()> {
        let create = |path: &Path| OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        create(path)?.write_all(&self.bytes)?;
        create(&lock_path(path, &self.instance))?.write_all(&self.locks)?;
        Ok(())
    }

    /// Deletes what [`Image::restore`] made, whoever uses it.
    pub fn delete(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path)?;
        std::fs::remove_file(lock_path(path, &self.instance))?;
        Ok(())
    }
}

fn lock_path(path: &Path, instance: &str) -> PathBuf {
    PathBuf::from(format!("{}.{instance}.lock", path.display()))
}

/// A look at the file of a channel whose participants stand still.
pub struct Watch {
    map: Mmap,
    last: Vec<u8>,
}

impl Watch {
    pub fn start(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        // SAFETY: it is only looked at between two steps, when every process stands still that has it open. Its length
        // never changes.
        let map = unsafe { Mmap::map(&file)? };
        ensure!(!map.is_empty(), "an empty channel");
        Ok(Self { map, last: Vec::new() })
    }

    /// Whether it changed since it was last taken, and at first.
    pub fn changed(&self) -> bool {
        self.last != self.map[..]
    }

    /// Its bytes.
    pub fn take(&mut self) -> &[u8] {
        self.last.clear();
        self.last.extend_from_slice(&self.map);
        &self.last
    }
}
