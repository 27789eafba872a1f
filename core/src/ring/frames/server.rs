//! A server's side: takes calls and answers them.

use super::access::Frames;
use super::memory::FrameMemory;
use crate::error::Corruption;
use crate::layout::{Caller, FrameState, FrameWord, SlotHeader};
use crate::ring::slots::{Look, RACES, Search};
use crate::sync::Ordering::Relaxed;
use crate::sync::spin_loop;

/// A call that a server has. Nobody else gets it until it is answered or dropped.
#[derive(Debug, Clone, Copy)]
#[must_use = "a call has to be answered, or failed"]
pub struct Given {
    /// Which frame.
    pub frame: u16,
    /// What stands in front of the request, this delivery counted.
    pub header: SlotHeader,
    /// Who called.
    pub caller: Caller,
    word: FrameWord,
}

/// What came of a look for a call.
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "others may wait for the frames"]
pub struct Take {
    /// The next call.
    pub given: Option<Given>,
    /// How many frames of calls that were given up are free now.
    pub freed: u32,
}

impl<M: FrameMemory> Frames<M> {
    /// Begins a search for calls of servers that died, if deaths were settled since the last one began.
    pub fn search_if_returned(&self, search: &mut Search) {
        self.queue.search_if_returned(search);
    }

    /// Takes the next call: one that a dead server had first, if a `search` is on.
    ///
    /// `None` also after very many races that were all lost to other servers.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn take(&self, search: &mut Search) -> Result<Take, Corruption> {
        if search.is_on()
            && let Some(given) = self.take_returned(search)?
        {
            return Ok(Take { given: Some(given), freed: 0 });
        }
        let (mut take, mut races, mut passes) = (Take::default(), 0, 0);
        while races < RACES && passes <= self.geometry().cells() {
            let Look::Found { position, slot, word } = self.queue.look_at_head(0)? else {
                if !self.glance() {
                    return Ok(take);
                }
                races = races.saturating_add(1);
                spin_loop();
                continue;
            };
            let word = FrameWord::from_bits(word.bits());
            match word.state() {
                Some(FrameState::Asked) => {
                    let ours = word.next(FrameState::Taken, self.me());
                    if self.replace(slot, word, ours).is_ok() {
                        // Taken. The frame may leave Taken only after head has passed its cell.
                        self.queue.pass(0, position);
                        take.given = Some(self.given(slot, ours, false)?);
                        return Ok(take);
                    }
                    races = races.saturating_add(1);
                }
                Some(FrameState::Cancelled) => {
                    take.freed = take.freed.saturating_add(self.take_off(position, slot, word)?.into())
                }
                Some(FrameState::Taken | FrameState::Abandoned) => {
                    self.queue.pass(0, position);
                    passes = passes.saturating_add(1);
                }
                _ => return Err(Corruption::SlotState),
            }
        }
        Ok(take)
    }

    /// Whether a call of a dead server waits for another one, while a `search` is on.
    pub fn has_returned(&self, search: &Search) -> bool {
        let is_returned = |frame: u32| self.word(frame as u16).state() == Some(FrameState::Returned);
        search.is_on() && (0..self.geometry().slots()).any(is_returned)
    }

    fn take_returned(&self, search: &mut Search) -> Result<Option<Given>, Corruption> {
        while let Some(frame) = search.next(self.geometry().slots()) {
            let word = self.word(frame);
            let ours = word.next(FrameState::Taken, self.me());
            let is_taken = word.state() == Some(FrameState::Returned) && self.replace(frame, word, ours).is_ok();
            self.queue.note_searched(search);
            if is_taken {
                return self.given(frame, ours, true).map(Some);
            }
        }
        Ok(None)
    }

    /// Counts the delivery of a frame that this server has just taken.
    #[inline]
    fn given(&self, frame: u16, word: FrameWord, is_repeated: bool) -> Result<Given, Corruption> {
        let place = self.memory().slot_header(frame);
        let header = SlotHeader::from_bits(place.load(Relaxed));
        // The last server may have died before it counted its own.
        let header = if is_repeated { header.delivered_again() } else { header.delivered_once_more() };
        place.store(header.bits(), Relaxed);
        let caller = Caller::from_bits(self.memory().caller(frame).load(Relaxed));
        Ok(Given { frame, header, caller, word })
    }

    /// Whether the client has given the call up. One load.
    #[inline]
    pub fn is_abandoned(&self, given: &Given) -> bool {
        self.memory().slot(given.frame).load(Relaxed) != given.word.bits()
    }

    /// Tells the client that the frame holds an answer of `length` bytes. False: the client has given up, and the frame is free.
    ///
    /// # Errors
    /// The frame's word is not this server's any more: something wrote to it that may not.
    #[inline]
    pub fn answer(&self, given: &Given, length: u32) -> Result<bool, Corruption> {
        self.memory().answer_length(given.frame).store(length, Relaxed);
        self.end(given, FrameState::Answered)
    }

    /// Tells the client that no answer comes. False: the client has given up, and the frame is free.
    ///
    /// # Errors
    /// As [`Frames::answer`].
    pub fn fail(&self, given: &Given) -> Result<bool, Corruption> {
        self.end(given, FrameState::Failed)
    }

    #[inline]
    fn end(&self, given: &Given, state: FrameState) -> Result<bool, Corruption> {
        // EDGE answer→look: by `replace`.
        match self.replace(given.frame, given.word, given.word.next(state, given.caller.row())) {
            Ok(()) => Ok(true),
            Err(found) if found.state() == Some(FrameState::Abandoned) && found.owner() == self.me() => {
                self.free(given.frame, found)?;
                Ok(false)
            }
            Err(_) => Err(Corruption::SlotState),
        }
    }
}
