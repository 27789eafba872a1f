//! What the tools ask of a kind of channel.
//!
//! - `kind`: what is asked of every kind: its channels, its workers, their accounts.
//! - `trial`: a channel whose participants are being killed, and the accounts of what they did.
//! - `subjects`: the kinds whose calls are stepped through, damaged and refused.

mod kind;
mod subjects;
mod trial;

pub use kind::{Comparison, Facts, Kind, Store};
pub use subjects::{ChannelOf, OptionsOf, ReceiverOf, SenderOf, Subject, opened, opened_for_work};
pub use trial::{Closing, Site, Staff, Trial, Victim};
