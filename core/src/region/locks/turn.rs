//! Whose turn it is to take a region's name away: one at a time.
//!
//! A process that removes or replaces a region compares name and inode, and then unlinks. Between these two steps no other
//! process may do the same: of two that find one stale file, one removes it, and the other finds that the name leads elsewhere
//! now. So each locks the byte [`REMOVER`] first, **of a lock file**: that file is closed to users that may only read the
//! region, so that their read locks on the region keep no process from anything.
//!
//! - The lock file is the region's own, as long as it is a file of the region's owner, of root or of this user.
//! - Where it is missing, or something else stands there, or the header does not tell which it is, everybody takes one that
//!   is named after the region's *inode*, and makes it if need be. Should its maker die, it is an orphan like any other.
//!
//! A region loses its name before its lock file does. So a process that finds the lock file gone, and takes the other one,
//! finds that the name is gone, too.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

use super::living::{self, InUse};
use super::lock_file::{self, LIFECYCLE};
use crate::region::location::Location;
use crate::region::memory::Facts;
use crate::region::sys::{self, FileFacts, Holder, LockingFile};
use rustix::fd::{AsFd, BorrowedFd};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The byte of the lock file that a process holds while it takes a region's name away. Behind all that proves life.
const REMOVER: u64 = LIFECYCLE + 1;

/// How often, and how long apart, the turn is asked for. It is held for moments only.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(5);

/// The turn, held until dropped.
#[derive(Debug)]
pub(in crate::region) struct Turn {
    /// `None`: there is no room for a lock file. To remove something is what makes room, so that goes on without.
    lock_file: Option<LockingFile>,
    /// The name of a lock file that is there for the turn alone.
    temporary: Option<PathBuf>,
}

/// What came of asking for the turn once.
enum Attempt {
    /// There is no lock file there, or somebody put something else in its place.
    NoLockFile,
    /// Somebody else has the turn, or had it a moment ago; or another program's lock is in the way.
    Busy(Option<Holder>),
    Taken(LockingFile),
}

/// Why there is no turn.
#[derive(Debug)]
pub(in crate::region) enum NoTurn {
    /// The operating system refuses something. `ResourceBusy`: a process that may write to the lock file holds the turn and does
    /// not go on.
    Refused(io::Error),
    /// Another program holds a lock on this lock file.
    Locked(Holder, PathBuf),
}

impl From<io::Error> for NoTurn {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<NoTurn> for io::Error {
    fn from(no_turn: NoTurn) -> Self {
        match no_turn {
            NoTurn::Refused(error) => error,
            NoTurn::Locked(..) => io::ErrorKind::ResourceBusy.into(),
        }
    }
}

impl Turn {
    /// Waits for the turn at the region file that stands at `location`. `header`: what that says, if it can be read.
    ///
    /// # Errors
    /// See [`NoTurn`].
    pub(in crate::region) fn wait(
        location: &Location,
        region: FileFacts,
        header: Option<&Facts>,
    ) -> Result<Self, NoTurn> {
        let own = header.map(|header| location.lock_path(&header.instance));
        let other = location.lock_path(&region.id.as_instance());
        let mut in_the_way = None;
        for _ in 0..TRIES {
            let own = own.as_deref();
            match own.map_or(Ok(Attempt::NoLockFile), |path| attempt(path, region.owner))? {
                Attempt::Taken(lock_file) => return Ok(Self { lock_file: Some(lock_file), temporary: None }),
                Attempt::Busy(holder) => in_the_way = holder.zip(own),
                Attempt::NoLockFile => match attempt(&other, region.owner)? {
                    Attempt::Taken(lock_file) => {
                        return Ok(Self { lock_file: Some(lock_file), temporary: Some(other) });
                    }
                    Attempt::Busy(holder) => in_the_way = holder.map(|holder| (holder, other.as_path())),
                    Attempt::NoLockFile => match make(location, &region.id.as_instance(), &other) {
                        Ok(lock_file) => return Ok(Self { lock_file: Some(lock_file), temporary: Some(other) }),
                        Err(error) if is_full(&error) => return Ok(Self { lock_file: None, temporary: None }),
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                        Err(error) => return Err(error.into()),
                    },
                },
            }
            sys::pause(BETWEEN);
        }
        Err(match in_the_way {
            Some((holder, path)) => NoTurn::Locked(holder, path.to_owned()),
            None => NoTurn::Refused(io::ErrorKind::ResourceBusy.into()),
        })
    }

    /// Locks all lives for as long as the turn lasts, so that nobody joins what goes away; unless somebody is alive. Without a
    /// lock file that is believed, nobody can be.
    pub(in crate::region) fn shut_out(&self, region: BorrowedFd<'_>, header: &Facts) -> io::Result<Result<(), InUse>> {
        match &self.lock_file {
            Some(lock_file) if self.temporary.is_none() => living::lock_unless_alive(lock_file, || {
                living::count_alive(sys::reopen(region, false)?, lock_file, header)
            }),
            _ => Ok(Ok(())),
        }
    }
}

/// Asks for the turn by the lock file at `path`.
fn attempt(path: &Path, region_owner: u32) -> io::Result<Attempt> {
    let Some((file, id)) = lock_file::open_believed(path, region_owner)? else { return Ok(Attempt::NoLockFile) };
    let lock_file = LockingFile::new(file);
    if !sys::try_write_lock(&lock_file, REMOVER, 1)? {
        let is_turn = |holder: &Holder| holder.process.is_none() && (holder.start, holder.length) == (REMOVER, 1);
        return Ok(Attempt::Busy(sys::lock_on(&lock_file, REMOVER, 1)?.filter(|holder| !is_turn(holder))));
    }
    let is_still_there = sys::is_still_at(path, id)?;
    Ok(if is_still_there { Attempt::Taken(lock_file) } else { Attempt::Busy(None) })
}

/// Makes a lock file at `path` for the turn alone, and takes the turn by it.
fn make(location: &Location, instance: &[u8; 16], path: &Path) -> io::Result<LockingFile> {
    let (lock_file, _temporary) = sys::create_unnamed(location.folder())?;
    let lock_file = LockingFile::new(lock_file);
    lock_file::write_instance(&lock_file, instance)?;
    // Locked before it has its name, so that nobody takes it for an orphan.
    sys::try_write_lock(&lock_file, REMOVER, 1)?;
    sys::link_into_place(lock_file.as_fd(), path)?;
    Ok(lock_file)
}

impl Drop for Turn {
    /// While the lock is held still.
    fn drop(&mut self) {
        if let Some(path) = &self.temporary {
            let _ = sys::unlink(path);
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
