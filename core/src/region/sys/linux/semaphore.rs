//! POSIX semaphores between processes: the C library's, in memory that it did not choose.
//!
//! The C library trusts what it finds in a `sem_t`: some of its bytes say which system call it makes. So these functions are
//! unsafe where the region's other users cannot be trusted: the caller vouches for all that can write to it.

use super::cancel::cancel_guard;
use super::wake::Moment;
use crate::layout::CLibrary;
use crate::sync::AtomicU64;
use std::mem::MaybeUninit;

/// The memory of one semaphore.
pub(crate) type SemaphoreCell = [AtomicU64; 4];

/// Bytes of one semaphore of this C library.
pub(crate) const SEMAPHORE_BYTES: u32 = size_of::<libc::sem_t>() as u32;

/// Which C library this is: two of them understand each other's semaphores no better for being of one size.
pub(crate) const C_LIBRARY: CLibrary = if cfg!(target_env = "gnu") {
    CLibrary::Gnu
} else if cfg!(target_env = "musl") {
    CLibrary::Musl
} else {
    CLibrary::Other
};

const _: () = {
    assert!(size_of::<libc::sem_t>() <= size_of::<SemaphoreCell>());
    assert!(align_of::<libc::sem_t>() <= align_of::<SemaphoreCell>());
};

#[cfg(target_env = "gnu")]
unsafe extern "C" {
    // Since glibc 2.30. The `libc` crate does not have it.
    fn sem_clockwait(semaphore: *mut libc::sem_t, clock: libc::clockid_t, until: *const libc::timespec) -> libc::c_int;
}

/// Whether this C library waits for a semaphore on the monotonic clock.
pub(crate) const fn has_semaphores() -> bool {
    cfg!(target_env = "gnu")
}

fn place(cell: &SemaphoreCell) -> *mut libc::sem_t {
    // Through the cell's atomics: what they hold may change behind a shared reference.
    cell.as_ptr().cast_mut().cast()
}

/// Makes a semaphore with no posts. `shared`: with other processes.
///
/// # Safety
/// Nobody else uses the cell yet.
pub(crate) unsafe fn semaphore_init(cell: &SemaphoreCell, shared: bool) {
    let mut made = MaybeUninit::<libc::sem_t>::zeroed();
    // SAFETY: valid memory of its own. It fails only for values beyond what a semaphore can count.
    unsafe { libc::sem_init(made.as_mut_ptr(), shared.into(), 0) };
    // SAFETY: the cell is at least as large and as aligned, as asserted above, and nobody else's. A semaphore may be
    // moved before anybody uses it: it holds no address.
    unsafe { place(cell).copy_from_nonoverlapping(made.as_ptr(), 1) };
}

/// Waits for a post, until `until` at the latest. May return early.
///
/// # Safety
/// The cell was made by [`semaphore_init`], and only the functions of this file write to it, in whatever process.
pub(crate) unsafe fn semaphore_wait(cell: &SemaphoreCell, until: Moment) {
    let until = until.to_timespec();
    // Waiting for a semaphore is a cancellation point.
    let _guard = cancel_guard();
    // EINTR and ETIMEDOUT mean the same to a caller that looks at its data again.
    // SAFETY: a semaphore, as the caller vouches, and a time.
    #[cfg(target_env = "gnu")]
    unsafe {
        sem_clockwait(place(cell), libc::CLOCK_MONOTONIC, &until)
    };
    #[cfg(not(target_env = "gnu"))]
    {
        let _ = (cell, until);
        unreachable!("channels with semaphores are refused where `has_semaphores` is false");
    }
}

/// Posts: ends one wait, now or later.
///
/// # Safety
/// As [`semaphore_wait`].
pub(crate) unsafe fn semaphore_post(cell: &SemaphoreCell) {
    // Fails only for a count at its maximum, which ends every wait just as well.
    // SAFETY: a semaphore, as the caller vouches.
    unsafe { libc::sem_post(place(cell)) };
}
