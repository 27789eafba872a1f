//! POSIX semaphores between processes: the C library's functions, on memory of the region.
//!
//! The C library trusts the bytes of a `sem_t`: some of them say which system call it makes. So these functions are `unsafe`:
//! their caller vouches for everybody that can write to the region.

use super::cancel::cancel_guard;
use super::wake::Moment;
use crate::layout::CLibrary;
use crate::sync::AtomicU64;
use std::mem::MaybeUninit;

/// The memory of one semaphore.
pub(crate) type SemaphoreCell = [AtomicU64; 4];

/// Bytes of one semaphore of this C library.
pub(crate) const SEMAPHORE_BYTES: u32 = size_of::<libc::sem_t>() as u32;

/// Which C library this is. Two C libraries may have semaphores of one size, and still not understand each other's.
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
    // The pointer is that of the cell's atomics, so the bytes may change behind a shared reference.
    cell.as_ptr().cast_mut().cast()
}

/// Makes a semaphore whose count is 0. `shared`: other processes use it, too.
///
/// # Safety
/// No other thread or process uses the cell yet.
pub(crate) unsafe fn semaphore_init(cell: &SemaphoreCell, shared: bool) {
    let mut made = MaybeUninit::<libc::sem_t>::zeroed();
    // SAFETY: `made` is memory of this function's own. The call fails only for a count that is too large.
    unsafe { libc::sem_init(made.as_mut_ptr(), shared.into(), 0) };
    // SAFETY: the cell is at least as large and as aligned, as asserted above, and nobody else uses it, as the caller
    // vouches. A semaphore may be moved before it is used: it holds no address.
    unsafe { place(cell).copy_from_nonoverlapping(made.as_ptr(), 1) };
}

/// Waits for a post, until `until` at the latest. May return early.
///
/// # Safety
/// The cell was made by [`semaphore_init`]. No process writes to it but by the functions of this file.
pub(crate) unsafe fn semaphore_wait(cell: &SemaphoreCell, until: Moment) {
    let until = until.to_timespec();
    // Waiting for a semaphore is a cancellation point.
    let _guard = cancel_guard();
    // The result is not needed: after a post, EINTR and ETIMEDOUT alike, the caller looks at its data again.
    // SAFETY: the cell holds a semaphore, as the caller vouches, and `until` is a valid time.
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

/// Posts, which ends one wait: of a thread that waits now, or of the next one that does.
///
/// # Safety
/// As [`semaphore_wait`].
pub(crate) unsafe fn semaphore_post(cell: &SemaphoreCell) {
    // Fails only if the count is at its maximum. Then there are posts for every wait anyway.
    // SAFETY: the cell holds a semaphore, as the caller vouches.
    unsafe { libc::sem_post(place(cell)) };
}
