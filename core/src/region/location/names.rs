//! From a channel's name to its path.
//!
//! `prices` means `$MEMLANE_DIR/prices.lane`. `MEMLANE_DIR` defaults to `/dev/shm/memlane-<uid>`, which only its user
//! can enter. A name with a `/` is a path, used as it is.
//!
//! The default folder is made where it is missing. Any other has to exist, whatever a call does in it. If it were made, two
//! programs, one of which has a slip in its `MEMLANE_DIR`, would use two folders and wait for each other for ever.
//!
//! A program that has rights beyond its caller's (set-uid) does not look at `MEMLANE_DIR`, as by `secure_getenv`.

use crate::region::sys::{self, FileKind};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{env, io};

/// Longest name in bytes.
const NAME_MAX: usize = 100;

/// Longest file name of a path in bytes: the lock file's is 38 longer, and the kernel takes 255.
const FILE_NAME_MAX: usize = 255 - 38;

/// Where the default folder stands.
pub(super) const SHARED_MEMORY: &str = "/dev/shm";

/// What a named channel's file is called behind its name.
const EXTENSION: &str = "lane";

/// Where a channel is, and what people call it.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// What people call it.
    pub(crate) label: String,
    /// Absolute path of the region file.
    pub(crate) path: PathBuf,
    /// Whether it stands in the folder that is private by default.
    private_folder: bool,
}

/// A name that is neither a channel name nor a path.
#[derive(Debug)]
pub(crate) struct InvalidName;

impl Location {
    /// Resolves a name, without looking at the filesystem.
    pub(crate) fn of(name: &str) -> Result<Self, InvalidName> {
        let label = name.to_owned();
        if name.contains('/') {
            let path = Path::new(name);
            let short = |file: &OsStr| file.len() <= FILE_NAME_MAX;
            let names_a_file = path.file_name().is_some_and(short) && !name.ends_with('/') && !name.contains('\0');
            let path = std::path::absolute(path).ok().filter(|_| names_a_file).ok_or(InvalidName)?;
            return Ok(Self { label, path, private_folder: false });
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if name.is_empty() || name.len() > NAME_MAX || name.starts_with('.') || !name.bytes().all(allowed) {
            return Err(InvalidName);
        }
        let (folder, private_folder) = folder();
        let path = folder.join(format!("{name}.{EXTENSION}"));
        Ok(Self { label, path, private_folder })
    }

    /// The place of a segment's lock file. A segment is known by a name, never by a path.
    #[cfg(feature = "named-segments")]
    pub(crate) fn of_segment(name: &str) -> Result<Self, InvalidName> {
        let named = Self::of(name)?;
        if named.is_path() {
            return Err(InvalidName);
        }
        Ok(Self { path: named.path.with_extension("segment"), ..named })
    }

    /// The folder that the region file stands in.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The folder that `MEMLANE_DIR` names, if it does not exist: then no call by name can succeed.
    pub(in crate::region) fn missing_folder(&self) -> Option<String> {
        let names_another = !self.private_folder && !self.is_path();
        (names_another && is_missing(self.folder())).then(|| self.folder().display().to_string())
    }

    /// Whether the name was given as a path.
    pub(in crate::region) fn is_path(&self) -> bool {
        self.label.contains('/')
    }

    /// Whether the folder is the private one by default, where files for others make no sense.
    pub(in crate::region) fn in_private_folder(&self) -> bool {
        self.private_folder
    }

    /// The lock file of the region with this instance id.
    pub(in crate::region) fn lock_path(&self, instance: &[u8; 16]) -> PathBuf {
        let mut path = OsString::from(&self.path);
        path.push(format!(".{:032x}.lock", u128::from_be_bytes(*instance)));
        PathBuf::from(path)
    }

    /// What a region is called for the moment before it replaces a stale one.
    pub(in crate::region) fn temporary_path(&self, instance: &[u8; 16]) -> PathBuf {
        self.folder().join(format!(".memlane-{:032x}.tmp", u128::from_be_bytes(*instance)))
    }

    /// Whether a file of this name beside the region file is called as a lock file of it is, of whatever instance.
    pub(in crate::region) fn is_lock_file(&self, name: &OsStr) -> bool {
        let file = self.path.file_name().unwrap_or_default();
        let instance = name
            .as_bytes()
            .strip_prefix(file.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"."))
            .and_then(|rest| rest.strip_suffix(b".lock"));
        instance.is_some_and(|id| id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit))
    }

    /// All lock files beside the region file, of whatever instance. Looks at every file in the folder.
    ///
    /// # Errors
    /// The folder cannot be read: there may be some all the same.
    pub(in crate::region) fn lock_files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in sys::read_folder(self.folder())? {
            let entry = entry?;
            if self.is_lock_file(&entry.file_name()) {
                files.push(entry.path());
            }
        }
        Ok(files)
    }
}

/// Whether no folder stands there.
fn is_missing(folder: &Path) -> bool {
    let missing = |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    sys::look_at(folder, false).map_or_else(missing, |found| found.kind != FileKind::Directory)
}

/// The user whose default folder has this name.
pub(in crate::region) fn private_folder_owner(folder: &Path) -> Option<u32> {
    folder.strip_prefix(SHARED_MEMORY).ok()?.to_str()?.strip_prefix("memlane-")?.parse().ok()
}

/// The folder of named channels, and whether it is the default one.
pub(super) fn folder() -> (PathBuf, bool) {
    match env::var_os("MEMLANE_DIR") {
        Some(folder) if !folder.is_empty() && !sys::is_privileged_by_its_file() => {
            let folder = PathBuf::from(folder);
            (std::path::absolute(&folder).unwrap_or(folder), false)
        }
        _ => (PathBuf::from(format!("{SHARED_MEMORY}/memlane-{}", sys::user_id())), true),
    }
}

/// The path of the file that a channel of this name has or would have; `None` if it is not a channel name.
///
/// ```
/// let path = memlane::channel_path("prices").unwrap();
/// assert!(path.ends_with("prices.lane"));
/// assert_eq!(memlane::channel_path("no spaces"), None);
/// ```
#[must_use]
pub fn channel_path(name: &str) -> Option<PathBuf> {
    Location::of(name).ok().map(|location| location.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_documented_rule() {
        for good in ["prices", "a", "A.b_c-9", &"x".repeat(100)] {
            assert!(Location::of(good).is_ok(), "{good}");
        }
        for bad in ["", ".hidden", "two words", "naïve", "tab\t", &"x".repeat(101), "a/", "/", "x/..", "a/\0"] {
            assert!(Location::of(bad).is_err(), "{bad}");
        }
        assert_eq!(Location::of("/tmp/feed").unwrap().path, Path::new("/tmp/feed"));
        assert!(Location::of("./feed").unwrap().path.is_absolute());
    }

    #[test]
    fn a_lock_file_is_named_after_its_instance() {
        let location = Location::of("/tmp/feed").unwrap();
        let path = location.lock_path(&[0xab; 16]);
        assert_eq!(path, Path::new("/tmp/feed.abababababababababababababababab.lock"));
    }
}
