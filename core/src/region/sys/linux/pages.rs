//! The pages of a mapping: faulting them in ahead of time, locking them in memory, and making huge pages of them; and pages that a
//! forked child finds zero.

use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap_anonymous, munmap};
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

/// Fresh pages of so many bytes, which the kernel zeroes in a child (`MADV_WIPEONFORK`), even in that of a bare `clone`.
///
/// # Errors
/// `EINVAL`: the kernel wipes no pages. Otherwise the process is out of mappings, or of memory.
pub(super) fn wiped_on_fork(bytes: usize) -> Result<NonNull<u8>, Errno> {
    // SAFETY: a fresh anonymous mapping at an address of the kernel's choice touches no memory of ours.
    let page =
        unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)? };
    // SAFETY: the pages are ours, and wiping them in children is what they are for.
    if let Err(error) = unsafe { madvise(page, bytes, Advice::LinuxWipeOnFork) } {
        // SAFETY: mapped above, and nothing points to it.
        let _ = unsafe { munmap(page, bytes) };
        return Err(error);
    }
    NonNull::new(page.cast()).ok_or(Errno::NOMEM)
}
