//! A folder in shared memory for one test, which outlives neither the test nor, for long, a process that was killed in it.
//!
//! The folder stands in another one, on which the process that made both keeps a lock (`flock`), which goes with the process
//! and with what it forked. The first folder of a process is made after those were removed that nobody locks: the leftovers of
//! tests that were killed. One that somebody removes before its maker has the lock is made again under another name.

use rustix::fs::{FlockOperation, flock, fstat};
use rustix::mount::UnmountFlags;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;

const SHARED_MEMORY: &str = "/dev/shm";

/// What the names of the outer folders start with.
const PREFIX: &str = "memlane-test-";

/// The folder.
#[derive(Debug)]
pub struct Folder {
    outer: PathBuf,
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// A new folder with these permission bits.
    #[track_caller]
    pub fn new(mode: u32) -> Self {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        loop {
            let mut builder = tempfile::Builder::new();
            builder.prefix(PREFIX).permissions(Permissions::from_mode(0o755));
            let outer = builder.tempdir_in(SHARED_MEMORY).expect("a folder in /dev/shm").keep();
            if let Some(lock) = lock(&outer) {
                let path = outer.join("folder");
                fs::create_dir(&path).expect("a folder in it");
                fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a folder of ours");
                return Self { outer, path, lock };
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What keeps it from being swept away by other tests, for as long as it is open.
    #[allow(dead_code, reason = "the command's tests and those of C close nothing that is not theirs")]
    pub fn lock(&self) -> &File {
        &self.lock
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.outer);
    }
}

/// The lock on a folder; `None` if somebody else has it, or the folder is gone.
fn lock(path: &Path) -> Option<File> {
    let folder = File::open(path).ok()?;
    flock(&folder, FlockOperation::NonBlockingLockExclusive).ok()?;
    (fstat(&folder).ok()?.st_nlink > 0).then_some(folder)
}

/// Removes the folders that nobody locks.
pub fn sweep() {
    for entry in fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten() {
        if entry.file_name().as_bytes().starts_with(PREFIX.as_bytes())
            && let Some(_lock) = lock(&entry.path())
        {
            remove(&entry.path());
        }
    }
}

/// Removes an outer folder with everything in it; what a test mounted on the inner one or in it, too.
fn remove(outer: &Path) {
    let inner = outer.join("folder");
    for entry in fs::read_dir(&inner).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
        unmount(&entry.path());
    }
    unmount(&inner);
    let _ = fs::remove_dir_all(outer);
}

/// Takes away the filesystem that is mounted there, if there is one.
fn unmount(path: &Path) {
    let _ = rustix::mount::unmount(path, UnmountFlags::DETACH);
}
