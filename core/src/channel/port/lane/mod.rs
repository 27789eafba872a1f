//! A lane as a port: a log that one sender writes and one receiver reads.
//!
//! - `memory`: its words where they ship.
//! - `outlet`: the writing end. `inlet`: the reading end.

mod inlet;
mod memory;
mod outlet;

pub(in crate::channel) use memory::lane_geometry;
pub(crate) use {inlet::LaneInlet, outlet::LaneOutlet};
