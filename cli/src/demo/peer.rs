//! The demo's processes: one sends the feed, the others compare every byte that they receive with the same feed.
//!
//! ```text
//! demo → peer   the channel's descriptors, with a byte
//! peer → demo   ready                       joined, feed in memory
//! demo → peer   start, a moment of CLOCK_MONOTONIC, which all processes share
//! peer → demo   its report; or, of one that is to be killed, its last words
//! demo → peer   another line, to a sender that goes on until one was killed
//! ```
//! Each but the first is one line of JSON, over the peer's standard input, a socket, and its standard output.
//!
//! Where several receive, each gets its part of the feed, so every message carries its number in front of it.

use super::feed::Feed;
use super::handover;
use super::latency::Latencies;
use crate::failure::{Failure, Outcome};
use clap::ValueEnum;
use memlane::any::{Batch, Options, Receiver, Sender};
use memlane::{Kind, RecvError, Role};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::mpsc::TryRecvError;
use std::sync::{LazyLock, mpsc};
use std::thread::available_parallelism;
use std::time::Duration;

/// One of the demo's processes.
#[derive(Debug, clap::Args)]
pub struct PeerArguments {
    /// What it does
    pub role: PeerRole,
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
    /// A receiver that is killed in the middle of the feed, while it holds messages.
    Victim,
}

/// How fast messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pace {
    /// The feed, over and over.
    FullSpeed,
    /// The same, until a receiver was killed.
    UntilKilled,
    FixedRate,
}

/// What a peer tells when it is done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    pub messages: u64,
    pub bytes: u64,
    /// A sum over the messages' numbers, each made to look random: two equal ones are of the same messages.
    pub digest: u64,
    /// Numbers of the messages that were delivered before.
    pub redelivered: Vec<u64>,
    /// When the last message was sent, or received and compared.
    pub finished_ns: u64,
    /// How often another process took the core away while this one wanted to run.
    pub interruptions: u64,
    /// Of a receiver at a fixed rate: nanoseconds from the moment at which a message was to be sent to the moment at which
    /// the receiver had copied it, and how many took so long.
    pub latencies: Vec<(u64, u64)>,
}

/// What a victim says before it is killed.
#[derive(Debug, Serialize, Deserialize)]
pub struct LastWords {
    /// Of what it has acknowledged.
    pub report: Report,
    /// Numbers of the messages that it holds.
    pub held: Vec<u64>,
}

impl Report {
    /// Adds what another one counted.
    pub fn merge(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.digest = self.digest.wrapping_add(other.digest);
        self.redelivered.extend(other.redelivered);
        self.finished_ns = self.finished_ns.max(other.finished_ns);
        self.interruptions += other.interruptions;
        self.latencies.extend(other.latencies);
    }

    /// Counts a message.
    fn add(&mut self, number: u64, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
        self.digest = self.digest.wrapping_add(mix(number));
    }
}

