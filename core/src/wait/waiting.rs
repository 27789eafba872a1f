//! What a wait asks of its owner: the call that waits, and the participant that makes it.

use super::eventcount::{Parking, Wakes};
use super::{Pace, Patience, Taken};
use crate::region::{Clock, Moment};
use crate::sync::AtomicU32;

/// A call that may wait: for the next message, or for room for one.
///
/// The ways to try differ in what they cost, and in what they may overlook:
///
/// ```text
/// attempt_fast   every call begins with it, in line      `None` says nothing: try another way
/// attempt        a call that waits, before and while     `None`: probably not yet; what takes long to find was not looked for
///                it spins
/// attempt_slow   a call that waits, around its sleeps,   `None`: not yet
///                and every now and then while it spins
/// attempt_once   a call that does not wait, at its end   `None`: not now, as far as a look of bounded cost can tell
/// ```
pub(crate) trait Waiting {
    /// What it waits for.
    type Output;
    /// What ends it without that.
    type Error: From<<Self::Waiter as Waiter>::Trouble>;
    /// The participant that makes the call.
    type Waiter: Waiter;

    /// Tries by the shortest way. `None` says nothing.
    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        Ok(None)
    }

    /// Tries once, without looking for what takes long to find.
    fn attempt(&mut self) -> Result<Option<Self::Output>, Self::Error>;

    /// Tries once, and overlooks nothing.
    #[inline]
    fn attempt_slow(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt()
    }

    /// Tries once, at the cost of a look, for a caller that does not wait.
    #[inline]
    fn attempt_once(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt_slow()
    }

    /// Whether an attempt would probably succeed: cheap enough for the tightest loop.
    fn glance(&self) -> bool;

    /// The word to sleep on.
    fn word(&self) -> &AtomicU32;

    /// Which wake-ups it takes there.
    fn wakes(&self) -> Wakes {
        Wakes::One
    }

    /// The participant that makes the call.
    fn waiter(&self) -> &Self::Waiter;

    /// The participant that makes the call.
    fn waiter_mut(&mut self) -> &mut Self::Waiter;

    /// Counts a call that did not find at once what it wanted.
    fn count_in_vain(&mut self);

    /// What decides about falling back, and what was taken so far; `None` for what does not come in a stream.
    #[inline]
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        None
    }

    /// Called before a sleep, to tell the peer everything that was put off.
    fn before_park(&mut self) {}
}

/// The participant that waits.
pub(crate) trait Waiter {
    /// What it may find wrong when it looks at its peers.
    type Trouble;
    /// What it sleeps with.
    type Parking: Parking<Until = Moment>;

    /// What it sleeps with.
    fn parking(&self) -> &Self::Parking;

    /// How it waits.
    fn patience(&self) -> &Patience;

    /// How it waits.
    fn patience_mut(&mut self) -> &mut Patience;

    /// A slice ended: looks at the peers' lives, and begins the next one.
    fn slice_ended(&mut self) -> Result<(), Self::Trouble>;

    /// Counts a sleep.
    fn count_park(&mut self);

    /// Now.
    fn now(&self) -> Moment {
        Clock::now()
    }
}
