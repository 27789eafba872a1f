//! Open-file-description locks: the kernel's proof of life.
//!
//! The lock belongs to the open file description, so it goes when the last descriptor *and* the last mapping made
//! through that description are gone. It stays under SIGSTOP and is released at SIGKILL. rustix has no such locks, hence
//! libc.

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::io;

/// A lock that stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its first byte.
    pub(crate) start: u64,
    /// Its length; 0: to the end of all files.
    pub(crate) length: u64,
    /// The process that holds it, 0 being one that cannot be seen from here. `None`: an open file description does.
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
        // What is not locked can be unlocked, too.
        let _ = try_lock(&self.0, libc::F_UNLCK, 0, 0);
    }
}

/// A lock of another description, or of a process, that stands in the way of a lock of this kind; any of them if there are
/// several.
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

/// A write lock that another description, or a process, holds on one of `length` bytes from `start`, if there is one. Read
/// locks, which mean nothing, are not reported.
pub(crate) fn write_lock_on(description: impl AsFd, start: u64, length: u64) -> io::Result<Option<Holder>> {
    // A read lock conflicts with write locks only.
    conflict(description, libc::F_RDLCK, start, length)
}

/// The holder of a lock of any kind on one of these bytes: read locks stand in the way of a write lock, too.
pub(crate) fn lock_on(description: impl AsFd, start: u64, length: u64) -> io::Result<Option<Holder>> {
    conflict(description, libc::F_WRLCK, start, length)
}
