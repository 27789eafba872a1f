//! Being told that a file was closed that had been open for writing (`inotify`), and waiting for that and for an alarm.
//!
//! When a process ends, the kernel closes what its mappings hold, the pin of its lives among it: that is an event of the lock file, just
//! before the lock goes. It proves nothing, since any process that opens the file for writing raises one, too.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::Duration;

/// Tells of files that are closed. A system has 128 of these for each user, unless it was told otherwise.
#[derive(Debug)]
pub(crate) struct Closings(OwnedFd);

/// A file of which [`Closings`] tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchedFile(i32);

/// What the kernel told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// This file was closed.
    Of(WatchedFile),
    /// There were too many events, so any file may have been.
    OfAny,
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// An event, the time, or nothing.
    InTime,
    /// The alarm can be read.
    ByAlarm,
    /// Nobody can ring the alarm any more.
    AlarmIsGone,
}

impl Closings {
    /// Tells of no file yet.
    ///
    /// # Errors
    /// The user has too many of them (`EMFILE`), or the system refuses.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(super::descriptors::owned_above_standard(|| init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK))?))
    }

    /// Tells of the file at this path from now on.
    ///
    /// # Errors
    /// It is not there, or the user has too many watches (`ENOSPC`).
    pub(crate) fn watch(&self, path: &Path) -> io::Result<WatchedFile> {
        Ok(WatchedFile(add_watch(&self.0, path, WatchFlags::CLOSE_WRITE)?))
    }

    /// Tells of this file no longer.
    pub(crate) fn forget(&self, file: WatchedFile) {
        // It fails where the kernel has forgotten the file itself, because it is gone.
        let _ = remove_watch(&self.0, file.0);
    }

    /// Takes all events that there are.
    pub(crate) fn drain(&self, mut told: impl FnMut(Closing)) {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        let mut events = Reader::new(&self.0, &mut buffer);
        loop {
            match events.next() {
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => told(Closing::OfAny),
                Ok(event) if event.events().contains(ReadFlags::CLOSE_WRITE) => {
                    told(Closing::Of(WatchedFile(event.wd())))
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Sleeps until there is an event or `alarm` can be read, or for this long. `None`: for any time.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn wait(&self, alarm: BorrowedFd<'_>, at_most: Option<Duration>) -> io::Result<Woken> {
        let at_most = at_most.and_then(|time| Timespec::try_from(time).ok());
        let mut files = [self.0.as_fd(), alarm].map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN));
        match poll(&mut files, at_most.as_ref()) {
            Ok(_) if files[1].revents().contains(PollFlags::IN) => Ok(Woken::ByAlarm),
            Ok(_) if !files[1].revents().is_empty() => Ok(Woken::AlarmIsGone),
            Ok(_) | Err(Errno::INTR) => Ok(Woken::InTime),
            Err(error) => Err(error.into()),
        }
    }
}
