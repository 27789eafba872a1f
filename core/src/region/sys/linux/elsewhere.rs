//! Files that stand in one thread's table of descriptors, for a thread that has a table of its own.

use super::files::{DESCRIPTORS, FileId, look_at_open, open};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use std::io;
use std::path::{Path, PathBuf};

/// The path by which other threads of this process, whatever descriptors they have, reach the file that a descriptor of the calling
/// thread stands for; as long as this thread runs.
pub(crate) fn path_for_other_threads(file: BorrowedFd<'_>) -> PathBuf {
    let thread = rustix::thread::gettid().as_raw_nonzero();
    format!("/proc/self/task/{thread}/fd/{}", file.as_raw_fd()).into()
}

/// The path by which the calling thread reaches the file that a descriptor of its own stands for.
pub(crate) fn path_of_descriptor(file: BorrowedFd<'_>) -> PathBuf {
    format!("{}/{}", DESCRIPTORS[0], file.as_raw_fd()).into()
}

/// Opens a file for reading that was found by [`path_for_other_threads`], if it is still the one with this id.
pub(crate) fn open_of_other_thread(path: &Path, id: FileId) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = open(path, flags, Mode::empty())?;
    if look_at_open(&file)?.id == id { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
}
