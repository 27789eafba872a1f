//! How long to spin before parking.
//!
//! Spinning pays if the change comes within about the time that a sleep and a wake-up take. Otherwise it burns a core and,
//! where both sides share one, keeps the peer from running. The adaptive window follows how long the last waits took.

use std::time::Duration;

/// How a handle waits. Set per handle; the default is [`Strategy::Adaptive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// Looks without a pause, and never sleeps: the lowest latency, and one core at 100 %. A receiver that has caught up with a
    /// stream takes the cache line with the next message away from the sender again and again. So the throughput of a stream is
    /// higher with `SpinThenYield` and `Adaptive`.
    Spin,
    /// Spins for a while, then yields the core between two looks, and never sleeps. While messages stream, it backs off for up
    /// to 4 µs at a time, so that the sender gets ahead.
    SpinThenYield,
    /// Spins for as long as the last waits suggest, then sleeps. While it spins and messages stream, it backs off as
    /// `SpinThenYield` does. On a machine with a single core, it sleeps at once.
    #[default]
    Adaptive,
    /// Sleeps at once: the least CPU time, and the highest latency.
    Park,
}

/// The adaptive window of one handle: how long it spins before it parks, in nanoseconds.
///
/// ```text
/// the wait took t ≤ CEILING, spinning or asleep     2·t is wanted: the window grows to it at once, or shrinks by a
///                                                    quarter of the difference
/// the wait took longer                              the window halves
/// 4 spins in a row ended in a sleep                 the window closes, until a spin finds something
/// ```
///
/// While the window is closed or below FLOOR, a wait sleeps at once; but one wait in 16 spins, as a probe. The last rule is for
/// peers that share a core: there the spin keeps the peer from running, so a longer spin finds no more.
#[derive(Debug)]
pub struct SpinWindow {
    window_ns: u64,
    parks: u32,
    /// Spins in a row that ended in a sleep.
    in_vain: u32,
}

impl SpinWindow {
    /// Longest window: about the time that a sleep and a wake-up take at worst.
    const CEILING_NS: u64 = 100_000;
    /// Shortest window: a shorter spin finds nothing that the first look did not find.
    const FLOOR_NS: u64 = 500;
    const IN_VAIN_MAX: u32 = 4;

    /// Starts in the middle: long enough to find something, short enough not to cost much.
    pub fn new() -> Self {
        Self { window_ns: 20_000, parks: 0, in_vain: 0 }
    }

    /// Whether waits spin now, not counting probes.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.window_ns >= Self::FLOOR_NS && self.in_vain < Self::IN_VAIN_MAX
    }

    /// How long the wait that begins now should spin. Counts it, if the window is not open.
    pub fn spin_for(&mut self) -> Duration {
        if self.is_open() {
            return Duration::from_nanos(self.window_ns);
        }
        self.parks = self.parks.wrapping_add(1);
        let probe = self.window_ns.max(4 * Self::FLOOR_NS);
        if self.parks.is_multiple_of(16) { Duration::from_nanos(probe) } else { Duration::ZERO }
    }

    /// Adapts the window to a wait that took `waited` in all. `slept`: whether it came to a sleep.
    pub fn learn(&mut self, waited: Duration, slept: bool) {
        if !slept {
            self.in_vain = 0;
        } else if self.is_open() {
            self.in_vain = self.in_vain.saturating_add(1);
        }
        let waited_ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        if waited_ns > Self::CEILING_NS {
            self.window_ns /= 2;
            return;
        }
        let wanted = waited_ns.saturating_mul(2).clamp(Self::FLOOR_NS, Self::CEILING_NS);
        self.window_ns = if wanted > self.window_ns {
            wanted
        } else {
            self.window_ns.saturating_sub(self.window_ns.saturating_sub(wanted) / 4)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_grows_with_quick_waits_and_closes_with_slow_ones() {
        let mut window = SpinWindow::new();
        for _ in 0..20 {
            window.learn(Duration::from_millis(5), true);
        }
        assert_eq!(window.spin_for(), Duration::ZERO, "slow waits close the window");
        window.learn(Duration::from_micros(30), false);
        assert_eq!(window.spin_for(), Duration::from_micros(60), "one quick wait opens it");
        for _ in 0..64 {
            window.learn(Duration::from_micros(1), false);
        }
        assert!(window.spin_for() < Duration::from_micros(4), "and it shrinks towards what is needed");
    }

    #[test]
    fn a_closed_window_probes_now_and_then() {
        let mut window = SpinWindow { window_ns: 0, parks: 0, in_vain: 0 };
        let probes = (0..64).filter(|_| window.spin_for() > Duration::ZERO).count();
        assert_eq!(probes, 4);
    }

    #[test]
    fn spins_that_find_nothing_end_though_the_waits_are_short() {
        let mut window = SpinWindow::new();
        for _ in 0..4 {
            assert!(window.is_open());
            window.learn(Duration::from_micros(30), true);
        }
        assert!(!window.is_open() && window.spin_for() == Duration::ZERO);
        window.learn(Duration::from_micros(30), true);
        assert!(!window.is_open(), "sleeping tells nothing about spinning");
        window.learn(Duration::from_micros(3), false);
        assert!(window.is_open(), "a probe that found something opens it");
    }
}
