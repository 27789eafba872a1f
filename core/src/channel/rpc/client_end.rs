//! What a client does in its channel: finds a frame, asks, waits for the answer, gives up.

use super::memory::{frames, settle};
use crate::channel::end::{Seated, Since};
use crate::channel::shared::Shared;
use crate::error::{CallError, Corruption, JoinError};
use crate::layout::Role;
use crate::liveness::Presence;
use crate::region::FramesView;
use crate::region::sys::{Clock, HostClock, Moment};
use crate::ring::frames::{Ask, Cancelled, Ended, Frames, Progress};
use crate::sync::Ordering::{Relaxed, Release};
use crate::sync::{AtomicU32, fence};
use crate::wait::{Calls, Waiter, Waiting};
use std::sync::Arc;
use std::time::Duration;

/// A client's side of the channel.
#[derive(Debug)]
pub(super) struct ClientEnd {
    pub(super) frames: Frames<FramesView>,
    clock: HostClock,
    /// No server is there, as far as the news that were seen tell, and none is waited for.
    is_alone: bool,
    /// Calls whose frames are this client's.
    open: usize,
    pub(super) end: Seated,
}

/// What a wait for an answer ended with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heard {
    /// The call is over; its frame is to be freed.
    Ended(Ended),
    /// No server is there any more, and the call was given up.
    NoServer,
}

impl ClientEnd {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Sender, settle, Since::Now)?;
        let frames = frames(end.region(), end.seat().row());
        Ok(Self { frames, clock: HostClock::find_out(), is_alone: false, open: 0, end })
    }

    /// Longest request in bytes.
    pub(super) fn max_request(&self) -> usize {
        self.end.region().geometry().max_message as usize
    }

    /// Longest answer in bytes.
    pub(super) fn max_response(&self) -> usize {
        self.end.region().geometry().max_response as usize
    }

    /// Finds a frame, until the deadline, fills it, and makes the call exist.
    pub(super) fn ask(&mut self, request: &[u8], deadline: Option<Moment>) -> Result<Ask, CallError> {
        let (length, max) = (request.len(), self.max_request());
        if length > max {
            return Err(CallError::TooLarge { length, max });
        }
        let ask = wait_until(&mut Room { client: self }, deadline)?.ok_or(CallError::Timeout)?;
        self.open = self.open.saturating_add(1);
        self.frames.memory().requests().write(ask.frame, 0, request);
        let until = deadline.map(|deadline| self.clock.micros_of(deadline));
        self.frames.ask(&ask, length as u32, until).map_err(|reason| self.poisoned(reason))?;
        self.end.notify_one_receiver();
        if self.end.tally.message(length as u64) {
            // Trouble that it finds is the next call's: this one exists.
            let _ = self.end.pass_slice();
        }
        Ok(ask)
    }

    /// Waits for the end of a call, until a deadline. `None`: not until then.
    pub(super) fn hear(&mut self, ask: &Ask, deadline: Option<Moment>) -> Result<Option<Heard>, CallError> {
        wait_until(&mut Answer { client: self, ask }, deadline)
    }

    /// Looks whether a call is over, without waiting.
    pub(super) fn hear_now(&mut self, ask: &Ask) -> Result<Option<Heard>, CallError> {
        Answer { client: self, ask }.now()
    }

    /// Whether a call that waits for this one would return at once, with its end or with an error.
    pub(super) fn is_ready(&mut self, ask: &Ask) -> bool {
        let is_over = self.end.is_foreign() || self.end.has_news() && self.take_news().is_err() || self.is_alone;
        is_over || !matches!(self.frames.look(ask), Ok(Progress::Waiting))
    }

    /// Gives a call up. Where it was over before, with what it ended.
    pub(super) fn cancel(&mut self, ask: &Ask) -> Result<Option<Ended>, CallError> {
        let cancelled = self.frames.cancel(ask).map_err(|reason| self.poisoned(reason))?;
        match cancelled {
            Cancelled::Ended(ended) => return Ok(Some(ended)),
            Cancelled::Unseen { is_free: true } => self.tell_of_room(),
            // Whoever is done with it, or passes it, tells of the room.
            Cancelled::Unseen { is_free: false } | Cancelled::Abandoned => {}
        }
        self.open = self.open.saturating_sub(1);
        Ok(None)
    }

    /// Gives a call up that its caller has lost interest in, unless the frames may not be touched any more.
    pub(super) fn drop_call(&mut self, ask: &Ask) {
        if self.end.tenancy().check_held().is_ok()
            && let Ok(Some(ended)) = self.cancel(ask)
        {
            let _ = self.finish(ended);
        }
    }

    /// How many bytes the answer has.
    pub(super) fn answer_length(&mut self, ended: Ended) -> Result<usize, CallError> {
        let length = self.frames.memory().answer_length(ended.frame).load(Relaxed) as usize;
        if length > self.max_response() { Err(self.poisoned(Corruption::RecordLength)) } else { Ok(length) }
    }

    /// Frees the frame of a call that is over.
    pub(super) fn finish(&mut self, ended: Ended) -> Result<(), CallError> {
        self.open = self.open.saturating_sub(1);
        self.frames.finish(ended).map_err(|reason| self.poisoned(reason))?;
        self.tell_of_room();
        Ok(())
    }

    fn tell_of_room(&mut self) {
        let space = &self.frames.memory().requests().control().space;
        self.end.notify_one_sender(space);
    }

    #[cold]
    pub(super) fn poisoned(&self, reason: Corruption) -> CallError {
        CallError::Corrupted(self.end.poison(reason))
    }

    /// What each attempt begins with.
    #[inline]
    fn check(&mut self) -> Result<(), CallError> {
        if self.end.is_foreign() {
            return Err(CallError::Forked);
        }
        if self.end.has_news() { self.take_news() } else { Ok(()) }
    }

    /// A participant joined or left, or the status changed.
    #[cold]
    fn take_news(&mut self) -> Result<(), CallError> {
        let (presence, membership) = self.end.look()?;
        self.is_alone = match presence {
            Presence::Alive => false,
            // The next look tells.
            Presence::Unsettled => return Ok(()),
            Presence::NoneYet | Presence::AllClosed | Presence::SomeDied => !self.end.region().facts().persistent,
        };
        self.end.note_seen(membership);
        Ok(())
    }

    /// Leaves to the reaper what the caller has forgotten.
    pub(super) fn leave(&mut self) {
        if self.open > 0 {
            self.end.tenancy().note_leftovers();
        }
    }
}

