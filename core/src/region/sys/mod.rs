//! All calls of the operating system that the engine makes. A port to another system is one more folder beside `linux`.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(in crate::region) use linux::*;
#[cfg(target_os = "linux")]
pub(crate) use linux::{
    Alarm, Clock, Closing, Closings, Counting, FUTEX_WAITS_MAX, FutexWait, HostClock, LibraryThread, Moment,
    PerProcess, ProcessMark, WATCHING, WatchedFile, Woken, cancel_guard, explained, futex_wait_for_any, futex_wake,
    is_ending, pause, pid_namespace, plug_standard, preserving_errno, process_id, quiet, start_in, unix_time_ns,
    user_id,
};
