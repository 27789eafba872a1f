//! How one participant waits: its strategy, its slices, and the deadline of the call that it is in.
//!
//! ```text
//!        slice began                slice ends
//! time ───┼──────────────────────────┼───────────────►
//!         │ spin · sleep · look …    │ look at the data and at the peers' lives, begin the next slice
//! ```
//!
//! Invariants:
//! 1. *A slice belongs to the participant, not to the call.* So a participant that makes many short waits, or only polls, comes
//!    to the end of a slice as well, and looks for the dead there.
//! 2. *A participant that spins or polls ends its slice after [`SLICE`].* One that sleeps may sleep for longer in a channel of
//!    many participants, since another one of them looks for the dead meanwhile.

use super::strategy::{SpinWindow, Strategy};
use crate::region::{Clock, Moment};
use std::time::Duration;

/// How long a slice is. In a channel of few participants, none sleeps for longer.
pub const SLICE: Duration = Duration::from_millis(100);

/// How one participant waits. See the module.
#[derive(Debug)]
pub struct Patience {
    strategy: Strategy,
    window: SpinWindow,
    polls: Polls,
    /// When the current slice began: when this participant last looked for the dead, or last saw that another one had.
    slice_began: Moment,
    /// How long a sleep lasts at most.
    sleep: Duration,
    /// When the current call has to return, if it has a timeout.
    deadline: Option<Moment>,
}

impl Patience {
    /// Waits by the default strategy. The first slice begins now.
    pub fn new() -> Self {
        let now = Clock::now();
        Self {
            strategy: Strategy::default(),
            window: SpinWindow::new(),
            polls: Polls::new(now),
            slice_began: now,
            sleep: SLICE,
            deadline: None,
        }
    }

    /// The strategy.
    #[inline]
    pub fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// Waits by this strategy from now on.
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = strategy;
    }

    /// Whether a wait begins with spinning.
    #[inline]
    pub fn spins(&self) -> bool {
        match self.strategy {
            Strategy::Spin | Strategy::SpinThenYield => true,
            Strategy::Adaptive => !Clock::single_core() && self.window.is_open(),
            Strategy::Park => false,
        }
    }

    /// How long to spin before the first sleep of a wait; by the strategies that never sleep, before the slice ends.
    pub fn spin_for(&mut self) -> Duration {
        match self.strategy {
            Strategy::Spin | Strategy::SpinThenYield => SLICE,
            Strategy::Adaptive if Clock::single_core() => Duration::ZERO,
            Strategy::Adaptive => self.window.spin_for(),
            Strategy::Park => Duration::ZERO,
        }
    }

    /// Adapts the spinning to a wait that took `waited` in all. `slept`: whether it came to a sleep.
    pub fn learn(&mut self, waited: Duration, slept: bool) {
        self.window.learn(waited, slept);
    }

    /// When the current slice ends. For a participant that sleeps, that is when its longest sleep ends.
    pub fn slice_end(&self) -> Moment {
        match self.strategy {
            Strategy::Spin | Strategy::SpinThenYield => self.slice_began.plus(SLICE),
            Strategy::Adaptive | Strategy::Park => self.slice_began.plus(self.sleep),
        }
    }

    /// Whether [`SLICE`] has passed since the slice began. For callers that do not sleep.
    pub fn is_slice_over(&self, now: Moment) -> bool {
        now >= self.slice_began.plus(SLICE)
    }

    /// Begins the next slice. Returns when the last one began.
    pub fn begin_slice(&mut self, now: Moment) -> Moment {
        std::mem::replace(&mut self.slice_began, now)
    }

    /// Goes back to the slice that began at `began`, so that it ends once more, soon: the work at its end is not finished.
    pub fn end_slice_again(&mut self, began: Moment) {
        (self.slice_began, self.sleep) = (began, SLICE);
    }

    /// Sleeps for at most this long at a time from now on.
    pub fn set_sleep(&mut self, sleep: Duration) {
        self.sleep = sleep;
    }

    /// Counts a call that did not wait and found nothing. Returns whether the caller should check if its slice is over.
    #[inline]
    pub fn count_poll(&mut self) -> bool {
        self.polls.count()
    }

    /// Notes when the current call has to return; `None`: it has no timeout, or it is over.
    pub fn set_deadline(&mut self, deadline: Option<Moment>) {
        self.deadline = deadline;
    }

    /// Whether the current call has time left for work that may take long.
    pub fn has_time(&self) -> bool {
        self.deadline.is_none_or(|deadline| Clock::now() < deadline)
    }
}

/// How often a caller that does not wait reads the clock: at every look in vain if it does other work between them, and ever
/// more rarely if it only polls.
#[derive(Debug)]
struct Polls {
    /// Looks in vain since the clock was read.
    looks: u32,
    /// The clock is read after this many.
    looks_max: u32,
    read_at: Moment,
}

impl Polls {
    /// Looks in vain between two readings of the clock, at most.
    const LOOKS_MAX: u32 = 4096;
    /// After two readings that are closer than this, twice as many looks go by before the next reading.
    const CLOSE: Duration = Duration::from_millis(1);

    fn new(now: Moment) -> Self {
        Self { looks: 0, looks_max: 1, read_at: now }
    }

    /// Counts a look in vain. Returns whether it read the clock.
    #[inline]
    fn count(&mut self) -> bool {
        self.looks = self.looks.saturating_add(1);
        self.looks >= self.looks_max && self.count_at(Clock::now())
    }

    #[cold]
    fn count_at(&mut self, now: Moment) -> bool {
        let is_close = now.since(self.read_at) < Self::CLOSE;
        self.looks_max = if is_close { self.looks_max.saturating_mul(2).min(Self::LOOKS_MAX) } else { 1 };
        (self.looks, self.read_at) = (0, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_only_polls_reads_the_clock_ever_more_rarely_and_one_that_works_between_does_at_once() {
        let start = Clock::now();
        let mut polls = Polls::new(start);
        for _ in 0..20 {
            polls.count_at(start);
        }
        assert_eq!(polls.looks_max, Polls::LOOKS_MAX);
        assert!((1..Polls::LOOKS_MAX).all(|_| !polls.count()), "no clock for that many looks");
        polls.count_at(start.plus(Polls::CLOSE));
        assert_eq!(polls.looks_max, 1);
        assert!(polls.count());
    }

    #[test]
    fn a_participant_that_may_sleep_for_long_still_spins_and_polls_in_short_slices() {
        let mut patience = Patience::new();
        let start = patience.slice_began;
        patience.set_sleep(3 * SLICE);
        let ends = [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park].map(|strategy| {
            patience.set_strategy(strategy);
            patience.slice_end().since(start)
        });
        assert_eq!(ends, [SLICE, SLICE, 3 * SLICE, 3 * SLICE]);
        assert!(patience.is_slice_over(start.plus(SLICE)));
        let began = patience.begin_slice(start.plus(SLICE));
        assert!(!patience.is_slice_over(start.plus(SLICE)));
        patience.end_slice_again(began);
        assert!(patience.is_slice_over(start.plus(SLICE)), "what is not finished goes on at once");
        assert_eq!(patience.slice_end(), start.plus(SLICE), "and nobody sleeps before");
    }
}
