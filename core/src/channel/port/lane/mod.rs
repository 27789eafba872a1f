//! A lane as a port: a log that one sender writes and one receiver reads.
//!
//! - `memory`: its words in a region.
//! - `outlet`: the writing end. `inlet`: the reading end.

mod inlet;
mod memory;
mod outlet;

pub(in crate::channel) use memory::lane_geometry;
pub(super) use memory::settle_nothing;
pub(crate) use {inlet::LaneInlet, outlet::LaneOutlet};
