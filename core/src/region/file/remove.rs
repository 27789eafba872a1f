//! Removing a region.
//!
//! Nothing here maps the file: it may be another user's, and that user can truncate it at any moment. And nothing needs a lock
//! on it: any user that may read it could hold one. Of two removers, one has the [`Turn`]. Unless that one removes by force, it
//! also holds the locks of all lives, so that no participant joins a channel that is going away.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

use super::orphans;
#[cfg(feature = "named-segments")]
use super::segment::remove_segment;
use crate::error::{OpenError, RemoveError};
use crate::layout::{HeaderBlock, Role, STATUS_AT, Status};
use crate::region::Region;
use crate::region::location::{InvalidName, Location, Place, UNLINKING, not_removed};
use crate::region::locks::{InUse, NoTurn, Turn, count_processes, lock_file};
use crate::region::memory::{Facts, header};
use crate::region::sys::{self, FileId, FileKind, Filesystem};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use std::io;

impl Region {
    /// Unlinks both files, unless they are gone or another channel's already.
    pub(crate) fn remove(&self, force: bool) -> Result<(), RemoveError> {
        match self.place() {
            #[cfg(feature = "named-segments")]
            Place::Named(place) if place.id.is_none() => remove_segment(&place.location.label, force),
            Place::Named(place) => remove_located(&place.location, force, place.id),
            _ => Err(RemoveError::NotFound { channel: self.label().to_owned() }),
        }
    }
}

/// Removes what has this name. If `force`: though somebody alive uses it, and though it is no channel.
pub(crate) fn remove_named(name: &str, force: bool) -> Result<(), RemoveError> {
    let location = Location::of(name).map_err(|InvalidName| RemoveError::InvalidName { channel: name.to_owned() })?;
    remove_located(&location, force, None)
}

/// Removes a channel that was located before. With an id, only if the name still leads to that file.
fn remove_located(location: &Location, force: bool, id: Option<FileId>) -> Result<(), RemoveError> {
    let name = location.label.as_str();
    let failed = |action: &'static str| move |source: io::Error| not_removed(location, action, source);
    let pinned = sys::open_pinned(&location.path).map_err(failed("opening the file"))?;
    let facts = sys::look_at_open(&pinned).map_err(failed("looking at the file"))?;
    if id.is_some_and(|id| id != facts.id) {
        return Err(RemoveError::NotFound { channel: name.to_owned() });
    }
    if let Some(found) = facts.kind.not_a_channel().filter(|found| !(force && found.yields_to_force())) {
        return Err(RemoveError::NotAChannel { channel: name.to_owned(), found });
    }
    let filesystem = || Filesystem::of(&pinned).map_err(failed("looking at the filesystem"));
    if !force && let Some(filesystem) = filesystem()?.refused() {
        return Err(RemoveError::UnsupportedFilesystem { channel: name.to_owned(), filesystem });
    }
    let header = match read_header(name, pinned.as_fd(), facts.length) {
        Ok(Ok(header)) => Some(header),
        Ok(Err(OpenError::NotAChannel { found, .. })) if !force => {
            return Err(RemoveError::NotAChannel { channel: name.to_owned(), found });
        }
        // What is damaged or of another version can be removed, too.
        Ok(Err(_)) => None,
        // What this user may not read, the folder may let it remove.
        Err(error) if force && Errno::from_io_error(&error) == Some(Errno::ACCESS) => None,
        // A link, which is not followed.
        Err(_) if facts.kind == FileKind::Symlink => None,
        Err(source) => return Err(failed("reading the header")(source)),
    };
    let turn = match Turn::wait(location, facts, header.as_ref()) {
        Ok(turn) => Some(turn),
        // Any user that may write to the channel could keep all removers waiting.
        Err(_) if force => None,
        Err(NoTurn::Locked(holder, path)) => return Err(InUse::Locked(holder).refusal(name, &path)),
        Err(NoTurn::Refused(source)) => return Err(failed("locking the lock file")(source)),
    };
    if !sys::is_still_at(&location.path, facts.id).map_err(failed("looking at the file"))? {
        return Err(RemoveError::NotFound { channel: name.to_owned() });
    }
    if let Some(turn) = turn.as_ref().filter(|_| !force) {
        let alive = match &header {
            Some(header) => turn.shut_out(pinned.as_fd(), header).map_err(failed("locking the lock file"))?,
            None => nobody_alive(location).map_err(failed("looking for the living"))?,
        };
        let lock_path =
            header.as_ref().map_or_else(|| location.path.clone(), |header| location.lock_path(&header.instance));
        alive.map_err(|in_use| in_use.refusal(name, &lock_path))?;
    }
    sys::unlink(&location.path).map_err(failed(UNLINKING))?;
    match header {
        Some(header) => {
            let _ = sys::unlink(&location.lock_path(&header.instance));
            if force {
                let _ = tell(pinned.as_fd(), &header);
            }
        }
        None => orphans::sweep_all(location),
    }
    Ok(())
}

/// The header of a file, or why it is none. The outer error: it cannot be read.
fn read_header(name: &str, pinned: BorrowedFd<'_>, length: u64) -> io::Result<Result<Facts, OpenError>> {
    let mut start = [0; HeaderBlock::BYTES];
    let read = sys::read_at(sys::reopen(pinned, false)?, &mut start, 0)?;
    Ok(header::parse(name, &start[..read], length))
}

/// Where the header does not tell which lock file is the region's: whether somebody is alive by any of them.
fn nobody_alive(location: &Location) -> io::Result<Result<(), InUse>> {
    let mut processes: usize = 0;
    for path in location.lock_files()? {
        if let Some(lock_file) = lock_file::open(&path)? {
            processes = processes.saturating_add(count_processes(lock_file)?);
        }
    }
    Ok(if processes == 0 { Ok(()) } else { Err(InUse::By(processes)) })
}

/// Tells the participants of a region that has lost its name: those that are awake at their next look for news, those that
/// sleep when their slice ends.
///
/// It writes to the file instead of mapping it, since the file may be cut short at any moment.
fn tell(pinned: BorrowedFd<'_>, header: &Facts) -> io::Result<()> {
    let file = sys::reopen(pinned, true)?;
    let mut status = [0; size_of::<u64>()];
    sys::read_exact_at(&file, &mut status, STATUS_AT)?;
    if Status::from_bits(u64::from_le_bytes(status)) == Status::Live {
        sys::write_at(&file, &Status::Closed.bits().to_le_bytes(), STATUS_AT)?;
    }
    // One word for both roles, in most kinds: then it moves twice.
    for role in [Role::Sender, Role::Receiver] {
        let membership_at = header.map.membership_of(role);
        let mut membership = [0; size_of::<u32>()];
        sys::read_exact_at(&file, &mut membership, membership_at)?;
        // Somebody may announce something in between, and one of the two numbers is lost: a slice's end makes up for that.
        let next = u32::from_le_bytes(membership).wrapping_add(1);
        sys::write_at(&file, &next.to_le_bytes(), membership_at)?;
    }
    Ok(())
}
