//! What is measured: contests, in families that share a baseline.
//!
//! A contest has two ends, the **lead**, which holds the watch, and its **partner** on the other core. Both run the same
//! number of operations at the same time. Or it has a **crew**: more busy participants than cores, each with an equal part
//! of the operations. A family is a table of contests of the same work; the first row is the baseline that all others are
//! compared with, in the same group of rounds.

use crate::clock::now_ns;
use anyhow::Result;
use std::path::Path;
use std::time::{Duration, Instant};

/// One end of a contest, open for as many rounds as come.
pub trait End {
    /// A warm-up begins now, or the part of a round that counts: who keeps to a timetable starts it anew.
    fn begin(&mut self) {}

    /// Does its part of `operations`, a multiple of [`Work::unit`], and tells `watch` what the watch is there for.
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()>;
}

/// Operations between two looks at the clock, where blocks are timed. Reading the clock costs some 25 ns; one reading in
/// 32 round trips of 100 to 500 ns disturbs them by less than 1 %, and baseline and contestant alike.
pub const BLOCK: u64 = 32;

/// What an end reports while it runs.
#[derive(Debug, Default)]
pub struct Watch {
    /// How long each block took; only what makes round trips times blocks.
    pub blocks: Vec<Duration>,
    /// How long each operation took, in nanoseconds; only the lead of [`Work::Latency`] times each.
    pub latencies_ns: Vec<u64>,
    /// Messages that were not what was expected.
    pub wrong: u64,
    /// Numbers received less numbers sent, wrapping: over all ends of a round together it is 0. Where anybody may get a
    /// message, nobody can expect more. Ends that know what comes leave it alone.
    pub balance: u64,
}

impl Watch {
    /// Makes so many round trips, and times them.
    #[inline]
    pub fn trips(&mut self, trips: u64, timing: Timing, mut trip: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        match timing {
            Timing::Blocks => {
                for _ in 0..trips / BLOCK {
                    let started = Instant::now();
                    (0..BLOCK).try_for_each(|_| trip(self))?;
                    self.blocks.push(started.elapsed());
                }
            }
            Timing::Each => {
                let mut start_ns = now_ns();
                for _ in 0..trips {
                    trip(self)?;
                    let end_ns = now_ns();
                    self.latencies_ns.push(end_ns - start_ns);
                    start_ns = end_ns;
                }
            }
            Timing::Off => (0..trips).try_for_each(|_| trip(self))?,
        }
        Ok(())
    }

    /// Notes a message that arrives now and was due at `due_ns`.
    #[inline]
    pub fn arrived(&mut self, due_ns: u64) {
        self.latencies_ns.push(now_ns().saturating_sub(due_ns));
    }

    /// Counts a message that is not what was expected.
    #[inline]
    pub fn check(&mut self, right: bool) {
        self.wrong += u64::from(!right);
    }
}

/// An end that a thread can hand to another one.
pub type ThreadEnd = Box<dyn End + Send>;

/// How round trips are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// In blocks of [`BLOCK`]: for the median.
    Blocks,
    /// Each by itself, one reading of the clock included: for the percentiles.
    Each,
    /// Not: the other end does it.
    Off,
}

impl Timing {
    /// What the lead does, or its partner.
    pub fn of(self, leads: bool) -> Self {
        if leads { self } else { Self::Off }
    }
}

/// The two ends of a contest between threads.
pub type Pair = (ThreadEnd, ThreadEnd);

/// Opens one end of a contest between processes.
pub type OpenEnd = Box<dyn Fn(&Path) -> Result<Box<dyn End>>>;

/// Opens the end of a contest between processes that takes this seat of the crew.
pub type OpenSeat = Box<dyn Fn(&Path, usize) -> Result<Box<dyn End>>>;

/// Who takes part in a contest of more than two. Seats are numbered: the receivers have the first ones, on the first core,
/// the senders the others, on the second core, as lead and partner have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crew {
    /// On the first core.
    pub receivers: usize,
    /// On the second.
    pub senders: usize,
    /// Whether every receiver gets every message. Otherwise each gets an equal part.
    pub to_all: bool,
}

impl Crew {
    /// One whose receivers share what its senders send.
    pub const fn sharing(senders: usize, receivers: usize) -> Self {
        Self { receivers, senders, to_all: false }
    }

    /// One sender, and receivers of which each gets all that it sends.
    pub const fn fan(receivers: usize) -> Self {
        Self { receivers, senders: 1, to_all: true }
    }

    /// How many there are.
    pub fn size(self) -> usize {
        self.receivers + self.senders
    }

    /// Which sender has this seat; `None` if a receiver has it.
    pub fn sender(self, seat: usize) -> Option<usize> {
        seat.checked_sub(self.receivers)
    }

    /// The part of `operations`, a multiple of [`Crew::share`], that falls to this seat.
    pub fn part(self, seat: usize, operations: u64) -> u64 {
        let sharing = match self.sender(seat) {
            Some(_) => self.senders,
            None if self.to_all => 1,
            None => self.receivers,
        };
        operations / sharing as u64
    }

