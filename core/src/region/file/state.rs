//! What became of a region's files since it was opened, and what people call them.

use crate::region::Region;
use crate::region::location::{NamedPlace, Place};
use crate::region::sys;
use rustix::fd::{AsFd, BorrowedFd};
use std::io;
use std::path::Path;

/// What became of a region's file since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileState {
    /// As far as can be seen, nothing.
    Intact,
    /// It lost its name, or the name leads to another file. A process that has it mapped keeps it.
    Removed,
    /// It has so many bytes, fewer than are mapped: touching the others is SIGBUS.
    CutShort { length: u64 },
}

impl Region {
    /// What became of the file. Costs one `stat`: for slow paths.
    ///
    /// # Errors
    /// It cannot be looked at, where it once could be.
    pub(crate) fn file_state(&self) -> io::Result<FileState> {
        let Place::Named(NamedPlace { location, id: Some(id), .. }) = self.place() else {
            return Ok(FileState::Intact);
        };
        match sys::look_at(&location.path, true) {
            Ok(facts) if facts.id != *id => Ok(FileState::Removed),
            Ok(facts) if facts.length < self.map().total => Ok(FileState::CutShort { length: facts.length }),
            Ok(_) => Ok(FileState::Intact),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FileState::Removed),
            Err(error) => Err(error),
        }
    }

    /// Whether the file lost its name, or the name leads to another file. Costs one `stat`: for slow paths.
    pub(crate) fn is_removed(&self) -> bool {
        matches!(self.file_state(), Ok(FileState::Removed))
    }

    /// What people call the lock file.
    pub(crate) fn lock_label(&self) -> String {
        match self.place() {
            Place::Named(place) => place.lock_path.display().to_string(),
            _ => "(the second descriptor)".to_owned(),
        }
    }

    /// Path of the region file, if it has one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self.place() {
            Place::Named(place) if place.id.is_some() => Some(&place.location.path),
            _ => None,
        }
    }

    /// Whether those who take no part have its lock file, too, and so can prove deaths.
    pub(crate) fn lets_lookers_ask(&self) -> bool {
        matches!(self.place(), Place::Anonymous { .. })
    }

    /// The region's and the lock file's descriptors, if the channel is anonymous.
    pub(crate) fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        match self.place() {
            Place::Anonymous { file, locks } => Some((file.as_fd(), locks.as_fd())),
            _ => None,
        }
    }
}
