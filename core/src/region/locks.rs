//! The proof of life: one write lock per participant row, held for exactly as long as its process image lives.
//!
//! ```text
//! lock file   ┌─────────┬─────────┬─────────┬─ ─ ─ ┬───────────┐
//!             │ row 0   │ row 1   │ row 2   │      │ lifecycle │     two bytes a row
//!             └─────────┴─────────┴─────────┴─ ─ ─ ┴───────────┘
//! participant  X                                                    the first byte of its row: alive
//! reaper                 X    X                                     both bytes of a dead one's row
//! remover      X    X    X    X    X    X                           all rows
//! ```
//!
//! A participant is alive if and only if its first byte is write-locked by a lock of exactly one byte. Whoever holds a
//! row for a moment locks more, so nobody takes it for the participant. The lock is an open-file-description lock held by
//! a mapping (see `sys::PinnedLock`), so no handle keeps a descriptor open. Byte [`LIFECYCLE`] is held by a creator until
//! its region has its name.
//!
//! Private channels live and die with their process; their rows are flags in memory.

use super::refusals::Creation;
use super::remove::remove_located;
use super::sys::{self, FileId, KeptFile, PinnedLock, ProcessMark, TemporaryName};
use super::{Location, Region};
use crate::error::{CreateError, RemoveError};
use crate::sync::Ordering::{Acquire, Release};
use crate::sync::{AtomicU32, planted};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The byte behind all rows that creators hold.
pub(super) const LIFECYCLE: u64 = 1 << 20;

/// Bytes of a row in the lock file: the participant's, and one more for who holds the row otherwise.
const ROW: u64 = 2;

/// Where a region is, and with it its lock file.
#[derive(Debug)]
pub(super) enum Place {
    /// A file with a name, found again by it. No descriptor stays open.
    Named(NamedPlace),
    /// Two memfds.
    Anonymous { file: KeptFile, locks: KeptFile },
    /// This process's memory: which rows are taken.
    Private(Rows),
}

/// Which rows of a private region are taken: 1 or 0. Atomics, so that a child forked at any moment can look at them.
type Rows = Arc<[AtomicU32]>;

/// See [`Place::Named`].
#[derive(Debug)]
pub(super) struct NamedPlace {
    pub(super) location: Location,
    /// The file; `None` for a segment, which is none.
    pub(super) id: Option<FileId>,
    pub(super) lock_path: PathBuf,
    pub(super) lock_id: FileId,
}

/// What became of a region's file since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileState {
    /// As far as can be seen, nothing.
    Intact,
    /// It lost its name, or the name leads to another file. Who has it mapped keeps it.
    Removed,
    /// It has so many bytes, fewer than are mapped: touching the others is SIGBUS.
    CutShort { length: u64 },
}

/// A row's lock, held until dropped.
#[derive(Debug)]
pub(crate) enum SeatLock {
    #[doc(hidden)]
    Pinned { pin: ManuallyDrop<PinnedLock>, mark: ProcessMark },
    #[doc(hidden)]
    Private { rows: Rows, row: u32 },
}

impl Drop for SeatLock {
    fn drop(&mut self) {
        match self {
            // A forked child does not have the mapping; something else may stand at its address.
            Self::Pinned { mark, .. } if mark.is_foreign() => {}
            Self::Pinned { pin, .. } => {
                // SAFETY: dropped here and nowhere else, in the process that made it.
                unsafe { ManuallyDrop::drop(pin) }
            }
            Self::Private { rows, row } => {
                if let Some(taken) = rows.get(*row as usize) {
                    taken.store(0, Release);
                }
            }
        }
    }
}

impl Place {
    /// A place in this process's memory.
    pub(super) fn private(rows: u32) -> Self {
        Self::Private((0..rows).map(|_| AtomicU32::new(0)).collect())
    }

