//! A channel's file as bytes: what is left of a process that is killed, and all that its survivors have.
//!
//! Besides the file there are only the locks that prove life, and these a dead one does not hold. So a copy of the file
//! beside a copy of its lock file, locked by nobody, is what is left when everybody dies who had the original open. Only the
//! header has to be told which file its lock file is now.

#![allow(unsafe_code, reason = "mapping a file is unsafe, and everything else here is not")]

use anyhow::{Context, Result, ensure};
use memmap2::Mmap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
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
        let lock_path = lock_path(path, &self.instance);
        create(&lock_path)?.write_all(&self.locks)?;
        adopt_lock_file(path, &lock_path)
    }

    /// Deletes what [`Image::restore`] made, whoever uses it.
    pub fn delete(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path)?;
        std::fs::remove_file(lock_path(path, &self.instance))?;
        Ok(())
    }
}

/// Where the header has the lock file's inode number, and how long it is with the checksum at its end: `docs/layout.md`.
const LOCK_INODE: std::ops::Range<usize> = 208..216;
const HEADER: usize = 1024;

/// Makes a lock file the one of a region, whose header names it by its inode number. A checksum that fits still fits, and one
/// that does not fit still does not.
pub fn adopt_lock_file(region: &Path, lock: &Path) -> Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(region)?;
    let mut header = [0; HEADER];
    file.read_exact_at(&mut header, 0)?;
    let (fields, checksum) = header.split_at_mut(HEADER - 4);
    let before = crc32c::crc32c(fields);
    fields[LOCK_INODE].copy_from_slice(&std::fs::metadata(lock)?.ino().to_le_bytes());
    let change = before ^ crc32c::crc32c(fields);
    checksum.iter_mut().zip(change.to_le_bytes()).for_each(|(stored, change)| *stored ^= change);
    Ok(file.write_all_at(&header, 0)?)
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
