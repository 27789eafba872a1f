//! Which process a handle belongs to.
//!
//! A child of `fork` inherits every handle's memory, but none of its locks. So each handle remembers a **mark** of the
//! process that made it: a number on a page that the kernel zeroes in a child (`MADV_WIPEONFORK`), even if the child was
//! made by a bare `clone`, or by `fork` in a signal handler. Comparing it costs one load.
//!
//! Nothing here waits for another thread. A child that is born while a thread of its parent runs one of these functions finds
//! either the state before or the state after each of its steps, and goes on from there.

use super::pages::wiped_on_fork;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed};
use crate::sync::{AtomicPtr, AtomicU32};
use rustix::mm::munmap;

/// The mark of the process that made a handle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessMark {
    witness: &'static AtomicU32,
    number: u32,
}

impl ProcessMark {
    /// The mark of this process.
    pub(crate) fn current() -> Self {
        /// The next number. A child inherits it, unlike the witness, so it grows from parent to child.
        static NUMBERS: AtomicU32 = AtomicU32::new(1);
        let witness = witness();
        let number = match witness.load(Relaxed) {
            0 => {
                let fresh = NUMBERS.fetch_add(1, Relaxed).max(1);
                // Another thread may have been first: then the process has that thread's number.
                witness.compare_exchange(0, fresh, Relaxed, Relaxed).map_or_else(|first| first, |_| fresh)
            }
            number => number,
        };
        Self { witness, number }
    }

    /// Whether the process that made this mark is a child, by `fork` or by a bare `clone`, of a process that used the engine,
    /// too. If several threads make the first mark of a process at once, this may also be true for a process that is no child.
    pub(crate) fn is_a_childs(self) -> bool {
        self.number > 1
    }

    /// Whether another process made the mark: the calling one is a child of that.
    #[inline]
    pub(crate) fn is_foreign(self) -> bool {
        self.witness.load(Relaxed) != self.number
    }
}

/// Points to the witness: a word that is zero in every forked child until the child makes its own mark.
static WITNESS: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());

fn witness() -> &'static AtomicU32 {
    // EDGE witness→mark: pairs with the Release in `publish_witness`.
    let found = WITNESS.load(Acquire);
    let word = if found.is_null() { publish_witness() } else { found };
    // SAFETY: a word that was published is never unmapped or freed, and is aligned.
    unsafe { &*word }
}

/// Makes the witness, and publishes it unless another thread was first.
#[cold]
fn publish_witness() -> *mut AtomicU32 {
    const PAGE: usize = 4096;
    let wiped = wiped_on_fork(PAGE);
    let ours = match wiped {
        Ok(page) => page.cast::<AtomicU32>().as_ptr(),
        // The process is out of mappings, or the kernel wipes no pages: use a word on the heap, which a fork handler zeroes.
        Err(_) => {
            // SAFETY: the handler calls nothing. Should the registration fail for lack of memory, a child of `fork` takes
            // its parent's handles for its own.
            unsafe { libc::pthread_atfork(None, None, Some(after_fork_in_child)) };
            Box::into_raw(Box::new(AtomicU32::new(0)))
        }
    };
    // EDGE witness→mark: the word is zero before; Acquire for what another thread published first.
    match WITNESS.compare_exchange(std::ptr::null_mut(), ours, AcqRel, Acquire) {
        Ok(_) => ours,
        Err(first) => {
            // A page that lost the race is unmapped. A word on the heap stays: the fork handler may be about to use it.
            if let Ok(page) = wiped {
                // SAFETY: mapped above, and never published.
                let _ = unsafe { munmap(page.as_ptr().cast(), PAGE) };
            }
            first
        }
    }
}

unsafe extern "C" fn after_fork_in_child() {
    witness().store(0, Relaxed);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Runs `check` in a child, by a clone that runs no handlers. It calls nothing that another thread's state could block, and the
    /// child exits behind it.
    pub(in super::super) fn in_a_child(check: impl FnOnce() -> bool) -> bool {
        // SAFETY: a clone without shared memory is a fork that runs no handlers; the child does what is said above.
        let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        if child == 0 {
            let code = i32::from(!check());
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(code) };
        }
        has_succeeded(child as libc::pid_t)
    }

    /// Waits for a child to end, and tells whether its check held.
    pub(in super::super) fn has_succeeded(child: libc::pid_t) -> bool {
        let mut status = -1;
        // SAFETY: waits for a child of the caller.
        unsafe { libc::waitpid(child, &mut status, 0) };
        status == 0
    }

    #[test]
    fn a_process_recognises_its_own_mark_and_a_child_does_not() {
        let mark = ProcessMark::current();
        assert!(!mark.is_foreign());
        // SAFETY: the child calls nothing but a load, a mark and _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = if mark.is_foreign() && !ProcessMark::current().is_foreign() { 0 } else { 1 };
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(code) };
        }
        assert!(has_succeeded(child));
        assert!(!mark.is_foreign());
    }

    #[test]
    fn a_child_of_a_bare_clone_does_not_pass_for_its_parent() {
        let mark = ProcessMark::current();
        assert!(in_a_child(|| mark.is_foreign() && ProcessMark::current().is_a_childs()));
    }
}
