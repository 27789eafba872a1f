//! Counting frames, for an observer that takes no part.

use crate::layout::{FrameState, FrameWord};
use crate::ring::slots::{SlotGeometry, SlotMemory};
use crate::sync::Ordering::Relaxed;

/// How many frames were in which state. Each is looked at once, while the participants go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameCensus {
    /// No participant uses it.
    pub free: u64,
    /// A client fills it, or waits for a server to take it.
    pub asked: u64,
    /// A server works on it.
    pub taken: u64,
    /// A dead server had it: another one gets it.
    pub returned: u64,
    /// Its client gave up before a server took it: the next participant that comes to it frees it.
    pub cancelled: u64,
    /// Its client gave up while a server works on it.
    pub abandoned: u64,
    /// Its client has not fetched the answer yet.
    pub answered: u64,
    /// Its client has not seen yet that no answer comes.
    pub failed: u64,
    /// In a state that does not exist.
    pub unknown: u64,
}

impl FrameCensus {
    /// Counts the frames.
    pub fn of<M: SlotMemory>(memory: &M, geometry: &SlotGeometry) -> Self {
        let mut census = Self::default();
        for frame in 0..geometry.slots() {
            let count = match FrameWord::from_bits(memory.slot(frame as u16).load(Relaxed)).state() {
                Some(FrameState::Free) => &mut census.free,
                Some(FrameState::Asked) => &mut census.asked,
                Some(FrameState::Taken) => &mut census.taken,
                Some(FrameState::Returned) => &mut census.returned,
                Some(FrameState::Cancelled) => &mut census.cancelled,
                Some(FrameState::Abandoned) => &mut census.abandoned,
                Some(FrameState::Answered) => &mut census.answered,
                Some(FrameState::Failed) => &mut census.failed,
                None => &mut census.unknown,
            };
            *count = count.saturating_add(1);
        }
        census
    }
}
