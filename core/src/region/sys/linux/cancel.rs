//! Keeping `pthread_cancel` out of the engine.
//!
//! A program may cancel its threads. A cancelled thread ends inside the next function of the C library that is a *cancellation
//! point*, such as `close`, `open`, `read` or `sem_clockwait`: there, glibc unwinds the thread's stack. Frames of Rust cannot be
//! unwound that way, so the process ends ("FATAL: exception not rethrown"). A C library that does not unwind just ends the
//! thread, and what its frames have locked stays locked for good.
//!
//! So every call of the engine that may reach such a function holds a [`CancelGuard`] while it runs: opening, joining,
//! leaving, removing, inspecting from outside, and what a participant does between two slices of a wait. A cancellation that
//! comes meanwhile stays pending until the caller's next cancellation point. Sending, receiving, and sleeping on a futex
//! need no guard: their system calls are made by rustix or by `syscall`, and neither is a cancellation point.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;

// The `libc` crate does not have it for every C library.
unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// `PTHREAD_CANCEL_DISABLE`, for glibc as for musl.
const DISABLE: c_int = 1;

/// Keeps this thread from being cancelled until it is dropped. See the module.
#[derive(Debug)]
#[must_use]
pub(crate) struct CancelGuard {
    before: c_int,
    /// Not `Send`: the state belongs to one thread.
    one_thread: PhantomData<*const ()>,
}

/// Keeps this thread from being cancelled until the guard is dropped. Guards may be nested.
#[inline(never)]
pub(crate) fn cancel_guard() -> CancelGuard {
    // No C library refuses this state. Should one do so, the guard changes nothing.
    let mut before = DISABLE;
    // SAFETY: writes one integer, which is ours, and changes nothing but this thread's state.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    CancelGuard { before, one_thread: PhantomData }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        // SAFETY: sets the state that this thread had before; the guard cannot leave the thread. A null pointer is allowed: the
        // state that it replaces is not asked for.
        unsafe { pthread_setcancelstate(self.before, ptr::null_mut()) };
    }
}
