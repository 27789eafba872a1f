//! What several lanes stand on: their senders' rows, and the words that tell of changes to them.

use crate::ring::log::LaneEnd;
use crate::sync::{AtomicU32, AtomicU64};
use std::fmt::Debug;

/// Rows of one counter of changes.
pub(super) const GROUP: u32 = 64;

/// The words of a channel with several lanes, as its receiver sees them.
pub trait LanesMemory {
    /// One lane.
    type Lane: LaneEnd + Debug;
    /// How many lanes there are. Lane l is that of the sender in row l.
    fn lanes(&self) -> u32;
    /// The first word of a sender's row.
    fn row(&self, lane: u32) -> &AtomicU64;
    /// The counter of changes of this group of 64 rows.
    fn changes(&self, group: u32) -> &AtomicU32;
    /// The senders' `membership`.
    fn membership(&self) -> &AtomicU32;
    /// A lane.
    fn lane(&self, lane: u32) -> Self::Lane;
}
