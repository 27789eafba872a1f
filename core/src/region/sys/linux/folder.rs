//! Folders: making one, and listing one.

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

/// Lists a folder.
pub(crate) fn read_folder(path: &Path) -> io::Result<std::fs::ReadDir> {
    loop {
        match above_standard(|| std::fs::read_dir(path)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Some of the names in a folder: the first `count`, and up to `count` more from a random place on.
///
/// A caller that asks again and again sees all of them in the end. Of a small folder, it sees all names each time.
pub(crate) fn some_names(path: &Path, count: usize) -> io::Result<Vec<OsString>> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = Vec::new();
    if let Some(place) = read_names(&folder, count, &mut names)? {
        // The kernel only promises to accept a place that it has given out. But filesystems use a count or a hash, and accept
        // any. How far the places of this folder reach is not known; so the choice is from a range that is as large as the last
        // place seen, or a random power of two times that.
        let random = u128::from_le_bytes(random_id()?);
        let range = u128::from(place.max(1)) << (random % 32) as u32;
        let chosen = (random >> 8) % range.min(i64::MAX as u128);
        if fs::seek(&folder, SeekFrom::Start(chosen as u64)).is_ok() {
            read_names(&folder, count, &mut names)?;
        }
    }
    Ok(names)
}

/// Reads up to `count` names from the folder's current place on. Returns the place behind the last one; `None`: there are no
/// more.
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

/// Makes a folder that only its user can enter. A folder that exists already is left as it is.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    match fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
