//! Time, sleeping and waking: the monotonic clock, futexes, and `membarrier`.

use super::cancel::cancel_guard;
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use rustix::io::Errno;
use rustix::thread::futex;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::num::NonZeroU32;
use std::time::Duration;

/// A point on the monotonic clock, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// This much later, or the end of time.
    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Time from `earlier` to here, zero if it is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Nanoseconds on this process's clock.
    pub(crate) fn as_nanos(self) -> u64 {
        self.0
    }

    /// From nanoseconds on this process's clock.
    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// This moment as the C library's type.
    pub(super) fn to_timespec(self) -> libc::timespec {
        libc::timespec { tv_sec: (self.0 / 1_000_000_000) as i64, tv_nsec: (self.0 % 1_000_000_000) as i64 }
    }
}

/// The monotonic clock.
#[derive(Debug)]
pub(crate) struct Clock;

impl Clock {
    /// Now.
    pub(crate) fn now() -> Moment {
        let time = clock_gettime(ClockId::Monotonic);
        // The monotonic clock starts at boot: neither part is negative, and the sum lasts for 584 years.
        Moment((time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
    }

    /// Now, as of the kernel's last tick: some milliseconds late, for a tenth of the cost.
    pub(crate) fn coarse() -> Moment {
        let time = clock_gettime(ClockId::MonotonicCoarse);
        Moment((time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
    }

    /// Whether the machine has one core only, so that spinning keeps the peer from running. It does not matter which cores
    /// *this* process may use: if it is pinned to one, its peer may run on another.
    pub(crate) fn single_core() -> bool {
        // Not a `OnceLock`: a child that is born while another thread initialises it would wait for that thread for ever.
        static CORES: AtomicU32 = AtomicU32::new(0);
        let known = CORES.load(Relaxed);
        if known != 0 {
            return known == 1;
        }
        // SAFETY: asks for a number.
        let cores = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
        CORES.store(u32::try_from(cores).unwrap_or(0).max(1), Relaxed);
        cores == 1
    }
}

fn flags(process_private: bool) -> futex::Flags {
    if process_private { futex::Flags::PRIVATE } else { futex::Flags::empty() }
}

/// Sleeps while `word` is `expected`, until `deadline` at the latest. May return early.
pub(crate) fn futex_wait(word: &AtomicU32, expected: u32, deadline: Moment, process_private: bool) {
    const ANY: NonZeroU32 = NonZeroU32::MAX;
    let until = Timespec { tv_sec: (deadline.0 / 1_000_000_000) as i64, tv_nsec: (deadline.0 % 1_000_000_000) as i64 };
    // FUTEX_WAIT_BITSET takes an absolute deadline on the monotonic clock, so nothing is lost by an interruption.
    // After EAGAIN (the word changed), EINTR and ETIMEDOUT, the caller looks at its data again, as after a wake-up.
    match futex::wait_bitset(word, flags(process_private), expected, Some(&until), ANY) {
        Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => {}
        // A sandbox refuses the call. Without a pause here, the caller would spin for as long as it waits.
        Err(_) => pause(WITHOUT_FUTEX.min(deadline.since(Clock::now()))),
    }
}

/// A word to sleep on, what it has to be for that, and whether only this process wakes there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FutexWait<'a> {
    pub(crate) word: &'a AtomicU32,
    pub(crate) expected: u32,
    pub(crate) process_private: bool,
}

/// As many words as the kernel sleeps on at once.
pub(crate) const FUTEX_WAITS_MAX: usize = 128;

/// Sleeps while all these words are as expected, until `deadline` at the latest. May return early. False: the kernel does not do that, or a
/// sandbox refuses it.
pub(crate) fn futex_wait_for_any(waits: &[FutexWait<'_>], deadline: Moment) -> bool {
    let mut all = [futex::Wait::new(); FUTEX_WAITS_MAX];
    let Some(all) = all.get_mut(..waits.len()) else { return false };
    for (to, from) in all.iter_mut().zip(waits) {
        to.val = from.expected.into();
        to.uaddr = futex::WaitPtr::new(std::ptr::from_ref(from.word).cast_mut().cast());
        to.flags = futex::WaitFlags::SIZE_U32;
        to.flags.set(futex::WaitFlags::PRIVATE, from.process_private);
    }
    let until = Timespec { tv_sec: (deadline.0 / 1_000_000_000) as i64, tv_nsec: (deadline.0 % 1_000_000_000) as i64 };
    // As in `futex_wait`.
    let slept = futex::waitv(all, futex::WaitvFlags::empty(), Some(&until), ClockId::Monotonic);
    matches!(slept, Ok(_) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT))
}

/// How long a thread that may not sleep on a futex sleeps between two looks.
const WITHOUT_FUTEX: Duration = Duration::from_millis(1);

/// Sleeps for `duration`, or for less if a signal comes or the system refuses the call. (`std::thread::sleep` would panic
/// then.)
pub(crate) fn pause(duration: Duration) {
    // Where rustix goes through the C library, this is a cancellation point.
    let _guard = cancel_guard();
    if let Ok(duration) = duration.try_into() {
        let _ = rustix::thread::nanosleep(&duration);
    }
}

/// Wakes at most `count` of the threads that sleep on `word`. Returns how many it woke.
pub(crate) fn futex_wake(word: &AtomicU32, count: u32, process_private: bool) -> usize {
    // Fails only for an unmapped or misaligned word, which a reference excludes.
    futex::wake(word, flags(process_private), count).unwrap_or(0)
}

/// Does this without a trace in the C library's `errno`: for what may stand in a signal handler, which runs between a call and its
/// caller's look there.
pub(crate) fn preserving_errno<T>(act: impl FnOnce() -> T) -> T {
    // SAFETY: the place is this thread's, and stays.
    let before = unsafe { *libc::__errno_location() };
    let done = act();
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = before };
    done
}

/// Whose running threads a [`membarrier`] reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those that have this process's memory, a child that shares it included. No other process is interrupted.
    ThisProcess,
    /// Those of every process that has registered for it.
    AllRegistered,
}

impl Reach {
    /// The commands that register, and that make the barrier.
    fn commands(self) -> [libc::c_int; 2] {
        const GLOBAL_EXPEDITED: libc::c_int = 1 << 1;
        const REGISTER_GLOBAL_EXPEDITED: libc::c_int = 1 << 2;
        const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
        const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
        match self {
            Self::ThisProcess => [REGISTER_PRIVATE_EXPEDITED, PRIVATE_EXPEDITED],
            Self::AllRegistered => [REGISTER_GLOBAL_EXPEDITED, GLOBAL_EXPEDITED],
        }
    }
}

fn membarrier_call(command: libc::c_int) -> bool {
    // SAFETY: membarrier takes three integers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// Registers this process for [`membarrier`] with this reach. Returns whether the system allows it. Cheap and idempotent.
///
/// A program that was executed anew is not registered; whether a child of `fork` is, no manual says. So callers do it per channel.
pub(crate) fn register_membarrier(reach: Reach) -> bool {
    let [register, _] = reach.commands();
    membarrier_call(register)
}

/// Makes every running thread that is within reach execute a full fence. Returns whether the system did so.
pub(crate) fn membarrier(reach: Reach) -> bool {
    let [_, barrier] = reach.commands();
    membarrier_call(barrier)
}

/// Nanoseconds since the Unix epoch, to be shown to people.
pub(crate) fn unix_time_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}
