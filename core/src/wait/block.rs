//! The blocking loop: try, spin, park, in slices.
//!
//! No sleep is longer than a slice of its participant, after which the owner looks at the data and at its peers' lives again: a peer that
//! was killed between its commit and its wake, or while it held something, is noticed then. Spinning waits are cut into
//! the same slices.

use super::eventcount::{self, Parking, Wakes};
use super::{Pace, SpinWindow, Strategy, Taken};
use crate::region::{Clock, Moment};
use crate::sync::AtomicU32;
use std::hint::black_box;
use std::time::Duration;

/// No sleep is longer than this.
pub const SLICE: Duration = Duration::from_millis(100);

/// Looks between two readings of the clock while spinning.
const LOOKS_PER_CLOCK: u32 = 32;

/// Looks between two attempts that overlook nothing, while spinning.
const LOOKS_PER_ATTEMPT: u32 = 64 * LOOKS_PER_CLOCK;

/// Looks at the start of a spin, before the clock is read: the peer's answer is probably on its way.
const EAGER_LOOKS: u32 = 64;

/// Steps between two of them, some ten nanoseconds in all.
///
/// A peer that writes to the line that is looked at has to take it from us first. If we ask for it back at once, we get it
/// after the first of its stores, without the header, and it has to take it a second time for the rest: half of a round trip
/// is lost that way. A pause instruction would do, too, but takes ten times as long on some processors as on others.
const STEPS_BETWEEN_LOOKS: u32 = 40;

/// Looks in vain after which a strategy that yields does.
const LOOKS_BEFORE_YIELDING: u32 = 1024;

/// Something that can be waited for.
pub trait Waiting {
    /// What the wait yields.
    type Output;
    /// What ends it early.
    type Error;
    /// What it parks with.
    type Parking: Parking<Until = Moment>;

    /// Tries once. `None`: not yet.
    fn attempt(&mut self) -> Result<Option<Self::Output>, Self::Error>;

    /// The same, perhaps overlooking what takes long to find.
    fn attempt_quickly(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.attempt()
    }

    /// Whether an attempt would probably succeed: cheap enough for the tightest loop.
    fn glance(&self) -> bool;

    /// What decides about falling back, and what was taken so far; `None` for what does not come in a stream.
    fn pace(&mut self) -> Option<(&mut Pace, Taken)>;

    /// Called before sleeping, to tell the peer everything that was put off.
    fn before_park(&mut self);

    /// When the waiting participant's slice ends. A slice belongs to the participant, not to the call: one that often waits for
    /// a moment ends its slices, too.
    fn slice_end(&self) -> Moment;

    /// A slice ended: look at the peers' lives, and begin the next one.
    fn slice_ended(&mut self) -> Result<(), Self::Error>;

    /// The word to sleep on, and what to sleep with.
    fn event(&self) -> (&Self::Parking, &AtomicU32);

    /// Which wake-ups it takes there.
    fn wakes(&self) -> Wakes;

    /// Counts a sleep.
    fn count_park(&mut self);

    /// Now.
    fn now(&self) -> Moment {
        Clock::now()
    }

    /// How to wait, and the window that learns.
    fn strategy(&mut self) -> (Strategy, &mut SpinWindow);
}

/// Waits, after an attempt that failed, until `attempt` succeeds or fails, or until `deadline` (absolute; `None`: for ever).
///
/// Returns `Ok(None)` at the deadline. A deadline in the past still makes one attempt.
pub fn block<W: Waiting>(waiting: &mut W, deadline: Option<Moment>) -> Result<Option<W::Output>, W::Error> {
    fall_back(waiting);
    match waiting.attempt_quickly()? {
        Some(output) => {
            if let Some((pace, _)) = waiting.pace() {
                pace.found_after(0);
            }
            Ok(Some(output))
        }
        None => block_slowly(waiting, deadline),
    }
}

/// Whether the strategy has it spin at first.
#[inline]
fn spins<W: Waiting>(waiting: &mut W) -> bool {
    let (strategy, window) = waiting.strategy();
    match strategy {
        Strategy::Spin | Strategy::SpinThenYield => true,
        Strategy::Adaptive => !Clock::single_core() && window.is_open(),
        Strategy::Park => false,
    }
}

/// Looks away for a moment, if what is waited for comes in a stream, and the strategy has it spin and prefers throughput.
#[inline]
pub fn fall_back<W: Waiting>(waiting: &mut W) {
    let (strategy, _) = waiting.strategy();
    if strategy != Strategy::Spin
        && spins(waiting)
        && let Some((pace, taken)) = waiting.pace()
    {
        pace.fall_back(taken);
    }
}

