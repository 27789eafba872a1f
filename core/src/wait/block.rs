//! The blocking loop: try, spin, park, in slices.
//!
//! A wait is cut into slices, whether it spins or sleeps. At the end of a slice, the participant looks at the data again, and at
//! its peers' lives. So it notices a peer that was killed between its commit and its wake-up, or while it held something.

use super::interrupt::Interrupted;
use super::looks::Looks;
use super::waiting::{Waiter, Waiting};
use super::{Strategy, eventcount};
use crate::region::Moment;
use std::hint::black_box;
use std::time::Duration;

/// Time between two slow attempts, which overlook nothing, while spinning.
const BETWEEN_SLOW_ATTEMPTS: Duration = Duration::from_micros(50);

/// Looks at the start of a spin, before the clock is read: the peer's answer is probably on its way.
const EAGER_LOOKS: u32 = 64;

/// Steps of an empty loop between two eager looks: 5 to 12 ns on an EPYC (Zen 4), as the compiler makes the loop.
///
/// A peer that writes to the line first takes it from the core that looks. If that core asks for the line back at once, it gets
/// the line after the first of the peer's stores, before the header is written. The peer then has to take the line a second
/// time, which costs half a round trip. A pause instruction would help as well, but it takes ten times as long on some
/// processors as on others.
///
/// What a step takes is not measured: half as many steps, or twice as many, cost little. `docs/design.md` has the figures.
const STEPS_BETWEEN_LOOKS: u32 = 40;

/// Time in vain after which [`Strategy::SpinThenYield`] begins to yield.
const BEFORE_YIELDING: Duration = Duration::from_micros(25);

/// Waits until an attempt finds something or fails, or until `deadline` (absolute; `None`: for ever).
///
/// The caller has made an attempt that found nothing. Returns `Ok(None)` at the deadline. With a deadline in the past, it still
/// makes one attempt.
pub(crate) fn block<W: Waiting>(waiting: &mut W, deadline: Option<Moment>) -> Result<Option<W::Output>, W::Error> {
    back_off(waiting);
    match waiting.attempt()? {
        Some(output) => {
            if let Some((pace, _)) = waiting.pace() {
                pace.found_after(0);
            }
            Ok(Some(output))
        }
        None => block_slow(waiting, deadline),
    }
}

/// Backs off for a moment, if messages come in a stream and the strategy allows it: one that spins, other than
/// [`Strategy::Spin`], which prefers latency.
#[inline]
pub(crate) fn back_off<W: Waiting>(waiting: &mut W) {
    let patience = waiting.waiter().patience();
    if patience.strategy() != Strategy::Spin
        && patience.spins()
        && let Some((pace, taken)) = waiting.pace()
    {
        pace.back_off(taken);
    }
}

