//! Processes that are stepped, one instruction or one system call at a time, and killed.
//!
//! ```text
//! fork ── the child prepares ── mark ── step · step · step … ── mark ── killed, or let go
//!                               │        └ stops after each ┘   │
//!                               └ the operation starts          └ and has ended
//! ```
//!
//! Invariant: *a traced process runs only inside of a call of this module*. Between two calls it stands still, or is dead.
//!
//! - `forked`: forking, marks, and steps of one instruction.
//! - `syscalls`: steps of one system call, which can be made to fail.

#![allow(unsafe_code, reason = "fork and ptrace are unsafe, and everything else here is not")]

mod forked;
mod syscalls;

pub use forked::{Forked, Rest, Stop, mark, set_alarm, stand_by};
pub use syscalls::{End, Event, SystemCall};
