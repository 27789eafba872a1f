//! How many looks a participant that spins makes between two readings of the clock.
//!
//! Between two looks it executes one `pause` instruction. That takes 10 cycles on some processors and 140 on others, so a number of pauses is no time. What one takes is therefore measured, once per process, when a wait first spins.
//!
//! The least of several trials counts: a trial can only take too long, because the thread lost its core or the core runs slowly at
//! first. Threads that measure at once store about the same. A wrong result costs readings of the clock that were not needed, or
//! makes a deadline be missed by more; [`Looks::RANGE`] bounds both.

use crate::region::Clock;
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use std::hint::spin_loop;
use std::ops::RangeInclusive;

/// Looks between two readings of the clock. See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Looks(u32);

impl Looks {
    /// The pauses between two readings of the clock take about this long: some forty times as long as a reading.
    const NS_PER_CLOCK: u64 = 800;
    /// Looks between two readings, whatever was measured.
    const RANGE: RangeInclusive<u32> = 4..=256;
    /// Pauses of a trial, and trials: together 2 to 6 µs.
    const PAUSES: u32 = 16;
    const TRIALS: u32 = 6;

    /// As many as were found for this process. The first call finds them.
    #[inline]
    pub(super) fn per_clock() -> u32 {
        // Not a `OnceLock`: a child that is born while another thread initialises it would wait for that thread for ever.
        static KNOWN: AtomicU32 = AtomicU32::new(0);
        match KNOWN.load(Relaxed) {
            0 => Self::find(&KNOWN),
            known => known,
        }
    }

    #[cold]
    fn find(known: &AtomicU32) -> u32 {
        let start = Clock::now();
        let Self(looks) = Self::measure(
            || u64::try_from(Clock::now().since(start).as_nanos()).unwrap_or(u64::MAX),
            || (0..Self::PAUSES).for_each(|_| spin_loop()),
        );
        known.store(looks, Relaxed);
        looks
    }

    /// Measures with this clock, in nanoseconds, and this way to execute [`Looks::PAUSES`] pauses.
    fn measure(mut now_ns: impl FnMut() -> u64, mut pauses: impl FnMut()) -> Self {
        let mut least_ns = |work: &mut dyn FnMut()| {
            let mut trial_ns = || {
                let began_ns = now_ns();
                work();
                now_ns().saturating_sub(began_ns)
            };
            (0..Self::TRIALS).fold(u64::MAX, |least, _| least.min(trial_ns()))
        };
        // Reading the clock takes time as well, which is no pause.
        let clock_ns = least_ns(&mut || {});
        let pauses_ns = least_ns(&mut pauses).saturating_sub(clock_ns);
        let looks = Self::NS_PER_CLOCK.saturating_mul(Self::PAUSES.into()).checked_div(pauses_ns);
        let looks = looks.and_then(|looks| u32::try_from(looks).ok()).unwrap_or(u32::MAX);
        Self(looks.clamp(*Self::RANGE.start(), *Self::RANGE.end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// What is found on a processor of `gigahertz` tenths whose pause takes so many cycles and whose clock takes 25 ns to read. In
    /// the trials that `disturbs` names, the thread loses its core for a millisecond.
    fn found(cycles: u64, tenths_of_gigahertz: u64, disturbs: impl Fn(u32) -> bool) -> u32 {
        let (now_ps, trial) = (Cell::new(0), Cell::new(0));
        let now_ns = || {
            now_ps.set(now_ps.get() + 25_000);
            now_ps.get() / 1000
        };
        let Looks(looks) = Looks::measure(now_ns, || {
            let pause_ps = cycles * 10_000 / tenths_of_gigahertz;
            let lost_ps = if disturbs(trial.get()) { 1_000_000_000 } else { 0 };
            now_ps.set(now_ps.get() + pause_ps * u64::from(Looks::PAUSES) + lost_ps);
            trial.set(trial.get() + 1);
        });
        looks
    }

    #[test]
    fn the_clock_is_read_after_the_same_time_whatever_a_pause_takes() {
        for (cycles, tenths) in [(10, 30), (40, 37), (43, 25), (140, 30), (140, 20)] {
            let looks = found(cycles, tenths, |_| false);
            let between_ns = u64::from(looks) * cycles * 10 / tenths;
            assert!((640..=880).contains(&between_ns), "{cycles} cycles at {tenths}: {looks} looks, {between_ns} ns");
        }
    }

    #[test]
    fn a_thread_that_loses_its_core_meanwhile_finds_the_same() {
        let undisturbed = found(140, 30, |_| false);
        assert_eq!(found(140, 30, |trial| trial + 1 < Looks::TRIALS), undisturbed, "one trial is enough");
        assert_eq!(found(140, 30, |trial| trial > 0), undisturbed);
        assert_eq!(found(140, 30, |_| true), *Looks::RANGE.start(), "none tells nothing, and costs no more than this");
    }

    #[test]
    fn a_clock_that_stands_still_or_jumps_leaves_a_number_that_works() {
        assert_eq!(Looks::measure(|| 0, || {}), Looks(*Looks::RANGE.end()));
        let ticks = Cell::new(u64::MAX);
        let backwards = || ticks.replace(ticks.get() / 2);
        assert_eq!(Looks::measure(backwards, || {}), Looks(*Looks::RANGE.end()));
    }

    #[test]
    fn a_process_measures_once() {
        assert!(Looks::RANGE.contains(&Looks::per_clock()));
        let known = AtomicU32::new(0);
        let found = Looks::find(&known);
        assert_eq!(known.load(Relaxed), found);
        assert_eq!(Looks::per_clock(), Looks::per_clock());
    }
}
