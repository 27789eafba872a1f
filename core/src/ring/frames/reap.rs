//! What dead clients and servers held: finished or undone, by any number of helpers at once.
//!
//! As in the [slot queue](crate::ring::slots), whose rules hold: settle first, load a word and then the owner's row again, act by one CAS from that word,
//! and count the reaping. A frame has two participants, so two may be dead:
//!
//! ```text
//!              the client is dead                        the server is dead                       both
//! Asked        queued: Cancelled; else Free              —                                        —
//! Taken        Abandoned                                 Returned, where calls are repeated,      Free
//!                                                        and not too often yet; else Failed
//! Abandoned    —                                         Free                                     Free
//! Answered, Failed, Returned     Free                    —                                        —
//! ```
//!
//! Who the client is stands in the word of a frame that it owns, and else in the frame. There it is read *behind* the word: if the frame had another
//! client by then, the word has changed, and the CAS fails. That a server died is a state of the word; helpers write nothing else into frames.

use super::access::Frames;
use super::client::TURNS;
use super::memory::FrameMemory;
use crate::error::Corruption;
use crate::layout::{Caller, FrameState, FrameWord, RowIndex, SlotHeader};
use crate::ring::slots::{Departed, Look};
use crate::sync::Ordering::{Relaxed, Release};
use crate::sync::spin_loop;

/// A frame that a helper changed, of which somebody may have to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Its server is dead, and its client, which may sleep, gets no answer.
    Failed(u16),
    /// Another server gets the call.
    Returned(u16),
}

/// A frame that a dead participant has to do with.
#[derive(Debug, Clone, Copy)]
struct Held {
    frame: u16,
    word: FrameWord,
    /// Who called, where a server has it.
    client: RowIndex,
    client_is_dead: bool,
    server_is_dead: bool,
}

impl<M: FrameMemory> Frames<M> {
    /// Finishes or undoes what dead participants held. `repeats`: calls of dead servers go to others, until they were taken `limit` times (0: no limit).
    /// Tells of each frame that this helper changed by `tell`.
    ///
    /// The caller replaces the rows' words afterwards, and wakes everybody.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn reap(
        &self,
        dead: &impl Departed,
        repeats: bool,
        limit: u16,
        mut tell: impl FnMut(Settled),
    ) -> Result<(), Corruption> {
        self.settle()?;
        let held = self.held_by(dead)?;
        let is_asked = |held: &Held| held.word.state() == Some(FrameState::Asked);
        let queued = if held.iter().any(is_asked) { self.queue.queued_slots()? } else { Vec::new() };
        let is_queued =
            |frame: u16| queued.get(usize::from(frame) / 64).is_some_and(|word| word >> (frame % 64) & 1 == 1);
        for first in held {
            let mut held = Some(first);
            // What a living participant did meanwhile may leave the frame to the dead one all the same: a server takes a dead client's call, and
            // answers it.
            for _ in 0..TURNS {
                let Some(now) = held else { break };
                let Held { frame, word, client, .. } = now;
                let state = self.next_state(&now, is_queued(frame), repeats, limit);
                // A frame of which no answer comes, or that others are to take, is its client's.
                let owner = match state {
                    FrameState::Failed | FrameState::Returned => client,
                    _ => word.owner(),
                };
                if self.replace(frame, word, word.next(state, owner)).is_ok() {
                    match state {
                        FrameState::Failed => tell(Settled::Failed(frame)),
                        FrameState::Returned => tell(Settled::Returned(frame)),
                        _ => {}
                    }
                    break;
                }
                held = self.held_in(frame, dead)?;
            }
        }
        // EDGE reap→returned: pairs with the Acquire in `Queue::search_if_returned`; the frames' words were replaced before.
        self.memory().returned().fetch_add(1, Release);
        Ok(())
    }

    /// What becomes of a frame.
    fn next_state(&self, held: &Held, is_queued: bool, repeats: bool, limit: u16) -> FrameState {
        let deliveries = || SlotHeader::from_bits(self.memory().slot_header(held.frame).load(Relaxed)).deliveries();
        match held.word.state() {
            Some(FrameState::Asked) if is_queued => FrameState::Cancelled,
            Some(FrameState::Taken) if !held.server_is_dead => FrameState::Abandoned,
            Some(FrameState::Taken) if held.client_is_dead => FrameState::Free,
            Some(FrameState::Taken) if repeats && (limit == 0 || deliveries() < limit) => FrameState::Returned,
            Some(FrameState::Taken) => FrameState::Failed,
            _ => FrameState::Free,
        }
    }

    /// Moves head over every cell at head whose frame is already a server's.
    fn settle(&self) -> Result<(), Corruption> {
        // Clients may fill cells meanwhile. What comes after two rings' worth of cells is their servers' work.
        for _ in 0..self.geometry().cells().saturating_mul(2) {
            match self.queue.look_at_head(0)? {
                Look::Moved { .. } => spin_loop(),
                Look::Empty => return Ok(()),
                Look::Found { position, word, .. } => match FrameWord::from_bits(word.bits()).state() {
                    Some(FrameState::Taken | FrameState::Abandoned) => self.queue.pass(0, position),
                    _ => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// The frames that dead participants have to do with.
    fn held_by(&self, dead: &impl Departed) -> Result<Vec<Held>, Corruption> {
        let mut held = Vec::new();
        for frame in 0..self.geometry().slots() {
            held.extend(self.held_in(frame as u16, dead)?);
        }
        Ok(held)
    }

    /// What dead participants have to do with this frame, if anything. Its word was loaded while the row was still the dead one's.
    fn held_in(&self, frame: u16, dead: &impl Departed) -> Result<Option<Held>, Corruption> {
        let is_dead = |row: RowIndex| dead.contains(row) && dead.still_holds(row);
        let word = self.word(frame);
        let client = Caller::from_bits(self.memory().caller(frame).load(Relaxed)).row();
        let (client_is_dead, server_is_dead) = match word.state() {
            None => return Err(Corruption::SlotState),
            // A cancelled one has a cell, and the participant that finds it there takes it off.
            Some(FrameState::Free | FrameState::Cancelled) => (false, false),
            Some(FrameState::Taken) => (is_dead(client), is_dead(word.owner())),
            Some(FrameState::Abandoned) => (false, is_dead(word.owner())),
            Some(FrameState::Asked | FrameState::Answered | FrameState::Failed | FrameState::Returned) => {
                (is_dead(word.owner()), false)
            }
        };
        let is_held = client_is_dead || server_is_dead;
        Ok(is_held.then_some(Held { frame, word, client, client_is_dead, server_is_dead }))
    }
}
