//! The two traits that a wait is made over: the call that waits, and the participant that makes it.

use super::eventcount::{Parking, Wakes};
use super::interrupt::Interrupted;
use super::relay::{Subscription, WakeWord};
use super::{Pace, Patience, Taken};
use crate::region::{Clock, Moment};
use crate::sync::AtomicU32;
use std::sync::Arc;

/// A call that may wait: for the next message, or for room for one.
///
/// There are four ways to try. They differ in what they cost, and in what they may overlook:
///
/// ```text
///                used                                    `None` means
/// attempt_fast   at the start of every call, inlined     nothing: try another way
/// attempt        in a call that waits: at first, and     probably not yet: it does not search for what takes long to find
///                while it spins
/// attempt_slow   in a call that waits: around a sleep,   not yet
///                and every now and then while it spins
/// attempt_once   at the end of a call that does not      not now, as far as a look of bounded cost can tell
///                wait
/// ```
pub(crate) trait Waiting {
    /// What the call waits for.
    type Output;
    /// Why the call ends without it.
    type Error: From<<Self::Waiter as Waiter>::Trouble> + From<Interrupted>;
    /// The participant that makes the call.
    type Waiter: Waiter;

    /// Tries by the shortest way. `None` means nothing: the caller tries another way.
    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        Ok(None)
    }

    /// Tries once, without a search for what takes long to find.
    fn attempt(&mut self) -> Result<Option<Self::Output>, Self::Error>;

    /// Tries once, and overlooks nothing.
    #[inline]
    fn attempt_slow(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt()
    }

    /// Tries once, at a bounded cost, for a caller that does not wait.
    #[inline]
    fn attempt_once(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt_slow()
    }

    /// Whether an attempt would probably succeed: cheap enough for the tightest loop.
    fn glance(&self) -> bool;

    /// The word that the caller sleeps on.
    fn word(&self) -> &AtomicU32;

    /// Which wake-ups the caller takes there.
    fn wakes(&self) -> Wakes {
        Wakes::One
    }

    /// The participant that makes the call.
    fn waiter(&self) -> &Self::Waiter;

    /// The participant that makes the call, to be changed.
    fn waiter_mut(&mut self) -> &mut Self::Waiter;

    /// Counts a call whose first attempt found nothing.
    fn count_in_vain(&mut self);

    /// The pace, which decides for how long to back off, and what was taken so far. `None`: this call never backs off.
    #[inline]
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        None
    }

    /// Called before a sleep: publishes everything that the participant has done and not yet told its peers of.
    fn before_park(&mut self) {}

    /// Called before a sleep, behind the last attempt. False: that may have overlooked something, and the caller tries again.
    fn may_park(&mut self) -> bool {
        true
    }
}

/// The participant that waits.
pub(crate) trait Waiter {
    /// What the participant may find wrong when it looks at its peers.
    type Trouble;
    /// How threads sleep and are woken in this channel.
    type Parking: Parking<Until = Moment>;

    /// How threads sleep and are woken in this channel.
    fn parking(&self) -> &Self::Parking;

    /// How the participant waits.
    fn patience(&self) -> &Patience;

    /// How the participant waits, to be changed.
    fn patience_mut(&mut self) -> &mut Patience;

    /// Called at the end of a slice: looks at the peers' lives, and begins the next slice.
    fn slice_ended(&mut self) -> Result<(), Self::Trouble>;

    /// Whether the call is to end though it found nothing: somebody interrupted it. Asked once a call waits, and the answer is given once.
    fn is_interrupted(&self) -> bool;

    /// Counts a sleep.
    fn count_park(&mut self);

    /// Where the participant is woken that waits on this word, for a relay. `None`: none can sleep in its place.
    fn wake_word(&self, _: &AtomicU32) -> Option<WakeWord> {
        None
    }

    /// Its place with a relay, if it has one.
    fn subscription(&self) -> Option<&Arc<Subscription>> {
        None
    }

    /// Gives it a place with a relay.
    fn set_subscription(&mut self, _: Arc<Subscription>) {}

    /// Reads the clock.
    fn now(&self) -> Moment {
        Clock::now()
    }
}
