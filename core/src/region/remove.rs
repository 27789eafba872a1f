//! Removing a region, and replacing a stale one.
//!
//! Whoever unlinks a region holds a **lifecycle lock on the region's inode**, and compares name and inode again under
//! it. So of two that find the same stale file one removes it, and the other finds that the name leads elsewhere now.
//! And whoever removes a region that is in use by nobody holds the locks of all its rows while it does, so that nobody
//! joins what is going away.

use super::locks;
use super::names::{InvalidName, Location};
use super::sys::{self, FileId};
use super::{Access, Expectations, MemoryOptions, Region};
use crate::error::{NotAChannel, OpenError, RemoveError};
use crate::layout::MAGIC;
use rustix::fd::AsFd;
use rustix::io::Errno;
use std::io;
use std::time::Duration;

/// The byte of the region file that removers hold. Far beyond any region's end.
const REMOVER: u64 = 1 << 62;

/// How often, and how long apart, a remover tries to get the lifecycle lock, which is held for moments only.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(5);

/// Unlinks the channel of this name: if `force`, even though somebody alive uses it.
pub(crate) fn remove_named(name: &str, force: bool) -> Result<(), RemoveError> {
    let location = Location::of(name).map_err(|InvalidName| RemoveError::InvalidName { channel: name.to_owned() })?;
    remove_located(&location, force, None)
}

/// The same for a channel that was located before; with an id, only if the name still leads to that file.
pub(super) fn remove_located(location: &Location, force: bool, id: Option<FileId>) -> Result<(), RemoveError> {
    let name = location.label.as_str();
    let failed = |action: &'static str| move |source: io::Error| io_error(name, action, source);
    let pinned = sys::open_pinned(&location.path).map_err(failed("opening the file"))?;
    let facts = sys::look_at_open(&pinned).map_err(failed("looking at the file"))?;
    if id.is_some_and(|id| id != facts.id) {
        return Err(RemoveError::NotFound { channel: name.to_owned() });
    }
    let not_a_channel = |found| Err(RemoveError::NotAChannel { channel: name.to_owned(), found });
    if let Some(found) = facts.kind.not_a_channel() {
        return not_a_channel(found);
    }
    let mut magic = [0; MAGIC.len()];
    {
        let _guard = sys::fork_guard();
        let file = sys::reopen(pinned.as_fd(), true).map_err(failed("opening the file"))?;
        let read = sys::read_at(&file, &mut magic, 0).map_err(failed("reading the header"))?;
        if read == 0 {
            return not_a_channel(NotAChannel::Empty);
        }
        if magic != MAGIC {
            return not_a_channel(NotAChannel::Foreign);
        }
    }
    // A damaged or incompatible channel has no participants that this version could find.
    let expected = Expectations { any_owner: true, ..Expectations::default() };
    let region = Region::open_named(location, &expected, MemoryOptions::default(), Access::Inspect);
    let locked = under_lifecycle_lock(location, pinned.as_fd(), facts.id, || match &region {
        Ok(region) => region.unlink(location, force),
        Err(_) => unlink_unreadable(location),
    });
    match locked.map_err(failed("locking the file"))? {
        Some(outcome) => outcome,
        None => Err(RemoveError::NotFound { channel: name.to_owned() }),
    }
}

impl Region {
    /// Unlinks both files. The caller holds the lifecycle lock.
    fn unlink(&self, location: &Location, force: bool) -> Result<(), RemoveError> {
        let name = &location.label;
        let failed = |action: &'static str| move |source: io::Error| io_error(name, action, source);
        let lock_path = location.lock_path(&self.facts().instance);
        let rows = self.geometry().participants();
        // Held until both names are gone. The caller holds the fork guard.
        let all_rows = sys::open_pinned(&lock_path).and_then(|pinned| sys::reopen(pinned.as_fd(), true)).ok();
        let unused = match &all_rows {
            Some(locks) => sys::try_write_lock(locks, 0, rows.into()).map_err(failed("locking the rows"))?,
            None => true,
        };
        if !unused && !force {
            let alive = |row: &u32| {
                all_rows.as_ref().is_some_and(|locks| sys::is_write_locked(locks, (*row).into()).unwrap_or(true))
            };
            let participants = (0..rows).filter(alive).count();
            return Err(RemoveError::InUse { channel: name.clone(), participants });
        }
        sys::unlink(&location.path).map_err(failed("unlinking the file"))?;
        let _ = sys::unlink(&lock_path);
        Ok(())
    }
}

/// Unlinks a channel whose header cannot be read, and every lock file beside it that nobody holds.
fn unlink_unreadable(location: &Location) -> Result<(), RemoveError> {
    sys::unlink(&location.path).map_err(|source| io_error(&location.label, "unlinking the file", source))?;
    locks::sweep_orphans_guarded(location);
    Ok(())
}

/// Unlinks a file from before the last reboot, so that the name is free. If somebody else did so already, there is
/// nothing left to do.
pub(super) fn unlink_stale(location: &Location) -> Result<(), OpenError> {
    let label = &location.label;
    let failed =
        |action: &'static str| move |source: io::Error| OpenError::Io { channel: label.clone(), action, source };
    let pinned = match sys::open_pinned(&location.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed("opening the file"))?,
    };
    let id = sys::look_at_open(&pinned).map_err(failed("looking at the file"))?.id;
    let look = Region::open_named(location, &Expectations::default(), MemoryOptions::default(), Access::Inspect)?;
    if !look.facts().is_stale() {
        return Ok(());
    }
    under_lifecycle_lock(location, pinned.as_fd(), id, || {
        let lock_path = location.lock_path(&look.facts().instance);
        sys::unlink(&location.path)?;
        let _ = sys::unlink(&lock_path);
        Ok(())
    })
    .and_then(|outcome| outcome.unwrap_or(Ok(())))
    .map_err(failed("replacing the stale file"))
}

/// Runs `act` while holding the lifecycle lock of the pinned file and the fork guard, if the name still leads to it.
fn under_lifecycle_lock<R>(
    location: &Location,
    pinned: rustix::fd::BorrowedFd<'_>,
    id: FileId,
    act: impl FnOnce() -> R,
) -> io::Result<Option<R>> {
    for _ in 0..TRIES {
        {
            let _guard = sys::fork_guard();
            let file = sys::reopen(pinned, true)?;
            if sys::try_write_lock(&file, REMOVER, 1)? {
                let still_there = sys::look_at(&location.path, true).is_ok_and(|now| now.id == id);
                return Ok(still_there.then(act));
            }
        }
        std::thread::sleep(BETWEEN);
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Sorts what the operating system says into what the caller can do about it.
fn io_error(channel: &str, action: &'static str, source: io::Error) -> RemoveError {
    let channel = channel.to_owned();
    match source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR) => RemoveError::NotFound { channel },
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => RemoveError::Permission { channel },
        _ => RemoveError::Io { channel, action, source },
    }
}
