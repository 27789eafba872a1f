//! Open-file-description locks: the kernel's proof of life.
//!
//! Such a lock belongs to the open file description. The kernel releases it when the last descriptor of that description *and*
//! the last mapping made through it are gone. So a stopped process keeps it, and a killed one loses it. rustix does not have
//! these locks, so libc is used here.

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::io;

/// A lock that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its first byte.
    pub(crate) start: u64,
    /// Its length; 0: it has no end.
    pub(crate) length: u64,
    /// The process that holds it; 0: one of another PID namespace. `None`: an open file description holds it.
    pub(crate) process: Option<u32>,
}

fn range(kind: libc::c_int, start: u64, length: u64) -> libc::flock {
    // SAFETY: an all-zero flock is valid; l_pid has to be zero for this kind of lock.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = start as libc::off_t;
    lock.l_len = length as libc::off_t;
    lock
}

/// Tries to set a lock on behalf of this description. Does not wait.
fn try_lock(description: impl AsFd, kind: libc::c_int, start: u64, length: u64) -> io::Result<bool> {
    let lock = range(kind, start, length);
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

/// Tries to write-lock `length` bytes from `start` on behalf of this description. Does not wait.
pub(crate) fn try_write_lock(description: impl AsFd, start: u64, length: u64) -> io::Result<bool> {
    try_lock(description, libc::F_WRLCK, start, length)
}

/// Tries to read-lock `length` bytes from `start` on behalf of this description. Does not wait.
pub(super) fn try_read_lock(description: impl AsFd, start: u64, length: u64) -> io::Result<bool> {
    try_lock(description, libc::F_RDLCK, start, length)
}

/// A description that holds locks for a moment, and unlocks them when dropped. To close it would not be enough if a child was
/// forked meanwhile: the child keeps the description until it executes another program or ends.
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
        // Unlocks all bytes; the kernel does not mind those that are not locked.
        let _ = try_lock(&self.0, libc::F_UNLCK, 0, 0);
    }
}

/// Finds a lock that conflicts with a lock of this kind on one of these bytes: of another description, or of a process. If there
/// are several, it is any one of them.
fn conflict(description: impl AsFd, kind: libc::c_int, start: u64, length: u64) -> io::Result<Option<Holder>> {
    let mut lock = range(kind, start, length);
    // SAFETY: the descriptor is open, and fcntl reads and writes one flock.
    if unsafe { libc::fcntl(description.as_fd().as_raw_fd(), libc::F_OFD_GETLK, &mut lock) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let held = libc::c_int::from(lock.l_type) != libc::F_UNLCK;
    Ok(held.then_some(Holder {
        start: lock.l_start as u64,
        length: lock.l_len as u64,
        // -1: an open file description.
        process: u32::try_from(lock.l_pid).ok(),
    }))
}

/// Finds a write lock that another description, or a process, holds on one of `length` bytes from `start`. Read locks are not
/// reported: they prove nothing.
pub(crate) fn write_lock_on(description: impl AsFd, start: u64, length: u64) -> io::Result<Option<Holder>> {
    // A read lock conflicts with write locks only.
    conflict(description, libc::F_RDLCK, start, length)
}

/// Finds a lock of any kind, as [`write_lock_on`] does. A read lock, too, keeps this process from taking a write lock.
pub(crate) fn lock_on(description: impl AsFd, start: u64, length: u64) -> io::Result<Option<Holder>> {
    conflict(description, libc::F_WRLCK, start, length)
}
