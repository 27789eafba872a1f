//! What the tests share.
//!
//! - [`Scratch`]: a fresh folder in shared memory, as name space.
//! - [`account`]: what a receiver got and lost.
//! - [`child`]: the same test binary once more, as another process.
//! - `feed`: the recorded market feed, for `senders_feed`, `broadcast_feed` and `pipe`, which take it by its path.
//! - [`folder`]: how such a folder is removed, also if its test is killed.
//! - [`halts`]: a thread that stands still at each of the engine's system calls.
//! - [`image`]: region files, forged field by field.
//! - [`layout`]: where each field stands, as `docs/layout.md` says.
//! - [`model`]: a lane that is obviously right, to compare with.
//! - [`numbered`]: messages that say how many were sent before them.
//! - [`peer`]: a process that reads and writes the file itself.
//! - [`random`]: numbers that look random.
//! - `source_text`: the text of Rust files, for `tidy`, `edges` and `circles`, which take it by its path.
//! - [`space`]: namespaces and limits of a process of its own.
//! - [`stage`]: the same test over named, anonymous and private channels.
//! - [`syscalls`]: counting the system calls of a piece of work.

#![allow(dead_code, reason = "each test binary uses some of it")]

pub mod account;
pub mod child;
pub mod folder;
pub mod halts;
pub mod image;
pub mod layout;
pub mod model;
pub mod numbered;
pub mod peer;
pub mod random;
pub mod space;
pub mod stage;
pub mod syscalls;

use std::fmt::Debug;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Longer than any step of any test takes on a machine that works, however busy it is.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder in shared memory that nobody else uses, gone when dropped. Should its test hang, the watchdog ends it.
pub struct Scratch {
    folder: folder::Folder,
    _watchdog: Watchdog,
}

impl Scratch {
    #[track_caller]
    pub fn new() -> Self {
        Self { folder: folder::Folder::new(0o755), _watchdog: Watchdog::new() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What has to stay open for as long as the folder is needed.
    pub fn descriptor(&self) -> &std::fs::File {
        self.folder.lock()
    }

    /// The path of a file in here.
    pub fn join(&self, file: &str) -> PathBuf {
        self.path().join(file)
    }

    /// A channel name that leads in here: a path.
    pub fn name(&self, channel: &str) -> String {
        self.join(channel).to_str().expect("a UTF-8 path").to_owned()
    }

    /// The files in here, sorted.
    pub fn files(&self) -> Vec<String> {
        files_in(self.path())
    }
}

/// Aborts the process unless it is dropped in time: a test that waits for ever fails instead of hanging.
pub struct Watchdog {
    _alive: Sender<()>,
}

impl Watchdog {
    #[track_caller]
    pub fn new() -> Self {
        let (alive, dropped) = std::sync::mpsc::channel();
        let place = std::panic::Location::caller();
        std::thread::spawn(move || {
            if dropped.recv_timeout(2 * PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // Past the harness, which would keep it until the test ends.
                let _ = writeln!(std::io::stderr(), "the test at {place} hangs");
                std::process::abort();
            }
        });
        Self { _alive: alive }
    }
}

/// The names of a folder's files, sorted.
pub fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// The lock file of the channel with this path name, as it is named after its instance.
pub fn lock_file(name: &str) -> PathBuf {
    let path = Path::new(name);
    let file = path.file_name().unwrap().to_str().unwrap();
    let is_ours = |other: &String| other.starts_with(&format!("{file}.")) && other.ends_with(".lock");
    let mut found = files_in(path.parent().unwrap()).into_iter().filter(is_ours);
    let lock = found.next().expect("a lock file");
    assert_eq!(found.next(), None, "two lock files");
    path.parent().unwrap().join(lock)
}

/// Polls until `condition` holds.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Asserts that two errors are the same variant with the same fields. Errors that hold an `io::Error` cannot be
/// compared otherwise.
#[track_caller]
pub fn assert_same<E: Debug>(found: &E, wanted: &E, what: &str) {
    assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "{what}");
}

/// Whether this process may do what only root may; says so if not, for the test to return.
pub fn is_root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: {test} needs root");
    }
    root
}

/// A user id that is nobody's who runs tests.
pub const SOMEBODY: u32 = 54_321;
