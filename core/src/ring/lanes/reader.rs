//! The reading end of several lanes.

use super::found::{Attached, Found};
use super::memory::LanesMemory;
use super::turns::{IDLE_LOOKS, Turns};
use crate::error::Corruption;
use crate::ring::log::{LaneGeometry, Record};
use crate::sync::Ordering::{Acquire, Relaxed};

/// A glance looks at so many idle lanes.
const GLANCES: u32 = 16;

/// Reads the lanes of all senders in turn. There is one at a time; its successor is made by [`Lanes::resume`].
#[derive(Debug)]
pub struct Lanes<M: LanesMemory> {
    found: Found<M>,
    turns: Turns,
    /// `membership` from before the last look at the rows.
    seen: u32,
    ended: bool,
}

impl<M: LanesMemory> Lanes<M> {
    /// Goes on behind what the previous receiver gave back in each lane, or starts with fresh ones. Looks at every row once that may
    /// have changed since the channel was created.
    ///
    /// The caller has exclusive possession of the receiver's role, and its predecessor is gone for good.
    ///
    /// # Errors
    /// A row, or the words of a lane, say what no participant writes.
    pub fn resume(memory: M, geometry: LaneGeometry) -> Result<Self, Corruption> {
        let found = Found::new(memory, geometry);
        let mut lanes = Self { found, turns: Turns::new(), seen: 0, ended: false };
        lanes.look_at_rows()?;
        Ok(lanes)
    }

    /// The words that this receiver reads.
    pub fn memory(&self) -> &M {
        &self.found.memory
    }

    /// Whether a sender came or went since the rows were last looked at.
    fn has_news(&self) -> bool {
        // Relaxed: the look that follows loads it again.
        self.memory().membership().load(Relaxed) != self.seen
    }

    fn look_at_rows(&mut self) -> Result<(), Corruption> {
        // EDGE announce→news: pairs with the Release in `tell`. Before the look: see invariant 5.
        let membership = self.memory().membership().load(Acquire);
        self.found.look(&mut self.turns)?;
        self.seen = membership;
        Ok(())
    }

    /// The lane that is being visited, by its row; `None`: ask [`Lanes::poll`].
    #[inline]
    pub fn visited(&mut self) -> Option<(u32, &mut Attached<M::Lane>)> {
        let lane = self.turns.visited()?;
        self.found.get_mut(lane).map(|attached| (lane, attached))
    }

    /// A message of so many bytes of the visited lane was taken.
    #[inline]
    pub fn spend(&mut self, bytes: u64) {
        self.turns.spend(bytes);
    }

    /// How many messages of so many bytes the visit may still take.
    pub fn messages_left(&self, bytes: u64) -> usize {
        self.turns.messages_left(bytes)
    }

    /// The lane whose turn it is, by its row, and how many messages it carried before the next one.
    #[inline]
    pub fn next_message(&self) -> (u32, u64) {
        let lane = self.turns.current().unwrap_or_default();
        (lane, self.found.get(lane).map_or(0, |attached| attached.reader.sequence()))
    }

    /// The next record: that of the lane that is [visited](Lanes::visited) then. Does not advance. `None`: every lane was looked at.
    ///
    /// `emptied` gets each lane that was found empty on the way.
    ///
    /// # Errors
    /// A row, the words of a lane or a record's header say what no participant writes.
    pub fn poll(&mut self, mut emptied: impl FnMut(&mut Attached<M::Lane>)) -> Result<Option<Record>, Corruption> {
        if self.ended {
            return Ok(None);
        }
        if self.turns.current().is_some() && self.turns.visited().is_none() {
            self.end_visit()?;
        }
        if let Some(record) = self.poll_active(&mut emptied)? {
            return Ok(Some(record));
        }
        let Self { found, turns, .. } = self;
        turns.look_at_idle(turns.idle(), |lane| found.has_something(lane));
        if let Some(record) = self.poll_active(&mut emptied)? {
            return Ok(Some(record));
        }
        // One look, however fast senders come and go: one that changes its row behind it tells of that, and wakes a receiver that
        // sleeps by its first commit.
        if self.has_news() {
            self.look_at_rows()?;
        }
        self.poll_active(&mut emptied)
    }

