//! How calls wait, whatever the kind: not at all, for some time, or for as long as it takes.

use super::endpoint::{Endpoint, Trouble};
use crate::region::{Clock, Moment, Signals};
use crate::sync::AtomicU32;
use crate::wait::block::{self, Waiting, block};
use crate::wait::eventcount::Wakes;
use crate::wait::{Pace, SpinWindow, Strategy, Taken};
use std::time::Duration;

/// What a call wants: the next message, or room for one.
pub(super) trait Attempt: Sized {
    /// What it gets.
    type Output;
    /// Why it gets nothing.
    type Error: From<Trouble>;

    /// Tries by the shortest way, in line at the caller's. `None` decides nothing.
    #[inline(always)]
    fn attempt_shortly(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        Ok(None)
    }

    /// Tries once. `None`: not yet.
    fn attempt(&mut self) -> Result<Option<Self::Output>, Self::Error>;

    /// Tries once, at the cost of a look: for callers who do not wait. `None`: not now.
    #[inline]
    fn attempt_once(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt()
    }

    /// Tries once, perhaps overlooking what takes long to find: for callers who wait.
    #[inline]
    fn attempt_quickly(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt()
    }

    /// Whether an attempt would probably succeed: cheap enough for the tightest loop.
    fn glance(&self) -> bool;

    /// Whose call it is.
    fn end(&self) -> &Endpoint;

    /// The same.
    fn end_mut(&mut self) -> &mut Endpoint;

    /// The word to sleep on.
    fn word(&self) -> &AtomicU32;

    /// Which wake-ups it takes there.
    fn wakes(&self) -> Wakes {
        Wakes::One
    }

    /// Counts a call that did not find at once what it wanted.
    fn count_in_vain(&mut self);

    /// What decides about falling back, and what was taken so far; `None` for what does not come in a stream.
    #[inline]
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        None
    }

    /// Called before sleeping, to tell the peer everything that was put off.
    fn before_park(&mut self) {}

    /// The first attempt of a call that waits: one that finds nothing is counted, the looks after it are not.
    #[inline]
    fn first_attempt(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        let attempt = self.attempt_quickly();
        if let Ok(None) = attempt {
            self.count_in_vain();
        }
        attempt
    }

    /// Without waiting.
    #[inline(always)]
    fn now(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        match self.attempt_shortly()? {
            None => self.now_carefully(),
            found => Ok(found),
        }
    }

    /// The same after the shortest way led nowhere.
    #[inline(never)]
    fn now_carefully(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        let found = self.attempt_once()?;
        if found.is_none() {
            self.count_in_vain();
            self.end_mut().looked_in_vain()?;
        }
        Ok(found)
    }

    /// Waits for at most `timeout`.
    #[inline(always)]
    fn within(&mut self, timeout: Duration) -> Result<Option<Self::Output>, Self::Error> {
        match self.attempt_shortly()? {
            None => self.within_carefully(timeout),
            found => Ok(found),
        }
    }

    /// The same after the shortest way led nowhere.
    #[inline(never)]
    fn within_carefully(&mut self, timeout: Duration) -> Result<Option<Self::Output>, Self::Error> {
        if timeout.is_zero() {
            return self.now_carefully();
        }
        if let Some(found) = self.first_attempt()? {
            return Ok(Some(found));
        }
        let deadline = Clock::now().plus(timeout);
        self.end_mut().set_deadline(Some(deadline));
        let waited = self.wait_until(deadline);
        self.end_mut().set_deadline(None);
        waited
    }

    /// Waits until `deadline`, after an attempt that failed.
    fn wait_until(&mut self, deadline: Moment) -> Result<Option<Self::Output>, Self::Error> {
        match block(&mut Wait(self), Some(deadline))? {
            // A caller that always waits for less than a slice looks for the dead, too.
            None if self.end_mut().a_slice_is_over()? => self.attempt_once(),
            found => Ok(found),
        }
    }

    /// Waits for as long as it takes.
    #[inline(always)]
    fn wait(&mut self) -> Result<Self::Output, Self::Error> {
        match self.attempt_shortly()? {
            Some(found) => Ok(found),
            None => self.wait_carefully(),
        }
    }

    /// The same after the shortest way led nowhere.
    #[cold]
    #[inline(never)]
    fn wait_carefully(&mut self) -> Result<Self::Output, Self::Error> {
        match self.first_attempt()? {
            Some(found) => Ok(found),
            None => self.wait_slowly(),
        }
    }

    /// The same after an attempt that failed.
    #[cold]
    fn wait_slowly(&mut self) -> Result<Self::Output, Self::Error> {
        loop {
            if let Some(found) = block(&mut Wait(self), None)? {
                return Ok(found);
            }
        }
    }

    /// Looks away for a moment while messages stream, if the strategy has it spin.
    #[inline]
    fn fall_back(&mut self) {
        block::fall_back(&mut Wait(self));
    }

    /// Looks for a moment, if the strategy has it spin. Whether an attempt would probably succeed.
    #[inline]
    fn look_eagerly(&mut self) -> bool {
        block::look_eagerly(&mut Wait(self))
    }
}

