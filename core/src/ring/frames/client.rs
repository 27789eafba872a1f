//! A client's side: finds a frame, asks, looks for the answer, gives up.

use super::access::Frames;
use super::memory::FrameMemory;
use crate::error::Corruption;
use crate::layout::{Caller, FrameState, FrameWord, SlotHeader};
use crate::ring::slots::Look;
use crate::sync::Ordering::{Relaxed, Release};

/// A frame that a client fills, and the call that it becomes.
#[derive(Debug, Clone, Copy)]
#[must_use = "a frame has to be asked with"]
pub struct Ask {
    /// Which frame.
    pub frame: u16,
    word: FrameWord,
}

/// A call that is over. Its client has the frame until it [frees it](Frames::finish).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the frame has to be freed"]
pub struct Ended {
    /// Which frame.
    pub frame: u16,
    /// Whether there is an answer; otherwise the server died, or dropped the call.
    pub is_answered: bool,
    word: FrameWord,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is no answer yet.
    Waiting,
    /// It is over.
    Ended(Ended),
}

/// What came of giving a call up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// No server had it. `is_free`: the frame is free already, and another client can have it.
    Unseen {
        /// Whether the frame is free; otherwise it is once the queue is past it.
        is_free: bool,
    },
    /// A server works on it, which frees the frame.
    Abandoned,
    /// It was over before.
    Ended(Ended),
}

/// After so many races that it lost, a client takes the words for damaged, and a helper leaves the frame to the next one. A call takes three steps;
/// more come only of servers that die one after another.
pub(super) const TURNS: u32 = 1 << 12;

/// After so many frames, a search asks whether to go on.
const STEP: u32 = 1024;

impl<M: FrameMemory> Frames<M> {
    /// Takes the frame that this client had last, if it is free.
    #[inline]
    pub fn alloc_fast(&mut self) -> Option<Ask> {
        self.alloc_this(self.queue.cursor as u16)
    }

