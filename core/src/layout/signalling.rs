//! The shared words of the kinds that carry signals instead of messages: semaphore and event.
//!
//! ```text
//! PermitControl   pool line    pool                 permits that stand in no place: see `permit`
//! place           word         PermitWord           a line each, where slots stand in other kinds
//!
//! EventControl    event line   word                 bits, and how often any were set: see `event`
//! ```

use crate::sync::AtomicU64;

/// The words that belong to a semaphore as a whole.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct PermitControl {
    /// [`super::PoolWord`].
    pub pool: AtomicU64,
    pool_line: [AtomicU64; 15],
}

/// The words of an event.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct EventControl {
    /// [`super::EventWord`].
    pub word: AtomicU64,
    event_line: [AtomicU64; 15],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<PermitControl>() == 128 && align_of::<PermitControl>() == 128);
    assert!(offset_of!(PermitControl, pool) == 0);
    assert!(size_of::<EventControl>() == 128 && align_of::<EventControl>() == 128);
    assert!(offset_of!(EventControl, word) == 0);
};
