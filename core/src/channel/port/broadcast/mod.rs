//! A broadcast as a port: one lane or several, each of which every receiver reads as a whole.
//!
//! - `memory`: its words in a region.
//! - `outlet`: the writing end. It is that of a lane, whose writer looks at many gates, or at none.
//! - `fan`: the reading end, which goes round the lanes. `inlet`: that of one lane, by the channel's policy one of two: that of a lane whose reader has a gate of its own; or `lossy`, which
//!   copies, and only then believes.
//! - `copies`: the messages that a lossy receiver has copied.

mod copies;
mod fan;
mod inlet;
mod lossy;
mod memory;
mod outlet;

pub(crate) use fan::BroadcastInlet;
pub(in crate::channel) use fan::lanes_from;
pub(in crate::channel) use memory::BroadcastView;
pub(crate) use outlet::BroadcastOutlet;
