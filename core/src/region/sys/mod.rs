//! All calls of the operating system that the engine makes. A port to another system is one more folder beside `linux`.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(in crate::region) use linux::*;
#[cfg(target_os = "linux")]
pub(crate) use linux::{
    Clock, HostClock, Moment, ProcessMark, cancel_guard, explained, is_ending, pause, pid_namespace, preserving_errno,
    process_id, start_in, unix_time_ns, user_id,
};
#[cfg(target_os = "linux")]
pub(crate) use linux::{Counting, LibraryThread, PerProcess};
