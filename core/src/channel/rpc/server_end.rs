//! What a server does in its channel: it takes calls, and tells clients of room.

use super::memory::{frames, settle};
use crate::channel::end::{Seated, Since, Trouble};
use crate::channel::shared::Shared;
use crate::error::{Corruption, JoinError, RecvError};
use crate::layout::Role;
use crate::region::FramesView;
use crate::region::sys::HostClock;
use crate::ring::frames::{Frames, Given};
use crate::ring::slots::Search;
use crate::sync::AtomicU32;
use crate::wait::Waiting;
use std::sync::Arc;

/// A server's side of the channel.
#[derive(Debug)]
pub(super) struct ServerEnd {
    pub(super) frames: Frames<FramesView>,
    /// For calls that dead servers had.
    search: Search,
    pub(super) clock: HostClock,
    /// Calls that its caller has.
    pub(super) open: usize,
    pub(super) end: Seated,
}

impl ServerEnd {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Receiver, settle, Since::Now)?;
        let frames = frames(end.region(), end.seat().row());
        Ok(Self { frames, search: Search::default(), clock: HostClock::find_out(), open: 0, end })
    }

    /// Whether there is probably a call: cheap enough for the tightest loop.
    #[inline]
    pub(super) fn glance(&self) -> bool {
        self.frames.glance() || self.search.is_on()
    }

    pub(super) fn max_request(&self) -> usize {
        self.end.region().geometry().max_message as usize
    }

    pub(super) fn max_response(&self) -> usize {
        self.end.region().geometry().max_response as usize
    }

    /// Whether the next call for a call would return at once, with one or with an error.
    pub(super) fn is_ready(&mut self) -> bool {
        if self.end.is_foreign() || self.end.has_news() && self.take_news().is_err() {
            return true;
        }
        match self.frames.clear_cancelled() {
            Ok(freed) => {
                self.tell_of_room(freed);
                self.frames.glance() || self.frames.has_returned(&self.search)
            }
            // The call says so.
            Err(_) => true,
        }
    }

    /// Wakes clients that wait for so many frames.
    pub(super) fn tell_of_room(&mut self, frames: u32) {
        let space = &self.frames.memory().requests().control().space;
        for _ in 0..frames {
            self.end.notify_one_sender(space);
        }
    }

    /// Takes the next call, if there is one.
    #[inline]
    fn take(&mut self) -> Result<Option<Given>, RecvError> {
        let take = self.frames.take(&mut self.search).map_err(|reason| self.poisoned(reason))?;
        if take.freed > 0 {
            self.tell_of_room(take.freed);
        }
        let Some(given) = take.given else { return Ok(None) };
        let length = given.header.length() as usize;
        if length > self.max_request() {
            return Err(self.poisoned(Corruption::RecordLength));
        }
        if u32::from(given.caller.row().0) >= self.end.region().geometry().senders {
            return Err(self.poisoned(Corruption::Participant));
        }
        self.open = self.open.saturating_add(1);
        if given.header.deliveries() > 1 {
            self.end.tally.redelivered();
        }
        if self.end.tally.message(length as u64) {
            self.end.pass_slice()?;
        }
        Ok(Some(given))
    }

    #[cold]
    fn poisoned(&self, reason: Corruption) -> RecvError {
        RecvError::Corrupted(self.end.poison(reason))
    }

    /// A participant joined or left, or the status changed. Who the clients are makes no difference.
    #[cold]
    fn take_news(&mut self) -> Result<(), Trouble> {
        self.end.pass_news()?;
        self.frames.search_if_returned(&mut self.search);
        Ok(())
    }
}

/// Waiting for the next call.
pub(super) struct Next<'a>(pub(super) &'a mut ServerEnd);

impl Waiting for Next<'_> {
    type Output = Given;
    type Error = RecvError;
    type Waiter = Seated;

    #[inline]
    fn attempt(&mut self) -> Result<Option<Given>, RecvError> {
        if self.0.end.is_foreign() {
            return Err(RecvError::Forked);
        }
        if self.0.end.has_news() {
            self.0.take_news()?;
        }
        self.0.take()
    }

    #[inline]
    fn glance(&self) -> bool {
        self.0.glance()
    }

    fn word(&self) -> &AtomicU32 {
        self.0.end.data()
    }

    fn waiter(&self) -> &Seated {
        &self.0.end
    }

    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.0.end
    }

    fn count_in_vain(&mut self) {
        self.0.end.tally.empty();
    }
}
