//! What the demo prints: figures, for people and as JSON.

use super::Arguments;
use super::feed::Feed;
use super::pair::Reports;
use super::peer::Latency;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::time::show_ns;
use indicatif::{BinaryBytes, HumanCount};
use memlane::spsc::Channel;
use serde::Serialize;

/// Everything, for `--json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    feed: FeedFacts,
    channel: ChannelFacts,
    full_speed: FullSpeed,
    fixed_rate: FixedRate,
    /// Messages that the receiver compared byte by byte; all were equal, in order, none missing.
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
    capacity: u64,
}

/// The first measurement.
#[derive(Debug, Serialize)]
pub struct FullSpeed {
    messages: u64,
    bytes: u64,
    seconds: f64,
    messages_per_second: f64,
    megabytes_per_second: f64,
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
pub fn introduction(arguments: &Arguments, feed: &Feed, channel: &Channel) -> String {
    let source = match &arguments.file {
        Some(file) => output::printable(&file.display().to_string()),
        None => "generated, like changes of an order book".to_owned(),
    };
    format!(
        "memlane demo: two processes, one spsc channel of {}, every byte checked\n\n  \
         feed         {}, {}, the largest {}\n               {source}\n",
        BinaryBytes(channel.capacity()),
        output::count(feed.len() as u64, "message"),
        BinaryBytes(feed.bytes() as u64),
        BinaryBytes(feed.longest() as u64),
    )
}

/// Whatever is compared, the counts have to agree, too.
fn check_counts(reports: &Reports) -> Outcome {
    let (sent, received) = (&reports.sender, &reports.receiver);
    if (sent.messages, sent.bytes) == (received.messages, received.bytes) {
        return Ok(());
    }
    let (sent, received) = (sent.messages, received.messages);
    Err(Failure::failed(format!("the demo's sender sent {sent} messages, and its receiver got {received}")))
}

impl FullSpeed {
    /// From the first message sent to the last one received and compared.
    pub fn of(reports: &Reports) -> Outcome<Self> {
        check_counts(reports)?;
        let (messages, bytes) = (reports.receiver.messages, reports.receiver.bytes);
        let seconds = reports.receiver.finished_ns.saturating_sub(reports.started_ns).max(1) as f64 / 1e9;
        Ok(Self {
            messages,
            bytes,
            seconds,
            messages_per_second: messages as f64 / seconds,
            megabytes_per_second: bytes as f64 / 1e6 / seconds,
        })
    }

    pub fn describe(&self) -> String {
        format!(
            "  full speed   {} messages/s, {} MB/s\n               {} and {:.1} MB in {:.2} s, in batches of 64\n",
            HumanCount(self.messages_per_second as u64),
            HumanCount(self.megabytes_per_second as u64),
            output::count(self.messages, "message"),
            self.bytes as f64 / 1e6,
            self.seconds,
        )
    }
}

impl FixedRate {
    pub fn of(rate_wanted: u32, reports: &Reports) -> Outcome<Self> {
        check_counts(reports)?;
        let messages = reports.receiver.messages;
        let latency = reports.receiver.latency.clone();
        let latency = latency.ok_or_else(|| Failure::failed("the demo's receiver measured nothing"))?;
        // Over all intervals, the one behind the last message included.
        let interval_ns = 1_000_000_000 / u64::from(rate_wanted);
        let duration_ns = reports.sender.finished_ns.saturating_sub(reports.started_ns).saturating_add(interval_ns);
        let rate_reached = messages as f64 / (duration_ns.max(1) as f64 / 1e9);
        let interruptions = reports.sender.interruptions + reports.receiver.interruptions;
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
            let times = output::count(self.interruptions, "time");
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
            output::count(self.messages, "message"),
            HumanCount(self.rate_wanted.into()),
        )
    }
}

impl Summary {
    pub fn new(
        arguments: &Arguments,
        feed: &Feed,
        channel: &Channel,
        full_speed: FullSpeed,
        fixed_rate: FixedRate,
    ) -> Self {
        Self {
            feed: FeedFacts {
                file: arguments.file.as_ref().map(|file| file.display().to_string()),
                messages: feed.len() as u64,
                bytes: feed.bytes() as u64,
                largest_bytes: feed.longest() as u64,
            },
            channel: ChannelFacts { kind: channel.info().kind.name(), capacity: channel.capacity() },
            verified_messages: full_speed.messages + fixed_rate.messages,
            full_speed,
            fixed_rate,
        }
    }

    pub fn describe(&self) -> String {
        format!("  checked      {}: all arrived, once, in order\n", output::count(self.verified_messages, "message"))
    }
}
