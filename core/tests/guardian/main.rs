//! The guardian: death told early, and what it costs a process.
//!
//! Nobody waits for anything in a channel here, unless it says so. No slice ends then, so a death that is found was told by a guardian.
//!
//! - `deaths`: of one, several, all others at once, those on duty among them.
//! - `costs`: threads, descriptors and wake-ups; forks.
//! - `refusals`: where the system refuses part of it.
//! - `stage`: other processes, and the kernel's accounts of threads.

#[path = "../support/mod.rs"]
mod support;

mod costs;
mod deaths;
mod refusals;
mod stage;

#[test]
fn child_part() {
    support::child::play(stage::PARTS);
}
