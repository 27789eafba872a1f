//! Ports: where a sender puts messages, and where a receiver takes them. A kind is a pair of them; everything else stands above,
//! once for all kinds.
//!
//! - `outlet`: what a sender's port does. `inlet`: what a receiver's port does.
//! - `lane`: a log that one sender writes and one receiver reads.
//! - `slots`: a queue of slots of one size, for any number of both.
//!
//! A port knows its ring, and nothing of waiting and forks: its caller has seen that the handle is this process's own. The
//! methods named `…_fast` are for the hot path, and stand in line in the caller's program. Where they find nothing, the caller
//! asks the method without `_fast`.

mod inlet;
mod lane;
mod outlet;
mod slots;

pub(crate) use inlet::{Exact, Inlet, Known};
pub(super) use lane::lane_geometry;
pub(crate) use lane::{LaneInlet, LaneOutlet};
pub(crate) use outlet::{Effort, Outlet};
pub(crate) use slots::{SlotInlet, SlotOutlet};
pub(super) use slots::{queued, slot_geometry};
