//! A write lock that is held by a mapping, and that no child of this process can share.
//!
//! The kernel releases a lock when the last descriptor and the last mapping of its open file description are gone. If a mapping
//! holds the lock, and children do not inherit the mapping (`MADV_DONTFORK`), the lock lasts exactly as long as this process's
//! memory. The difficulty is a child that another thread makes in the middle of this. A child that is born while the descriptor
//! is open, or before the mapping is marked, keeps either, and with it the lock. Two things prevent that:
//!
//! - **A table of descriptors of its own.** The lock is taken on a fresh thread, whose table of descriptors is its own and empty.
//!   So a child that another thread makes inherits none of them. Where the system refuses threads or such a table, and where
//!   this process is a child of one that used the engine, a child that shares this process's memory does it instead.
//! - **A canary.** Memory is still shared with the other threads, so a child may inherit the mapping before it is marked. That
//!   is noticed:
//!
//! ```text
//! C = open, read-only · read-lock a random byte of the file · map C, unmarked
//! D = open · map D · mark that mapping: not for children
//! unmap and close C · is the byte still locked? a child was born meanwhile, and may have D's mapping: begin again
//! write-lock the range through D · close D
//! ```
//!
//! A child that is born before D is mapped, or after its mapping is marked, has no part of D. A child that is born in between
//! has C's mapping, too, and so keeps the canary's byte locked. No mutex and no fork handler is involved, so this also holds for
//! `fork` in a signal handler, for a bare `clone`, and for `posix_spawn`.

use super::descriptors::plug_standard;
use super::files::{FileId, fresh_description, reopen};
use super::fork::ProcessMark;
use super::locks::{Holder, lock_on, try_read_lock, try_write_lock};
use super::random::random_id;
use super::thread::{Blocked, on_a_thread, own_table};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};
use std::io;
use std::path::Path;
use std::ptr::NonNull;

/// Bytes of the mapping that holds a lock.
const PIN: usize = 4096;

/// Canaries are bytes from this one on, up to twice its number. No other lock of the engine is there.
const CANARIES: u64 = 1 << 62;

/// Taking the lock fails after so many turns, in each of which a child was born.
const TURNS: u32 = 1000;

/// How a file can be opened once more.
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

    /// The number of its descriptor, if it has one.
    fn descriptor(self) -> Option<i32> {
        match self {
            Self::Path(..) => None,
            Self::Descriptor(file) => Some(file.as_raw_fd()),
        }
    }
}

/// An open file description, with the locks that it holds, which a mapping keeps alive. There is no descriptor that a stray
/// `close` could close.
#[derive(Debug)]
pub(crate) struct PinnedLock(NonNull<u8>);

// SAFETY: an address range of this process, tied to no thread.
unsafe impl Send for PinnedLock {}
// SAFETY: as above; nothing is accessed through it.
unsafe impl Sync for PinnedLock {}

/// What came of an attempt to take a lock.
#[derive(Debug)]
pub(crate) enum Pinned {
    Held(PinnedLock),
    /// This lock is in the way; `None`: the one that was is gone by now.
    Refused(Option<Holder>),
}

impl PinnedLock {
    /// Maps one page of the description, without access to it.
    fn map(description: &OwnedFd) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no memory of ours.
        let page = unsafe { mmap(std::ptr::null_mut(), PIN, ProtFlags::empty(), MapFlags::SHARED, description, 0) }?;
        Ok(Self(NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?))
    }

    /// Keeps children that are born from now on from inheriting the mapping.
    fn keep_from_children(&self) -> io::Result<()> {
        // SAFETY: the page is ours.
        Ok(unsafe { madvise(self.0.as_ptr().cast(), PIN, Advice::LinuxDontFork) }?)
    }

    /// Write-locks `length` bytes from `start` of a file, until the lock is dropped or this process ends.
    ///
    /// # Errors
    /// The file is gone (`NotFound`), or the process is out of descriptors, mappings, or both threads and children.
    pub(crate) fn take(source: Source<'_>, start: u64, length: u64) -> io::Result<Pinned> {
        let take = || Self::take_here(source, start, length);
        // To start a thread takes locks of the C library's allocator. In a child of a bare `clone` they may be locked for ever,
        // by a thread that only the parent has. A child that shares this memory needs none of them.
        let may_have_threads = !ProcessMark::current().is_a_childs();
        let on_a_thread =
            || on_a_thread("memlane-join", &|| own_table(source.descriptor().as_slice()).map(|()| take()));
        if let Some(Ok(taken)) = may_have_threads.then(on_a_thread).flatten() {
            return taken;
        }
        // A sandbox or an old kernel refused the thread or its table.
        match in_a_child(&take)? {
            Some(taken) => taken,
            // An emulator (valgrind) gave the child a memory of its own, so the lock ended with the child.
            None => on_a_thread().unwrap_or_else(|| Err(io::ErrorKind::Unsupported.into()))?,
        }
    }

    /// Takes the lock where no other thread shares the table of descriptors.
    fn take_here(source: Source<'_>, start: u64, length: u64) -> io::Result<Pinned> {
        // The plugs stay until the lock is taken, so that no descriptor made here gets a standard number.
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
    /// Must not run in a forked child, which does not have the mapping.
    fn drop(&mut self) {
        // SAFETY: mapped in `map`, and unmapped only here.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), PIN) };
    }
}

/// Whether a lock is a canary on this byte, and not another program's lock that covers it.
fn is_canary(holder: &Holder, byte: u64) -> bool {
    holder.process.is_none() && (holder.start, holder.length) == (byte, 1)
}

type Taken = io::Result<Pinned>;

/// Runs `take` in a child that shares this process's memory and has a copy of its table of descriptors, while the calling
/// thread waits.
///
/// `None`: the child did not share this memory, so its result was lost.
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
    // SAFETY: waits for the child made above. No other `waitpid` gets it: it has no exit signal, hence `__WCLONE`.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), libc::__WCLONE) };
    Ok(job.taken)
}
