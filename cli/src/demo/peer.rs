//! The demo's two processes: one sends the feed, the other compares every byte that it receives with the same feed.
//!
//! ```text
//! peer → demo   ready                       joined, feed in memory
//! demo → peer   start, a moment of CLOCK_MONOTONIC, which all processes share
//! peer → demo   its report
//! ```
//! Each is one line of JSON, over the peer's standard input and output.

use super::feed::Feed;
use crate::failure::{Failure, Outcome};
use clap::ValueEnum;
use hdrhistogram::Histogram;
use memlane::RecvError;
use memlane::spsc::{Options, Receiver, Sender};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

/// One of the demo's processes.
#[derive(Debug, clap::Args)]
pub struct PeerArguments {
    /// What it does
    pub role: PeerRole,
    /// The channel
    pub channel: String,
    /// How fast messages are sent
    #[arg(long)]
    pub pace: Pace,
    /// How long messages are sent
    #[arg(long)]
    pub seconds: f64,
    /// Messages a second at a fixed rate
    #[arg(long)]
    pub rate: u32,
    /// The feed; without, it is generated
    pub file: Option<PathBuf>,
}

/// What a peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PeerRole {
    Sender,
    Receiver,
}

/// How fast messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pace {
    FullSpeed,
    FixedRate,
}

/// What a peer tells when it is done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    pub messages: u64,
    pub bytes: u64,
    /// When the last message was sent, or received and compared.
    pub finished_ns: u64,
    /// How often another process took the core away while this one wanted to run.
    pub interruptions: u64,
    /// Of a receiver at a fixed rate.
    pub latency: Option<Latency>,
}

/// From the moment at which each message was to be sent to the moment at which the receiver had copied it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Latency {
    pub p50_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub max_ns: u64,
}

/// Messages in a batch at full speed.
const BATCH: u64 = 64;

/// CLOCK_MONOTONIC in nanoseconds.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    (now.tv_sec as u64) * 1_000_000_000 + now.tv_nsec as u64
}

/// When message `number` is to be sent.
fn due_ns(start_ns: u64, rate: u32, number: u64) -> u64 {
    start_ns + (u128::from(number) * 1_000_000_000 / u128::from(rate)) as u64
}

/// Takes part in the demo.
pub fn run(arguments: &PeerArguments) -> Outcome {
    let feed = Feed::load(arguments.file.as_deref())?;
    let channel = Options::new().prefault(true).open(&arguments.channel)?;
    let mut report = match arguments.role {
        PeerRole::Sender => {
            let mut sender = channel.sender()?;
            let start_ns = wait_for_start()?;
            match arguments.pace {
                Pace::FullSpeed => send_at_full_speed(&mut sender, &feed, start_ns, arguments)?,
                Pace::FixedRate => send_at_fixed_rate(&mut sender, &feed, start_ns, arguments)?,
            }
        }
        PeerRole::Receiver => {
            let mut receiver = channel.receiver()?;
            let start_ns = wait_for_start()?;
            match arguments.pace {
                Pace::FullSpeed => receive_at_full_speed(&mut receiver, &feed)?,
                Pace::FixedRate => receive_at_fixed_rate(&mut receiver, &feed, start_ns, arguments.rate)?,
            }
        }
    };
    report.interruptions = interruptions();
    say(&report)
}

/// Involuntary context switches of this thread, the only one, since it began.
fn interruptions() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

fn say<T: Serialize>(value: &T) -> Outcome {
    let line = serde_json::to_string(value).map_err(|error| Failure::failed(format!("no report: {error}")))?;
    crate::output::print(&(line + "\n"))
}

fn wait_for_start() -> Outcome<u64> {
    say(&"ready")?;
    let mut line = String::new();
    let orphaned = || Failure::failed("the demo has ended");
    io::stdin().lock().read_line(&mut line).map_err(|_| orphaned())?;
    line.trim().parse().map_err(|_| orphaned())
}

/// The whole feed at least once, then on until the time is up.
fn send_at_full_speed(sender: &mut Sender, feed: &Feed, start_ns: u64, arguments: &PeerArguments) -> Outcome<Report> {
    let end_ns = start_ns + Duration::from_secs_f64(arguments.seconds).as_nanos() as u64;
    let (mut number, mut bytes) = (0, 0);
    wait_until(start_ns);
    while number < feed.len() as u64 || now_ns() < end_ns {
        let batch = number..number + BATCH;
        bytes += batch.clone().map(|number| feed.message(number).len() as u64).sum::<u64>();
        number = batch.end;
        sender.send_batch(batch.map(|number| feed.message(number))).map_err(|error| failed("sending", error))?;
    }
    Ok(Report { messages: number, bytes, finished_ns: now_ns(), interruptions: 0, latency: None })
}

