//! Which process and user this is, and whether another process has ended or is about to.

use super::descriptors::above_standard;

/// Whether this program has rights that its caller does not have (set-uid, capabilities). Then the environment is not to be
/// trusted, since the caller chose it.
pub(crate) fn is_privileged_by_its_file() -> bool {
    // SAFETY: asks for a number.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// This user's effective id.
pub(crate) fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// This process's id.
pub(crate) fn process_id() -> u32 {
    std::process::id()
}

/// The inode number of this process's PID namespace; 0 if it cannot be found out.
pub(crate) fn pid_namespace() -> u64 {
    rustix::fs::stat("/proc/thread-self/ns/pid").map_or(0, |stat| stat.st_ino)
}

/// Whether a process of this PID namespace has ended, or is about to: none of its threads runs any more, though its memory may
/// still be there. `false` if that cannot be found out.
pub(crate) fn is_ending(process: u32) -> bool {
    let ending = above_standard(|| {
        // Other threads may run on when the first one has ended, so all of them are looked at.
        let threads = std::fs::read_dir(format!("/proc/{process}/task"))?;
        Ok(threads.flatten().all(|thread| {
            let status = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            let state = status.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
            matches!(state, None | Some('Z' | 'X'))
        }))
    });
    ending.unwrap_or_else(|error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound && pid_namespace() != 0)
}
