//! Ports: where a sender puts messages, and where a receiver takes them. Each kind has a pair of them. Everything above the
//! ports is the same for all kinds.
//!
//! - `outlet`: the trait of a sender's port. `inlet`: the trait of a receiver's port.
//! - `lane`: a log that one sender writes and one receiver reads.
//! - `lanes`: several of them, that one receiver reads.
//! - `broadcast`: one lane or several, each of which every receiver reads as a whole.
//! - `slots`: a queue of slots of one size, for any number of senders and receivers.
//! - `level`: how full they are.
//!
//! A port knows its lane or queue, and nothing of waiting or forks: before it calls a port, a handle checks that it is this
//! process's own. The methods named `…_fast` are for the hot path, and are inlined into the caller's program. Where they find
//! nothing, the caller asks the method without `_fast`.

mod broadcast;
mod inlet;
mod lane;
mod lanes;
mod level;
mod outlet;
mod slots;

pub(crate) use broadcast::{BroadcastInlet, BroadcastOutlet};
pub(super) use broadcast::{BroadcastView, lanes_from};
pub(crate) use inlet::{Exact, Inlet, Known, NoPort};
pub(super) use lane::lane_geometry;
pub(crate) use lane::{LaneInlet, LaneOutlet};
pub(crate) use lanes::LanesInlet;
pub(super) use level::Stores;
pub(crate) use outlet::{Effort, Outlet};
pub(super) use slots::slot_geometry;
pub(crate) use slots::{Holding, SlotInlet, SlotOutlet};
