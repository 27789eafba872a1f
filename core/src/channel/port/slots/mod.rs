//! The slot queue as a port: any number of senders and receivers.
//!
//! - `memory`: its words in a region.
//! - `outlet`: a sender's side. `inlet`: a receiver's side; `ahead`: the messages that come before those in the rings.

mod ahead;
mod inlet;
mod memory;
mod outlet;

pub(in crate::channel) use memory::{queued, slot_geometry};
pub(crate) use {inlet::SlotInlet, outlet::SlotOutlet};
