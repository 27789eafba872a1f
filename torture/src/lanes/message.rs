//! The messages of lanes.

use crate::payload::Identity;

/// The message with this number in this lane. Its sender goes on where its predecessor stopped, so all of them are one.
pub fn identity(lane: u32, sequence: u64) -> Identity {
    Identity { sender: lane, sequence, priority: 0 }
}
