//! The pages of a mapping: faulting them in ahead of time, locking them in memory, and making huge pages of them.

use rustix::mm::{Advice, madvise, mlock};
use std::io;
use std::ptr::NonNull;

/// `MADV_COLLAPSE` (Linux 6.1), which neither rustix nor libc names for every target.
const MADV_COLLAPSE: libc::c_int = 25;

/// Faults in every page now, so that no later access does.
pub(crate) fn prefault(base: NonNull<u8>, length: usize) -> io::Result<()> {
    // SAFETY: the range is a live mapping of ours; populating changes no content.
    Ok(unsafe { madvise(base.as_ptr().cast(), length, Advice::LinuxPopulateWrite) }?)
}

/// Keeps the pages from being swapped out.
pub(crate) fn lock_memory(base: NonNull<u8>, length: usize) -> io::Result<()> {
    // SAFETY: the range is a live mapping of ours; locking changes no content.
    Ok(unsafe { mlock(base.as_ptr().cast(), length) }?)
}

/// Collapses the pages into huge ones.
pub(crate) fn collapse(base: NonNull<u8>, length: usize) -> io::Result<()> {
    // SAFETY: the range is a live mapping of ours; collapsing changes no content.
    if unsafe { libc::madvise(base.as_ptr().cast(), length, MADV_COLLAPSE) } == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}
