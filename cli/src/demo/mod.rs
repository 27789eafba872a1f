//! `memlane demo`: what the engine does on this machine, in a few seconds and with every byte checked.
//!
//! Two processes, this program started again, replay a feed over a fresh channel: first as fast as they can, then at a
//! fixed rate, where the latency of each message counts from the moment at which it was *to be* sent. A sender that falls
//! behind thus makes the figures worse, not better.
//!
//! - `feed`: what is sent. `peer`: the two processes. `pair`: starting and watching them. `report`: what is printed.

mod feed;
mod pair;
mod peer;
mod report;

pub use peer::{PeerArguments, run as run_peer};

use crate::failure::{Failure, Outcome};
use crate::output;
use feed::Feed;
use memlane::spsc::{Channel, Options};
use pair::run_pair;
use peer::{Pace, now_ns};
use report::{FixedRate, FullSpeed, Summary};
use std::path::PathBuf;

/// Measure the engine: two processes, one channel, every byte checked
///
/// Replays FILE line by line, or a feed that it generates: 100,000 messages like changes of an order book, mostly of about
/// 200 bytes and now and then of up to 40 kB. First at full speed, then at a fixed rate, for the latency.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Replay the lines of this file, its first 256 MiB at most
    file: Option<PathBuf>,
    /// Messages a second while latency is measured
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// How long each of the two measurements takes, up to 60
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.05..=60.0).contains(seconds));
    seconds.ok_or_else(|| "the demo measures for 0.05 to 60 seconds".to_owned())
}

/// Runs the demo.
pub fn run(arguments: &Arguments) -> Outcome {
    let feed = Feed::load(arguments.file.as_deref())?;
    let channel = FreshChannel::create(&feed)?;
    if !arguments.json {
        output::print(&report::introduction(arguments, &feed, &channel.channel))?;
    }
    let full_speed = run_pair(arguments, &channel.name, Pace::FullSpeed)?;
    let full_speed = FullSpeed::of(&full_speed)?;
    if !arguments.json {
        output::print(&full_speed.describe())?;
    }
    let fixed_rate = run_pair(arguments, &channel.name, Pace::FixedRate)?;
    let fixed_rate = FixedRate::of(arguments.rate, &fixed_rate)?;
    if !arguments.json {
        output::print(&fixed_rate.describe())?;
    }
    let summary = Summary::new(arguments, &feed, &channel.channel, full_speed, fixed_rate);
    if arguments.json { output::print_json(&summary) } else { output::print(&summary.describe()) }
}

/// A channel under a name of its own, removed however the demo ends.
struct FreshChannel {
    name: String,
    channel: Channel,
}

impl FreshChannel {
    fn create(feed: &Feed) -> Outcome<Self> {
        let name = format!("demo-{}-{:x}", std::process::id(), now_ns());
        let on_signal = name.clone();
        let handler = move || {
            let _ = memlane::remove_forced(&on_signal);
            std::process::exit(130);
        };
        // The handler comes first: there is no moment at which an interruption leaves the channel behind.
        ctrlc::set_handler(handler).map_err(|error| Failure::failed(format!("no way to clean up: {error}")))?;
        let channel = Options::new().max_message(feed.longest() as u64).create(&name)?;
        Ok(Self { name, channel })
    }
}

impl Drop for FreshChannel {
    fn drop(&mut self) {
        let _ = memlane::remove_forced(&self.name);
    }
}