/// Looks for a moment without reading the clock, if the strategy has it spin. Whether an attempt would probably succeed.
#[inline]
pub fn look_eagerly<W: Waiting>(waiting: &mut W) -> bool {
    if !spins(waiting) {
        return false;
    }
    let found = (0..EAGER_LOOKS).find(|_| {
        (0..STEPS_BETWEEN_LOOKS).for_each(|step| {
            black_box(step);
        });
        waiting.glance()
    });
    if let Some((pace, _)) = waiting.pace() {
        pace.found_after(found.unwrap_or(u32::MAX));
    }
    found.is_some()
}

fn block_slowly<W: Waiting>(waiting: &mut W, deadline: Option<Moment>) -> Result<Option<W::Output>, W::Error> {
    if look_eagerly(waiting)
        && let Some(output) = waiting.attempt_quickly()?
    {
        return Ok(Some(output));
    }
    let (strategy, window) = waiting.strategy();
    let spin_for = match strategy {
        Strategy::Spin | Strategy::SpinThenYield => SLICE,
        Strategy::Adaptive if Clock::single_core() => Duration::ZERO,
        Strategy::Adaptive => window.spin_for(),
        Strategy::Park => Duration::ZERO,
    };
    let started = waiting.now();
    let (result, slept) = block_in_slices(waiting, strategy, spin_for, started, deadline)?;
    if strategy == Strategy::Adaptive {
        let waited = waiting.now().since(started);
        waiting.strategy().1.learn(waited, slept);
    }
    Ok(result)
}

/// What was found, and whether that took a sleep.
fn block_in_slices<W: Waiting>(
    waiting: &mut W,
    strategy: Strategy,
    spin_for: Duration,
    started: Moment,
    deadline: Option<Moment>,
) -> Result<(Option<W::Output>, bool), W::Error> {
    let mut slept = false;
    let mut spin_end = started.plus(spin_for);
    if started >= waiting.slice_end() {
        waiting.slice_ended()?;
    }
    loop {
        let slice_end = waiting.slice_end();
        let until = deadline.map_or(slice_end, |deadline| deadline.min(slice_end));
        let mut found = spin(waiting, strategy, spin_end.min(until))?;
        let mut now = waiting.now();
        // What is over costs no fence and no system call.
        if found.is_none() && matches!(strategy, Strategy::Adaptive | Strategy::Park) && now < until {
            slept = true;
            found = park(waiting, until)?;
            now = waiting.now();
        }
        if found.is_some() {
            return Ok((found, slept));
        }
        if now >= slice_end {
            waiting.slice_ended()?;
            if matches!(strategy, Strategy::Spin | Strategy::SpinThenYield) {
                spin_end = waiting.slice_end();
            }
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            return Ok((waiting.attempt()?, slept));
        }
    }
}

/// Looks until `until` without sleeping.
fn spin<W: Waiting>(waiting: &mut W, strategy: Strategy, until: Moment) -> Result<Option<W::Output>, W::Error> {
    let mut looks = 0u32;
    while waiting.now() < until {
        // A quick attempt sees more than a glance: that somebody left, for example.
        let found = match looks.is_multiple_of(LOOKS_PER_ATTEMPT) {
            true => waiting.attempt()?,
            false => waiting.attempt_quickly()?,
        };
        if found.is_some() {
            return Ok(found);
        }
        for _ in 1..LOOKS_PER_CLOCK {
            std::hint::spin_loop();
            if waiting.glance() {
                if let Some(found) = waiting.attempt_quickly()? {
                    return Ok(Some(found));
                }
                // An attempt costs more than a glance: the clock is due.
                break;
            }
        }
        looks = looks.saturating_add(LOOKS_PER_CLOCK);
        if strategy == Strategy::SpinThenYield && looks > LOOKS_BEFORE_YIELDING {
            std::thread::yield_now();
        }
    }
    Ok(None)
}

/// Sleeps once, until woken or until `until`, and looks again.
fn park<W: Waiting>(waiting: &mut W, until: Moment) -> Result<Option<W::Output>, W::Error> {
    waiting.before_park();
    let (parking, word) = waiting.event();
    let ticket = eventcount::prepare(parking, word, waiting.wakes());
    if let Some(output) = waiting.attempt()? {
        return Ok(Some(output));
    }
    waiting.count_park();
    let (parking, word) = waiting.event();
    eventcount::sleep(parking, word, ticket, until);
    waiting.attempt()
}

