//! What the tools ask of a kind of channel, and which of its calls they make.
//!
//! - `kind`: what is asked of every kind: its channels, its workers, their accounts.
//! - `trial`: a channel whose participants are being killed, and the accounts of what they did.
//! - `surface`: the calls that all kinds share, as traits; `joined`: the types of a kind, joined to them.
//! - `subjects`: the kinds whose calls are stepped through, damaged and refused.

mod joined;
mod kind;
mod subjects;
pub mod surface;
mod trial;

pub(crate) use joined::joined;
pub use kind::{Comparison, Facts, Kind, Store};
pub use subjects::{ChannelOf, ReceiverOf, SenderOf, Subject, opened};
pub use trial::{Closing, Site, Staff, Trial, Victim};
