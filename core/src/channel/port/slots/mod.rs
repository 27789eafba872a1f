//! The slot queue as a port: any number of senders and receivers.
//!
//! - `memory`: its words in a region.
//! - `outlet`: a sender's side. `inlet`: a receiver's side; `ahead`: the messages that come before those in the rings; `holding`:
//!   how any thread finishes a held message.

mod ahead;
mod holding;
mod inlet;
mod memory;
mod outlet;

pub(in crate::channel) use memory::slot_geometry;
pub(crate) use {holding::Holding, inlet::SlotInlet, outlet::SlotOutlet};
