//! Several lanes as a port: one receiver goes round the logs of many senders, each of which is a [`LaneOutlet`].
//!
//! - `memory`: their words where they ship. `inlet`: the reading end. `batch`: what it takes at once.
//!
//! [`LaneOutlet`]: super::LaneOutlet

mod batch;
mod inlet;
mod memory;

pub(super) use batch::LaneEntry;
pub(crate) use inlet::LanesInlet;
