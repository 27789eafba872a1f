//! What the models in `tests/` stand on: a lane's memory and a futex made of loom's parts, messages that can be told
//! apart, and a runner that counts what loom explored.
//!
//! There is no algorithm here. Everything that a model explores is `memlane`'s own source, compiled with `--cfg loom`,
//! under which its shim (`core/src/sync`) hands out loom's atomics behind a crash fuse.
//!
//! - [`broadcast`]: a broadcast's words, and its participants.
//! - [`deaths`]: how participants of a slot queue die, and what the living do meanwhile.
//! - [`departed`]: the lives in rows, and those that are over.
//! - [`duties`]: guardians, and the kernel that tells which of them are over.
//! - [`explore`]: runs a model, under every crash point if wanted, and prints how much was explored.
//! - [`frames`]: call frames, and the accounts of their calls.
//! - [`lane`]: [`lane::LoomLane`], a lane's words, each with a loom cell that notices racing payload accesses.
//! - [`lanes`]: several of them, and the rows of their senders.
//! - [`lives`]: several threads at one thing that they sleep for, with either backend.
//! - [`message`]: messages whose bytes are the most dangerous ones, and the check that they arrived.
//! - [`permits`]: a semaphore's words, and its participants.
//! - [`readers`]: the ways in which receivers read.
//! - [`relay`]: a thread that sleeps for a handle, a descriptor that is polled, and a task.
//! - [`scenario`]: sets a lane up, lets its ends run, settles accounts.
//! - [`slots`]: a slot queue's words, and the accounts of its messages.
//! - [`parking`]: [`parking::Event`], a futex without time-outs, so that a lost wake is a deadlock.
//! - [`things`]: what sleepers take.
//! - [`watch`]: the words of a watch.

#[cfg(not(loom))]
compile_error!("build from inside loom-tests/, whose .cargo/config.toml sets `--cfg loom`");

pub mod broadcast;
pub mod deaths;
pub mod departed;
pub mod duties;
pub mod explore;
pub mod frames;
pub mod lane;
pub mod lanes;
pub mod lives;
pub mod message;
pub mod names;
pub mod parking;
pub mod permits;
pub mod readers;
pub mod relay;
pub mod scenario;
pub mod slots;
pub mod things;
pub mod watch;
