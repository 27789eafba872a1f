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
//!
//! Where more participants are busy than there are cores, none has one to itself, and being pushed off by the others is
//! what is measured. There a **round** counts if everybody else (other processes, the kernel's own work, and the
//! hypervisor, where it is accounted for) took at most 5 % of both cores' time: what is left of it without the participants'
//! running time and without the time that the cores were idle, which a participant that sleeps leaves them. The kernel
//! tells idle time in hundredths of a second, so such rounds are long.

use crate::clock::{now_ns, thread_ran_ns};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

/// Share of the wall time that an end has to have run.
const RUNNING_MIN: f64 = 0.99;
/// Tasks that are runnable on a quiet machine at most: both ends.
const RUNNABLE_MAX: u64 = 2;

/// Share of both cores' time that others may take from an oversubscribed round.
const OTHERS_MAX: f64 = 0.05;
/// The kernel's unit of idle time: `USER_HZ` is 100 wherever Linux runs.
const TICK_NS: u64 = 10_000_000;

/// What one participant of an oversubscribed round spent on its part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// When it started.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// CPU time, of the kernel on its behalf, too.
    pub ran_ns: u64,
}

impl Spent {
    /// By the calling thread, which does all of the work.
    pub fn by(work: impl FnOnce() -> Result<()>) -> Result<Self> {
        let (start_ns, ran_before) = (now_ns(), thread_ran_ns());
        work()?;
        let (end_ns, ran_ns) = (now_ns(), thread_ran_ns() - ran_before);
        Ok(Self { start_ns, end_ns, ran_ns })
    }
}

/// How the accounts of the two cores stand at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Books {
    at_ns: u64,
    /// So far, of both together.
    idle_ns: u64,
}

/// How the time of two cores was divided during a round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Division {
    /// All of it.
    total_ns: u64,
    /// The participants' part.
    ours_ns: u64,
    /// Nobody's.
    idle_ns: u64,
}

impl Books {
    /// Now.
    pub fn of(cores: [usize; 2]) -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
        let ticks = cores.iter().map(|&core| idle_ticks(&stat, core)).sum::<Option<u64>>();
        let idle_ns = TICK_NS * ticks.context("/proc/stat does not tell of both cores")?;
        Ok(Self { at_ns: now_ns(), idle_ns })
    }

    /// The time from `start` to here, of which the participants had `ours_ns`.
    pub fn since(&self, start: &Self, ours_ns: u64) -> Division {
        Division {
            total_ns: 2 * self.at_ns.saturating_sub(start.at_ns),
            ours_ns,
            idle_ns: self.idle_ns.saturating_sub(start.idle_ns),
        }
    }
}

impl Division {
    /// Whether the round counts.
    pub fn counts(&self) -> bool {
        let others_ns = self.total_ns.saturating_sub(self.ours_ns + self.idle_ns);
        others_ns as f64 <= OTHERS_MAX * self.total_ns as f64
    }
}

/// Ticks for which a core had nothing to do so far, waiting for devices included.
fn idle_ticks(stat: &str, core: usize) -> Option<u64> {
    let name = format!("cpu{core} ");
    let mut fields = stat.lines().find_map(|line| line.strip_prefix(&name))?.split_ascii_whitespace().skip(3);
    let idle: u64 = fields.next()?.parse().ok()?;
    let waiting: u64 = fields.next()?.parse().ok()?;
    Some(idle + waiting)
}

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
    /// CPU time that it spent, of the kernel on its behalf, too.
    pub ran_ns: u64,
    /// Whether this end's part of the rule holds.
    pub undisturbed: bool,
}

