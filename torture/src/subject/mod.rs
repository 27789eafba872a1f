//! What the tools ask of a kind of channel.
//!
//! - `kind`: what is asked of every kind: its channels, its workers, their accounts.
//! - `errands`: what some workers do, whichever kind it is.
//! - `subjects`: the row of a kind, and the calls on its channels that all kinds share.
//! - `storage`: what the tools do by where messages stand; from that and its row, every kind is a `Kind`.
//! - `shape`: what channels are like whose participants are killed.
//! - `trial`: a channel whose participants are being killed, and the accounts of what they did.

mod errands;
mod kind;
mod shape;
mod storage;
mod subjects;
mod trial;

pub use kind::{Comparison, Facts, Kind, Store};
pub use shape::{LaneShape, OnDeath, Shapes, SlotShape};
pub use storage::{Storage, Stored};
pub use subjects::{ChannelOf, OptionsOf, ReceiverOf, SenderOf, Subject, opened};
pub use trial::{Closing, Site, Staff, Trial, Victim};
