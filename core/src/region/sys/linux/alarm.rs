//! Waking a library thread that waits for descriptors: a pipe, of which the thread has one end and the program's table the other.
//!
//! It is a pipe and no eventfd, because each pipe has a file number of its own. If the program closes the descriptor by mistake, and
//! opens something else in its place, nothing is written there.

use super::descriptors::above_standard;
use super::files::KeptFile;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{read, retry_on_intr, write};
use std::io;

/// The end of those that wake the thread.
#[derive(Debug)]
pub(crate) struct Alarm(KeptFile);

impl Alarm {
    /// Two ends. The second one becomes readable whenever the first is rung.
    ///
    /// # Errors
    /// The process is out of descriptors.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (waits, rings) = above_standard(io::pipe)?;
        let (waits, rings) = (OwnedFd::from(waits), OwnedFd::from(rings));
        for end in [&waits, &rings] {
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        Ok((Self(KeptFile::new(rings)?), waits))
    }

    /// Wakes the thread.
    pub(crate) fn ring(&self) {
        if let Ok(file) = self.0.still_ours() {
            // If it fails, the pipe is full, so that the thread is woken; or the thread is gone.
            let _ = retry_on_intr(|| write(file, &[1]));
        }
    }
}

/// Takes what was rung so far. To be called when the alarm can be read.
pub(crate) fn quiet(alarm: BorrowedFd<'_>) {
    let _ = read(alarm, &mut [0u8; 64]);
}
