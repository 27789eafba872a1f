//! The words by which participants of a channel with several lanes learn which of the others came and went.
//!
//! ```text
//! NewsControl   changes line       16 counters, one for 64 rows      which rows to look at again
//!               ready lines        one bit per row                   kept for hints: which lanes to look at first
//!               senders' line      membership of the senders         compared by receivers
//!               receivers' line    membership of the receivers       compared by senders
//! ```
//!
//! Present only in kinds whose channels can have several lanes. In the others, [`super::ChannelControl::membership`] says
//! everything: there are few rows to look at, or all of them matter to everybody.
//!
//! Two words instead of one, a role each, so that a sender that comes or goes disturbs the receivers alone, and no other sender.
//! Counters of changes, so that a look at them costs one line and leads to the rows that changed, however many lanes there are.
//! Nobody ever clears a counter: a participant compares it with what it saw last, so one that dies in the middle of its look
//! takes nothing away from its successor.

use crate::sync::{AtomicU32, AtomicU64};

/// Words of a channel with several lanes.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct NewsControl {
    /// Each grows whenever one of its rows changes: counter n is of the rows `64 n` to `64 n + 63`.
    pub changes: [AtomicU32; 16],
    changes_line: [AtomicU32; 16],
    /// Kept for hints where to look first, bit = row; not used: a receiver looks at all lanes before it sleeps, and again when it
    /// wakes, which takes some nanoseconds a lane.
    pub ready: [AtomicU64; 16],
    /// Grows whenever a sender joins, leaves, or is reaped, or the status changes; behind the counter of its row.
    pub membership_of_senders: AtomicU32,
    senders_line: [AtomicU32; 31],
    /// Grows whenever a receiver joins, leaves, or is reaped, or the status changes; behind the counter of its row.
    pub membership_of_receivers: AtomicU32,
    receivers_line: [AtomicU32; 31],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<NewsControl>() == 512 && align_of::<NewsControl>() == 128);
    assert!(offset_of!(NewsControl, changes) == 0);
    assert!(offset_of!(NewsControl, ready) == 128);
    assert!(offset_of!(NewsControl, membership_of_senders) == 256);
    assert!(offset_of!(NewsControl, membership_of_receivers) == 384);
    // One counter for 64 rows, and one bit for each.
    assert!(16 * 64 == super::Limits::SEATS_MAX);
};
