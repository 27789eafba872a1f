//! The algorithms, on positions and atomics.
//!
//! Nothing here knows files, processes or raw memory: an algorithm asks a memory trait for its words and hands out
//! offsets and lengths. The same code runs over a mapped file, over process memory and over loom's atomics.
//!
//! - [`log`]: the lane, a single-writer log of variable-length records.
//! - [`lanes`]: several of them with one receiver.
//! - `broadcast`: one of them with several readers, each of which gets everything.
//! - [`slots`]: the slot queue, for many senders and many receivers.
//! - [`frames`]: calls and their answers, in the order and the cells of a slot queue.
//! - [`watch`]: the latest value of one writer, for many readers.
//! - [`event`]: bits that are set and waited for.
//! - [`permits`]: a semaphore, whose permits come back when their owner dies.
//!
//! An operation that has several ways bears its name alone where it is complete. `…_fast` is the way in line: it serves the
//! usual case, and returns `None` in any other, which says nothing about the ring. `…_slow` is what the complete one calls
//! then. Further ways are named by what differs: `…_fast_plain` (in a lane whose payloads are not aligned beyond a word),
//! `alloc_sampled` (of 128 slots).

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

pub mod broadcast;
pub mod event;
pub mod frames;
pub mod lanes;
pub mod log;
pub mod permits;
pub mod slots;
pub mod watch;
