//! The system calls that the engine makes, and the errors with which a kernel, a full disk, a limit or a sandbox may refuse
//! each.
//!
//! A call that is not in the table is a miss: whoever adds one to the engine says here how it can fail.

use crate::tracer::{Forked, SystemCall};
use anyhow::{Result, bail};
use libc::{
    EAGAIN, EBUSY, EINTR, EINVAL, EIO, EMFILE, EMLINK, ENFILE, ENOENT, ENOLCK, ENOMEM, ENOSPC, ENOSYS, EOPNOTSUPP,
    EPERM,
};

/// A system call, as far as it matters for what may come of its failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub number: i64,
    /// Its name, and what it is made for.
    pub label: String,
    /// What it may fail with; the last is the likeliest to last.
    pub errnos: &'static [i32],
    /// The kernel does it even if it says that it failed.
    pub is_done: bool,
}

/// Names of the errors above, for people and for `--errno`.
pub const ERRNOS: [(&str, i32); 15] = [
    ("EAGAIN", EAGAIN),
    ("EBUSY", EBUSY),
    ("EINTR", EINTR),
    ("EINVAL", EINVAL),
    ("EIO", EIO),
    ("EMFILE", EMFILE),
    ("EMLINK", EMLINK),
    ("ENFILE", ENFILE),
    ("ENOENT", ENOENT),
    ("ENOLCK", ENOLCK),
    ("ENOMEM", ENOMEM),
    ("ENOSPC", ENOSPC),
    ("ENOSYS", ENOSYS),
    ("EOPNOTSUPP", EOPNOTSUPP),
    ("EPERM", EPERM),
];

/// The name of an error.
pub fn name_of(errno: i32) -> &'static str {
    ERRNOS.iter().find(|(_, number)| *number == errno).map_or("an error", |(name, _)| name)
}

