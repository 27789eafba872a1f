//! The wrapper around every entry point: no panic gets past it, because unwinding into C is the end of the process.

use crate::detail::{self, Failed};
use crate::status::Status;
use std::any::Any;
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Runs the body of an entry point.
///
/// After a panic, what the body had in hand is dropped, and the handle is free again: what it leads to may be wrong (the
/// engine has a bug), but is memory-safe, because the engine outside of `region` has no `unsafe` that could rely on it.
#[inline(always)]
pub(crate) fn call(body: impl FnOnce() -> Result<Status, Failed>) -> Status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(Failed(status))) => status,
        Err(payload) => panicked(&ManuallyDrop::new(payload)),
    }
}

/// The same for bodies that have nothing to add to "done".
#[inline(always)]
pub(crate) fn done(body: impl FnOnce() -> Result<(), Failed>) -> Status {
    call(|| body().map(|()| Status::MEMLANE_OK))
}

// The `libc` crate does not have it for every C library.
unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// The same for bodies that have descriptors of their own, which they may have to close: that is a cancellation point, and
/// the thread must not be cancelled in here. The engine sees to that for itself.
pub(crate) fn done_with_descriptors(body: impl FnOnce() -> Result<(), Failed>) -> Status {
    /// `PTHREAD_CANCEL_DISABLE`, for glibc as for musl.
    const DISABLE: c_int = 1;
    let mut before = DISABLE;
    // SAFETY: writes one integer, which is ours, and changes nothing but this thread's state.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    let status = done(body);
    // SAFETY: the state that this thread had; nobody wants to know the other.
    unsafe { pthread_setcancelstate(before, ptr::null_mut()) };
    status
}

/// Tells of a panic. By C's convention, which no panic passes: so the compiler knows of every entry point that it does not unwind.
#[cold]
#[inline(never)]
extern "C" fn panicked(payload: &ManuallyDrop<Box<dyn Any + Send>>) -> Status {
    let what = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "without a message",
    };
    let Failed(status) =
        detail::record(Status::MEMLANE_PANIC, format!("a bug in memlane, please report it: panicked: {what}"));
    // The payload is not dropped, since that could panic again.
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detail::memlane_last_error_detail;
    use std::ffi::CStr;

    /// An entry point with a bug.
    extern "C" fn buggy(formatted: bool) -> Status {
        done(|| if formatted { panic!("number {}", 7) } else { std::panic::panic_any([0u8; 3]) })
    }

    fn detail() -> String {
        // SAFETY: the function returns a C string, which is copied at once.
        unsafe { CStr::from_ptr(memlane_last_error_detail()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_panic_ends_as_a_status() {
        assert_eq!(buggy(true), Status::MEMLANE_PANIC);
        assert!(detail().ends_with("panicked: number 7"), "{}", detail());
        assert_eq!(buggy(false), Status::MEMLANE_PANIC);
        assert!(detail().ends_with("without a message"), "{}", detail());
    }

    #[test]
    fn what_a_panic_is_about_may_panic_itself() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert_eq!(done(|| std::panic::panic_any(Bomb)), Status::MEMLANE_PANIC);
    }
}
