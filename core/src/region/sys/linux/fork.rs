//! Which process a handle belongs to, and keeping forks out of the moments that they would spoil.
//!
//! A child of `fork` inherits every handle's memory, but none of its locks. So each handle remembers a **mark** of the
//! process that made it: a number on a page that the kernel zeroes in a child (`MADV_WIPEONFORK`), even if the child was
//! made by a bare `clone`. Comparing it costs one load.
//!
//! And a child that is forked between the opening of a lock file and the closing of that descriptor would keep the
//! description, and with it the lock, alive. So those moments run under a mutex that the `pthread_atfork` handlers take.

use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// Which process made something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessMark {
    witness: &'static AtomicU32,
    number: u32,
}

impl ProcessMark {
    /// The mark of this process.
    pub(crate) fn current() -> Self {
        /// Grows with every process of a line of forks; inherited, unlike the witness.
        static NUMBERS: AtomicU32 = AtomicU32::new(1);
        let _guard = fork_guard();
        let witness = witness();
        if witness.load(Relaxed) == 0 {
            witness.store(NUMBERS.fetch_add(1, Relaxed).max(1), Relaxed);
        }
        Self { witness, number: witness.load(Relaxed) }
    }

    /// Whether this process is not the one that made it, but a child forked from that.
    #[inline]
    pub(crate) fn is_foreign(self) -> bool {
        self.witness.load(Relaxed) != self.number
    }
}

/// The word that is zero in every forked child until the child makes its own mark.
fn witness() -> &'static AtomicU32 {
    static WITNESS: OnceLock<&'static AtomicU32> = OnceLock::new();
    WITNESS.get_or_init(|| {
        const PAGE: usize = 4096;
        // SAFETY: a fresh anonymous mapping at an address of the kernel's choice touches no memory of ours.
        let page = unsafe {
            mmap_anonymous(std::ptr::null_mut(), PAGE, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        };
        let Ok(page) = page else {
            // Out of memory maps: a word on the heap, which the child handler below zeroes.
            return Box::leak(Box::new(AtomicU32::new(0)));
        };
        // SAFETY: the page is ours, and wiping it in children is what it is for. A refusal (Linux before 4.14) leaves
        // the child handler below.
        let _ = unsafe { madvise(page, PAGE, Advice::LinuxWipeOnFork) };
        // SAFETY: mapped just now, zeroed, aligned, never unmapped.
        unsafe { &*page.cast::<AtomicU32>() }
    })
}

/// A mutex that `fork` takes, too.
struct ForkLock(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a pthread mutex is made for use by several threads; all access goes through the pthread functions.
unsafe impl Sync for ForkLock {}

static FORK_LOCK: ForkLock = ForkLock(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));

/// Keeps this process from forking, and other guards of this process out, until dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct ForkGuard(PhantomData<*const ()>);

/// See [`ForkGuard`]. Not reentrant.
pub(crate) fn fork_guard() -> ForkGuard {
    static HANDLERS: OnceLock<()> = OnceLock::new();
    HANDLERS.get_or_init(|| {
        // SAFETY: the handlers are functions of this library, which is never unloaded once it has registered them, and
        // call nothing but async-signal-safe functions and pthread_mutex_lock, as fork handlers usually do. Should the
        // registration fail for lack of memory, only the guarantee for forks at the very moment of joining is lost.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork_in_parent), Some(after_fork_in_child)) };
    });
    lock_forks();
    ForkGuard(PhantomData)
}

impl Drop for ForkGuard {
    fn drop(&mut self) {
        unlock_forks();
    }
}

fn lock_forks() {
    // SAFETY: a statically initialised mutex that is never destroyed.
    unsafe { libc::pthread_mutex_lock(FORK_LOCK.0.get()) };
}

fn unlock_forks() {
    // SAFETY: locked by this thread: in `fork_guard` (the guard is not `Send`), or in `before_fork`.
    unsafe { libc::pthread_mutex_unlock(FORK_LOCK.0.get()) };
}

unsafe extern "C" fn before_fork() {
    lock_forks();
}

unsafe extern "C" fn after_fork_in_parent() {
    unlock_forks();
}

unsafe extern "C" fn after_fork_in_child() {
    witness().store(0, Relaxed);
    unlock_forks();
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut status = 0;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(status, 0);
        assert!(!mark.is_foreign());
    }

    #[test]
    fn a_child_of_a_bare_clone_does_not_pass_for_its_parent() {
        let mark = ProcessMark::current();
        // SAFETY: a clone without shared memory is a fork that runs no handlers; the child only loads and exits.
        let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
        if child == 0 {
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(i32::from(!mark.is_foreign())) };
        }
        let mut status = 0;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child as libc::pid_t, &mut status, 0) };
        assert_eq!(status, 0);
    }
}
