//! Linux.
//!
//! - `descriptors`: none of the three standard ones is ever taken.
//! - `files`: opening without following, unnamed files, memfds, seals, filesystems.
//! - `folder`: what is in a folder.
//! - `locks`: open-file-description locks.
//! - `pin`: holding one by a mapping that no child shares.
//! - `cancel`: keeping `pthread_cancel` out.
//! - `fork`: which process a handle belongs to.
//! - `wake`: clock, futex, membarrier.
//! - `semaphore`: the C library's semaphores.
//! - `memory_group`: the limits of memory control groups.
//! - `pages`: prefaulting, locking, huge pages.

mod cancel;
mod descriptors;
mod files;
mod folder;
mod fork;
mod locks;
mod memory_group;
mod pages;
mod pin;
mod semaphore;
mod wake;

use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};

pub(crate) use self::{
    cancel::cancel_guard,
    descriptors::{above_standard, duplicate, moved_above_standard},
    files::{
        FileFacts, FileId, FileKind, KeptFile, TemporaryName, allocate, anonymous_file, boot_id, check_file_size_limit,
        create_unnamed, file_size_limit, free_space, free_space_of, fresh_description, has_holes, has_seals, is_memory,
        is_still_at, link_into_place, look_at, look_at_open, may_enter, may_write, open_pinned, read_at, read_exact_at,
        refused_filesystem, rename, reopen, seal_size, set_mode, unlink, unsuitable_filesystem, write_at,
        write_in_place,
    },
    folder::{make_private_folder, read_folder, some_names},
    fork::ProcessMark,
    locks::{Holder, LockingFile, lock_on, try_write_lock, write_lock_on},
    memory_group::{MemoryLimit, memory_available, memory_limit},
    pages::{collapse, lock_memory, prefault},
    pin::{Pinned, PinnedLock, Source},
    semaphore::{C_LIBRARY, SEMAPHORE_BYTES, has_semaphores, semaphore_init, semaphore_post, semaphore_wait},
    wake::{Clock, Moment, futex_wait, futex_wake, membarrier, pause, register_membarrier},
};

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

/// The file behind a named segment: where the C library keeps it.
#[cfg(feature = "named-segments")]
pub(crate) fn segment_file(segment: &str) -> std::path::PathBuf {
    std::path::Path::new("/dev/shm").join(segment.trim_start_matches('/'))
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

/// Nanoseconds of the Unix epoch: for people.
pub(crate) fn unix_time_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// 128 random bits.
pub(crate) fn random_id() -> std::io::Result<[u8; 16]> {
    let mut id = [0; 16];
    let mut filled = 0;
    while filled < id.len() {
        filled += retry_on_intr(|| getrandom(&mut id[filled..], GetRandomFlags::empty()))?;
    }
    Ok(id)
}