/// Says what the call is at which a traced process stands.
pub fn describe(call: &SystemCall, child: &Forked) -> Result<Described> {
    let asked = call.number;
    let call = newer_form(*call);
    let [first, second, third, fourth, fifth, _] = call.arguments;
    let at = |address| child.string_at(address);
    let mut is_done = false;
    let (label, errnos): (String, &'static [i32]) = match call.number {
        libc::SYS_openat => {
            let what = opened(&at(second)?, third as i32);
            let errnos: &[i32] = match what {
                "an unnamed file" => &[ENOSPC, ENFILE, ENOMEM, EINTR, EPERM, EOPNOTSUPP, EMFILE],
                "a temporary file" => &[EMFILE, ENOMEM, EINTR, EPERM, ENOSPC],
                // Where /proc is not mounted.
                "a descriptor" | "the boot id" | "a limit" => &[ENOENT, ENFILE, ENOMEM, EINTR, EPERM, EMFILE],
                _ => &[ENFILE, ENOMEM, EINTR, EPERM, EMFILE],
            };
            (format!("openat of {what}"), errnos)
        }
        libc::SYS_close => {
            is_done = true;
            // Only what was written can fail to arrive, and the standard library panics if a folder's closing fails so.
            let errnos: &[i32] = if child.is_folder(first) { &[EINTR] } else { &[EINTR, EIO] };
            ("close".to_owned(), errnos)
        }
        libc::SYS_fcntl => {
            let command = second as i32;
            // A lock's first byte is its type.
            let unlocks = command == libc::F_OFD_SETLK && at(third)?.bytes().next() == Some(libc::F_UNLCK as u8);
            return Ok(described_fcntl(asked, command, unlocks));
        }
        libc::SYS_mmap => {
            let what = match (fifth as i32, third as i32) {
                (-1, _) if second == 4096 => "a page",
                (-1, _) => "memory",
                (_, libc::PROT_NONE) => "a lock's pin",
                _ => "a file",
            };
            (format!("mmap of {what}"), &[EAGAIN, EPERM, ENOMEM])
        }
        libc::SYS_munmap => ("munmap".to_owned(), &[ENOMEM]),
        libc::SYS_madvise => {
            let what = match third as i32 {
                libc::MADV_WIPEONFORK => "wipe on fork",
                libc::MADV_DONTFORK => "do not fork",
                libc::MADV_POPULATE_READ | libc::MADV_POPULATE_WRITE => "populate",
                libc::MADV_COLLAPSE => "collapse",
                other => bail!("madvise with advice {other}, which the table of system calls does not have"),
            };
            (format!("madvise: {what}"), &[ENOMEM, EINVAL, EPERM])
        }
        libc::SYS_mprotect => ("mprotect of a thread's stack".to_owned(), &[ENOMEM]),
        libc::SYS_clone | libc::SYS_clone3 => ("clone of a thread".to_owned(), &[ENOSYS, EPERM, EAGAIN]),
        libc::SYS_wait4 => ("wait".to_owned(), &[EINTR]),
        libc::SYS_mlock => ("mlock".to_owned(), &[ENOMEM, EAGAIN, EPERM]),
        libc::SYS_fallocate => ("fallocate".to_owned(), &[EINTR, EPERM, EOPNOTSUPP, ENOSYS, ENOSPC]),
        libc::SYS_pread64 | libc::SYS_read => ("read".to_owned(), &[EINTR, EIO, EPERM]),
        libc::SYS_pwrite64 => ("write".to_owned(), &[EINTR, EIO, EPERM, ENOSPC]),
        libc::SYS_fstat => ("fstat".to_owned(), &[ENOMEM, EPERM]),
        libc::SYS_newfstatat | libc::SYS_statx => {
            let path = at(second)?;
            let what = if path.is_empty() { "a descriptor" } else { named(&path) };
            (format!("stat of {what}"), &[ENOMEM, EPERM])
        }
        libc::SYS_fstatfs => ("fstatfs".to_owned(), &[EINTR, ENOSYS, EPERM]),
        libc::SYS_statfs => ("statfs".to_owned(), &[EINTR, ENOSYS, EPERM]),
        libc::SYS_faccessat | libc::SYS_faccessat2 => ("faccessat".to_owned(), &[ENOMEM, EPERM]),
        libc::SYS_linkat => (format!("linkat of {}", named(&at(fourth)?)), &[ENOSPC, EMLINK, ENOMEM, EPERM]),
        libc::SYS_renameat | libc::SYS_renameat2 => ("rename".to_owned(), &[ENOSPC, ENOMEM, EPERM]),
        libc::SYS_unlinkat => (format!("unlink of {}", named(&at(second)?)), &[EBUSY, ENOMEM, EPERM]),
        libc::SYS_mkdirat => ("mkdir".to_owned(), &[ENOSPC, ENOMEM, EPERM]),
        libc::SYS_fchmod => ("fchmod".to_owned(), &[EPERM]),
        libc::SYS_getdents64 => ("getdents".to_owned(), &[ENOMEM, EPERM]),
        libc::SYS_getrandom => ("getrandom".to_owned(), &[EINTR, EAGAIN, ENOSYS, EPERM]),
        libc::SYS_memfd_create => ("memfd_create".to_owned(), &[EMFILE, ENFILE, ENOMEM, ENOSYS, EPERM]),
        libc::SYS_prlimit64 => ("getrlimit".to_owned(), &[ENOSYS, EPERM]),
        libc::SYS_membarrier => {
            // The registrations of the two expedited barriers: for all that registered, and for this process.
            let what = if [4, 16].contains(&first) { "register" } else { "fence" };
            (format!("membarrier: {what}"), &[ENOSYS, EPERM])
        }
        libc::SYS_futex => match second as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) {
            libc::FUTEX_WAKE => ("futex: wake".to_owned(), &[ENOSYS, EPERM]),
            // The engine's sleeps have an end. This is the C library's for a thread, if that is not sooner; where it is refused,
            // it ends the process.
            _ if fourth == 0 => (String::new(), &[]),
            _ => ("futex: wait".to_owned(), &[EINTR, EAGAIN, ENOSYS, EPERM]),
        },
        libc::SYS_clock_nanosleep | libc::SYS_nanosleep => ("nanosleep".to_owned(), &[EINTR, EPERM]),
        libc::SYS_sched_yield => ("sched_yield".to_owned(), &[EPERM]),
        libc::SYS_sched_getaffinity => ("sched_getaffinity".to_owned(), &[EPERM]),
        // They cannot fail. The C library's allocator asks in another way if the first one is refused, and there is no
        // second way for it to fail.
        libc::SYS_getpid | libc::SYS_gettid | libc::SYS_geteuid | libc::SYS_brk => (String::new(), &[]),
        // The marks, and what is said about a panic.
        libc::SYS_write | libc::SYS_lseek => (String::new(), &[]),
        libc::SYS_tgkill | libc::SYS_kill | libc::SYS_rt_sigprocmask => (String::new(), &[]),
        // How the standard library takes note of a crash.
        libc::SYS_rt_sigaction | libc::SYS_rt_sigreturn => (String::new(), &[]),
        other => bail!("system call {other}, which the table of system calls does not have"),
    };
    Ok(Described { number: asked, label, errnos, is_done })
}

