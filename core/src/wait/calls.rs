//! The ways in which a call waits: not at all, until a deadline, or for as long as it takes.
//!
//! Each begins with [`Waiting::attempt_fast`], which is inlined into the caller. The rest, for when the fast attempt found
//! nothing, is a function of its own that is not inlined.

use super::arm::arm_descriptor;
use super::block::block;
use super::waiting::{Waiter, Waiting};
use crate::region::Moment;
use std::time::{Duration, Instant};

/// The ways to make a call that may wait. Every [`Waiting`] has them.
pub(crate) trait Calls: Waiting + Sized {
    /// Makes the call without waiting. `None`: there is nothing now.
    #[inline(always)]
    fn now(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        match self.attempt_fast()? {
            None => self.now_slow(),
            found => Ok(found),
        }
    }

    /// Makes the call without waiting, after a fast attempt that found nothing.
    #[inline(never)]
    fn now_slow(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        let found = self.attempt_once()?;
        if found.is_none() {
            self.count_in_vain();
            // Callers that never wait have slices, too, at whose end they look for the dead.
            if self.waiter_mut().patience_mut().count_poll() {
                self.end_slice_if_over()?;
            }
            return arm_descriptor(self);
        }
        Ok(found)
    }

    /// Waits for at most `timeout`. `None`: nothing came in that time.
    #[inline(always)]
    fn within(&mut self, timeout: Duration) -> Result<Option<Self::Output>, Self::Error> {
        match self.attempt_fast()? {
            None => self.within_slow(timeout),
            found => Ok(found),
        }
    }

    /// Waits for at most `timeout`, after a fast attempt that found nothing.
    #[inline(never)]
    fn within_slow(&mut self, timeout: Duration) -> Result<Option<Self::Output>, Self::Error> {
        if timeout.is_zero() {
            return self.now_slow();
        }
        if let Some(found) = self.first_attempt()? {
            return Ok(Some(found));
        }
        self.keep_waiting_for(timeout)
    }

    /// Waits for at most `timeout`, after an attempt that found nothing. `None`: not until then.
    fn keep_waiting_for(&mut self, timeout: Duration) -> Result<Option<Self::Output>, Self::Error> {
        let deadline = self.waiter().now().plus(timeout);
        self.waiter_mut().patience_mut().set_deadline(Some(deadline));
        let waited = self.keep_waiting_until(deadline);
        self.waiter_mut().patience_mut().set_deadline(None);
        waited
    }

    /// Waits until `deadline` at most; one that is over is one look. `None`: not until then.
    #[inline(always)]
    fn by(&mut self, deadline: Instant) -> Result<Option<Self::Output>, Self::Error> {
        match self.attempt_fast()? {
            None => self.by_slow(deadline),
            found => Ok(found),
        }
    }

    /// Waits until `deadline` at most, after the fast attempt.
    #[inline(never)]
    fn by_slow(&mut self, deadline: Instant) -> Result<Option<Self::Output>, Self::Error> {
        self.within_slow(deadline.saturating_duration_since(Instant::now()))
    }

    /// Waits until `deadline`, after an attempt that found nothing.
    fn keep_waiting_until(&mut self, deadline: Moment) -> Result<Option<Self::Output>, Self::Error> {
        match block(self, Some(deadline))? {
            // A caller that always waits for less than a slice looks for the dead, too.
            None => {
                if self.end_slice_if_over()?
                    && let Some(found) = self.attempt_once()?
                {
                    return Ok(Some(found));
                }
                arm_descriptor(self)
            }
            found => Ok(found),
        }
    }

    /// Waits for as long as it takes.
    #[inline(always)]
    fn wait(&mut self) -> Result<Self::Output, Self::Error> {
        match self.attempt_fast()? {
            Some(found) => Ok(found),
            None => self.wait_slow(),
        }
    }

    /// Waits for as long as it takes, after a fast attempt that found nothing.
    #[cold]
    #[inline(never)]
    fn wait_slow(&mut self) -> Result<Self::Output, Self::Error> {
        match self.first_attempt()? {
            Some(found) => Ok(found),
            None => self.keep_waiting(),
        }
    }

    /// Waits for as long as it takes, after an attempt that found nothing.
    #[cold]
    fn keep_waiting(&mut self) -> Result<Self::Output, Self::Error> {
        loop {
            if let Some(found) = block(self, None)? {
                return Ok(found);
            }
        }
    }

    /// The first attempt of a call that waits. One that finds nothing is counted; the attempts after it are not.
    #[inline]
    fn first_attempt(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        let attempt = self.attempt();
        if let Ok(None) = attempt {
            self.count_in_vain();
        }
        attempt
    }

    /// Ends the current slice if its time is over. Returns whether it was.
    #[cold]
    fn end_slice_if_over(&mut self) -> Result<bool, Self::Error> {
        let waiter = self.waiter_mut();
        let is_over = waiter.patience().is_slice_over(waiter.now());
        if is_over {
            waiter.slice_ended()?;
        }
        Ok(is_over)
    }
}

impl<W: Waiting> Calls for W {}

#[cfg(test)]
mod tests {
    use super::super::mirage::{Mirage, STRATEGIES};
    use super::*;

    #[test]
    fn a_call_without_time_looks_once_whatever_the_strategy() {
        for strategy in STRATEGIES {
            let mut waiting = Mirage::new(strategy, Duration::ZERO);
            assert_eq!(waiting.within(Duration::ZERO), Ok(None));
            assert_eq!((waiting.attempts, waiting.glances.get()), (1, 0), "{strategy:?}");
        }
    }

    #[test]
    fn a_deadline_that_is_over_is_one_look_whatever_the_strategy() {
        let now = Instant::now();
        for strategy in STRATEGIES {
            for deadline in [now, now.checked_sub(Duration::from_secs(1)).unwrap_or(now)] {
                let mut waiting = Mirage::new(strategy, Duration::ZERO);
                assert_eq!(waiting.by(deadline), Ok(None));
                assert_eq!((waiting.attempts, waiting.glances.get()), (1, 0), "{strategy:?}");
            }
        }
    }
}