/// Makes a call that may wait, until a deadline; one that is over is one look. `None`: not until then.
pub(super) fn wait_until<W: Waiting<Waiter = Seated>>(
    call: &mut W,
    deadline: Option<Moment>,
) -> Result<Option<W::Output>, W::Error> {
    if let Some(found) = call.first_attempt()? {
        return Ok(Some(found));
    }
    let Some(deadline) = deadline else { return call.keep_waiting().map(Some) };
    call.waiter_mut().patience_mut().set_deadline(Some(deadline));
    let waited = call.keep_waiting_until(deadline);
    call.waiter_mut().patience_mut().set_deadline(None);
    waited
}

/// When a call that takes so long at most is over; `None`: it has no end.
pub(super) fn deadline_in(timeout: Duration) -> Option<Moment> {
    let now = Clock::now();
    let deadline = now.plus(timeout);
    (deadline.since(now) == timeout).then_some(deadline)
}

/// Calls, and waits for the end. The frame is to be freed.
pub(super) fn call(client: &mut ClientEnd, request: &[u8], deadline: Option<Moment>) -> Result<Ended, CallError> {
    let ask = client.ask(request, deadline)?;
    match ended(client, &ask, deadline) {
        Ok(Some(ended)) => answered(client, ended),
        Ok(None) => Err(CallError::NoServer),
        Err(error) => {
            client.drop_call(&ask);
            Err(error)
        }
    }
}

/// Waits for the end of a call; at its deadline, gives it up. `None`: it was given up since no server is there.
pub(super) fn ended(client: &mut ClientEnd, ask: &Ask, deadline: Option<Moment>) -> Result<Option<Ended>, CallError> {
    match client.hear(ask, deadline)? {
        Some(Heard::Ended(ended)) => Ok(Some(ended)),
        Some(Heard::NoServer) => Ok(None),
        None => Err(CallError::Timeout),
    }
}

