//! A write lock that is held by a mapping, and that no child of this process can share.
//!
//! A lock goes when the last descriptor and the last mapping of its description are gone. Held by a mapping that children
//! do not inherit, it lasts for exactly as long as this process's memory. But until the mapping is marked, and as long as the
//! descriptor is open, a child that is born keeps both, and with them the lock. So the lock is taken
//!
//! - on a **thread whose table of descriptors is its own**, and empty: a child that another thread makes inherits nothing
//!   of it. Where threads or that table are refused, and where this process is a child of one that used the engine, a
//!   child that shares this process's memory does the same.
//! - behind a **canary**, since memory is shared with the other threads all the same:
//!
//! ```text
//! C = open, read-only · read-lock a fresh byte of it · map it
//! D = open · map it · mark that mapping: not for children
//! unmap and close C · is the byte still locked? a child was born meanwhile, and has D's mapping, too: begin again
//! write-lock the range through D · close D
//! ```
//!
//! A child that is born before D is mapped, or after its mapping is marked, has no part of D. A child that is born in between
//! also has C's mapping, which carries no mark, and so keeps the canary's byte locked. No mutex and no fork handler is
//! involved, so it holds for `fork` in a signal handler, a bare `clone` and `posix_spawn`, too.

use super::descriptors::plug_standard;
use super::files::{FileId, fresh_description, reopen};
use super::fork::ProcessMark;
use super::locks::{Holder, lock_on, try_read_lock, try_write_lock};
use super::random::random_id;
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};
use std::io;
use std::path::Path;
use std::ptr::NonNull;

/// Bytes mapped to pin a description.
const PIN: usize = 4096;

/// Canaries are somewhere in the bytes from here on, as many. No other lock is.
const CANARIES: u64 = 1 << 62;

/// After so many canaries that told of a child, taking the lock fails.
const TURNS: u32 = 1000;

/// Where a file can be opened anew.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// By its path, if that still leads to this file.
    Path(&'a Path, FileId),
    /// By a descriptor.
    Descriptor(BorrowedFd<'a>),
}

impl Source<'_> {
    fn open(self, writable: bool) -> io::Result<OwnedFd> {
        match self {
            Self::Path(path, id) => fresh_description(path, id, writable),
            Self::Descriptor(file) => reopen(file, writable),
        }
    }
}

/// A description, and the locks that it holds, kept alive by a mapping and by no descriptor: nothing stands open that a
/// stray `close` could drop.
#[derive(Debug)]
pub(crate) struct PinnedLock(NonNull<u8>);

// SAFETY: an address range of this process, tied to no thread.
unsafe impl Send for PinnedLock {}
// SAFETY: as above; nothing is accessed through it.
unsafe impl Sync for PinnedLock {}

/// What came of asking for a lock.
#[derive(Debug)]
pub(crate) enum Pinned {
    Held(PinnedLock),
    /// This lock stands in the way; `None`: one did that has gone since.
    Refused(Option<Holder>),
}

