//! Advice for errors of the operating system: what a user can do about an error number, where that is known.

use rustix::io::Errno;
use std::{fmt, io};

/// An error of the operating system, and what to do about it.
#[derive(Debug)]
struct Explained {
    source: io::Error,
    advice: &'static str,
}

impl fmt::Display for Explained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.source, self.advice)
    }
}

impl std::error::Error for Explained {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

pub(crate) const LOCKING_MEMORY: &str = "locking the memory";
pub(crate) const WATCHING: &str = "watching for closings of the lock file";
pub(crate) const COLLAPSING: &str = "collapsing pages";
pub(crate) const PREFAULTING: &str = "prefaulting";

/// Adds advice to an error of the operating system, where there is some for its number and for the `action` that failed.
pub(crate) fn explained(action: &str, source: io::Error) -> io::Error {
    let is = |word: &str| action.contains(word);
    let advice = match errno_of(&source) {
        Some(Errno::NAMETOOLONG) => "use a shorter path: its last part may have 217 bytes, and all of it about 4,000",
        Some(Errno::LOOP) => "the folder's path leads in a circle of symbolic links, or over too many",
        Some(Errno::MFILE) if action == WATCHING => {
            "the user has too many inotify instances; close some programs, or raise the limit (fs.inotify.max_user_instances)"
        }
        Some(Errno::NOSPC) if action == WATCHING => {
            "the user watches too many files; raise the limit (fs.inotify.max_user_watches)"
        }
        Some(Errno::MFILE) => "close some descriptors, or raise the limit (ulimit -n)",
        Some(Errno::NFILE) => "the system has too many open files (fs.file-max)",
        Some(Errno::AGAIN) if is("mapping") || is("locking a") => {
            "this process locks all of its memory (mlockall) and has reached its limit; raise it (ulimit -l)"
        }
        Some(Errno::NOMEM | Errno::AGAIN | Errno::PERM) if action == LOCKING_MEMORY => {
            "this process may lock only so much memory; raise the limit (ulimit -l)"
        }
        Some(Errno::NOMEM) => {
            "the system has no memory for it, or this process has reached its limit (ulimit -v) or has too many mappings \
             (vm.max_map_count)"
        }
        Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if is("lock") => {
            "memlane needs open-file-description locks (Linux 3.15), which this kernel or sandbox does not have"
        }
        Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if action == COLLAPSING => {
            "the kernel makes huge pages of shared memory from Linux 6.1, of at least 2 MiB, unless \
             /sys/kernel/mm/transparent_hugepage/shmem_enabled is deny"
        }
        Some(Errno::INVAL | Errno::NOSYS) if action == PREFAULTING => "the kernel prefaults from Linux 5.14",
        Some(Errno::NOLCK) => "the system has no locks left; end some programs, or raise the limit (ulimit -x)",
        Some(Errno::PERM | Errno::NOSYS) => "a sandbox, an immutable file or a kernel without the call refuses it",
        _ => return source,
    };
    io::Error::new(source.kind(), Explained { source, advice })
}

/// The error number, if the error is the operating system's.
pub(crate) fn errno_of(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}
