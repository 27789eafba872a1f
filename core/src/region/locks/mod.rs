//! The lock file: which participants are alive, and which process may take a region's name away.
//!
//! ```text
//! 0        4096                              2⁶¹          2⁶¹+1
//! ├────────┼──────── ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┼──────────── ┼─────────
//! │        │ lives, in blocks of 4,096       │ a creator   │ a remover
//! ```
//!
//! - `lock_file`: making it, and opening it.
//! - `lives`: the proof that a participant is dead, one open-file-description lock per process.
//! - `watched`: the lock file for a library thread, which has a table of descriptors of its own.
//! - `living`: counting the living by a lock file, and shutting everybody out.
//! - `turn`: one at a time takes a region's name away.
//!
//! What holds: *a life whose byte no block's lock covers is over, for good*; *asking takes no lock*; of two removers, *one has the
//! turn*.
//!
//! It needs `sys`, the header's facts from `memory`, and `location`.

mod lives;
mod living;
pub(in crate::region) mod lock_file;
mod turn;
mod watched;

#[cfg(feature = "named-segments")]
pub(in crate::region) use self::living::lock_unless_alive;
pub(in crate::region) use self::{
    lives::CurrentBlock,
    living::{InUse, count_processes},
    lock_file::LIFECYCLE,
    turn::{NoTurn, Turn},
};
pub(crate) use self::{
    lives::{Life, LockQuery, NoLife},
    watched::{LockFilePath, OpenedLockFile},
};
