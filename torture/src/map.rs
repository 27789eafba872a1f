//! Mapped files: what a process stores there at one instruction is there at the next, whoever kills it in between.

#![allow(unsafe_code, reason = "mapping a file is unsafe, and everything else here is not")]

use anyhow::{Context, Result};
use memmap2::{Mmap, MmapMut, MmapOptions, MmapRaw};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::SeqCst;

/// Creates a file of `length` zeros that take no memory until they are written, and maps it.
pub fn create(path: &Path, length: u64) -> Result<MmapMut> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
    let file = file.with_context(|| format!("creating {}", path.display()))?;
    file.set_len(length)?;
    // SAFETY: a worker's own file. Nobody else opens it before the worker is dead.
    Ok(unsafe { MmapMut::map_mut(&file)? })
}

/// Maps a file that nobody writes to any more.
pub fn open(path: &Path) -> Result<Mmap> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    // SAFETY: the tool's own file, complete before the first worker was started.
    Ok(unsafe { Mmap::map(&file)? })
}

/// A few bytes that two processes share.
pub struct SharedBytes(MmapRaw);

impl SharedBytes {
    /// In a new file.
    pub fn create(path: &Path, length: usize) -> Result<Self> {
        drop(create(path, length as u64)?);
        Self::open(path, length)
    }

    /// In a file that [`SharedBytes::create`] made.
    pub fn open(path: &Path, length: usize) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.with_context(|| format!("opening {}", path.display()))?;
        Ok(Self(MmapOptions::new().len(length).map_raw(&file)?))
    }

    fn byte(&self, at: usize) -> &AtomicU8 {
        assert!(at < self.0.len(), "beyond the shared bytes");
        // SAFETY: within the mapping, which lives as long as `self`; both sides use its bytes as atomics only.
        unsafe { AtomicU8::from_ptr(self.0.as_mut_ptr().add(at)) }
    }

    pub fn store(&self, at: usize, value: u8) {
        self.byte(at).store(value, SeqCst);
    }

    pub fn load(&self, at: usize) -> u8 {
        self.byte(at).load(SeqCst)
    }
}
