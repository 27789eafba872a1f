//! Opening a region or making it, whichever it takes, and replacing one from before the last reboot.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

use super::create::{CreateSpec, Unnamed};
use super::open::{self, Expectations, Recognised};
use super::orphans;
use super::stale::is_stale;
use crate::error::{CreateError, OpenError};
use crate::region::Region;
use crate::region::location::Location;
use crate::region::locks::Turn;
use crate::region::sys;
use rustix::fd::AsFd;
use std::io;

/// Whether a channel that was opened or created existed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It existed.
    Opened,
    /// It did not exist.
    Created,
    /// It existed, but from before the last reboot; what was in it is gone.
    ReplacedStale,
}

impl Region {
    /// Opens the channel at `location`, or creates it if there is none or only one from before the last reboot.
    pub(crate) fn open_or_create_named(
        location: &Location,
        expected: &Expectations,
        spec: &CreateSpec,
    ) -> Result<(Self, Origin), OpenError> {
        // Each turn that does not end here means that somebody else created or removed the channel meanwhile.
        const TURNS: u32 = 100;
        for _ in 0..TURNS {
            match Self::open_named(location, expected, spec.memory) {
                Err(OpenError::NotFound { .. }) => {}
                Err(OpenError::Stale { .. }) => match replace_stale(location, spec)? {
                    Some(region) => return Ok((region, Origin::ReplacedStale)),
                    None => continue,
                },
                other => return other.map(|region| (region, Origin::Opened)),
            }
            match Self::create_named(location, spec) {
                Err(CreateError::AlreadyExists { .. }) => {}
                other => return Ok((other?, Origin::Created)),
            }
        }
        Err(OpenError::Io {
            channel: location.label.clone(),
            action: "opening or creating a channel that keeps coming and going",
            source: io::ErrorKind::ResourceBusy.into(),
        })
    }
}

/// Puts a fresh region in the place of a stale one, in one step. `None`: another process did so first, or has joined the old
/// one, so that it is not stale any more.
///
/// At no moment is the name free. So of many processes that find one stale file, one replaces it, and the others open what
/// that one made.
fn replace_stale(location: &Location, spec: &CreateSpec) -> Result<Option<Region>, OpenError> {
    let label = &location.label;
    let failed =
        |action: &'static str| move |source: io::Error| OpenError::Io { channel: label.clone(), action, source };
    let Recognised { file, file_facts, header: stale, .. } = match open::recognise(location, None, open::Access::Read) {
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
    orphans::sweep_some(location, &region);
    Ok(Some(region))
}