/// An attempt, as the blocking loop sees it.
struct Wait<'a, A>(&'a mut A);

impl<A: Attempt> Waiting for Wait<'_, A> {
    type Output = A::Output;
    type Error = A::Error;
    type Parking = Signals;

    #[inline]
    fn attempt(&mut self) -> Result<Option<A::Output>, A::Error> {
        self.0.attempt()
    }

    #[inline]
    fn attempt_quickly(&mut self) -> Result<Option<A::Output>, A::Error> {
        self.0.attempt_quickly()
    }

    #[inline]
    fn glance(&self) -> bool {
        self.0.glance()
    }

    #[inline]
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        self.0.pace()
    }

    fn before_park(&mut self) {
        self.0.before_park();
    }

    fn slice_end(&self) -> Moment {
        self.0.end().slice_end()
    }

    fn slice_ended(&mut self) -> Result<(), A::Error> {
        Ok(self.0.end_mut().slice_ended()?)
    }

    fn event(&self) -> (&Signals, &AtomicU32) {
        (self.0.end().signals(), self.0.word())
    }

    fn wakes(&self) -> Wakes {
        self.0.wakes()
    }

    fn count_park(&mut self) {
        self.0.end_mut().tally.park();
    }

    fn strategy(&mut self) -> (Strategy, &mut SpinWindow) {
        self.0.end_mut().waiting()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::endpoint::Since;
    use crate::channel::lane::settle_nothing;
    use crate::channel::options::Wishes;
    use crate::error::RecvError;
    use crate::layout::{Kind, Role};
    use std::cell::Cell;

    /// A receiver that finds nothing, and whose looks are counted.
    struct Counted {
        end: Endpoint,
        attempts: u32,
        glances: Cell<u32>,
    }

    impl Attempt for Counted {
        type Output = ();
        type Error = RecvError;

        fn attempt(&mut self) -> Result<Option<()>, RecvError> {
            self.attempts += 1;
            Ok(None)
        }

        fn glance(&self) -> bool {
            self.glances.set(self.glances.get() + 1);
            false
        }

        fn end(&self) -> &Endpoint {
            &self.end
        }

        fn end_mut(&mut self) -> &mut Endpoint {
            &mut self.end
        }

        fn word(&self) -> &AtomicU32 {
            self.end.data()
        }

        fn count_in_vain(&mut self) {}
    }

    #[test]
    fn a_call_without_time_looks_once_whatever_the_strategy() {
        for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
            let channel = Wishes::new(Kind::Spsc).private().unwrap();
            let mut end = Endpoint::join(&channel, Role::Receiver, settle_nothing, Since::Now).unwrap();
            end.set_strategy(strategy);
            let mut call = Counted { end, attempts: 0, glances: Cell::new(0) };
            assert_eq!(call.within(Duration::ZERO), Ok(None));
            assert_eq!((call.attempts, call.glances.get()), (1, 0), "{strategy:?}");
        }
    }
}
