//! The system calls of Linux, by what they are about.
//!
//! - `advice`: what a user can do about an error number.
//! - `descriptors`: making descriptors without taking one of the three standard numbers.
//! - `elsewhere`: files that stand in another thread's table of descriptors.
//! - `files`: opening without following links, unnamed files, memfds, seals.
//! - `filesystems`: which one a file is on, and how much room it has.
//! - `folder`: making and listing folders.
//! - `locks`: open-file-description locks.
//! - `passing`: passing descriptors on, over a Unix socket and to a program that is started.
//! - `per_process`: what each process has one of, and a forked child another.
//! - `pin`: a lock that is held by a mapping, which no child inherits.
//! - `counting`: a descriptor that is readable while its count is not zero.
//! - `closings`: being told that a file was closed. `alarm`: waking a thread that waits for that.
//! - `cancel`: keeping `pthread_cancel` out of the engine.
//! - `fork`: which process a handle belongs to.
//! - `host_clock`: the monotonic clock as all processes of the host see it.
//! - `process`: this process and its user; whether another process has ended or is about to.
//! - `random`: random bits.
//! - `thread`: threads of the library's own.
//! - `wake`: clock, futex, membarrier.
//! - `semaphore`: the C library's semaphores.
//! - `memory_group`: the limits of memory control groups.
//! - `pages`: prefaulting, locking, huge pages, pages that a forked child finds zero.
//! - `wiped`: words that a forked child finds zero.

mod advice;
mod alarm;
mod cancel;
mod closings;
mod counting;
mod descriptors;
mod elsewhere;
mod files;
mod filesystems;
mod folder;
mod fork;
mod host_clock;
mod locks;
mod memory_group;
mod pages;
mod passing;
mod per_process;
mod pin;
mod process;
mod random;
mod semaphore;
mod thread;
mod wake;
mod wiped;

pub(crate) use self::{
    advice::{COLLAPSING, LOCKING_MEMORY, PREFAULTING, WATCHING, errno_of, explained},
    alarm::{Alarm, quiet},
    cancel::cancel_guard,
    closings::{Closing, Closings, WatchedFile, Woken},
    counting::Counting,
    descriptors::{duplicate, moved_above_standard, plug_standard},
    elsewhere::{open_of_other_thread, path_for_other_threads, path_of_descriptor},
    files::{
        FileFacts, FileId, FileKind, KeptFile, TemporaryName, allocate, anonymous_file, boot_id, check_file_size_limit,
        create_unnamed, file_size_limit, fresh_description, has_seals, is_one_way, is_still_at, link_into_place,
        look_at, look_at_open, may_enter, may_write, open_pinned, read_at, read_exact_at, rename, reopen, reopen_known,
        seal_size, seal_writing, set_mode, unlink, write_at,
    },
    filesystems::{Filesystem, free_space, unsuitable_filesystem},
    folder::{make_private_folder, read_folder, some_names},
    fork::ProcessMark,
    host_clock::HostClock,
    locks::{Holder, LockingFile, lock_on, try_write_lock, write_lock_on},
    memory_group::{MemoryLimit, memory_available, memory_limit},
    pages::{collapse, lock_memory, prefault},
    passing::{
        bequeath, close_inherited, close_on_exec, inherited, is_unix_socket, peek, send_descriptors, take_descriptors,
    },
    per_process::PerProcess,
    pin::{Pinned, PinnedLock, Source},
    process::{is_ending, is_privileged_by_its_file, pid_namespace, process_id, user_id},
    random::random_id,
    semaphore::{C_LIBRARY, SEMAPHORE_BYTES, has_semaphores, semaphore_init, semaphore_post, semaphore_wait},
    thread::{LibraryThread, start_in},
    wake::{
        Clock, FUTEX_WAITS_MAX, FutexWait, Moment, Reach, futex_wait, futex_wait_for_any, futex_wake, membarrier,
        pause, preserving_errno, register_membarrier, unix_time_ns,
    },
    wiped::WipedWord,
};

#[cfg(feature = "named-segments")]
pub(crate) use self::{descriptors::above_standard, files::segment_file};
