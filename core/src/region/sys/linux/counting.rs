//! A descriptor that is readable while its count is not zero.

use super::descriptors::owned_above_standard;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;

/// An eventfd. Closed in a program that is executed; a forked child has it, too.
#[derive(Debug)]
pub(crate) struct Counting(OwnedFd);

impl Counting {
    /// Readable from the start.
    ///
    /// # Errors
    /// The process, or the system, is out of descriptors.
    pub(crate) fn readable() -> io::Result<Self> {
        Ok(Self(owned_above_standard(|| eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK))?))
    }

    /// Makes it readable. What polls it by edges is told, also where it is readable.
    pub(crate) fn raise(&self) {
        // Refused only where the count is at its end, which no number of calls comes to, and where the program closed it.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    /// Reads it empty.
    pub(crate) fn drain(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Counting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
