//! Where a region is, what became of its file, and its lock file: making it, and locking all of it.
//!
//! The lock file's bytes stand for lives, up to [`LIFECYCLE`]: see `lives`. That byte is held by a creator until its region has
//! its name. A remover locks all bytes below it, which nobody alive lets it do.

use super::header::Facts;
use super::lives::{BLOCK, LockQuery, Locks, is_block};
use super::refusals::Creation;
use super::remove::remove_located;
use super::sys::{self, Clock, FileId, Holder, KeptFile, LockingFile, TemporaryName};
use super::{Location, Region};
use crate::error::{CreateError, RemoveError};
use crate::layout::{ParticipantRow, ParticipantState, RowState};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The byte behind all lives that creators hold.
pub(super) const LIFECYCLE: u64 = 1 << 61;

/// Where a region is, and with it its lock file.
#[derive(Debug)]
pub(super) enum Place {
    /// A file with a name, found again by it. No descriptor stays open.
    Named(NamedPlace),
    /// Two memfds.
    Anonymous { file: KeptFile, locks: KeptFile },
    /// This process's memory.
    Private,
}

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

impl Region {
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

/// Why a lock file could not be locked.
#[derive(Debug, Clone, Copy)]
pub(super) enum InUse {
    /// So many participants are alive.
    By(usize),
    /// Another program holds a lock.
    Locked(Holder),
}

/// Locks all lives, unless somebody is alive. `count` says how many participants are, where that is known better than by the
/// number of their processes.
pub(super) fn lock_unless_alive(
    lock_file: &LockingFile,
    count: impl Fn() -> io::Result<usize>,
) -> io::Result<Result<(), InUse>> {
    // A lock that belongs to nobody alive is a joiner's that has no row yet, or a leaver's that has none any more: that is
    // worth another look.
    const PATIENCE: Duration = Duration::from_millis(20);
    let deadline = Clock::now().plus(PATIENCE);
    let mut other = None;
    loop {
        if sys::try_write_lock(lock_file, 0, LIFECYCLE)? {
            return Ok(Ok(()));
        }
        let locks = Locks::of(lock_file)?;
        let alive = if locks.blocks > 0 { count()? } else { 0 };
        if alive > 0 {
            return Ok(Err(InUse::By(alive)));
        }
        other = locks.other.or(other);
        if Clock::now() >= deadline {
            if other.is_none() {
                // A read lock keeps others from locking, too.
                other = sys::lock_on(lock_file, 0, LIFECYCLE)?.filter(|holder| !is_block(holder, holder.start / BLOCK));
            }
            return Ok(Err(match other {
                Some(holder) if locks.blocks == 0 => InUse::Locked(holder),
                _ => InUse::By(locks.blocks.max(1)),
            }));
        }
        std::thread::yield_now();
    }
}

/// How many processes take part, whatever the region says.
pub(super) fn count_processes(lock_file: impl AsFd) -> io::Result<usize> {
    Ok(Locks::of(lock_file)?.blocks)
}

/// How many participants are alive, by the rows in the region's file and the locks.
pub(super) fn count_alive(file: impl AsFd, lock_file: &LockingFile, facts: &Facts) -> io::Result<usize> {
    const ROW: usize = size_of::<ParticipantRow>();
    let mut rows = vec![0; facts.geometry.participants() as usize * ROW];
    let read = sys::read_at(file, &mut rows, facts.map.participants_at)?;
    let mut query = LockQuery::of(lock_file.as_fd());
    let mut alive = 0;
    for row in rows[..read].chunks_exact(ROW) {
        let state = row.as_chunks::<8>().0[0];
        if let Some(row) = RowState::from_bits(u64::from_le_bytes(state))
            && row.state == ParticipantState::Live
            && !query.is_over(row.life)?
        {
            alive += 1;
        }
    }
    Ok(alive)
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
