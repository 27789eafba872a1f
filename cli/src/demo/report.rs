//! What the demo prints: figures, for people and as JSON.

use super::arguments::Arguments;
use super::crew::Reports;
use super::feed::Feed;
use super::latency::{Latencies, Latency};
use super::peer::{Report, goes_to_all};
use crate::failure::{Failure, Outcome};
use crate::time::show_ns;
use crate::{output, size};
use indicatif::{BinaryBytes, HumanCount};
use memlane::{Info, Kind};
use serde::Serialize;
use std::collections::BTreeSet;

/// Everything, for `--json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    feed: FeedFacts,
    channel: ChannelFacts,
    full_speed: FullSpeed,
    fixed_rate: FixedRate,
    /// If there were several receivers.
    killed: Option<Killed>,
    /// Messages that receivers compared byte by byte; all were equal, in order, none missing.
    verified_messages: u64,
}

#[derive(Debug, Serialize)]
struct FeedFacts {
    file: Option<String>,
    messages: u64,
    bytes: u64,
    largest_bytes: u64,
}

#[derive(Debug, Serialize)]
struct ChannelFacts {
    kind: &'static str,
    /// Bytes of the ring, of a kind that has one.
    capacity: u64,
    /// Of a kind that has slots.
    slots: Option<u64>,
}

/// The first measurement.
#[derive(Debug, Serialize)]
pub struct FullSpeed {
    messages: u64,
    bytes: u64,
    seconds: f64,
    messages_per_second: f64,
    megabytes_per_second: f64,
    /// How many messages each receiver got.
    received: Vec<u64>,
}

/// A receiver was killed while it held messages.
#[derive(Debug, Serialize)]
pub struct Killed {
    /// All messages of this measurement.
    messages: u64,
    /// What the victim had acknowledged.
    acknowledged: u64,
    /// What it held: all of that came again to others, marked, and nothing else did.
    redelivered: u64,
}

/// The second measurement.
#[derive(Debug, Serialize)]
pub struct FixedRate {
    rate_wanted: u32,
    rate_reached: f64,
    messages: u64,
    /// How often another process took the core away from one of the two. Each time shows in the latencies.
    interruptions: u64,
    #[serde(flatten)]
    latency: Latency,
}

/// More interruptions than this are worth a word: a machine that does nothing else has a few.
const BUSY: u64 = 50;

/// What is going to happen.
pub fn introduction(arguments: &Arguments, feed: &Feed, info: &Info) -> String {
    let source = match &arguments.file {
        Some(file) => output::printable(&file.display().to_string()),
        None => "generated, like changes of an order book".to_owned(),
    };
    let (processes, capacity) = match &info.queue {
        Some(queue) => ("one sender, three receivers", format!("{} slots", queue.slots)),
        None if goes_to_all(info.kind) => ("one sender, three receivers", BinaryBytes(info.capacity).to_string()),
        None => ("two processes", BinaryBytes(info.capacity).to_string()),
    };
    format!(
        "memlane demo: {processes}, one {} channel of {capacity}, every byte checked\n\n  \
         feed         {}, {}, the largest {}\n               {source}\n",
        info.kind,
        size::count(feed.len() as u64, "message"),
        BinaryBytes(feed.bytes() as u64),
        BinaryBytes(feed.longest() as u64),
    )
}

/// What all receivers got: exactly what was sent, together, or each of them.
fn all_received(reports: &Reports, kind: Kind) -> Outcome<Report> {
    let (sent, mut received) = (&reports.sender, Report::default());
    for report in &reports.receivers {
        received.merge(report.clone());
        if goes_to_all(kind) {
            compare(sent, report)?;
            (received.messages, received.bytes, received.digest) = (sent.messages, sent.bytes, sent.digest);
        }
    }
    compare(sent, &received)?;
    match received.redelivered.first() {
        None => Ok(received),
        Some(number) => Err(Failure::failed(format!("message {number} came again, and nobody had died"))),
    }
}

/// Whatever was compared byte by byte, it has to be the same messages, each once.
fn compare(sent: &Report, received: &Report) -> Outcome {
    if (sent.messages, sent.bytes, sent.digest) == (received.messages, received.bytes, received.digest) {
        return Ok(());
    }
    let (sent, received) = (sent.messages, received.messages);
    Err(Failure::failed(format!("the demo's sender sent {sent} messages, and {received} others were received")))
}

impl FullSpeed {
    /// From the first message sent to the last one received and compared.
    pub fn of(reports: &Reports, kind: Kind) -> Outcome<Self> {
        let Report { messages, bytes, finished_ns, .. } = all_received(reports, kind)?;
        let seconds = finished_ns.saturating_sub(reports.started_ns).max(1) as f64 / 1e9;
        Ok(Self {
            messages,
            bytes,
            seconds,
            messages_per_second: messages as f64 / seconds,
            megabytes_per_second: bytes as f64 / 1e6 / seconds,
            received: reports.receivers.iter().map(|receiver| receiver.messages).collect(),
        })
    }