/// A number that looks random and follows from `value` (the finaliser of SplitMix64).
fn mix(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
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

/// Whether several can receive from a channel of this kind: then each gets its part.
pub fn is_shared(kind: Kind) -> bool {
    kind.max_seats(Role::Receiver) > 1 && !goes_to_all(kind)
}

/// Whether each message goes to all receivers.
pub fn goes_to_all(kind: Kind) -> bool {
    kind == Kind::Broadcast
}

/// Bytes of the number in front of a message, where there is one.
pub const NUMBER: usize = 8;

/// Takes part in the demo.
pub fn run(arguments: &PeerArguments) -> Outcome {
    // However the demo ends, nobody of it stays. If it ended before this, its end of the socket is closed.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let no_channel = |error| Failure::failed(format!("the demo's channel did not come: {error}"));
    let (region, locks) = handover::receive(io::stdin()).map_err(no_channel)?;
    let feed = Feed::load(arguments.file.as_deref())?;
    let channel = Options::default().prefault(true).open_descriptors(region, locks)?;
    let numbered = is_shared(channel.kind());
    let mut report = match arguments.role {
        PeerRole::Sender => {
            let sender = channel.sender()?;
            let start_ns = wait_for_start()?;
            let sending = Sending::new(sender, &feed, numbered);
            match arguments.pace {
                Pace::FullSpeed => {
                    let end_ns = start_ns + duration_ns(arguments);
                    sending.at_full_speed(start_ns, || now_ns() < end_ns)?
                }
                Pace::UntilKilled => {
                    let word = next_word();
                    sending.at_full_speed(start_ns, || word.try_recv() == Err(TryRecvError::Empty))?
                }
                Pace::FixedRate => sending.at_fixed_rate(start_ns, arguments)?,
            }
        }
        PeerRole::Receiver | PeerRole::Victim => {
            let mut receiver = channel.receiver()?;
            let mut checker = Checker::new(&feed, numbered);
            let start_ns = wait_for_start()?;
            match (arguments.role, arguments.pace) {
                (PeerRole::Victim, _) => return receive_until_killed(&mut receiver, checker),
                (_, Pace::FullSpeed | Pace::UntilKilled) => receive_at_full_speed(&mut receiver, &mut checker)?,
                (_, Pace::FixedRate) => receive_at_fixed_rate(&mut receiver, &mut checker, start_ns, arguments.rate)?,
            }
            checker.report
        }
    };
    report.interruptions = interruptions();
    say(&report)
}

fn duration_ns(arguments: &PeerArguments) -> u64 {
    Duration::from_secs_f64(arguments.seconds).as_nanos() as u64
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

/// What the demo says next, or that it has ended.
fn next_word() -> mpsc::Receiver<()> {
    let (said, word) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = io::stdin().lock().read_line(&mut String::new());
        let _ = said.send(());
    });
    word
}

/// A sender and what it sends.
struct Sending<'a> {
    sender: Sender,
    feed: &'a Feed,
    numbered: bool,
    report: Report,
    /// Numbered messages.
    batch: Vec<Vec<u8>>,
}

impl<'a> Sending<'a> {
    fn new(sender: Sender, feed: &'a Feed, numbered: bool) -> Self {
        Self { sender, feed, numbered, report: Report::default(), batch: vec![Vec::new(); BATCH as usize] }
    }

    /// The whole feed at least once, then on as long as this is wanted.
    fn at_full_speed(mut self, start_ns: u64, mut goes_on: impl FnMut() -> bool) -> Outcome<Report> {
        wait_until(start_ns);
        while self.report.messages < self.feed.len() as u64 || goes_on() {
            let numbers = self.report.messages..self.report.messages + BATCH;
            for number in numbers.clone() {
                self.report.add(number, self.feed.message(number).len());
            }
            let sent = if self.numbered {
                for (message, number) in self.batch.iter_mut().zip(numbers) {
                    compose(number, self.feed.message(number), message);
                }
                self.sender.send_batch(self.batch.iter())
            } else {
                self.sender.send_batch(numbers.map(|number| self.feed.message(number)))
            };
            sent.map_err(|error| failed("sending", error))?;
        }
        self.report.finished_ns = now_ns();
        Ok(self.report)
    }

    /// Each message when it is due, or as soon as possible afterwards. Gives up in twice the time if it cannot keep up.
    fn at_fixed_rate(mut self, start_ns: u64, arguments: &PeerArguments) -> Outcome<Report> {
        let duration_ns = duration_ns(arguments);
        loop {
            let number = self.report.messages;
            let due_ns = due_ns(start_ns, arguments.rate, number);
            if due_ns >= start_ns + duration_ns || now_ns() >= start_ns + 2 * duration_ns {
                break;
            }
            let mut message = self.feed.message(number);
            self.report.add(number, message.len());
            if self.numbered {
                compose(number, message, &mut self.batch[0]);
                message = &self.batch[0];
            }
            wait_until(due_ns);
            self.sender.send(message).map_err(|error| failed("sending", error))?;
        }
        self.report.finished_ns = now_ns();
        Ok(self.report)
    }
}

/// A message with its number in front.
fn compose(number: u64, message: &[u8], into: &mut Vec<u8>) {
    into.clear();
    into.extend_from_slice(&number.to_le_bytes());
    into.extend_from_slice(message);
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
    numbered: bool,
    report: Report,
    /// One past the last message that was not delivered before.
    next: u64,
    copy: Vec<u8>,
}

