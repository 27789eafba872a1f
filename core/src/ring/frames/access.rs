//! One participant's access to the frames, and the steps that clients, servers and helpers share.

use super::memory::FrameMemory;
use crate::error::Corruption;
use crate::layout::{FrameState, FrameWord, RowIndex};
use crate::ring::slots::{Queue, SlotGeometry};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed};

/// One participant's access to the frames of a channel.
#[derive(Debug)]
pub struct Frames<M> {
    /// The order of the calls: its cells and positions. Of the frames' words it knows nothing.
    pub(super) queue: Queue<M>,
}

impl<M: FrameMemory> Frames<M> {
    /// Access for the participant in row `me`, which no live participant shares. One participant may have several.
    pub fn new(memory: M, geometry: SlotGeometry, me: RowIndex) -> Self {
        Self { queue: Queue::new(memory, geometry, me) }
    }

    /// The words that the frames stand on.
    #[inline]
    pub fn memory(&self) -> &M {
        self.queue.memory()
    }

    /// The shape.
    #[inline]
    pub fn geometry(&self) -> &SlotGeometry {
        self.queue.geometry()
    }

    #[inline]
    pub(super) fn me(&self) -> RowIndex {
        self.queue.me
    }

    #[inline]
    pub(super) fn word(&self, frame: u16) -> FrameWord {
        // EDGE answer→look, EDGE pass→take: pairs with the Release in `replace`.
        FrameWord::from_bits(self.memory().slot(frame).load(Acquire))
    }

    /// Replaces a frame's word by one CAS. Fails with what it found.
    #[inline]
    pub(super) fn replace(&self, frame: u16, from: FrameWord, to: FrameWord) -> Result<(), FrameWord> {
        // EDGE ack→alloc, EDGE pass→take, EDGE answer→look: Release for what the caller did with the frame before, Acquire for what its last user
        // did.
        let replaced = self.memory().slot(frame).compare_exchange(from.bits(), to.bits(), AcqRel, Acquire);
        replaced.map(drop).map_err(FrameWord::from_bits)
    }

    /// Frees a frame that nobody but this participant may touch.
    pub(super) fn free(&self, frame: u16, word: FrameWord) -> Result<(), Corruption> {
        self.replace(frame, word, word.next(FrameState::Free, self.me())).map_err(|_| Corruption::SlotState)
    }

    /// Takes a cancelled frame at head off the queue. Whether it was this participant that did.
    ///
    /// # Errors
    /// The words contradict each other.
    pub(super) fn take_off(&self, position: u64, frame: u16, word: FrameWord) -> Result<bool, Corruption> {
        // A participant that dies from here on left a frame that says so: see invariant 4.
        let ours = word.next(FrameState::Abandoned, self.me());
        if self.replace(frame, word, ours).is_err() {
            return Ok(false);
        }
        self.queue.pass(0, position);
        self.free(frame, ours)?;
        Ok(true)
    }

    /// Whether a call is probably queued: cheap enough for the tightest loop.
    #[inline]
    pub fn glance(&self) -> bool {
        self.queue.glance()
    }

    /// Whether a frame is free, as far as a look at the next one tells.
    #[inline]
    pub fn glance_free(&self) -> bool {
        let word = self.memory().slot(self.queue.cursor as u16).load(Relaxed);
        FrameWord::from_bits(word).state() == Some(FrameState::Free)
    }
}
