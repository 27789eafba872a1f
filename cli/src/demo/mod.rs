//! `memlane demo`: what the engine does on this machine, in a few seconds and with every byte checked.
//!
//! Processes, this program started again, replay a feed over a fresh channel without a name: first as fast as they can, then at a fixed
//! rate, where the latency of each message counts from the moment at which it was *to be* sent. A sender that falls behind
//! thus makes the figures worse, not better. Where several receive, one of them is killed in between, holding messages.
//!
//! - `arguments`: what is asked for. `run`: one measurement after the other.
//! - `feed`: what is sent. `peer`: the processes. `crew`: starting, watching and killing them. `handover`: of the channel.
//!   `latency`: how long messages took. `report`: what is printed.

mod arguments;
mod crew;
mod feed;
mod handover;
mod latency;
mod peer;
mod report;
mod run;

pub use arguments::Arguments;
pub use peer::{PeerArguments, run as run_peer};
pub use run::run;