    pub fn describe(&self) -> String {
        let percent = |&part: &u64| format!("{:.1} %", 100.0 * part as f64 / self.messages as f64);
        let shares = match self.received.len() {
            0 | 1 => String::new(),
            receivers if self.received.iter().all(|&got| got == self.messages) => {
                format!("               each of the {receivers} receivers got all of them\n")
            }
            _ => format!(
                "               shared out: {}\n",
                self.received.iter().map(percent).collect::<Vec<_>>().join(", ")
            ),
        };
        format!(
            "  full speed   {} messages/s, {} MB/s\n               {} and {:.1} MB in {:.2} s, in batches of 64\n{shares}",
            HumanCount(self.messages_per_second as u64),
            HumanCount(self.megabytes_per_second as u64),
            size::count(self.messages, "message"),
            self.bytes as f64 / 1e6,
            self.seconds,
        )
    }
}

impl FixedRate {
    pub fn of(arguments: &Arguments, reports: &Reports) -> Outcome<Self> {
        let rate_wanted = arguments.rate;
        let Report { messages, latencies: parts, interruptions, .. } = all_received(reports, arguments.kind)?;
        let mut latencies = Latencies::new()?;
        for (ns, times) in parts {
            latencies.record_several(ns, times);
        }
        let latency = latencies.summary().ok_or_else(|| Failure::failed("the demo's receivers measured nothing"))?;
        // Over all intervals, the one behind the last message included.
        let interval_ns = 1_000_000_000 / u64::from(rate_wanted);
        let duration_ns = reports.sender.finished_ns.saturating_sub(reports.started_ns).saturating_add(interval_ns);
        let rate_reached = messages as f64 / (duration_ns.max(1) as f64 / 1e9);
        let interruptions = reports.sender.interruptions + interruptions;
        Ok(Self { rate_wanted, rate_reached, messages, interruptions, latency })
    }

    pub fn describe(&self) -> String {
        let Latency { p50_ns, p99_ns, p999_ns, max_ns } = self.latency;
        let reached = if self.rate_reached < 0.99 * f64::from(self.rate_wanted) {
            format!(" (only {} were reached)", HumanCount(self.rate_reached as u64))
        } else {
            String::new()
        };
        let busy = if self.interruptions > BUSY {
            let times = size::count(self.interruptions, "time");
            format!("               interrupted {times}: more processes want to run than there are cores\n")
        } else {
            String::new()
        };
        format!(
            "  latency      p50 {}   p99 {}   p99.9 {}   max {}\n               {} at {} a second{reached}, one by one,\n               \
             from the moment each was to be sent to the moment it was received\n{busy}",
            show_ns(p50_ns),
            show_ns(p99_ns),
            show_ns(p999_ns),
            show_ns(max_ns),
            size::count(self.messages, "message"),
            HumanCount(self.rate_wanted.into()),
        )
    }
}

impl Killed {
    /// What the victim acknowledged came once; what it held came to the others, marked; and nothing else is marked.
    pub fn of(reports: Reports) -> Outcome<Self> {
        let victim = reports.victim.ok_or_else(|| Failure::failed("the demo's victim was not killed"))?;
        let mut received = victim.report.clone();
        reports.receivers.into_iter().for_each(|report| received.merge(report));
        compare(&reports.sender, &received)?;
        let marked: BTreeSet<u64> = received.redelivered.iter().copied().collect();
        if marked.len() != received.redelivered.len() || !marked.iter().eq(victim.held.iter()) {
            let (held, marked) = (victim.held.len(), received.redelivered.len());
            return Err(Failure::failed(format!("the victim held {held} messages, and {marked} others came marked")));
        }
        let redelivered = victim.held.len() as u64;
        Ok(Self { messages: received.messages, acknowledged: victim.report.messages, redelivered })
    }

    pub fn describe(&self) -> String {
        format!(
            "  killed       one of the receivers, in the middle of the feed, with {} in hand:\n               \
             the others got these, marked as redelivered, and no other twice\n",
            size::count(self.redelivered, "message"),
        )
    }
}

impl Summary {
    pub fn new(
        arguments: &Arguments,
        feed: &Feed,
        info: &Info,
        full_speed: FullSpeed,
        fixed_rate: FixedRate,
        killed: Option<Killed>,
    ) -> Self {
        Self {
            feed: FeedFacts {
                file: arguments.file.as_ref().map(|file| file.display().to_string()),
                messages: feed.len() as u64,
                bytes: feed.bytes() as u64,
                largest_bytes: feed.longest() as u64,
            },
            channel: ChannelFacts {
                kind: info.kind.name(),
                capacity: info.capacity,
                slots: info.queue.as_ref().map(|queue| queue.slots),
            },
            verified_messages: full_speed.messages
                + fixed_rate.messages
                + killed.as_ref().map_or(0, |killed| killed.messages),
            full_speed,
            fixed_rate,
            killed,
        }
    }

    pub fn describe(&self) -> String {
        let order = if self.killed.is_some() { "each receiver's in order" } else { "in order" };
        format!("  checked      {}: all arrived, once, {order}\n", size::count(self.verified_messages, "message"))
    }
}
