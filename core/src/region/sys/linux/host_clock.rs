//! The monotonic clock as all processes of the host see it.
//!
//! A process in a time namespace has a monotonic clock of its own, which differs from the host's by an offset that the kernel tells. What stands in shared
//! memory has to mean the same in all of them.

use super::wake::{Clock, Moment};
use std::fs;

/// How this process's monotonic clock relates to the host's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HostClock {
    /// So many nanoseconds this process's clock is ahead.
    ahead_ns: i64,
}

impl HostClock {
    /// Asks the kernel. Where it does not tell, this process's clock counts as the host's.
    pub(crate) fn find_out() -> Self {
        // The file tells of the children's namespace, which may be another one.
        let same = fs::read_link("/proc/self/ns/time").ok() == fs::read_link("/proc/self/ns/time_for_children").ok();
        let offsets =
            if same { fs::read_to_string("/proc/self/timens_offsets").unwrap_or_default() } else { String::new() };
        Self { ahead_ns: monotonic_offset(&offsets).unwrap_or(0) }
    }

    /// A moment, in microseconds of the host's clock.
    pub(crate) fn micros_of(self, moment: Moment) -> u64 {
        moment.as_nanos().saturating_add_signed(self.ahead_ns.saturating_neg()) / 1000
    }

    /// Now, in microseconds of the host's clock.
    pub(crate) fn now_us(self) -> u64 {
        self.micros_of(Clock::now())
    }
}

/// The offset of the monotonic clock in nanoseconds, as the kernel writes it: `monotonic 86400 0`.
fn monotonic_offset(offsets: &str) -> Option<i64> {
    let mut fields = offsets.lines().find_map(|line| line.trim_start().strip_prefix("monotonic"))?.split_whitespace();
    let (seconds, nanoseconds): (i64, i64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        assert_eq!(monotonic_offset("monotonic           0         0\nboottime            0         0\n"), Some(0));
        assert_eq!(
            monotonic_offset("monotonic      172800       5\nboottime       604800         0\n"),
            Some(172_800_000_000_005)
        );
        assert_eq!(monotonic_offset("monotonic  -60 0"), Some(-60_000_000_000));
        assert_eq!(monotonic_offset(""), None);
        assert_eq!(monotonic_offset("monotonic 99999999999999999 0"), None);
    }

    #[test]
    fn a_clock_that_is_ahead_is_set_back_to_the_hosts() {
        let moment = Clock::now();
        let here = HostClock { ahead_ns: 0 }.micros_of(moment);
        assert_eq!(HostClock { ahead_ns: 5_000_000 }.micros_of(moment), here - 5000);
        assert_eq!(HostClock { ahead_ns: i64::MAX }.micros_of(moment), 0, "nothing is before the beginning");
    }
}
