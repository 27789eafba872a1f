//! One file a peer.

pub mod array_queue;
pub mod memlane_mpmc;
pub mod memlane_spsc;
pub mod rtrb;
