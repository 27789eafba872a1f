//! The clocks of the kernel: one that all processes of a machine share, and two that run while a thread or a process does.

use crate::statistics::median;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since the machine started. All processes read the same clock, so that one can tell how long ago another did
/// something.
#[inline]
pub fn now_ns() -> u64 {
    read_ns(ClockId::Monotonic)
}

/// Nanoseconds for which the calling thread ran so far, the kernel on its behalf included.
pub fn thread_ran_ns() -> u64 {
    read_ns(ClockId::ThreadCPUTime)
}

/// Nanoseconds for which all threads of this process ran so far, those that have gone included.
pub fn process_ran_ns() -> u64 {
    read_ns(ClockId::ProcessCPUTime)
}

#[inline]
fn read_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// What one call of [`now_ns`] costs, in nanoseconds, on the core that the caller is pinned to.
pub fn cost_ns() -> f64 {
    const CALLS: u32 = 1000;
    let of_one = |_| {
        let start = now_ns();
        (1..CALLS).for_each(|_| _ = now_ns());
        (now_ns() - start) as f64 / f64::from(CALLS)
    };
    median(&(0..21).map(of_one).collect::<Vec<_>>()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_and_costs_less_than_a_system_call_of_old() {
        let start = now_ns();
        let cost = cost_ns();
        assert!(now_ns() > start);
        assert!(cost > 1.0 && cost < 20_000.0, "{cost}");
    }
}
