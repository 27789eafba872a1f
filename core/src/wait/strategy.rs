//! How long to spin before parking.
//!
//! Spinning is right when the awaited change comes within about the cost of a sleep and a wake, and wrong otherwise:
//! it burns a core and, where both sides share one, keeps the peer from running. The adaptive window follows what
//! happened lately.

use std::time::Duration;

/// How a handle waits. Set per handle; the default is [`Strategy::Adaptive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// Never sleeps, and never looks away: lowest latency, one core at 100 %. A receiver that has caught up with a stream takes
    /// the line with the next message from under its sender again and again, so messages stream faster with the other two that
    /// spin.
    Spin,
    /// Spins for a while, then offers the core to others between looks, never sleeps. While messages stream, it looks away for up
    /// to 4 µs at a time, so that the sender gets ahead.
    SpinThenYield,
    /// Spins as long as messages came quickly lately, then sleeps. While it spins and messages stream, it looks away as
    /// `SpinThenYield` does. Never spins on a single-core machine.
    #[default]
    Adaptive,
    /// Sleeps at once: least CPU, highest latency.
    Park,
}

/// The adaptive window of one handle: how long it spins before it parks, in nanoseconds.
///
/// ```text
/// wait ended after t ≤ CEILING (spinning or asleep)    window moves to 2·t, by a quarter of the way down, at once up
/// wait ended later                                      window halves
/// 4 spins in a row ended asleep                         window closes until a spin finds something
/// ```
///
/// A window below FLOOR, and a closed one, is 0 except for one probe in 16. The last rule is for peers that share a core:
/// there the spin itself keeps away what it waits for, however long it is.
#[derive(Debug)]
pub struct SpinWindow {
    window_ns: u64,
    parks: u32,
    /// Spins in a row that ended asleep.
    in_vain: u32,
}

impl SpinWindow {
    /// Longest window: about what a sleep and a wake cost at worst.
    const CEILING_NS: u64 = 100_000;
    /// Below this, spinning finds nothing that the first look did not.
    const FLOOR_NS: u64 = 500;
    const IN_VAIN_MAX: u32 = 4;

    /// Starts in the middle: long enough to learn, short enough not to matter.
    pub fn new() -> Self {
        Self { window_ns: 20_000, parks: 0, in_vain: 0 }
    }

    /// Whether to spin at all now, but for probes.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.window_ns >= Self::FLOOR_NS && self.in_vain < Self::IN_VAIN_MAX
    }

    /// How long to spin now.
    pub fn spin_for(&mut self) -> Duration {
        if self.is_open() {
            return Duration::from_nanos(self.window_ns);
        }
        self.parks = self.parks.wrapping_add(1);
        let probe = self.window_ns.max(4 * Self::FLOOR_NS);
        if self.parks.is_multiple_of(16) { Duration::from_nanos(probe) } else { Duration::ZERO }
    }

    /// Learns from a wait that took `waited` in all, and that ended asleep or not.
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