/// The end, if there is an answer. Otherwise frees the frame.
pub(super) fn answered(client: &mut ClientEnd, ended: Ended) -> Result<Ended, CallError> {
    if ended.is_answered {
        return Ok(ended);
    }
    client.finish(ended)?;
    Err(CallError::ServerDied)
}

/// A copy of the answer.
pub(super) fn copy_of(client: &mut ClientEnd, ended: Ended) -> Result<Vec<u8>, CallError> {
    let needed = client.answer_length(ended)?;
    let mut answer = Vec::new();
    let appended = client.frames.memory().answers().append_to(ended.frame, needed, &mut answer);
    appended.map_err(|_| CallError::OutOfMemory { needed }).map(|()| answer)
}

/// Copies the answer to the start of a buffer.
pub(super) fn copy_into(client: &mut ClientEnd, ended: Ended, buffer: &mut [u8]) -> Result<usize, CallError> {
    let needed = client.answer_length(ended)?;
    let start = buffer.get_mut(..needed).ok_or(CallError::BufferTooSmall { needed })?;
    client.frames.memory().answers().read(ended.frame, start);
    Ok(needed)
}

/// Waiting for a frame.
struct Room<'a> {
    client: &'a mut ClientEnd,
}

impl Waiting for Room<'_> {
    type Output = Ask;
    type Error = CallError;
    type Waiter = Seated;

    #[inline]
    fn attempt(&mut self) -> Result<Option<Ask>, CallError> {
        self.client.check()?;
        if self.client.is_alone {
            return Err(CallError::NoServer);
        }
        match self.client.frames.alloc_fast() {
            None => self.attempt_anywhere(),
            found => Ok(found),
        }
    }

    fn glance(&self) -> bool {
        self.client.frames.glance_free()
    }

    fn word(&self) -> &AtomicU32 {
        &self.client.frames.memory().requests().control().space
    }

    fn waiter(&self) -> &Seated {
        &self.client.end
    }

    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.client.end
    }

    fn count_in_vain(&mut self) {
        self.client.end.tally.full();
    }
}

impl Room<'_> {
    #[cold]
    fn attempt_anywhere(&mut self) -> Result<Option<Ask>, CallError> {
        let ClientEnd { frames, end, .. } = &mut *self.client;
        frames.alloc_while(|| end.has_time()).map_err(|reason| self.client.poisoned(reason))
    }
}

/// Waiting for the end of a call.
struct Answer<'a> {
    client: &'a mut ClientEnd,
    ask: &'a Ask,
}

impl Answer<'_> {
    #[inline]
    fn look(&mut self) -> Result<Option<Heard>, CallError> {
        match self.client.frames.look(self.ask) {
            Ok(Progress::Waiting) => Ok(None),
            Ok(Progress::Ended(ended)) => Ok(Some(Heard::Ended(ended))),
            Err(reason) => Err(self.client.poisoned(reason)),
        }
    }

    /// There are news, which may say that no answer will come. One that is there comes first.
    #[cold]
    fn look_at_news(&mut self) -> Result<Option<Heard>, CallError> {
        let news = self.client.take_news();
        if let Some(heard) = self.look()? {
            return Ok(Some(heard));
        }
        news?;
        if !self.client.is_alone {
            return Ok(None);
        }
        Ok(Some(self.client.cancel(self.ask)?.map_or(Heard::NoServer, Heard::Ended)))
    }
}

impl Waiting for Answer<'_> {
    type Output = Heard;
    type Error = CallError;
    type Waiter = Seated;

    #[inline]
    fn attempt(&mut self) -> Result<Option<Heard>, CallError> {
        if self.client.end.is_foreign() {
            return Err(CallError::Forked);
        }
        if self.client.end.has_news() || self.client.is_alone { self.look_at_news() } else { self.look() }
    }

    #[inline]
    fn glance(&self) -> bool {
        self.client.frames.glance_at(self.ask)
    }

    fn word(&self) -> &AtomicU32 {
        self.client.frames.memory().bell(self.ask.frame)
    }

    fn waiter(&self) -> &Seated {
        &self.client.end
    }

    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.client.end
    }

    fn count_in_vain(&mut self) {
        self.client.end.tally.empty();
    }

    fn before_park(&mut self) {
        // EDGE asleep→caller: with semaphores, a server finds the sleeper by who called in the frame. The flag that it sees comes behind this fence.
        fence(Release);
    }
}
