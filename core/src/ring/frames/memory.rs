//! What calls stand on besides the words of a slot queue.

use crate::ring::slots::SlotMemory;
use crate::sync::{AtomicU32, AtomicU64};

/// The words of the frames of one channel. A frame is a slot with two words more; its header tells how long the request is, and how often it was taken.
///
/// Indices are below what the geometry says. An implementation may mask or assert what exceeds it; it must not trust it.
pub trait FrameMemory: SlotMemory {
    /// Who called, and until when: [`Caller`](crate::layout::Caller). Written by the client before it commits.
    fn caller(&self, frame: u16) -> &AtomicU64;
    /// How many bytes the answer has. Written by the server before it answers.
    fn answer_length(&self, frame: u16) -> &AtomicU32;
}