/// Each message when it is due, or as soon as possible afterwards. Gives up in twice the time if it cannot keep up.
fn send_at_fixed_rate(sender: &mut Sender, feed: &Feed, start_ns: u64, arguments: &PeerArguments) -> Outcome<Report> {
    let duration_ns = Duration::from_secs_f64(arguments.seconds).as_nanos() as u64;
    let (mut number, mut bytes) = (0, 0);
    loop {
        let due_ns = due_ns(start_ns, arguments.rate, number);
        if due_ns >= start_ns + duration_ns || now_ns() >= start_ns + 2 * duration_ns {
            break;
        }
        wait_until(due_ns);
        let message = feed.message(number);
        sender.send(message).map_err(|error| failed("sending", error))?;
        number += 1;
        bytes += message.len() as u64;
    }
    Ok(Report { messages: number, bytes, finished_ns: now_ns(), interruptions: 0, latency: None })
}

/// Spins the last stretch: a sleep would come late by more than what is measured. On a single core, where the receiver
/// needs it meanwhile, the core is offered to others.
fn wait_until(moment_ns: u64) {
    const SPUN_NS: u64 = 1_000_000;
    static SINGLE_CORE: LazyLock<bool> = LazyLock::new(|| available_parallelism().is_ok_and(|cores| cores.get() == 1));
    loop {
        match moment_ns.saturating_sub(now_ns()) {
            0 => return,
            1..=SPUN_NS if *SINGLE_CORE => std::thread::yield_now(),
            1..=SPUN_NS => std::hint::spin_loop(),
            left => std::thread::sleep(Duration::from_nanos(left - SPUN_NS)),
        }
    }
}

/// Compares what arrives with the feed.
struct Checker<'a> {
    feed: &'a Feed,
    report: Report,
    copy: Vec<u8>,
}

impl<'a> Checker<'a> {
    fn new(feed: &'a Feed) -> Self {
        let report = Report { messages: 0, bytes: 0, finished_ns: now_ns(), interruptions: 0, latency: None };
        Self { feed, report, copy: vec![0; feed.longest()] }
    }

    /// Compares the first `length` bytes of `copy`.
    fn check(&mut self, length: usize) -> Outcome {
        let number = self.report.messages;
        let (expected, got) = (self.feed.message(number), &self.copy[..length]);
        if expected != got {
            let at = expected.iter().zip(got).position(|(ours, theirs)| ours != theirs);
            let at = at.unwrap_or(expected.len().min(length));
            return Err(Failure::failed(format!("message {number} differs from the feed from byte {at} on")));
        }
        self.report.messages += 1;
        self.report.bytes += length as u64;
        Ok(())
    }
}

fn receive_at_full_speed(receiver: &mut Receiver, feed: &Feed) -> Outcome<Report> {
    let mut checker = Checker::new(feed);
    loop {
        let batch = match receiver.recv_batch(BATCH as usize) {
            Ok(batch) => batch,
            Err(RecvError::Disconnected) => return Ok(checker.report),
            Err(error) => return Err(failed("receiving", error)),
        };
        for message in &batch {
            let length = message.copy_to(&mut checker.copy).map_err(|error| failed("receiving", error))?;
            checker.check(length)?;
        }
        checker.report.finished_ns = now_ns();
    }
}

fn receive_at_fixed_rate(receiver: &mut Receiver, feed: &Feed, start_ns: u64, rate: u32) -> Outcome<Report> {
    let mut checker = Checker::new(feed);
    // Nanoseconds with three significant digits, up to a minute; what takes longer counts as a minute.
    const LONGEST_NS: u64 = 60_000_000_000;
    let mut latencies =
        Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 3).map_err(|error| failed("measuring", error))?;
    loop {
        let length = match receiver.recv_into(&mut checker.copy) {
            Ok(length) => length,
            Err(RecvError::Disconnected) => break,
            Err(error) => return Err(failed("receiving", error)),
        };
        let received_ns = now_ns();
        let due_ns = due_ns(start_ns, rate, checker.report.messages);
        latencies.saturating_record(received_ns.saturating_sub(due_ns).max(1));
        checker.report.finished_ns = received_ns;
        checker.check(length)?;
    }
    checker.report.latency = Some(Latency {
        p50_ns: latencies.value_at_quantile(0.5),
        p99_ns: latencies.value_at_quantile(0.99),
        p999_ns: latencies.value_at_quantile(0.999),
        max_ns: latencies.max(),
    });
    Ok(checker.report)
}

fn failed(doing: &str, error: impl std::fmt::Display) -> Failure {
    Failure::failed(format!("{doing} failed: {error}"))
}