    /// A fresh description of the lock file. The caller holds the fork guard.
    fn fresh_lock_description(&self) -> io::Result<OwnedFd> {
        match self {
            Self::Named(place) => sys::fresh_description(&place.lock_path, place.lock_id),
            Self::Anonymous { locks, .. } => sys::reopen(locks.still_ours()?, true),
            Self::Private(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Region {
    /// Tries to take a row's lock. `None`: somebody holds it.
    ///
    /// # Errors
    /// The lock file is gone (`NotFound`), or the process is out of descriptors or mappings.
    pub(crate) fn try_lock_seat(&self, row: u32) -> io::Result<Option<SeatLock>> {
        if let Place::Private(rows) = &self.place {
            // Acquire: whoever had the row before is done with it.
            let taken = rows.get(row as usize).is_none_or(|taken| taken.swap(1, Acquire) == 1);
            return Ok((!taken).then(|| SeatLock::Private { rows: Arc::clone(rows), row }));
        }
        let _guard = sys::fork_guard();
        let description = self.place.fresh_lock_description()?;
        if planted::leaked_descriptor() {
            std::mem::forget(self.place.fresh_lock_description()?);
        }
        if !sys::try_write_lock(&description, u64::from(row) * ROW, 1)? {
            return Ok(None);
        }
        let pin = ManuallyDrop::new(PinnedLock::pin(description)?);
        Ok(Some(SeatLock::Pinned { pin, mark: self.mark }))
    }

    /// Whether a participant holds a row's lock: whether it is alive.
    ///
    /// # Errors
    /// As [`Region::try_lock_seat`].
    pub(crate) fn is_seat_locked(&self, row: u32) -> io::Result<bool> {
        if let Place::Private(rows) = &self.place {
            return Ok(rows.get(row as usize).is_some_and(|taken| taken.load(Acquire) == 1));
        }
        let _guard = sys::fork_guard();
        is_alive(self.place.fresh_lock_description()?, row)
    }

    /// Runs `act` while holding a dead participant's lock, through a fresh description, and under the process-wide fork
    /// guard, which also keeps this process's other threads from doing the same. `None`: somebody holds the lock.
    ///
    /// # Errors
    /// As [`Region::try_lock_seat`].
    pub(crate) fn with_seat_locked<R>(&self, row: u32, act: impl FnOnce() -> R) -> io::Result<Option<R>> {
        if let Place::Private(_) = &self.place {
            let seat = self.try_lock_seat(row)?;
            return Ok(seat.map(|_held| act()));
        }
        let _guard = sys::fork_guard();
        let description = self.place.fresh_lock_description()?;
        Ok(sys::try_write_lock(&description, u64::from(row) * ROW, ROW)?.then(act))
    }

    /// What became of the file. Costs one `stat`: for slow paths.
    ///
    /// # Errors
    /// It cannot be looked at, where it once could be.
    pub(crate) fn file_state(&self) -> io::Result<FileState> {
        let Place::Named(NamedPlace { location, id: Some(id), .. }) = &self.place else {
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
        match &self.place {
            Place::Named(place) => place.lock_path.display().to_string(),
            _ => "(the second descriptor)".to_owned(),
        }
    }

    /// Path of the region file, if it has one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Named(place) if place.id.is_some() => Some(&place.location.path),
            _ => None,
        }
    }

    /// Unlinks both files, unless they are gone or another channel's already.
    pub(crate) fn remove(&self, force: bool) -> Result<(), RemoveError> {
        match &self.place {
            #[cfg(feature = "named-segments")]
            Place::Named(place) if place.id.is_none() => super::remove_segment(&place.location.label, force),
            Place::Named(place) => remove_located(&place.location, force, place.id),
            _ => Err(RemoveError::NotFound { channel: self.label.clone() }),
        }
    }

    /// The region's and the lock file's descriptors, if the channel is anonymous.
    pub(crate) fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        match &self.place {
            Place::Anonymous { file, locks } => Some((file.as_fd(), locks.as_fd())),
            _ => None,
        }
    }
}

/// Whether the participant of this row is alive.
pub(super) fn is_alive(description: impl AsFd, row: u32) -> io::Result<bool> {
    let at = u64::from(row) * ROW;
    Ok(sys::write_lock_on(description, at, 1)? == Some((at, 1)))
}

/// No channel has more rows.
pub(super) const ROWS_MAX: u32 = 1024;

/// How many participants are alive in these first rows of a lock file.
pub(super) fn count_alive(description: impl AsFd, rows: u32) -> io::Result<usize> {
    let mut alive = 0;
    // The kernel tells any lock of a range: what is before it and behind it is looked at again.
    let mut unknown = vec![(0, u64::from(rows) * ROW)];
    while let Some((start, end)) = unknown.pop() {
        if start < end
            && let Some((at, length)) = sys::write_lock_on(&description, start, end - start)?
        {
            alive += usize::from(length == 1 && at % ROW == 0);
            let locked_to = if length == 0 { end } else { at.saturating_add(length) };
            unknown.push((start, at.min(end)));
            unknown.push((locked_to.max(start + 1), end));
        }
    }
    Ok(alive)
}

/// Tries to lock all rows: possible only while nobody is alive in them, or holds one for a moment.
pub(super) fn try_lock_rows(description: impl AsFd, rows: u32) -> io::Result<bool> {
    sys::try_write_lock(description, 0, u64::from(rows) * ROW)
}

/// Locks all rows, unless somebody is alive in them: then how many are.
///
/// Who is neither alive nor gone is leaving, or being reaped, at this moment: that is worth another look.
pub(super) fn lock_unless_alive(
    try_lock: impl Fn() -> io::Result<bool>,
    count_alive: impl Fn() -> io::Result<usize>,
) -> io::Result<Result<(), usize>> {
    const TURNS: u32 = 1000;
    for _ in 1..TURNS {
        if try_lock()? {
            return Ok(Ok(()));
        }
        let alive = count_alive()?;
        if alive > 0 {
            return Ok(Err(alive));
        }
        std::thread::yield_now();
    }
    if try_lock()? { Ok(Ok(())) } else { count_alive().map(Err) }
}

/// Makes a lock file for this instance of a region, without a name yet.
pub(super) fn build_lock_file(
    location: &Location,
    creation: Creation<'_>,
    region_mode: u32,
    instance: &[u8; 16],
) -> Result<(OwnedFd, Option<TemporaryName>), CreateError> {
    let channel = || location.label.clone();
    let failed = |action: &'static str| move |source: io::Error| creation.refused(action, source);
    let (file, temporary) = sys::create_unnamed(location.folder()).map_err(failed("creating the lock file"))?;
    if let Some(filesystem) = sys::refused_filesystem(&file).map_err(failed("looking at the filesystem"))? {
        return Err(CreateError::UnsupportedFilesystem { channel: channel(), filesystem });
    }
    sys::set_mode(&file, lock_mode(region_mode)).map_err(failed("setting the lock file's mode"))?;
    write_instance(&file, instance).map_err(failed("writing the lock file"))?;
    Ok((file, temporary))
}

/// Makes lock file content: the instance that it belongs to.
pub(super) fn write_instance(file: impl AsFd, instance: &[u8; 16]) -> io::Result<()> {
    sys::write_at(file, instance, 0)
}

/// Whether a lock file belongs to this instance.
pub(super) fn belongs_to(file: impl AsFd, instance: &[u8; 16]) -> io::Result<bool> {
    let mut found = [0; 16];
    Ok(sys::read_at(file, &mut found, 0)? == found.len() && found == *instance)
}

/// Permission bits of a lock file: whoever may write to the region may prove its life, nobody else may even open it.
pub(super) fn lock_mode(region_mode: u32) -> u32 {
    let write = region_mode & 0o222;
    write << 1 | write
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_are_for_those_who_may_write() {
        assert_eq!(lock_mode(0o600), 0o600);
        assert_eq!(lock_mode(0o640), 0o600);
        assert_eq!(lock_mode(0o660), 0o660);
        assert_eq!(lock_mode(0o666), 0o666);
        assert_eq!(lock_mode(0o644), 0o600);
    }
}
