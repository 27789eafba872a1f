//! Wishes about the memory behind a mapping, and what became of them.

use super::bytes::Bytes;
use crate::region::sys::{self, COLLAPSING, LOCKING_MEMORY, PREFAULTING, explained};
use std::io;

/// What the creator or opener wishes for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MemoryOptions {
    pub(crate) prefault: bool,
    pub(crate) lock: bool,
    pub(crate) huge_pages: bool,
}

/// What became of one wish.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Granted {
    /// It was not asked for.
    NotAsked,
    /// The system did it.
    Yes,
    /// The system refused, for this reason. The channel works all the same.
    No(String),
}

/// What became of the wishes for prefaulted, locked and huge pages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryReport {
    /// Every page was touched, so that none faults later.
    pub prefaulted: Granted,
    /// Pages cannot be swapped out (`mlock`).
    pub locked: Granted,
    /// Pages were collapsed into huge ones (`MADV_COLLAPSE`).
    pub huge_pages: Granted,
}

impl MemoryReport {
    /// Carries out the wishes, one after the other.
    pub(in crate::region) fn carry_out(options: MemoryOptions, bytes: &Bytes) -> Self {
        let (base, length) = (bytes.base(), bytes.length());
        Self {
            // Huge pages first: collapsing pages that are there already is what MADV_COLLAPSE does best, but prefaulting
            // after it finds nothing left to do.
            huge_pages: granted(options.huge_pages, COLLAPSING, || sys::collapse(base, length)),
            prefaulted: granted(options.prefault, PREFAULTING, || sys::prefault(base, length)),
            locked: granted(options.lock, LOCKING_MEMORY, || sys::lock_memory(base, length)),
        }
    }
}

fn granted(asked: bool, action: &str, act: impl FnOnce() -> io::Result<()>) -> Granted {
    if !asked {
        return Granted::NotAsked;
    }
    match act() {
        Ok(()) => Granted::Yes,
        Err(error) => Granted::No(explained(action, error).to_string()),
    }
}
