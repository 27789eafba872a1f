//! Which process and user this is, and whether another process is at its end.

use super::descriptors::above_standard;

/// Whether this program has rights that its caller has not (set-uid, capabilities): what the caller put into the
/// environment is not to be believed then.
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

/// This process's PID namespace, by its inode number; 0 where there is no telling.
pub(crate) fn pid_namespace() -> u64 {
    rustix::fs::stat("/proc/thread-self/ns/pid").map_or(0, |stat| stat.st_ino)
}

/// Whether a process of this PID namespace has ended, or is about to: nothing of it runs, and its memory may still be there.
/// `false` where there is no telling.
pub(crate) fn is_ending(process: u32) -> bool {
    let ending = above_standard(|| {
        // Of a process whose first thread has ended, others may run.
        let threads = std::fs::read_dir(format!("/proc/{process}/task"))?;
        Ok(threads.flatten().all(|thread| {
            let status = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            let state = status.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
            matches!(state, None | Some('Z' | 'X'))
        }))
    });
    ending.unwrap_or_else(|error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound && pid_namespace() != 0)
}
