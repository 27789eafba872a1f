//! Which measurements count: the rule, fixed before anything is measured.
//!
//! A round is cut into **chunks** of about a millisecond, by number of operations, at both ends alike. The kernel tells
//! what happened to each end in each chunk. A chunk counts only if both ends had their cores to themselves:
//!
//! | the ends | a chunk of the lead counts if it, the one before, and all of the partner's at that time |
//! | --- | --- |
//! | spin | ran for at least 99 % of the wall time |
//! | may sleep | did that, or was never pushed off its core while nothing else on the machine was runnable |
//!
//! The running time is net of what the hypervisor gave to others, where the kernel accounts for stolen time. The second
//! rule lets a contestant sleep as it likes on a quiet machine, and charges it for that; on a busy one, only the
//! chunks count in which both ends were running. The chunk before has to be undisturbed, too, because a ring that filled
//! up while the receiver was away is emptied faster than it can be filled. A round counts if at least three of its
//! chunks do. What was measured in a chunk plays no part in the rule.

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Share of the wall time that an end has to have run.
const RUNNING_MIN: f64 = 0.99;
/// Tasks that are runnable on a quiet machine at most: both ends.
const RUNNABLE_MAX: u64 = 2;

/// What the kernel says about the calling thread at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    at_ns: u64,
    ran_ns: u64,
    /// Times pushed off its core so far, and tasks that are runnable now. Only asked where the end may sleep.
    crowd: Option<(u64, u64)>,
}

/// What one end went through during one chunk. Moments are on the monotonic clock, which all processes share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// When it started.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// Whether this end's part of the rule holds.
    pub undisturbed: bool,
}

impl Account {
    /// The calling thread's, now.
    pub fn now(may_sleep: bool) -> Result<Self> {
        let crowd = if may_sleep { Some((pushed_off(), runnable()?)) } else { None };
        Ok(Self { ran_ns: clock_ns(ClockId::ThreadCPUTime), at_ns: clock_ns(ClockId::Monotonic), crowd })
    }

    /// The chunk from `start` to here.
    pub fn chunk_since(&self, start: &Self) -> Chunk {
        let wall_ns = self.at_ns.saturating_sub(start.at_ns);
        let ran_ns = self.ran_ns.saturating_sub(start.ran_ns);
        let alone = match (start.crowd, self.crowd) {
            (Some((pushed_before, before)), Some((pushed, now))) => {
                pushed == pushed_before && before.max(now) <= RUNNABLE_MAX
            }
            _ => false,
        };
        let undisturbed = alone || ran_ns as f64 >= RUNNING_MIN * wall_ns as f64;
        Chunk { start_ns: start.at_ns, end_ns: self.at_ns, undisturbed }
    }
}

/// Which of the lead's chunks count.
pub fn counting(lead: &[Chunk], partner: &[Chunk]) -> Vec<bool> {
    let overlap = |a: &Chunk, b: &Chunk| a.start_ns < b.end_ns && b.start_ns < a.end_ns;
    let undisturbed = |chunk: &Chunk| {
        chunk.undisturbed && partner.iter().filter(|other| overlap(chunk, other)).all(|other| other.undisturbed)
    };
    let alone: Vec<bool> = lead.iter().map(undisturbed).collect();
    (0..alone.len()).map(|index| index > 0 && alone[index - 1] && alone[index]).collect()
}

/// Chunks that have to count for a round to count.
pub const COUNTING_MIN: usize = 3;

fn clock_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// How often the calling thread was pushed off its core.
fn pushed_off() -> u64 {
    // SAFETY: all zeros is a valid `rusage`, and getrusage writes nothing but the one that it is given.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
        usage
    };
    usage.ru_nivcsw as u64
}

/// How many tasks of the whole machine are running or could be.
fn runnable() -> Result<u64> {
    let load = std::fs::read_to_string("/proc/loadavg").context("reading /proc/loadavg")?;
    let runnable = load.split(' ').nth(3).and_then(|tasks| tasks.split('/').next()?.parse().ok());
    runnable.with_context(|| format!("no number of runnable tasks in '{load}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(at_us: u64, ran_us: u64, crowd: Option<(u64, u64)>) -> Account {
        Account { at_ns: at_us * 1000, ran_ns: ran_us * 1000, crowd }
    }

    fn undisturbed(start: Account, end: Account) -> bool {
        end.chunk_since(&start).undisturbed
    }

    #[test]
    fn a_spinning_end_has_to_run_all_the_time() {
        assert!(undisturbed(account(500, 100, None), account(1500, 1095, None)));
        assert!(!undisturbed(account(500, 100, None), account(1500, 1085, None)));
    }

    #[test]
    fn an_end_that_may_sleep_can_do_so_on_a_quiet_machine_only() {
        let start = account(0, 0, Some((7, 2)));
        assert!(undisturbed(start, account(1000, 10, Some((7, 1)))), "it slept of its own accord");
        assert!(!undisturbed(start, account(1000, 10, Some((8, 1)))), "it was pushed off");
        assert!(!undisturbed(start, account(1000, 10, Some((7, 3)))), "somebody else wanted to run");
        assert!(undisturbed(start, account(1000, 999, Some((7, 3)))), "somebody else wanted to, and did not");
    }

    #[test]
    fn a_chunk_counts_only_if_the_partner_was_undisturbed_meanwhile() {
        let chunk = |start_ns, end_ns, undisturbed| Chunk { start_ns, end_ns, undisturbed };
        let lead = [
            chunk(0, 10, true),
            chunk(10, 20, true),
            chunk(20, 30, false),
            chunk(30, 40, true),
            chunk(40, 50, true),
            chunk(50, 60, true),
        ];
        // The partner's chunks are shifted against the lead's, as a sender's are by the contents of the ring.
        let partner = [chunk(0, 8, true), chunk(8, 15, false), chunk(15, 29, true), chunk(29, 58, true)];
        assert_eq!(counting(&lead, &partner), [false, false, false, false, true, true]);
    }

    #[test]
    fn the_chunk_behind_a_disturbed_one_does_not_count() {
        let chunk = |start_ns, undisturbed| Chunk { start_ns, end_ns: start_ns + 10, undisturbed };
        let lead = [chunk(0, true), chunk(10, true), chunk(20, false), chunk(30, true), chunk(40, true)];
        assert_eq!(counting(&lead, &[]), [false, true, false, false, true]);
    }

    #[test]
    fn the_kernels_accounts_can_be_read() {
        for may_sleep in [false, true] {
            let start = Account::now(may_sleep).unwrap();
            while clock_ns(ClockId::Monotonic) < start.at_ns + 2_000_000 {}
            let end = Account::now(may_sleep).unwrap();
            let chunk = end.chunk_since(&start);
            assert!(chunk.end_ns - chunk.start_ns >= 2_000_000 && end.ran_ns > start.ran_ns, "{start:?} {end:?}");
        }
        assert!(runnable().unwrap() >= 1);
    }
}
