//! Lock files whose region does not exist any more, and what removes them.
//!
//! A creator that is killed between naming its two files leaves one. So does a remover, and so does a region that is deleted
//! by other means.
//!
//! Each creation of a channel of that name looks for some. It looks at a bounded number of files, however many stand in the
//! folder, and chooses them anew each time, so that every orphan is found in the end. The removal of a channel whose header
//! cannot be read removes all of them.
//!
//! A file of which any process holds a byte stays: a participant holds its life, a creator the lifecycle byte until the region
//! has its name, a remover its turn.

use crate::layout::HeaderBlock;
use crate::region::Region;
use crate::region::location::Location;
use crate::region::sys::{self, LockingFile};
use rustix::fd::AsFd;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use zerocopy::FromBytes;

/// How many names a creation reads from the folder's start, and as many from a random place.
const NAMES: usize = 128;

/// How many lock files it opens.
const OPENED: usize = 8;

/// Removes some orphans of this channel's name, at a cost that has a bound. The lock file of the region that the caller has just
/// `made` is none, and is not looked at.
pub(in crate::region) fn sweep_some(location: &Location, made: &Region) {
    let names = sys::some_names(location.folder(), NAMES).unwrap_or_default();
    let own = location.lock_path(&made.facts().instance);
    let is_another = |name: &OsString| own.file_name() != Some(name);
    let mut lock_files: Vec<_> =
        names.into_iter().filter(|name| location.is_lock_file(name) && is_another(name)).collect();
    if lock_files.len() > OPENED {
        // Those that stand first may be no orphans each time.
        let random = sys::random_id().map_or(0, |id| usize::from(u16::from_le_bytes([id[0], id[1]])));
        let middle = random % lock_files.len();
        lock_files.rotate_left(middle);
    }
    lock_files.iter().take(OPENED).for_each(|name| sweep(location, &location.folder().join(name)));
}

/// Removes all orphans of this channel's name. Looks at every file in the folder.
pub(in crate::region) fn sweep_all(location: &Location) {
    location.lock_files().unwrap_or_default().iter().for_each(|path| sweep(location, path));
}

/// Removes the lock file at `path` if it is an orphan, and the region that its maker did not come to rename.
fn sweep(location: &Location, path: &Path) {
    let Ok(pinned) = sys::open_pinned(path) else { return };
    let Ok(file) = sys::reopen(pinned.as_fd(), true).map(LockingFile::new) else { return };
    let mut instance = [0; 16];
    let is_lock_file = sys::read_at(&file, &mut instance, 0).is_ok_and(|read| read == instance.len())
        && location.lock_path(&instance) == path;
    if is_lock_file
        // The first look spares a channel that nobody uses the lock, which somebody who joins might meet.
        && !is_current(location, &instance)
        && sys::try_write_lock(&file, 0, 0).unwrap_or(false)
        && !is_current(location, &instance)
    {
        let _ = sys::unlink(&location.temporary_path(&instance));
        let _ = sys::unlink(path);
    }
}

/// Whether this instance is that of the region that has the name now, if there is one.
fn is_current(location: &Location, instance: &[u8; 16]) -> bool {
    let mut start = [0; HeaderBlock::BYTES];
    let read = sys::open_pinned(&location.path)
        .and_then(|pinned| sys::reopen(pinned.as_fd(), false))
        .and_then(|file| sys::read_at(&file, &mut start, 0));
    match read {
        Err(error) => error.kind() != io::ErrorKind::NotFound,
        Ok(_) => HeaderBlock::read_from_bytes(&start).is_ok_and(|block| block.instance == *instance),
    }
}