impl Account {
    /// The calling thread's, now.
    pub fn now(may_sleep: bool) -> Result<Self> {
        let crowd = if may_sleep { Some((pushed_off(), runnable()?)) } else { None };
        Ok(Self { ran_ns: thread_ran_ns(), at_ns: now_ns(), crowd })
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
        Chunk { start_ns: start.at_ns, end_ns: self.at_ns, ran_ns, undisturbed }
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

/// How many tasks of the whole machine are running or could be. The file stays open: reading it takes a microsecond or so,
/// opening it three more, and both ends do it while messages are on their way.
fn runnable() -> Result<u64> {
    static LOAD: OnceLock<File> = OnceLock::new();
    let file = match LOAD.get() {
        Some(file) => file,
        None => {
            let file = File::open("/proc/loadavg").context("opening /proc/loadavg")?;
            LOAD.get_or_init(|| file)
        }
    };
    let mut load = [0; 128];
    let length = file.read_at(&mut load, 0).context("reading /proc/loadavg")?;
    let load = String::from_utf8_lossy(&load[..length]);
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
        let chunk = |start_ns, end_ns, undisturbed| Chunk { start_ns, end_ns, ran_ns: 0, undisturbed };
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
        let chunk = |start_ns, undisturbed| Chunk { start_ns, end_ns: start_ns + 10, ran_ns: 0, undisturbed };
        let lead = [chunk(0, true), chunk(10, true), chunk(20, false), chunk(30, true), chunk(40, true)];
        assert_eq!(counting(&lead, &[]), [false, true, false, false, true]);
    }

    #[test]
    fn an_oversubscribed_round_counts_if_others_took_little_of_the_cores() {
        let division = |ours_ns, idle_ns| Division { total_ns: 1000, ours_ns, idle_ns };
        assert!(division(1000, 0).counts());
        assert!(division(955, 0).counts());
        assert!(!division(945, 0).counts(), "others ran");
        assert!(division(300, 660).counts(), "the participants slept, and nobody else ran");
        assert!(!division(300, 640).counts(), "the participants slept while others ran");
        assert!(division(980, 60).counts(), "idle time is told in large units");
    }

    #[test]
    fn idle_time_is_told_of_each_core() {
        let stat = "cpu  12 0 0 700 9\ncpu0 6 0 0 300 4 7 7 7\ncpu1 6 0 0 400 5\ncpu10 1 1 1 1 1\n";
        assert_eq!([0, 1, 10, 2].map(|core| idle_ticks(stat, core)), [Some(304), Some(405), Some(2), None]);
        let (start, end) = (Books { at_ns: 5, idle_ns: 70 }, Books { at_ns: 1005, idle_ns: 90 });
        assert_eq!(end.since(&start, 33), Division { total_ns: 2000, ours_ns: 33, idle_ns: 20 });
    }

    #[test]
    fn who_spins_is_charged_and_who_sleeps_is_not() {
        // However busy the machine is.
        let until_ns = thread_ran_ns() + 5_000_000;
        let spinning = Spent::by(|| {
            while thread_ran_ns() < until_ns {}
            Ok(())
        });
        let spinning = spinning.unwrap();
        assert!((4_000_000..6_000_000).contains(&spinning.ran_ns), "{spinning:?}");
        // The two clocks do not tick alike to the last nanosecond.
        let elapsed_ns = spinning.end_ns - spinning.start_ns;
        assert!(elapsed_ns + elapsed_ns / 100 >= spinning.ran_ns, "{spinning:?}");
        let sleeping = Spent::by(|| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            Ok(())
        });
        let sleeping = sleeping.unwrap();
        assert!(10 * sleeping.ran_ns < sleeping.end_ns - sleeping.start_ns, "{sleeping:?}");
    }

    #[test]
    fn a_chunk_tells_the_cpu_time_that_it_took() {
        assert_eq!(account(1500, 140, None).chunk_since(&account(500, 100, None)).ran_ns, 40_000);
    }

    #[test]
    fn the_kernels_accounts_can_be_read() {
        for may_sleep in [false, true] {
            let start = Account::now(may_sleep).unwrap();
            while now_ns() < start.at_ns + 2_000_000 {}
            let end = Account::now(may_sleep).unwrap();
            let chunk = end.chunk_since(&start);
            assert!(chunk.end_ns - chunk.start_ns >= 2_000_000 && end.ran_ns > start.ran_ns, "{start:?} {end:?}");
        }
        assert!(runnable().unwrap() >= 1);
        assert!(Books::of([0, 0]).unwrap().at_ns > 0);
    }
}
