//! Regions from before the last reboot.
//!
//! A file that another boot of the kernel wrote is stale if nobody is alive in it. The boot id alone proves nothing: a
//! container may have one of its own, and share the file with others that have another. Locks prove life.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

use crate::region::Region;
use crate::region::location::{Location, Place};
use crate::region::locks::{count_processes, lock_file};
use crate::region::memory::Facts;
use crate::region::sys;
use rustix::fd::AsFd;
use std::io;

impl Region {
    /// Whether the region is from before the last reboot.
    ///
    /// # Errors
    /// The boot id or the lock file cannot be read, so that there is no telling.
    pub(crate) fn is_stale(&self) -> io::Result<bool> {
        match self.place() {
            Place::Named(_) if self.facts().is_of_this_boot()? => Ok(false),
            Place::Named(place) => is_deserted(Some(sys::fresh_description(&place.lock_path, place.lock_id, false)?)),
            // Neither memfds nor a process's memory outlive the boot that they are of.
            Place::Anonymous { .. } | Place::Private => Ok(false),
        }
    }
}

/// Whether no participant is alive, by a region's lock file. A region without one counts as such.
fn is_deserted(lock_file: Option<impl AsFd>) -> io::Result<bool> {
    lock_file.map_or(Ok(true), |file| Ok(count_processes(file)? == 0))
}

/// Whether the region at `location` is from before the last reboot, before it is opened.
///
/// # Errors
/// As [`Region::is_stale`].
pub(in crate::region) fn is_stale(location: &Location, facts: &Facts, owner: u32) -> io::Result<bool> {
    if facts.is_of_this_boot()? {
        return Ok(false);
    }
    let lock_file = lock_file::open_of(&location.lock_path(&facts.instance), facts, owner)?;
    is_deserted(lock_file.map(|(file, _)| file))
}
