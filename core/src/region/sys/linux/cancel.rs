//! Keeping `pthread_cancel` out of the engine.
//!
//! A program may cancel its threads. A thread that is cancelled ends inside one of the C library's functions that are
//! cancellation points, `close`, `open`, `read` and `sem_clockwait` among them: the C library unwinds its stack. Frames of
//! Rust cannot be unwound that way, and the process ends ("FATAL: exception not rethrown"); with a C library that does not
//! unwind, what those frames hold stays locked for good.
//!
//! So every call of the engine that may reach such a function holds a [`CancelGuard`] while it runs: opening, joining,
//! leaving, removing, looking from outside, and what a participant does between two slices of a wait. A cancellation that
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

/// Nobody cancels this thread until this is dropped. See the module.
#[derive(Debug)]
#[must_use]
pub(crate) struct CancelGuard {
    before: c_int,
    /// Of one thread.
    one_thread: PhantomData<*const ()>,
}

/// Begins a part of a call in which the thread is not cancelled. Parts may lie in each other.
#[inline(never)]
pub(crate) fn cancel_guard() -> CancelGuard {
    // A refusal, which no C library makes for this state, would leave what there is: enabled or not.
    let mut before = DISABLE;
    // SAFETY: writes one integer, which is ours, and changes nothing but this thread's state.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    CancelGuard { before, one_thread: PhantomData }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        // SAFETY: the state that this thread had; the guard cannot leave the thread. Null: nobody wants to know the other.
        unsafe { pthread_setcancelstate(self.before, ptr::null_mut()) };
    }
}
