//! What can be seen of the calls of a channel that has them.

use super::port::slot_geometry;
use crate::layout::Store;
use crate::region::Region;
use crate::ring::frames::FrameCensus;
use crate::ring::slots::SlotMemory;

/// The calls of a channel that has them: how many frames were in which state. Each was looked at at a moment of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallsInfo {
    /// Frames.
    pub frames: u64,
    /// Longest answer in bytes.
    pub max_response: u64,
    /// No call uses it.
    pub free: u64,
    /// A client fills it, or the call waits for a server.
    pub asked: u64,
    /// A server works on it.
    pub taken: u64,
    /// A dead server had it: another one gets it.
    pub returned: u64,
    /// Its client gave up before a server took it.
    pub cancelled: u64,
    /// Its client gave up while a server has it.
    pub abandoned: u64,
    /// The answer is there, and its client has not fetched it yet.
    pub answered: u64,
    /// No answer will come, which its client has not seen yet.
    pub failed: u64,
    /// Whether a call whose server died goes to another one.
    pub retries: bool,
    /// How many servers may have a call at most, one after the other; 0: any number.
    pub max_attempts: u16,
}

impl CallsInfo {
    /// `memory`: the words of the slots, or frames.
    pub(super) fn of<M: SlotMemory>(region: &Region, memory: impl FnOnce() -> M) -> Option<Self> {
        let geometry = region.geometry();
        if geometry.row.store != Store::Frames {
            return None;
        }
        let census = FrameCensus::of(&memory(), &slot_geometry(geometry));
        Some(Self {
            frames: geometry.slots.into(),
            max_response: geometry.max_response,
            free: census.free,
            asked: census.asked,
            taken: census.taken,
            returned: census.returned,
            cancelled: census.cancelled,
            abandoned: census.abandoned,
            answered: census.answered,
            failed: census.failed,
            retries: geometry.repeats,
            max_attempts: region.facts().redelivery.limit,
        })
    }
}
