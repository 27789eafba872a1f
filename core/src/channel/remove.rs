//! Removing a channel: the only thing that deletes one.

use crate::error::RemoveError;
use crate::region::remove_named;
use crate::region::sys::cancel_guard;

/// Removes a channel that no participant uses, with the messages that are still in it.
///
/// Works on stale, closed and corrupted channels, too. Does not touch a file that is no channel. A participant that is just
/// leaving is waited for, 50 ms at most. While the call decides, no process can join; one that has the channel open without a seat
/// gets [`JoinError::Removed`](crate::JoinError::Removed) when it joins later.
///
/// # Errors
/// [`RemoveError::InUse`] if a participant is alive; see [`RemoveError`] for the others.
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
///
/// ```
/// let name = format!("example-removed-{}", std::process::id());
/// memlane::spsc::Options::new().create_segment(&name)?;
/// memlane::remove_segment(&name)?;
/// assert!(memlane::remove_segment(&name).is_err(), "it is gone");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "named-segments")]
pub fn remove_segment(name: &str) -> Result<(), RemoveError> {
    let _guard = cancel_guard();
    crate::region::remove_segment(name, false)
}

/// Removes what stands at a channel's name, even if somebody alive uses it, and even if it is no channel: any regular file,
/// with its lock files, and a symbolic link, which is not followed. Never a folder, a pipe, a socket or a device.
///
/// Participants of a channel keep their memory. Senders get `Removed` at their next call, or when their slice ends if they
/// wait; receivers still get what is in the channel, and then `Removed`.
///
/// # Errors
/// See [`RemoveError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str();
/// std::fs::write(name, [0; 8])?;
/// assert!(memlane::remove(name).is_err(), "this is no channel");
/// memlane::remove_forced(name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove_forced(name: &str) -> Result<(), RemoveError> {
    let _guard = cancel_guard();
    remove_named(name, true)
}
