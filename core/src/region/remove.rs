//! Removing a region, and replacing a stale one.
//!
//! Whoever unlinks a region holds a **lifecycle lock on the region's inode**, and compares name and inode again under
//! it. So of two that find the same stale file one removes it, and the other finds that the name leads elsewhere now.
//! And whoever removes a region that is in use by nobody holds the locks of all its rows while it does, so that nobody
//! joins what is going away.

use super::create::Unnamed;
use super::header::{self, Facts};
use super::locks;
use super::names::{InvalidName, Location};
use super::sys::{self, FileId, FileKind};
use super::{Access, CreateSpec, Expectations, MemoryOptions, Region};
use crate::error::{NotAChannel, OpenError, RemoveError};
use crate::layout::{HeaderBlock, MAGIC};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The byte of the region file that removers hold. Far beyond any region's end.
const REMOVER: u64 = 1 << 62;

/// What is being done when only the folder can refuse.
const UNLINKING: &str = "unlinking the file";

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
    let mut start = [0; HeaderBlock::BYTES];
    let read = {
        let _guard = sys::fork_guard();
        let file = sys::reopen(pinned.as_fd(), true).map_err(failed("opening the file"))?;
        sys::read_at(&file, &mut start, 0).map_err(failed("reading the header"))?
    };
    if read == 0 {
        return not_a_channel(NotAChannel::Empty);
    }
    if !start.starts_with(&MAGIC) {
        return not_a_channel(NotAChannel::Foreign);
    }
    // What is damaged or of another version can be removed, too.
    let header = header::parse(name, &start[..read], facts.length).ok();
    let locked = under_lifecycle_lock(location, pinned.as_fd(), facts.id, || match &header {
        Some(header) => unlink_unused(location, header, force),
        None => unlink_unreadable(location, force),
    });
    match locked.map_err(failed("locking the file"))? {
        Some(outcome) => outcome,
        None => Err(RemoveError::NotFound { channel: name.to_owned() }),
    }
}

/// Unlinks both files, unless somebody is alive. The caller holds the lifecycle lock and the fork guard.
fn unlink_unused(location: &Location, header: &Facts, force: bool) -> Result<(), RemoveError> {
    let name = &location.label;
    let failed = |action: &'static str| move |source: io::Error| io_error(name, action, source);
    let lock_path = location.lock_path(&header.instance);
    let rows = header.geometry.participants();
    // Held until both names are gone.
    let all_rows = open_lock_file(&lock_path).map_err(failed("opening the lock file"))?;
    if let Some(lock_file) = all_rows.as_ref().filter(|_| !force) {
        let try_lock = || locks::try_lock_rows(lock_file, rows);
        locks::lock_unless_alive(try_lock, || locks::count_alive(lock_file, rows))
            .map_err(failed("locking the rows"))?
            .map_err(|participants| RemoveError::InUse { channel: name.clone(), participants })?;
    }
    sys::unlink(&location.path).map_err(failed(UNLINKING))?;
    let _ = sys::unlink(&lock_path);
    Ok(())
}

/// The lock file. `None`: there is none, or something else stands there; then nobody can be alive.
pub(super) fn open_lock_file(path: &Path) -> io::Result<Option<OwnedFd>> {
    let pinned = match sys::open_pinned(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if sys::look_at_open(&pinned)?.kind != FileKind::Regular {
        return Ok(None);
    }
    sys::reopen(pinned.as_fd(), true).map(Some)
}

/// Unlinks a channel whose header is damaged or of another version, and every lock file beside it that nobody holds;
/// unless somebody is alive, which the lock files tell whatever the header says.
fn unlink_unreadable(location: &Location, force: bool) -> Result<(), RemoveError> {
    let name = &location.label;
    let failed = |action: &'static str| move |source: io::Error| io_error(name, action, source);
    let mut participants = 0;
    for path in location.lock_files().map_err(failed("looking for lock files"))? {
        if let Some(lock_file) = open_lock_file(&path).map_err(failed("opening the lock file"))? {
            participants += locks::count_alive(lock_file, locks::ROWS_MAX).map_err(failed("looking at the rows"))?;
        }
    }
    if participants > 0 && !force {
        return Err(RemoveError::InUse { channel: name.clone(), participants });
    }
    sys::unlink(&location.path).map_err(failed(UNLINKING))?;
    locks::sweep_orphans_guarded(location);
    Ok(())
}

/// Puts a fresh region in the place of one from before the last reboot, at once: at no moment is the name free, so of
/// many that find the same stale file one replaces it, and the others open what that one made. `None`: somebody else did
/// so first.
pub(super) fn replace_stale(location: &Location, spec: &CreateSpec) -> Result<Option<Region>, OpenError> {
    let label = &location.label;
    let failed =
        |action: &'static str| move |source: io::Error| OpenError::Io { channel: label.clone(), action, source };
    let pinned = match sys::open_pinned(&location.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed("opening the file"))?,
    };
    let id = sys::look_at_open(&pinned).map_err(failed("looking at the file"))?.id;
    let stale = match Region::open_named(location, &Expectations::default(), MemoryOptions::default(), Access::Inspect)
    {
        Ok(region) if region.facts().is_stale().map_err(failed("reading the boot id"))? => region,
        Ok(_) | Err(OpenError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let fresh = Unnamed::build(location, spec)?;
    // Only a rename replaces at once, and what has no name cannot be renamed.
    let temporary = location.temporary_path(fresh.instance());
    let replaced = under_lifecycle_lock(location, pinned.as_fd(), id, || {
        let region = fresh.name(location, |file| {
            sys::link_into_place(file, &temporary)?;
            sys::rename(&temporary, &location.path).inspect_err(|_| drop(sys::unlink(&temporary)))
        })?;
        let _ = sys::unlink(&location.lock_path(&stale.facts().instance));
        Ok(region)
    });
    match replaced.map_err(failed("replacing the stale file"))? {
        Some(Ok(region)) => {
            locks::sweep_orphans(location);
            Ok(Some(region))
        }
        Some(Err(error)) => Err(OpenError::Create(error)),
        None => Ok(None),
    }
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
                let still_there = match sys::look_at(&location.path, true) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                    other => other?.id == id,
                };
                return Ok(still_there.then(act));
            }
        }
        sys::pause(BETWEEN);
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Sorts what the operating system says into what the caller can do about it.
pub(super) fn io_error(channel: &str, action: &'static str, source: io::Error) -> RemoveError {
    let channel = channel.to_owned();
    match source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR) => RemoveError::NotFound { channel },
        Some(Errno::ACCESS | Errno::ROFS) => RemoveError::Permission { channel },
        // In a folder where everybody makes files, this is what who is not the owner gets. Elsewhere it is a sandbox.
        Some(Errno::PERM) if action == UNLINKING => RemoveError::Permission { channel },
        _ => RemoveError::Io { channel, action, source },
    }
}