impl<'a> Checker<'a> {
    fn new(feed: &'a Feed, numbered: bool) -> Self {
        let report = Report { finished_ns: now_ns(), ..Report::default() };
        Self { feed, numbered, report, next: 0, copy: Vec::with_capacity(NUMBER + feed.longest()) }
    }

    /// Compares `copy`. Returns the message's number.
    fn check(&mut self, redelivered: bool) -> Outcome<u64> {
        let (number, got) = match self.copy.split_first_chunk() {
            Some((number, rest)) if self.numbered => (u64::from_le_bytes(*number), rest),
            None if self.numbered => return Err(Failure::failed("a message came without its number")),
            _ => (self.report.messages, &self.copy[..]),
        };
        let expected = self.feed.message(number);
        if expected != got {
            let at = expected.iter().zip(got).position(|(ours, theirs)| ours != theirs);
            let at = at.unwrap_or(expected.len().min(got.len()));
            return Err(Failure::failed(format!("message {number} differs from the feed from byte {at} on")));
        }
        if redelivered {
            self.report.redelivered.push(number);
        } else if number < self.next {
            return Err(Failure::failed(format!("message {number} came behind message {}", self.next - 1)));
        } else {
            self.next = number + 1;
        }
        self.report.add(number, got.len());
        Ok(number)
    }

    /// Copies and compares all messages. Returns their numbers.
    fn check_all(&mut self, batch: &Batch<'_>) -> Outcome<Vec<u64>> {
        let mut numbers = Vec::with_capacity(batch.len());
        for message in batch {
            self.copy.clear();
            message.append_to(&mut self.copy)?;
            numbers.push(self.check(message.redelivered() == Some(true))?);
        }
        Ok(numbers)
    }
}

/// The next messages, `None` when there are no more.
fn next_batch(receiver: &mut Receiver, max: u64) -> Outcome<Option<Batch<'_>>> {
    match receiver.recv_batch(max as usize) {
        Ok(batch) => Ok(Some(batch)),
        Err(RecvError::Disconnected) => Ok(None),
        Err(error) => Err(failed("receiving", error)),
    }
}

fn receive_at_full_speed(receiver: &mut Receiver, checker: &mut Checker<'_>) -> Outcome {
    while let Some(batch) = next_batch(receiver, BATCH)? {
        checker.check_all(&batch)?;
        checker.report.finished_ns = now_ns();
    }
    Ok(())
}

/// From the middle of the feed on, it takes no more, and keeps what it has.
fn receive_until_killed(receiver: &mut Receiver, mut checker: Checker<'_>) -> Outcome {
    let middle = checker.feed.len() as u64 / 2;
    while let Some(batch) = next_batch(receiver, BATCH)? {
        let before = std::mem::take(&mut checker.report);
        let held = checker.check_all(&batch)?;
        if held.iter().any(|&number| number >= middle) {
            say(&LastWords { report: before, held })?;
            loop {
                std::thread::park();
            }
        }
        checker.report.merge(before);
    }
    Err(Failure::failed("it got nothing from the middle of the feed on"))
}

fn receive_at_fixed_rate(receiver: &mut Receiver, checker: &mut Checker<'_>, start_ns: u64, rate: u32) -> Outcome {
    let mut latencies = Latencies::new()?;
    while let Some(batch) = next_batch(receiver, 1)? {
        let mut received_ns = 0;
        for message in &batch {
            checker.copy.clear();
            message.append_to(&mut checker.copy)?;
            received_ns = now_ns();
            let number = checker.check(message.redelivered() == Some(true))?;
            latencies.record(received_ns.saturating_sub(due_ns(start_ns, rate, number)));
        }
        checker.report.finished_ns = received_ns;
    }
    checker.report.latencies = latencies.all();
    Ok(())
}

fn failed(doing: &str, error: impl std::fmt::Display) -> Failure {
    Failure::failed(format!("{doing} failed: {error}"))
}