/// Looks up to [`EAGER_LOOKS`] times without reading the clock, if the strategy spins. Returns whether an attempt would probably
/// succeed.
#[inline]
pub(crate) fn look_eagerly<W: Waiting>(waiting: &mut W) -> bool {
    if !waiting.waiter().patience().spins() {
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

fn block_slow<W: Waiting>(waiting: &mut W, deadline: Option<Moment>) -> Result<Option<W::Output>, W::Error> {
    if look_eagerly(waiting)
        && let Some(output) = waiting.attempt()?
    {
        return Ok(Some(output));
    }
    let patience = waiting.waiter_mut().patience_mut();
    let (strategy, spin_for) = (patience.strategy(), patience.spin_for());
    let started = waiting.waiter().now();
    let (result, slept) = block_in_slices(waiting, strategy, spin_for, started, deadline)?;
    if strategy == Strategy::Adaptive {
        let waited = waiting.waiter().now().since(started);
        waiting.waiter_mut().patience_mut().learn(waited, slept);
    }
    Ok(result)
}

/// Spins and parks, slice by slice. Returns what was found, and whether the caller slept before.
fn block_in_slices<W: Waiting>(
    waiting: &mut W,
    strategy: Strategy,
    spin_for: Duration,
    started: Moment,
    deadline: Option<Moment>,
) -> Result<(Option<W::Output>, bool), W::Error> {
    let mut slept = false;
    let mut spin_end = started.plus(spin_for);
    if started >= waiting.waiter().patience().slice_end() {
        waiting.waiter_mut().slice_ended()?;
    }
    check_interruption(waiting)?;
    loop {
        let slice_end = waiting.waiter().patience().slice_end();
        let until = deadline.map_or(slice_end, |deadline| deadline.min(slice_end));
        let mut found = spin(waiting, strategy, spin_end.min(until))?;
        let mut now = waiting.waiter().now();
        // A wait that is over costs no fence and no system call.
        if found.is_none() && matches!(strategy, Strategy::Adaptive | Strategy::Park) && now < until {
            slept = true;
            found = park(waiting, until)?;
            now = waiting.waiter().now();
        }
        if found.is_some() {
            return Ok((found, slept));
        }
        check_interruption(waiting)?;
        if now >= slice_end {
            waiting.waiter_mut().slice_ended()?;
            if matches!(strategy, Strategy::Spin | Strategy::SpinThenYield) {
                spin_end = waiting.waiter().patience().slice_end();
            }
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            return Ok((waiting.attempt_slow()?, slept));
        }
    }
}

/// Looks again and again until `until`, without sleeping.
fn spin<W: Waiting>(waiting: &mut W, strategy: Strategy, until: Moment) -> Result<Option<W::Output>, W::Error> {
    let began = waiting.waiter().now();
    if began >= until {
        return Ok(None);
    }
    let looks = Looks::per_clock();
    let (mut now, mut slow_attempt) = (began, began);
    while now < until {
        // An attempt sees more than a glance does: that a peer left, for example.
        let found = if now >= slow_attempt {
            slow_attempt = now.plus(BETWEEN_SLOW_ATTEMPTS);
            waiting.attempt_slow()?
        } else {
            waiting.attempt()?
        };
        if found.is_some() {
            return Ok(found);
        }
        for _ in 1..looks {
            std::hint::spin_loop();
            if waiting.glance() {
                if let Some(found) = waiting.attempt()? {
                    return Ok(Some(found));
                }
                // An attempt costs more than a glance does: read the clock now.
                break;
            }
        }
        if strategy == Strategy::SpinThenYield && now.since(began) >= BEFORE_YIELDING {
            std::thread::yield_now();
        }
        check_interruption(waiting)?;
        now = waiting.waiter().now();
    }
    Ok(None)
}

/// Ends the wait if somebody interrupted it. Asked behind an attempt that found nothing.
#[inline]
fn check_interruption<W: Waiting>(waiting: &W) -> Result<(), W::Error> {
    if waiting.waiter().is_interrupted() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Sleeps once, until a peer wakes this participant or until `until`, and makes an attempt before and after.
fn park<W: Waiting>(waiting: &mut W, until: Moment) -> Result<Option<W::Output>, W::Error> {
    waiting.before_park();
    let ticket = eventcount::prepare(waiting.waiter().parking(), waiting.word(), waiting.wakes());
    if let Some(output) = waiting.attempt_slow()? {
        return Ok(Some(output));
    }
    if !waiting.may_park() {
        return waiting.attempt_slow();
    }
    check_interruption(waiting)?;
    waiting.waiter_mut().count_park();
    eventcount::sleep(waiting.waiter().parking(), waiting.word(), ticket, until);
    waiting.attempt_slow()
}

#[cfg(test)]
mod tests {
    use super::super::mirage::{Mirage, STRATEGIES};
    use super::*;
    use crate::region::Clock;

    #[test]
    fn a_deadline_is_missed_by_a_few_attempts_at_most_even_if_every_glance_promises_something() {
        for strategy in STRATEGIES {
            let mut waiting = Mirage::new(strategy, Duration::from_millis(1));
            let deadline = waiting.wanderer.now.plus(Duration::from_millis(10));
            assert_eq!(block(&mut waiting, Some(deadline)), Ok(None));
            let late = waiting.wanderer.now.since(deadline);
            assert!(late <= Duration::from_millis(3), "{strategy:?}: {late:?} in {} attempts", waiting.attempts);
        }
    }

    #[test]
    fn a_wait_that_is_over_before_it_sleeps_costs_neither_a_fence_nor_a_sleep() {
        for strategy in STRATEGIES {
            let mut waiting = Mirage::new(strategy, Duration::from_nanos(1));
            let deadline = waiting.wanderer.now;
            assert_eq!(block(&mut waiting, Some(deadline)), Ok(None));
            assert_eq!(
                (waiting.wanderer.bench.fences.get(), waiting.wanderer.bench.sleeps.get()),
                (0, 0),
                "{strategy:?}"
            );
            assert!(waiting.attempts <= 3, "{strategy:?}: {} attempts", waiting.attempts);
        }
    }

    #[test]
    fn a_spin_overlooks_something_for_a_time_and_not_for_a_number_of_looks() {
        const SPUN: Duration = Duration::from_millis(1);
        for step in [Duration::from_nanos(100), Duration::from_micros(1), Duration::from_micros(4)] {
            let mut waiting = Mirage::new(Strategy::Spin, step);
            let until = waiting.wanderer.now.plus(SPUN);
            assert_eq!(spin(&mut waiting, Strategy::Spin, until), Ok(None));
            let between = SPUN / waiting.slow_attempts;
            assert!(
                between >= BETWEEN_SLOW_ATTEMPTS * 9 / 10 && between <= BETWEEN_SLOW_ATTEMPTS * 3 / 2,
                "attempts of {step:?}: a slow one each {between:?}"
            );
        }
    }

    #[test]
    fn the_strategy_decides_whether_a_receiver_may_back_off() {
        let asked = STRATEGIES.map(|strategy| {
            let mut waiting = Mirage::new(strategy, Duration::ZERO);
            back_off(&mut waiting);
            waiting.paced
        });
        assert_eq!(asked[..2], [0, 1], "Spin never does, SpinThenYield may");
        assert_eq!(asked[2], u32::from(!Clock::single_core()), "Adaptive may while it spins");
        assert_eq!(asked[3], 0, "Park does not spin");
    }
}
