//! Open-file-description locks: the kernel's proof of life.
//!
//! The lock belongs to the open file description, so it goes when the last descriptor *and* the last mapping made
//! through that description are gone. It stays under SIGSTOP and is released at SIGKILL. rustix has no such locks, hence
//! libc.

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};
use std::io;
use std::ptr::NonNull;

/// Bytes mapped to pin a description.
const PIN: usize = 4096;

fn range(kind: libc::c_int, start: u64, length: u64) -> libc::flock {
    // SAFETY: an all-zero flock is valid; l_pid has to be zero for this kind of lock.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = start as libc::off_t;
    lock.l_len = length as libc::off_t;
    lock
}

/// Tries to write-lock `length` bytes from `start` on behalf of this description. Does not wait.
pub(crate) fn try_write_lock(description: impl AsFd, start: u64, length: u64) -> io::Result<bool> {
    let lock = range(libc::F_WRLCK, start, length);
    loop {
        // SAFETY: the descriptor is open, and fcntl reads one flock.
        if unsafe { libc::fcntl(description.as_fd().as_raw_fd(), libc::F_OFD_SETLK, &lock) } == 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EACCES) => return Ok(false),
            Some(libc::EINTR) => {}
            _ => return Err(error),
        }
    }
}

/// A description that holds locks for a moment, and gives them back when dropped. Closing it would not do, should a child
/// have been forked meanwhile: the child has the description, too, until it executes another program or ends.
#[derive(Debug)]
pub(crate) struct LockingFile(OwnedFd);

impl LockingFile {
    pub(crate) fn new(description: OwnedFd) -> Self {
        Self(description)
    }
}

impl AsFd for LockingFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for LockingFile {
    fn drop(&mut self) {
        let everything = range(libc::F_UNLCK, 0, 0);
        // SAFETY: the descriptor is open, and fcntl reads one flock.
        let _ = unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_OFD_SETLK, &everything) };
    }
}

/// A write lock that another description holds on one of `length` bytes from `start`, as its first byte and its length, if
/// there is one; any of them if there are several. Read locks, which mean nothing, are not reported.
pub(crate) fn write_lock_on(description: impl AsFd, start: u64, length: u64) -> io::Result<Option<(u64, u64)>> {
    // A read lock conflicts with write locks only.
    let mut lock = range(libc::F_RDLCK, start, length);
    // SAFETY: the descriptor is open, and fcntl reads and writes one flock.
    if unsafe { libc::fcntl(description.as_fd().as_raw_fd(), libc::F_OFD_GETLK, &mut lock) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let held = libc::c_int::from(lock.l_type) != libc::F_UNLCK;
    Ok(held.then_some((lock.l_start as u64, lock.l_len as u64)))
}

/// A description, and the locks that it holds, kept alive by a mapping and by no descriptor: nothing stands open that a
/// stray `close` could drop or a forked child could keep.
#[derive(Debug)]
pub(crate) struct PinnedLock(NonNull<u8>);

// SAFETY: an address range of this process, tied to no thread.
unsafe impl Send for PinnedLock {}
// SAFETY: as above; nothing is accessed through it.
unsafe impl Sync for PinnedLock {}

impl PinnedLock {
    /// Maps one page (with no access rights) through `description`, which holds the lock, and closes the descriptor.
    ///
    /// The caller holds the fork guard from before the descriptor was opened.
    pub(crate) fn pin(description: OwnedFd) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no memory of ours.
        let page = unsafe { mmap(std::ptr::null_mut(), PIN, ProtFlags::empty(), MapFlags::SHARED, &description, 0) }?;
        // From here on, dropping unmaps.
        let pinned = Self(NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?);
        // SAFETY: the page is ours; a child must not inherit the mapping, since it would keep the lock.
        unsafe { madvise(page, PIN, Advice::LinuxDontFork) }?;
        Ok(pinned)
    }
}

impl Drop for PinnedLock {
    /// Not to be run in a forked child, which does not have the mapping: see `SeatLock`.
    fn drop(&mut self) {
        // SAFETY: mapped in `pin`, and unmapped only here.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), PIN) };
    }
}
