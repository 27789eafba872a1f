//! Deadlines: the timeout that is left until a moment, for waits that several calls share.

use rustix::time::{ClockId, clock_gettime};

/// How many nanoseconds are left until `deadline_ns`, a moment of CLOCK_MONOTONIC (tv_sec * 1000000000 + tv_nsec): the timeout_ns
/// of a call that is to wait until then, however many calls share it. At least 1: after that moment, such a call looks once and
/// returns MEMLANE_TIMEOUT.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_left(deadline_ns: i64) -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    let now_ns = now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec);
    deadline_ns.saturating_sub(now_ns).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_on_the_monotonic_clock_and_is_a_timeout() {
        let now = clock_gettime(ClockId::Monotonic);
        let in_an_hour = (now.tv_sec + 3600) * 1_000_000_000;
        assert!((1..=3600 * 1_000_000_000).contains(&memlane_left(in_an_hour)));
        assert!(memlane_left(in_an_hour) >= memlane_left(in_an_hour), "it gets less");
        for past in [in_an_hour - 3601 * 1_000_000_000, 0, -1, i64::MIN] {
            assert_eq!(memlane_left(past), 1, "neither a try nor for ever");
        }
        assert!(memlane_left(i64::MAX) > 0);
    }
}