impl PinnedLock {
    /// Maps one page of the description, with no access rights.
    fn map(description: &OwnedFd) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no memory of ours.
        let page = unsafe { mmap(std::ptr::null_mut(), PIN, ProtFlags::empty(), MapFlags::SHARED, description, 0) }?;
        Ok(Self(NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?))
    }

    /// Children are born without it from now on.
    fn keep_from_children(&self) -> io::Result<()> {
        // SAFETY: the page is ours.
        Ok(unsafe { madvise(self.0.as_ptr().cast(), PIN, Advice::LinuxDontFork) }?)
    }

    /// Write-locks `length` bytes from `start` of a file, for as long as this process lives or until the lock is dropped.
    ///
    /// # Errors
    /// The file is gone (`NotFound`), or the process is out of descriptors, mappings, or both threads and children.
    pub(crate) fn take(source: Source<'_>, start: u64, length: u64) -> io::Result<Pinned> {
        let take = || Self::take_here(source, start, length);
        // A thread begins with locks of the C library's allocator. In a child of a bare `clone` those may be locked for ever, by
        // a thread of its parent that it does not have; a child in this memory needs none of them.
        let may_have_threads = !ProcessMark::current().is_a_childs();
        let on_a_thread = || on_a_thread(&|| empty_table(source).map(|()| take()));
        if let Some(Ok(taken)) = may_have_threads.then(on_a_thread).flatten() {
            return taken;
        }
        // A sandbox, or an old kernel, refuses threads or tables.
        match in_a_child(&take)? {
            Some(taken) => taken,
            // An emulator (valgrind) gives the child a memory of its own, in which the lock ended with it.
            None => on_a_thread().unwrap_or_else(|| Err(io::ErrorKind::Unsupported.into()))?,
        }
    }

    /// Takes the lock where no other thread shares the table of descriptors.
    fn take_here(source: Source<'_>, start: u64, length: u64) -> io::Result<Pinned> {
        // The standard numbers of this table are taken once and for all.
        let _plugs = plug_standard()?;
        for _ in 0..TURNS {
            let canary = source.open(false)?;
            let byte = CANARIES | (u64::from_ne_bytes(random_id()?.as_chunks::<8>().0[0]) % CANARIES);
            if !try_read_lock(&canary, byte, 1)? {
                return Ok(Pinned::Refused(lock_on(&canary, byte, 1)?));
            }
            let canary_page = Self::map(&canary)?;
            let description = source.open(true)?;
            let page = Self::map(&description)?;
            page.keep_from_children()?;
            drop((canary_page, canary));
            match lock_on(&description, byte, 1)? {
                Some(holder) if is_canary(&holder, byte) => continue,
                Some(other) => return Ok(Pinned::Refused(Some(other))),
                None if try_write_lock(&description, start, length)? => return Ok(Pinned::Held(page)),
                None => return Ok(Pinned::Refused(lock_on(&description, start, length)?)),
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }
}

impl Drop for PinnedLock {
    /// Not to be run in a forked child, which does not have the mapping.
    fn drop(&mut self) {
        // SAFETY: mapped in `map`, and unmapped only here.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), PIN) };
    }
}

/// Whether a lock is the canary of this byte, and not another program's that covers it.
fn is_canary(holder: &Holder, byte: u64) -> bool {
    holder.process.is_none() && (holder.start, holder.length) == (byte, 1)
}

type Taken = io::Result<Pinned>;

/// Gives the calling thread a table of descriptors of its own, with nothing in it but what the source needs.
fn empty_table(source: Source<'_>) -> io::Result<()> {
    let close_range = |first: u32, last: u32, flags: u32| {
        // SAFETY: the first call leaves the table that the other threads share, and the second closes in the thread's own.
        // Nothing on this thread owns a descriptor yet.
        match unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    let kept = match source {
        Source::Path(..) => return close_range(0, u32::MAX, libc::CLOSE_RANGE_UNSHARE),
        Source::Descriptor(file) => file.as_raw_fd() as u32,
    };
    close_range(kept + 1, u32::MAX, libc::CLOSE_RANGE_UNSHARE)?;
    if kept > 0 { close_range(0, kept - 1, 0) } else { Ok(()) }
}

/// All signals, blocked on this thread until dropped: what is started meanwhile runs no handler of the host's.
struct Blocked(libc::sigset_t);

impl Blocked {
    fn all() -> Self {
        // SAFETY: both sets are ours; a full set is a valid one.
        unsafe {
            let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            Self(before)
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: as it was before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// Runs `act` on a thread, while the calling one waits. `None`: there can be none.
fn on_a_thread<R: Send>(act: &(impl Fn() -> R + Sync)) -> Option<R> {
    std::thread::scope(|scope| {
        let thread = {
            let _blocked = Blocked::all();
            std::thread::Builder::new().name("memlane-join".to_owned()).spawn_scoped(scope, act).ok()?
        };
        thread.join().ok()
    })
}

/// Runs `take` in a child that shares this process's memory and has a copy of its table of descriptors, while the calling
/// thread waits.
///
/// `None`: what it did is not seen here.
fn in_a_child<T: Fn() -> Taken>(take: &T) -> io::Result<Option<Taken>> {
    struct Job<'a, T> {
        take: &'a T,
        taken: Option<Taken>,
    }
    extern "C" fn run<T: Fn() -> Taken>(job: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the job of the call below, whose thread waits until this child has ended.
        let job = unsafe { &mut *job.cast::<Job<'_, T>>() };
        job.taken = Some((job.take)());
        0
    }
    const STACK: usize = 128 * 1024;
    let mut stack = Vec::<u128>::with_capacity(STACK / size_of::<u128>());
    let mut job = Job { take, taken: None };
    let _blocked = Blocked::all();
    // SAFETY: the stack and the job outlive the child: with CLONE_VFORK this thread goes on only when the child has ended.
    // It uses this thread's thread-local memory, which nobody else does meanwhile. It sends no signal when it ends.
    let child = unsafe {
        let top = stack.spare_capacity_mut().as_mut_ptr_range().end.cast();
        libc::clone(run::<T>, top, libc::CLONE_VM | libc::CLONE_VFORK, (&raw mut job).cast())
    };
    if child < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: waits for the child made above, which nobody else waits for: it is no ordinary child.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), libc::__WCLONE) };
    Ok(job.taken)
}
