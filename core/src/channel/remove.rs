//! Removing a channel: the only thing that deletes one.

use crate::error::RemoveError;
use crate::layout::Backend;
use crate::liveness;
use crate::region::sys::cancel_guard;
use crate::region::{Access, Expectations, Location, MemoryOptions, Region, remove_named};
use std::sync::Arc;

/// Removes a channel that nobody alive uses, with the messages that are still in it.
///
/// Works on stale, closed and corrupted channels, too. Does not touch anything that is not a channel.
///
/// # Errors
/// [`RemoveError::InUse`] if somebody alive uses it; see [`RemoveError`] for the others.
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str();
/// memlane::spsc::Options::new().create(name)?;
/// memlane::remove(name)?;
/// assert!(memlane::remove(name).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(name: &str) -> Result<(), RemoveError> {
    let _guard = cancel_guard();
    remove_named(name, false)
}

/// Removes the channel in the segment of this name, with its messages, also one that was never finished.
///
/// # Errors
/// [`RemoveError::InUse`] if somebody alive uses it; see [`RemoveError`] for the others.
#[cfg(feature = "named-segments")]
pub fn remove_segment(name: &str) -> Result<(), RemoveError> {
    let _guard = cancel_guard();
    crate::region::remove_segment(name, false)
}

/// Removes a channel even if somebody alive uses it.
///
/// Its participants keep their memory. Senders get `Removed` at their next call; receivers still get what is in the
/// channel, and then `Removed`.
///
/// # Errors
/// See [`RemoveError`].
pub fn remove_forced(name: &str) -> Result<(), RemoveError> {
    let _guard = cancel_guard();
    // Opened before the name goes, to tell its participants after. A channel that cannot be opened has none to tell.
    // No semaphore is posted here, so nobody has to vouch for what is in them.
    let expected = Expectations { any_owner: true, trusts_peers: true, ..Expectations::default() };
    let region = Location::of(name)
        .ok()
        .and_then(|at| Region::open_named(&at, &expected, MemoryOptions::default(), Access::Participate).ok());
    remove_named(name, true)?;
    if let Some(region) = region {
        region.set_closed();
        match region.facts().backend {
            Backend::Futex => liveness::announce(&Arc::new(region)),
            // The sleeping notice when their slice ends.
            Backend::Semaphore => liveness::announce_to_the_awake(&region),
        }
    }
    Ok(())
}
