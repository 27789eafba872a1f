//! The lock file of a region, for a library thread that has a table of descriptors of its own.
//!
//! There, the descriptors of an anonymous channel stand for nothing, or for other files. So the thread opens the lock file itself, for
//! reading, which takes no lock and is no event for those that watch the file.

use crate::region::location::Place;
use crate::region::sys::{self, Closings, FileId, WatchedFile};
use rustix::fd::{AsFd, OwnedFd};
use std::io;
use std::path::PathBuf;

/// Where any thread of this process finds a lock file.
#[derive(Debug, Clone)]
pub(crate) struct LockFilePath {
    path: PathBuf,
    id: FileId,
    is_named: bool,
}

/// A lock file as a thread has opened it.
#[derive(Debug)]
pub(crate) struct OpenedLockFile {
    file: OwnedFd,
    path: PathBuf,
}

impl LockFilePath {
    /// Of the region that is there, while the calling thread runs. `None`: it has no lock file.
    ///
    /// # Errors
    /// The descriptor does not stand for the file any more.
    pub(in crate::region) fn of(place: &Place) -> io::Result<Option<Self>> {
        Ok(match place {
            Place::Named(place) => Some(Self { path: place.lock_path.clone(), id: place.lock_id, is_named: true }),
            Place::Anonymous { locks, .. } => {
                let path = sys::path_for_other_threads(locks.still_ours()?);
                Some(Self { path, id: locks.id(), is_named: false })
            }
            Place::Private => None,
        })
    }

    /// Opens the file, by and for the calling thread.
    ///
    /// # Errors
    /// It is gone or another one, or `/proc` is missing through which an anonymous one is reached; or the thread is out of descriptors.
    pub(crate) fn open(&self) -> io::Result<OpenedLockFile> {
        if self.is_named {
            let file = sys::fresh_description(&self.path, self.id, false)?;
            return Ok(OpenedLockFile { file, path: self.path.clone() });
        }
        let file = sys::open_of_other_thread(&self.path, self.id)?;
        let path = sys::path_of_descriptor(file.as_fd());
        Ok(OpenedLockFile { file, path })
    }
}

impl OpenedLockFile {
    pub(super) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// Has these tell of it.
    ///
    /// # Errors
    /// It is gone, or there are too many watches.
    pub(crate) fn watch(&self, closings: &Closings) -> io::Result<WatchedFile> {
        closings.watch(&self.path)
    }
}