    /// Finds a free frame, asking `goes_on` after every thousand. Where none is, takes those off the queue that were cancelled and stand in front.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn alloc_while(&mut self, goes_on: impl Fn() -> bool) -> Result<Option<Ask>, Corruption> {
        if let Some(ask) = self.alloc_anywhere(&goes_on) {
            return Ok(Some(ask));
        }
        // So servers that hang keep those frames that they took, and no others.
        Ok(if self.clear_cancelled()? > 0 { self.alloc_anywhere(&goes_on) } else { None })
    }

    fn alloc_anywhere(&mut self, goes_on: impl Fn() -> bool) -> Option<Ask> {
        for step in 1..=self.geometry().slots() {
            let frame = self.queue.cursor as u16;
            if let Some(ask) = self.alloc_this(frame) {
                return Some(ask);
            }
            self.queue.cursor = self.behind(frame);
            if step.is_multiple_of(STEP) && !goes_on() {
                return None;
            }
        }
        None
    }

    /// Takes this frame, if it is free.
    #[inline]
    fn alloc_this(&self, frame: u16) -> Option<Ask> {
        let word = FrameWord::from_bits(self.memory().slot(frame).load(Relaxed));
        if word.state() != Some(FrameState::Free) {
            return None;
        }
        let ours = word.next(FrameState::Asked, self.me());
        // EDGE ack→alloc: by `replace`.
        self.replace(frame, word, ours).ok().map(|()| Ask { frame, word: ours })
    }

    fn behind(&self, frame: u16) -> u32 {
        let next = u32::from(frame).wrapping_add(1);
        if next < self.geometry().slots() { next } else { 0 }
    }

    /// Takes cancelled frames off the queue as long as they stand in front. Returns how many are free now.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn clear_cancelled(&self) -> Result<u32, Corruption> {
        let mut freed = 0u32;
        for _ in 0..self.geometry().cells().saturating_mul(2) {
            match self.queue.look_at_head(0)? {
                Look::Empty => break,
                Look::Moved { .. } => {}
                Look::Found { position, slot, word } => {
                    let word = FrameWord::from_bits(word.bits());
                    match word.state() {
                        Some(FrameState::Cancelled) => {
                            freed = freed.saturating_add(self.take_off(position, slot, word)?.into())
                        }
                        Some(FrameState::Taken | FrameState::Abandoned) => self.queue.pass(0, position),
                        Some(FrameState::Asked) => break,
                        _ => return Err(Corruption::SlotState),
                    }
                }
            }
        }
        Ok(freed)
    }

    /// Makes the call exist: `length` bytes of request stand in the frame. The client stops waiting at `deadline_us`.
    ///
    /// # Errors
    /// The words contradict each other.
    #[inline]
    pub fn ask(&self, ask: &Ask, length: u32, deadline_us: Option<u64>) -> Result<(), Corruption> {
        let (memory, frame) = (self.memory(), ask.frame);
        memory.slot_header(frame).store(SlotHeader::new(length, 0).bits(), Relaxed);
        memory.caller(frame).store(Caller::new(self.me(), deadline_us).bits(), Relaxed);
        self.queue.append(0, frame)
    }

    /// How far the call is.
    ///
    /// # Errors
    /// The frame's word says what no participant makes of it.
    #[inline]
    pub fn look(&self, ask: &Ask) -> Result<Progress, Corruption> {
        self.progress(ask, self.word(ask.frame))
    }

    /// Whether [`Frames::look`] would probably say that the call is over: cheap enough for the tightest loop.
    #[inline]
    pub fn glance_at(&self, ask: &Ask) -> bool {
        let word = FrameWord::from_bits(self.memory().slot(ask.frame).load(Relaxed));
        matches!(word.state(), Some(FrameState::Answered | FrameState::Failed))
    }

    #[inline]
    fn progress(&self, ask: &Ask, word: FrameWord) -> Result<Progress, Corruption> {
        let ended = |is_answered| Progress::Ended(Ended { frame: ask.frame, is_answered, word });
        match word.state() {
            Some(FrameState::Answered) if word.owner() == self.me() => Ok(ended(true)),
            Some(FrameState::Failed) if word.owner() == self.me() => Ok(ended(false)),
            Some(FrameState::Asked) if word == ask.word => Ok(Progress::Waiting),
            Some(FrameState::Taken | FrameState::Returned) => Ok(Progress::Waiting),
            _ => Err(Corruption::SlotState),
        }
    }

    /// Gives the call up.
    ///
    /// # Errors
    /// The frame's word says what no participant makes of it.
    pub fn cancel(&mut self, ask: &Ask) -> Result<Cancelled, Corruption> {
        for _ in 0..TURNS {
            let word = self.word(ask.frame);
            if let Progress::Ended(ended) = self.progress(ask, word)? {
                return Ok(Cancelled::Ended(ended));
            }
            let (to, done) = match word.state() {
                Some(FrameState::Taken) => (word.next(FrameState::Abandoned, word.owner()), Cancelled::Abandoned),
                // No cell names it any more.
                Some(FrameState::Returned) => {
                    (word.next(FrameState::Free, self.me()), Cancelled::Unseen { is_free: true })
                }
                _ => (word.next(FrameState::Cancelled, self.me()), Cancelled::Unseen { is_free: false }),
            };
            if self.replace(ask.frame, word, to).is_ok() {
                return Ok(done);
            }
        }
        Err(Corruption::SlotState)
    }

    /// Frees the frame of a call that is over. The next search begins there: its lines are in this core's cache.
    ///
    /// # Errors
    /// The frame's word is not this client's any more: something wrote to it that may not.
    #[inline]
    pub fn finish(&mut self, ended: Ended) -> Result<(), Corruption> {
        let place = self.memory().slot(ended.frame);
        if place.load(Relaxed) != ended.word.bits() {
            return Err(Corruption::SlotState);
        }
        // Nobody else changes the word: see invariant 5.
        // EDGE ack→alloc: every read of the answer comes before.
        place.store(ended.word.next(FrameState::Free, self.me()).bits(), Release);
        self.queue.cursor = ended.frame.into();
        Ok(())
    }
}
