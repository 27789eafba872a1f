//! The shared words of a kind that holds one value, besides its slots.
//!
//! ```text
//! ValueControl   root line    root             which version is the latest
//! slot           sequence · length · payload   a multiple of 64 bytes each; version v stands in slot v mod slots
//! ```
//!
//! What they mean, and in which order they are stored, `ring::watch` says.

use crate::sync::AtomicU64;

/// The words that belong to the value as a whole.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct ValueControl {
    /// The latest version; 0: no value was set yet. Stored when the value is complete.
    pub root: AtomicU64,
    root_line: [AtomicU64; 15],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<ValueControl>() == 128 && align_of::<ValueControl>() == 128);
    assert!(offset_of!(ValueControl, root) == 0);
};