#[cfg(test)]
mod tests {
    use super::super::eventcount::Ticket;
    use super::*;
    use std::cell::Cell;

    /// Counts what a wait does with its sleeping place.
    #[derive(Debug, Default)]
    struct Bench {
        fences: Cell<u32>,
        sleeps: Cell<u32>,
    }

    impl Parking for Bench {
        type Until = Moment;

        fn light_fence(&self) {}

        fn heavy_fence(&self) {
            self.fences.set(self.fences.get() + 1);
        }

        fn park(&self, _: &AtomicU32, _: Ticket, _: Moment) {
            self.sleeps.set(self.sleeps.get() + 1);
        }

        fn unpark_all(&self, _: &AtomicU32) {}

        fn unpark_one(&self, _: &AtomicU32) -> bool {
            false
        }
    }

    /// A wait in which every glance says yes and every attempt finds nothing. Its clock moves by a step an attempt, and by
    /// nothing else.
    #[derive(Debug)]
    struct Mirage {
        strategy: Strategy,
        window: SpinWindow,
        bench: Bench,
        word: AtomicU32,
        now: Moment,
        slice_end: Moment,
        step: Duration,
        attempts: u32,
        pace: Pace,
        /// How often somebody asked how the stream runs.
        paced: u32,
    }

    impl Mirage {
        fn new(strategy: Strategy, step: Duration) -> Self {
            let (window, bench, word) = (SpinWindow::new(), Bench::default(), AtomicU32::new(0));
            let (pace, now) = (Pace::new(1 << 20), Clock::now());
            Self { strategy, window, bench, word, now, slice_end: now.plus(SLICE), step, attempts: 0, pace, paced: 0 }
        }
    }

    impl Waiting for Mirage {
        type Output = ();
        type Error = ();
        type Parking = Bench;

        fn attempt(&mut self) -> Result<Option<()>, ()> {
            self.attempts += 1;
            self.now = self.now.plus(self.step);
            Ok(None)
        }

        fn glance(&self) -> bool {
            true
        }

        fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
            self.paced += 1;
            Some((&mut self.pace, Taken::default()))
        }

        fn before_park(&mut self) {}

        fn slice_end(&self) -> Moment {
            self.slice_end
        }

        fn slice_ended(&mut self) -> Result<(), ()> {
            self.slice_end = self.now.plus(SLICE);
            Ok(())
        }

        fn event(&self) -> (&Bench, &AtomicU32) {
            (&self.bench, &self.word)
        }

        fn wakes(&self) -> Wakes {
            Wakes::One
        }

        fn count_park(&mut self) {}

        fn now(&self) -> Moment {
            self.now
        }

        fn strategy(&mut self) -> (Strategy, &mut SpinWindow) {
            (self.strategy, &mut self.window)
        }
    }

    const STRATEGIES: [Strategy; 4] = [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park];

    #[test]
    fn a_deadline_is_missed_by_a_few_attempts_at_most_however_many_glances_promise_something() {
        for strategy in STRATEGIES {
            let mut waiting = Mirage::new(strategy, Duration::from_millis(1));
            let deadline = waiting.now.plus(Duration::from_millis(10));
            assert_eq!(block(&mut waiting, Some(deadline)), Ok(None));
            let late = waiting.now.since(deadline);
            assert!(late <= Duration::from_millis(3), "{strategy:?}: {late:?} in {} attempts", waiting.attempts);
        }
    }

    #[test]
    fn a_wait_that_is_over_before_it_sleeps_costs_neither_a_fence_nor_a_sleep() {
        for strategy in STRATEGIES {
            let mut waiting = Mirage::new(strategy, Duration::from_nanos(1));
            let deadline = waiting.now;
            assert_eq!(block(&mut waiting, Some(deadline)), Ok(None));
            assert_eq!((waiting.bench.fences.get(), waiting.bench.sleeps.get()), (0, 0), "{strategy:?}");
            assert!(waiting.attempts <= 3, "{strategy:?}: {} attempts", waiting.attempts);
        }
    }

    #[test]
    fn the_strategy_decides_whether_a_receiver_may_look_away() {
        let asked = STRATEGIES.map(|strategy| {
            let mut waiting = Mirage::new(strategy, Duration::ZERO);
            fall_back(&mut waiting);
            waiting.paced
        });
        assert_eq!(asked[..2], [0, 1], "Spin never does, SpinThenYield may");
        assert_eq!(asked[2], u32::from(!Clock::single_core()), "Adaptive may while it spins");
        assert_eq!(asked[3], 0, "Park does not spin");
    }
}
