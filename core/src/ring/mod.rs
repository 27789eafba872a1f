//! The algorithms, on positions and atomics.
//!
//! Nothing here knows files, processes or raw memory: an algorithm asks a memory trait for its words and hands out
//! offsets and lengths. The same code runs over a mapped file, over process memory and over loom's atomics.
//!
//! - [`log`]: the lane, a single-writer log of variable-length records.
//! - [`slots`]: the slot queue, for many senders and many receivers.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

pub mod log;
pub mod slots;
