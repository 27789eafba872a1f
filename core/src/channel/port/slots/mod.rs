//! The slot queue as a port: any number of senders and receivers.
//!
//! - `memory`: its words where they ship.
//! - `outlet`: a sender's side. `inlet`: a receiver's side; `ahead`: what it gets before the rings' next message.

mod ahead;
mod inlet;
mod memory;
mod outlet;

pub(in crate::channel) use memory::{queued, slot_geometry};
pub(crate) use {inlet::SlotInlet, outlet::SlotOutlet};
