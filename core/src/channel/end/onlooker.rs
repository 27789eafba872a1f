//! What a handle without a seat does besides reading: it learns that nothing more comes, and it waits.
//!
//! It writes nothing, anywhere, so that it can disturb nobody. Hence nobody knows of it, and nobody wakes it: a call that waits
//! looks again and again. And it proves no death. It believes the rows, in which a participant, or a joiner, marks those that it
//! has found to be dead.

use super::interrupter::{Interrupter, Interruptible};
use super::outlook::Outlook;
use super::over::Over;
use super::seated::Since;
use crate::channel::shared::Shared;
use crate::error::{Corruption, RecvError};
use crate::layout::Role;
use crate::region::sys::pause;
use crate::region::{Clock, Moment, Region};
use crate::wait::eventcount::{self, Wakes};
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A receiver's side of a channel in which it has no seat.
#[derive(Debug)]
pub(crate) struct Onlooker {
    outlook: Outlook,
    /// Whether the channel held messages when it began, which prove that there was a sender.
    held_messages: bool,
    /// Why nothing more comes, as far as the news that were seen tell.
    over: Option<Over>,
    /// Calls until the file is looked at again, for one that never waits.
    left: u32,
    looked: Moment,
    /// Made when the first interrupter is asked for.
    interruptible: OnceCell<Arc<Interruptible>>,
}

/// What came of an attempt to read.
#[derive(Debug)]
pub(crate) enum Attempt<T> {
    /// This.
    Found(T),
    /// There is nothing.
    Nothing,
    /// There is something. The sender was faster each time.
    Overtaken,
}

/// The first pause of a call that waits, and the longest. Each is twice as long as the one before.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// So many calls come between two looks at the clock.
const CALLS_PER_LOOK: u32 = 64;

impl Onlooker {
    pub(in crate::channel) fn new(shared: &Arc<Shared>) -> Result<Self, Corruption> {
        let peers = Since::of_receivers(shared).watch(&shared.region, Role::Sender)?;
        let outlook = Outlook::new(shared, peers);
        Ok(Self {
            outlook,
            held_messages: false,
            over: None,
            left: CALLS_PER_LOOK,
            looked: Clock::now(),
            interruptible: OnceCell::new(),
        })
    }

    /// Notes that there were messages when it began.
    pub(in crate::channel) fn note_messages(&mut self) {
        self.held_messages = true;
    }

    pub(in crate::channel) fn region(&self) -> &Arc<Region> {
        self.outlook.region()
    }

    /// Why nothing more comes, as far as the last [check](Onlooker::check) tells.
    pub(in crate::channel) fn over(&self) -> Option<Over> {
        self.over
    }

    /// What each call begins with: looks at what changed since the last look, if anything did, and at the file every now and then.
    #[inline]
    pub(in crate::channel) fn check(&mut self) -> Result<(), RecvError> {
        if self.outlook.is_foreign() {
            return Err(RecvError::Forked);
        }
        self.left = self.left.wrapping_sub(1);
        if self.left == 0 {
            self.left = CALLS_PER_LOOK;
            if Clock::coarse() >= self.looked.plus(PAUSES.1) {
                self.look_at_file()?;
            }
        }
        self.take_news_if_any()
    }

    /// One attempt to read. `Nothing`, if more may come; `Disconnected` or `Removed`, if not.
    ///
    /// # Errors
    /// Also those of the attempt.
    pub(in crate::channel) fn once<T>(
        &mut self,
        attempt: &mut impl FnMut() -> Result<Attempt<T>, RecvError>,
    ) -> Result<Attempt<T>, RecvError> {
        self.check()?;
        let outcome = attempt()?;
        // That it is over was seen before the attempt: what was sent before the sender left comes first.
        if self.over.is_some() && matches!(outcome, Attempt::Nothing) {
            // Of a removal nobody may have told.
            self.look_at_file()?;
            self.take_news_if_any()?;
            if let Some(over) = self.over {
                return Err(over.into());
            }
        }
        Ok(outcome)
    }

    /// Attempts to read until something is found, or until `deadline`; one that is over is one attempt. `None`: nothing was found until
    /// then.
    ///
    /// # Errors
    /// As [`Onlooker::once`].
    pub(in crate::channel) fn wait<T>(
        &mut self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Result<Attempt<T>, RecvError>,
    ) -> Result<Option<T>, RecvError> {
        let (mut next, longest) = PAUSES;
        loop {
            if let Attempt::Found(found) = self.once(&mut attempt)? {
                return Ok(Some(found));
            }
            let left = deadline.map_or(longest, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            self.nap(next.min(left))?;
            next = next.saturating_mul(2).min(longest);
            self.look_at_file()?;
        }
    }

    /// As [`Onlooker::wait`] without a deadline.
    pub(in crate::channel) fn wait_for_ever<T>(
        &mut self,
        mut attempt: impl FnMut() -> Result<Attempt<T>, RecvError>,
    ) -> Result<T, RecvError> {
        loop {
            if let Some(found) = self.wait(None, &mut attempt)? {
                return Ok(found);
            }
        }
    }

    /// Whether nothing more comes, or the channel is beyond use.
    pub(in crate::channel) fn is_over_or_failed(&mut self) -> bool {
        self.check().is_err() || self.over.is_some()
    }

    /// When it is to look at the file again.
    pub(in crate::channel) fn slice_end(&self) -> Moment {
        self.looked.plus(PAUSES.1)
    }

    /// Looks at the file. Returns whether nothing of it is to be touched any more.
    pub(in crate::channel) fn slice_ended(&mut self) -> bool {
        self.look_at_file().is_err()
    }

    /// What ends the calls of this handle that wait.
    pub(in crate::channel) fn interrupter(&self) -> Interrupter {
        Interrupter::of(self.interruptible.get_or_init(|| Arc::new(Interruptible::alone(self.outlook.region()))))
    }

    /// Sleeps for so long at most.
    ///
    /// # Errors
    /// The call was interrupted.
    fn nap(&self, longest: Duration) -> Result<(), RecvError> {
        let Some(handle) = self.interruptible.get() else {
            pause(longest);
            return Ok(());
        };
        let Some((signals, word)) = handle.own_word() else { return Ok(()) };
        let ticket = eventcount::prepare(signals, word, Wakes::One);
        if handle.is_interrupted() {
            return Err(RecvError::Interrupted);
        }
        eventcount::sleep(signals, word, ticket, Clock::now().plus(longest));
        if handle.is_interrupted() { Err(RecvError::Interrupted) } else { Ok(()) }
    }

    #[inline]
    fn take_news_if_any(&mut self) -> Result<(), RecvError> {
        if self.outlook.has_news() { self.take_news() } else { Ok(()) }
    }

    #[cold]
    fn look_at_file(&mut self) -> Result<(), RecvError> {
        self.looked = Clock::now();
        self.outlook.look_again_at_file().map_err(RecvError::from)
    }

    #[cold]
    fn take_news(&mut self) -> Result<(), RecvError> {
        self.over = Over::of(self.outlook.take_news(self.held_messages))?;
        Ok(())
    }
}
