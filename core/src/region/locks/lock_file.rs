//! The lock file: making it, and opening it.
//!
//! Its bytes below [`LIFECYCLE`] stand for lives: see `lives`. A creator holds the byte [`LIFECYCLE`] until its region has its
//! name. A remover locks all bytes below it, which fails while a participant is alive.

use crate::error::CreateError;
use crate::region::location::{Creation, Location};
use crate::region::memory::Facts;
use crate::region::sys::{self, FileId, FileKind, Filesystem, TemporaryName};
use rustix::fd::{AsFd, OwnedFd};
use std::io;
use std::path::Path;

/// The byte behind all lives that creators hold.
pub(in crate::region) const LIFECYCLE: u64 = 1 << 61;

/// Makes a lock file for this instance of a region, without a name yet.
pub(in crate::region) fn build(
    location: &Location,
    creation: Creation<'_>,
    region_mode: u32,
    instance: &[u8; 16],
) -> Result<(OwnedFd, Option<TemporaryName>), CreateError> {
    let channel = || location.label.clone();
    let failed = |action: &'static str| move |source: io::Error| creation.refused(action, source);
    let (file, temporary) = sys::create_unnamed(location.folder()).map_err(failed("creating the lock file"))?;
    if let Some(filesystem) = Filesystem::of(&file).map_err(failed("looking at the filesystem"))?.refused() {
        return Err(CreateError::UnsupportedFilesystem { channel: channel(), filesystem });
    }
    sys::set_mode(&file, lock_mode(region_mode)).map_err(failed("setting the lock file's mode"))?;
    write_instance(&file, instance).map_err(failed("writing the lock file"))?;
    Ok((file, temporary))
}

/// Makes lock file content: the instance that it belongs to.
pub(in crate::region) fn write_instance(file: impl AsFd, instance: &[u8; 16]) -> io::Result<()> {
    sys::write_at(file, instance, 0)
}

/// Whether a lock file belongs to this instance.
fn belongs_to(file: impl AsFd, instance: &[u8; 16]) -> io::Result<bool> {
    let mut found = [0; 16];
    Ok(sys::read_at(file, &mut found, 0)? == found.len() && found == *instance)
}

/// Whether this is the lock file that the channel was created with.
///
/// A copy has the same content, but participants that joined before it was made hold no lock on it.
pub(in crate::region) fn is_lock_file_of(file: &OwnedFd, region: &Facts) -> io::Result<bool> {
    is_known_lock_file_of(file, sys::look_at_open(file)?.id, region)
}

/// Whether a file, which is known to be this one, is the lock file that the channel was created with.
fn is_known_lock_file_of(file: &OwnedFd, id: FileId, region: &Facts) -> io::Result<bool> {
    Ok(id.inode() == region.lock_inode && belongs_to(file, &region.instance)?)
}

/// Opens the lock file of this region and tells its id. `None`: there is none, or somebody put something else there, or another
/// region's.
pub(in crate::region) fn open_of(
    path: &Path,
    region: &Facts,
    region_owner: u32,
) -> io::Result<Option<(OwnedFd, FileId)>> {
    let Some((file, id)) = open_believed(path, region_owner)? else { return Ok(None) };
    Ok(is_known_lock_file_of(&file, id, region)?.then_some((file, id)))
}

/// Opens a lock file as long as it is the region's owner's, root's or this user's, and tells its id. `None`: there is none, or
/// somebody put something else there.
pub(in crate::region) fn open_believed(path: &Path, region_owner: u32) -> io::Result<Option<(OwnedFd, FileId)>> {
    open_if(path, |owner| [region_owner, sys::user_id(), 0].contains(&owner))
}

/// Opens a lock file of whatever owner. `None`: there is none, or something else stands there; then nobody can be alive.
pub(in crate::region) fn open(path: &Path) -> io::Result<Option<OwnedFd>> {
    Ok(open_if(path, |_| true)?.map(|(file, _)| file))
}

/// Opens a lock file of a believed owner.
fn open_if(path: &Path, believes: impl FnOnce(u32) -> bool) -> io::Result<Option<(OwnedFd, FileId)>> {
    let pinned = match sys::open_pinned(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let facts = sys::look_at_open(&pinned)?;
    if facts.kind != FileKind::Regular || !believes(facts.owner) {
        return Ok(None);
    }
    Ok(Some((sys::reopen_known(pinned.as_fd(), facts.id, true)?, facts.id)))
}

/// Permission bits of a lock file: a user that may write to the region may prove its life there, others may not even open it.
fn lock_mode(region_mode: u32) -> u32 {
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