    /// `operations` can be divided if it is a multiple of this.
    pub fn share(self) -> u64 {
        let receiving = if self.to_all { 1 } else { self.receivers };
        (receiving.max(1) * self.senders.max(1)) as u64
    }
}

/// The ends of a crew of threads, in the order of their seats.
pub type OpenCrew = Box<dyn Fn() -> Result<Vec<ThreadEnd>>>;

/// How the ends of a contest come about.
pub enum Open {
    /// In two processes, which meet in a file.
    Processes {
        /// Opens the lead, which comes first and creates what is shared.
        lead: OpenEnd,
        /// Opens its partner.
        partner: OpenEnd,
    },
    /// In two threads of one process.
    Threads(Box<dyn Fn() -> Result<Pair>>),
    /// In a process each, which meet in a file.
    CrewOfProcesses(Crew, OpenSeat),
    /// In a thread each, of one process.
    CrewOfThreads(Crew, OpenCrew),
}

/// One row of a family.
pub struct Contest {
    /// Unique; also the name of the file where the ends meet.
    pub id: String,
    /// For the report.
    pub label: String,
    /// How to start it.
    pub open: Open,
    /// Whether its ends may sleep: other signs of disturbance count then.
    pub may_sleep: bool,
    /// What the ratio to the baseline should be.
    pub target: Option<Target>,
}

impl Contest {
    /// Whether the ends are processes.
    pub fn between_processes(&self) -> bool {
        matches!(self.open, Open::Processes { .. } | Open::CrewOfProcesses(..))
    }

    /// Between what its ends are, for people.
    pub fn place(&self) -> &'static str {
        match self.busy() {
            1 => "one thread",
            _ if self.between_processes() => "processes",
            _ => "threads",
        }
    }

    /// Its crew, if it is not between two.
    pub fn crew(&self) -> Option<Crew> {
        match self.open {
            Open::CrewOfProcesses(crew, _) | Open::CrewOfThreads(crew, _) => Some(crew),
            Open::Processes { .. } | Open::Threads(_) => None,
        }
    }

    /// The same contest in a table of this name, where another table has it, too.
    pub fn of_table(self, table: &str) -> Self {
        Self { id: format!("{table}-{}", self.id), ..self }
    }

    /// How many participants have something to do all the time.
    pub fn busy(&self) -> usize {
        self.crew().map_or(2, Crew::size)
    }
}

/// What counts as an operation, and how it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// There and back again; nanoseconds, less is better.
    RoundTrips,
    /// Each operation by itself; nanoseconds of all percentiles, less is better. Compared by the median.
    Latency {
        /// From one to the next by the timetable; `None` if the next one starts when the last one is over.
        every: Option<Duration>,
    },
    /// Something done whole, by one participant or divided among several; nanoseconds by the clock an item, less is better,
    /// however many cores there are for it.
    Job {
        /// What is counted, for people.
        item: &'static str,
        /// Items come in multiples of this.
        unit: u64,
    },
    /// One way; messages of so many bytes per second, more is better.
    Messages {
        /// Payload of one.
        bytes: usize,
    },
}

impl Work {
    /// From one operation to the next, where there is a timetable.
    pub fn timetable(self) -> Option<Duration> {
        match self {
            Self::Latency { every } => every,
            Self::RoundTrips | Self::Job { .. } | Self::Messages { .. } => None,
        }
    }

    /// Operations come in multiples of this.
    pub fn unit(self) -> u64 {
        match self {
            Self::RoundTrips => BLOCK,
            Self::Job { unit, .. } => unit,
            Self::Latency { .. } | Self::Messages { .. } => 1,
        }
    }

    /// Whether less is better.
    pub fn is_time(self) -> bool {
        match self {
            Self::RoundTrips | Self::Latency { .. } | Self::Job { .. } => true,
            Self::Messages { .. } => false,
        }
    }

    /// Whether a ratio to the baseline is what is asked for.
    pub fn meets(self, asked: f64, ratio: f64) -> bool {
        if self.is_time() { ratio <= asked } else { ratio >= asked }
    }
}

/// A plot over several families. Contests with the same label are one line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// Bytes a second over the bytes of a message.
    MessageSizes,
    /// What a message costs over the bytes of the ring.
    RingSizes,
    /// CPU time a message over the number of senders and of receivers.
    Participants {
        /// Of the queue.
        slots: usize,
    },
}

/// Where a family stands in a plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// In which.
    pub plot: Plot,
    /// Where on its horizontal axis.
    pub at: usize,
}

/// Contests of the same work. The first is the baseline.
pub struct Family {
    /// Heading in the report.
    pub title: String,
    /// What its operations are.
    pub work: Work,
    /// Where it stands in a plot over several families.
    pub position: Option<Position>,
    /// The rows.
    pub contests: Vec<Contest>,
}