/// The call that does the same relative to a folder, for one that does not know folders.
#[cfg(target_arch = "x86_64")]
fn newer_form(call: SystemCall) -> SystemCall {
    let number = match call.number {
        libc::SYS_open => libc::SYS_openat,
        libc::SYS_unlink => libc::SYS_unlinkat,
        libc::SYS_mkdir => libc::SYS_mkdirat,
        libc::SYS_stat | libc::SYS_lstat => libc::SYS_newfstatat,
        libc::SYS_rename => libc::SYS_renameat,
        _ => return call,
    };
    let [a, b, c, d, e, _] = call.arguments;
    SystemCall { number, arguments: [libc::AT_FDCWD as u64, a, b, c, d, e] }
}

/// There are no others.
#[cfg(not(target_arch = "x86_64"))]
fn newer_form(call: SystemCall) -> SystemCall {
    call
}

fn described_fcntl(number: i64, command: i32, unlocks: bool) -> Described {
    let (what, errnos): (&str, &'static [i32]) = match command {
        libc::F_OFD_SETLK if unlocks => ("unlock", &[EINVAL, EPERM]),
        libc::F_OFD_SETLK => ("lock", &[EAGAIN, EINTR, EINVAL, ENOLCK, EPERM]),
        libc::F_OFD_GETLK => ("look at a lock", &[EINVAL, EPERM]),
        libc::F_ADD_SEALS => ("seal", &[EINVAL, EPERM]),
        libc::F_GET_SEALS => ("look at seals", &[EPERM]),
        libc::F_DUPFD_CLOEXEC => ("duplicate", &[EMFILE, EPERM]),
        // The standard library looks at descriptors in debug builds before it closes them.
        _ => ("look", &[]),
    };
    Described { number, label: format!("fcntl: {what}"), errnos, is_done: false }
}

/// What is opened.
fn opened(path: &str, flags: i32) -> &'static str {
    match path {
        _ if flags & libc::O_TMPFILE == libc::O_TMPFILE => "an unnamed file",
        _ if flags & libc::O_DIRECTORY != 0 => "a folder",
        _ => named(path),
    }
}

/// What has this name.
fn named(path: &str) -> &'static str {
    match path {
        _ if path.starts_with("/proc/self/fd/") || path.starts_with("/proc/thread-self/fd/") => "a descriptor",
        _ if path.ends_with("/cgroup") || path.starts_with("/sys/fs/cgroup") || path == "/proc/meminfo" => "a limit",
        _ if path.ends_with("boot_id") => "the boot id",
        _ if path.starts_with("/sys/") => "the processors",
        _ if path.ends_with(".lock") => "the lock file",
        _ if path.ends_with(".tmp") => "a temporary file",
        _ if path.ends_with("channel") || path.ends_with(".lane") => "the file",
        _ => "a folder",
    }
}
