//! Regions from before the last reboot, and replacing one.
//!
//! A file that another boot of the kernel wrote is stale if nobody is alive in it. The boot id alone proves nothing: a
//! container may have one of its own, and share the file with others that have another. Locks prove life.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

use super::create::Unnamed;
use super::header::Facts;
use super::locks::{self, Place};
use super::names::Location;
use super::open::{self, Recognised};
use super::orphans;
use super::sys;
use super::turn::Turn;
use super::{CreateSpec, Region};
use crate::error::OpenError;
use rustix::fd::AsFd;
use std::io;

impl Region {
    /// Whether the region is from before the last reboot.
    ///
    /// # Errors
    /// The boot id or the lock file cannot be read, so that there is no telling.
    pub(crate) fn is_stale(&self) -> io::Result<bool> {
        match &self.place {
            Place::Named(_) if self.facts.is_of_this_boot()? => Ok(false),
            Place::Named(place) => is_deserted(Some(sys::fresh_description(&place.lock_path, place.lock_id, false)?)),
            // Neither memfds nor a process's memory outlive the boot that they are of.
            Place::Anonymous { .. } | Place::Private => Ok(false),
        }
    }
}

/// Whether nobody is alive by a region's lock file, if it has one.
fn is_deserted(lock_file: Option<impl AsFd>) -> io::Result<bool> {
    lock_file.map_or(Ok(true), |file| Ok(locks::count_processes(file)? == 0))
}

/// Whether the region at `location` is from before the last reboot, before it is opened.
///
/// # Errors
/// As [`Region::is_stale`].
pub(super) fn is_stale(location: &Location, facts: &Facts, owner: u32) -> io::Result<bool> {
    if facts.is_of_this_boot()? {
        return Ok(false);
    }
    let lock_file = open::lock_file(&location.lock_path(&facts.instance), facts, owner)?;
    is_deserted(lock_file.map(|(file, _)| file))
}

/// Puts a fresh region in the place of a stale one, at once: at no moment is the name free, so of many that find the same
/// stale file one replaces it, and the others open what that one made. `None`: somebody else did so first, or somebody has
/// joined it, so that it is not stale any more.
pub(super) fn replace(location: &Location, spec: &CreateSpec) -> Result<Option<Region>, OpenError> {
    let label = &location.label;
    let failed =
        |action: &'static str| move |source: io::Error| OpenError::Io { channel: label.clone(), action, source };
    let Recognised { file, file_facts, header: stale } = match open::recognise(location, None) {
        Err(OpenError::NotFound { .. }) => return Ok(None),
        other => other?,
    };
    if !is_stale(location, &stale, file_facts.owner).map_err(failed("looking whether it is stale"))? {
        return Ok(None);
    }
    let fresh = Unnamed::build(location, spec)?;
    let turn = Turn::wait(location, file_facts, Some(&stale))
        .map_err(|no_turn| failed("locking the stale channel's lock file")(no_turn.into()))?;
    let is_still_there =
        sys::is_still_at(&location.path, file_facts.id).map_err(failed("looking at the stale channel"))?;
    let shut_out = || turn.shut_out(file.as_fd(), &stale).map_err(failed("locking the stale channel's lock file"));
    if !is_still_there || shut_out()?.is_err() {
        return Ok(None);
    }
    // Only a rename replaces at once, and what has no name cannot be renamed.
    let temporary = location.temporary_path(fresh.instance());
    let region = fresh.name(location, |file| {
        sys::link_into_place(file, &temporary)?;
        sys::rename(&temporary, &location.path).inspect_err(|_| drop(sys::unlink(&temporary)))
    })?;
    let _ = sys::unlink(&location.lock_path(&stale.instance));
    drop(turn);
    orphans::sweep_some(location);
    Ok(Some(region))
}
