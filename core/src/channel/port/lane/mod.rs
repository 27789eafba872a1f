//! A lane as a port: a log that one sender writes and one receiver reads.
//!
//! - `memory`: its words in a region.
//! - `outlet`: the writing end. `inlet`: the reading end. `ends`: what they have to have of the ring, which another kind has otherwise.

mod ends;
mod inlet;
mod memory;
mod outlet;

pub(super) use ends::{InRegion, ReadingEnd, WritingEnd};
pub(in crate::channel) use memory::lane_geometry;
pub(super) use memory::settle_nothing;
pub(crate) use {inlet::LaneInlet, outlet::LaneOutlet};