/// The cores that contests run on.
pub const CORES: usize = 2;

impl Family {
    /// The most busy participants that one of its contests has.
    pub fn busy(&self) -> usize {
        self.contests.iter().map(Contest::busy).max().unwrap_or(0)
    }

    /// Whether there are more busy participants than cores. What they reach by the clock depends on whom the kernel lets
    /// run; messages are compared by CPU time then. A job is compared by the clock all the same, as it is about the time
    /// that one waits for it.
    pub fn oversubscribed(&self) -> bool {
        self.busy() > CORES
    }
}

/// A ratio to the baseline that is asked for. The figures stand in docs/performance.md, "Against the targets".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// On every processor family that is not named below.
    asked: f64,
    /// What is asked for on others: how their slugs begin, and the ratio.
    elsewhere: &'static [(&'static str, f64)],
}

impl Target {
    /// Round trips of 8 bytes: times the two-line ping-pong, at most.
    pub const ROUND_TRIP: Self = Self::everywhere(1.0);
    /// Of 56 bytes.
    pub const ROUND_TRIP_OF_A_LINE: Self = Self::everywhere(1.2);
    /// Calls of 8 bytes and their answers: times the two-line ping-pong, at most.
    pub const CALL: Self = Self::everywhere(2.0);
    /// Messages through a lane of several: times those through an only one, at least.
    pub const LANES: Self = Self::everywhere(0.9);
    /// Messages of 8 bytes: times rtrb, at least. What rtrb reaches differs more between families than what memlane does.
    pub const SMALL_MESSAGES: Self = Self { asked: 1.0, elsewhere: &[("amd-", 1.7)] };
    /// Messages of 8 bytes in batches of 16: times one by one, at least.
    pub const BATCHES_OF_16: Self = Self::everywhere(1.2);
    /// In batches of 64.
    pub const BATCHES_OF_64: Self = Self::everywhere(1.5);
    /// Messages of 56 bytes: times lines streamed, at least.
    pub const STREAM_OF_LINES: Self = Self::everywhere(0.9);
    /// Of 1 KiB.
    pub const STREAM: Self = Self::everywhere(0.95);
    /// A queue's messages one by one: times ArrayQueue, at least.
    pub const QUEUE: Self = Self::everywhere(1.0);
    /// In batches of 16.
    pub const QUEUE_IN_BATCHES: Self = Self::everywhere(2.0);
    /// A merge divided among three, in batches of 64: times one thread that does all of it, at most.
    pub const MERGE_IN_BATCHES: Self = Self::everywhere(1.8);
    /// Messages of a broadcast beside programs that may only read: times those without, at least.
    pub const BESIDE_ONLOOKERS: Self = Self::everywhere(0.98);
    /// Reading a watch: times copying the same bytes under a seqlock by hand, at most.
    pub const WATCH_READ: Self = Self::everywhere(2.0);
    /// From a send to the receiver that slept for it: times a bare futex, at most.
    pub const WAKE: Self = Self::everywhere(1.0);
    /// Round trips through C at both ends: times Rust at both ends, at most.
    #[cfg(feature = "c")]
    pub const C: Self = Self::everywhere(1.1);

    /// The same on every processor family.
    pub const fn everywhere(asked: f64) -> Self {
        Self { asked, elsewhere: &[] }
    }

    /// What `--check` asks for on the processor family with this slug.
    pub fn asked(&self, slug: &str) -> f64 {
        let named = self.elsewhere.iter().find(|(prefix, _)| slug.starts_with(prefix));
        named.map_or(self.asked, |&(_, asked)| asked)
    }
}

/// Next to the engines that are closest to memlane.
#[cfg(feature = "peers")]
impl Target {
    /// Round trips of 48 bytes: times ringfire's of 64, at most.
    pub const TRIP_OF_48_BYTES: Self = Self::everywhere(0.85);
    /// Of 64 bytes.
    pub const TRIP_OF_64_BYTES: Self = Self::everywhere(0.95);
    /// Of 120 bytes.
    pub const TRIP_OF_120_BYTES: Self = Self::everywhere(1.0);
    /// Messages of 8 bytes one by one: times ringfire, at least.
    pub const BESIDE_RINGFIRE: Self = Self::everywhere(1.3);
    /// Of both in batches of 64.
    pub const BESIDE_RINGFIRE_IN_BATCHES: Self = Self::everywhere(1.5);
    /// Round trips of 1 KiB: times shaq, at most.
    pub const LONG_TRIP: Self = Self::everywhere(0.9);
    /// Messages of 64 KiB and 1 MiB in place: times shaq, at least.
    pub const HANDED_OVER: Self = Self::everywhere(1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_differ_between_processor_families() {
        let target = Target { asked: 1.0, elsewhere: &[("amd-", 1.7)] };
        assert_eq!(["amd-zen4", "intel-sapphire-rapids", "unknown"].map(|slug| target.asked(slug)), [1.7, 1.0, 1.0]);
    }
}