    /// The next record of an active lane. Those in front of it that have none are idle then.
    fn poll_active(&mut self, emptied: &mut impl FnMut(&mut Attached<M::Lane>)) -> Result<Option<Record>, Corruption> {
        while let Some(lane) = self.turns.current() {
            let Some(attached) = self.found.get_mut(lane) else { return Ok(None) };
            if let Some(record) = attached.reader.poll()? {
                return Ok(Some(record));
            }
            emptied(attached);
            self.retire(lane)?;
        }
        Ok(None)
    }

    /// The visit took what it may: looks around, and then it is the next lane's turn.
    fn end_visit(&mut self) -> Result<(), Corruption> {
        if self.has_news() {
            self.look_at_rows()?;
        }
        let Self { found, turns, .. } = self;
        turns.look_at_idle(IDLE_LOOKS, |lane| found.has_something(lane));
        turns.go_on();
        Ok(())
    }

    /// A lane was found empty. If its sender was gone before that, nothing comes any more.
    fn retire(&mut self, lane: u32) -> Result<(), Corruption> {
        if !self.found.is_over(lane) {
            self.turns.retire(lane);
            return Ok(());
        }
        self.turns.detach(lane);
        match self.found.get(lane) {
            Some(attached) if attached.reader.misses_records() => Err(Corruption::RecordHeader),
            _ => Ok(()),
        }
    }

    /// Whether no sender is there, and nothing of those that were is left. `emptied` as in [`Lanes::poll`].
    ///
    /// # Errors
    /// As [`Lanes::poll`].
    pub fn is_over(&mut self, emptied: impl FnMut(&mut Attached<M::Lane>)) -> Result<bool, Corruption> {
        let nothing_is_there = self.poll(emptied)?.is_none() && !self.turns.has_any();
        // Relaxed: a sender that left told of it behind everything that happened before; see invariant 4.
        Ok(nothing_is_there && self.memory().membership().load(Relaxed) == self.seen)
    }

    /// Whether a poll would probably find something: a cheap hint for a receiver that waits. It looks at a few idle lanes.
    pub fn glance(&self) -> bool {
        match self.turns.current() {
            Some(lane) if self.turns.visited().is_some() => self.found.has_something(lane),
            Some(_) => true,
            None => self.turns.glance_at_idle(GLANCES, |lane| self.found.has_something(lane)),
        }
    }

    /// A lane, if it was attached once.
    #[inline]
    pub fn get(&self, lane: u32) -> Option<&Attached<M::Lane>> {
        self.found.get(lane)
    }

    /// A lane, if it was attached once.
    pub fn get_mut(&mut self, lane: u32) -> Option<&mut Attached<M::Lane>> {
        self.found.get_mut(lane)
    }

    /// Does this with each lane that had something when it was last looked at.
    pub fn for_each_active(&mut self, mut act: impl FnMut(&mut Attached<M::Lane>)) {
        let Self { found, turns, .. } = self;
        for lane in turns.active() {
            found.get_mut(lane).map(&mut act);
        }
    }

    /// Whether a lane had something when it was last looked at.
    pub fn is_active(&self, lane: u32) -> bool {
        self.turns.is_active(lane)
    }

    /// What was read of this lane was given back unread, or is to be looked at again: it is its turn, and its visit begins.
    pub fn turn_to(&mut self, lane: u32) {
        self.turns.turn_to(lane);
    }

    /// Ends the receiver: from now on it finds nothing, whatever is committed.
    pub fn end(&mut self) {
        self.ended = true;
        self.turns.clear();
    }
}
