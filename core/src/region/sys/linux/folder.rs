//! Folders: making one, and what is in it.

use super::descriptors::above_standard;
use super::files::open;
use super::random::random_id;
use rustix::fd::OwnedFd;
use rustix::fs::{self, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// What is in a folder.
pub(crate) fn read_folder(path: &Path) -> io::Result<std::fs::ReadDir> {
    loop {
        match above_standard(|| std::fs::read_dir(path)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Some of the names in a folder: the first `count`, and up to `count` from a random place on.
///
/// A caller that asks again and again sees all of them. A small folder is seen as a whole each time.
pub(crate) fn some_names(path: &Path, count: usize) -> io::Result<Vec<OsString>> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = Vec::new();
    if let Some(place) = read_names(&folder, count, &mut names)? {
        // To the kernel, a place is a number that it gave out before; to filesystems, a count or a hash, of which each can
        // be asked for. So the range to choose from is as large as the places seen so far, or twice, or four times …
        let random = u128::from_le_bytes(random_id()?);
        let range = u128::from(place.max(1)) << (random % 32) as u32;
        let chosen = (random >> 8) % range.min(i64::MAX as u128);
        if fs::seek(&folder, SeekFrom::Start(chosen as u64)).is_ok() {
            read_names(&folder, count, &mut names)?;
        }
    }
    Ok(names)
}

/// Reads up to `count` names from where the folder's description stands. `None`: there are no more; otherwise the place
/// behind the last one.
fn read_names(folder: &OwnedFd, count: usize, names: &mut Vec<OsString>) -> io::Result<Option<u64>> {
    const BUFFER: usize = 8 << 10;
    let mut buffer = [MaybeUninit::uninit(); BUFFER];
    let mut entries = RawDir::new(folder, &mut buffer);
    let mut place = 0;
    for _ in 0..count {
        match entries.next() {
            None => return Ok(None),
            Some(entry) => {
                let entry = entry?;
                place = entry.next_entry_cookie();
                names.push(OsString::from_vec(entry.file_name().to_bytes().to_vec()));
            }
        }
    }
    Ok(Some(place))
}

/// Makes a folder that only its user can enter; one that exists already is left as it is.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    match fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
