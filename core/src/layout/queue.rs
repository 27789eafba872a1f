//! The shared words of a slot queue, besides its cells and slots.
//!
//! ```text
//! QueueControl   wait line    space futex                  senders sleep here until a slot is free
//!                counts       dead letters · discarded · returned · searched     written rarely
//! RingControl    head line    head                         one RingControl a priority
//!                tail line    tail
//! cells          8 bytes each, one ring a priority         see `slot`
//! slot           word · header · payload                   a multiple of 64 bytes each
//! ```

use crate::sync::{AtomicU32, AtomicU64};

/// Words that belong to the queue as a whole.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct QueueControl {
    /// Where senders sleep until a slot is free.
    pub space: AtomicU32,
    wait_line: [AtomicU32; 31],
    /// Messages that were given up after too many deliveries.
    pub dead_letters: AtomicU64,
    /// Messages whose receiver died, where these are not delivered again.
    pub discarded: AtomicU64,
    /// Grows whenever a reaping is over: there may be slots in Returned.
    pub returned: AtomicU64,
    /// `returned` as it was at the start of a search that has found all: there is nothing of reapings up to this one.
    pub searched: AtomicU64,
    counts: [AtomicU64; 12],
}

/// The order of the messages of one priority.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct RingControl {
    /// Position of the first cell that was not passed.
    pub head: AtomicU64,
    head_line: [AtomicU64; 15],
    /// A position up to which all cells are filled: a hint.
    pub tail: AtomicU64,
    tail_line: [AtomicU64; 15],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<QueueControl>() == 256 && align_of::<QueueControl>() == 128);
    assert!(offset_of!(QueueControl, dead_letters) == 128);
    assert!(offset_of!(QueueControl, returned) == 144);
    assert!(offset_of!(QueueControl, searched) == 152);
    assert!(size_of::<RingControl>() == 256 && align_of::<RingControl>() == 128);
    assert!(offset_of!(RingControl, tail) == 128);
};
