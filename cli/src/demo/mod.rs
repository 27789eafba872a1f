//! `memlane demo`: what the engine does on this machine, in a few seconds and with every byte checked.
//!
//! Processes, this program started again, replay a feed over a fresh channel without a name: first as fast as they can, then at a fixed
//! rate, where the latency of each message counts from the moment at which it was *to be* sent. A sender that falls behind
//! thus makes the figures worse, not better. Where several receive, one of them is killed in between, holding messages.
//!
//! - `feed`: what is sent. `peer`: the processes. `crew`: starting, watching and killing them. `handover`: of the channel. `latency`: how long messages
//!   took. `report`: what is printed.

mod crew;
mod feed;
mod handover;
mod latency;
mod peer;
mod report;

pub use peer::{PeerArguments, run as run_peer};

use crate::creation::kind_parser;
use crate::failure::{self, Outcome};
use crate::kinds::{Channel, Options};
use crate::output;
use crate::streams::Output;
use crew::run_crew;
use feed::Feed;
use memlane::{Kind, mpmc, spsc};
use peer::{NUMBER, Pace, PeerRole};
use report::{FixedRate, FullSpeed, Killed, Summary};
use std::path::PathBuf;

/// Measure the engine: two processes or four, one channel, every byte checked
///
/// Replays FILE line by line, or a feed that it generates: 100,000 messages like changes of an order book, mostly of about
/// 200 bytes and now and then of up to 40 kB. First at full speed, then at a fixed rate, for the latency. With mpmc, three
/// receivers share the messages, and one of them is killed while it holds some.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// What the channel is: spsc has one receiver, mpmc gets three
    #[arg(long, default_value = "spsc", value_parser = kind_parser())]
    kind: Kind,
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

/// Slots of an mpmc channel: each is as large as the largest message.
const SLOTS: u32 = 256;

/// Who receives what a sender sends through a channel of this kind.
fn receivers(kind: Kind) -> Vec<PeerRole> {
    vec![PeerRole::Receiver; if kind == Kind::Mpmc { 3 } else { 1 }]
}

/// Runs the demo.
pub fn run(arguments: &Arguments) -> Outcome {
    // A demo that nobody can see is not worth its time.
    Output::standard()?;
    let feed = Feed::load(arguments.file.as_deref())?;
    let channel = fresh_channel(arguments.kind, &feed)?;
    let tell = |text: String| if arguments.json { Ok(()) } else { output::print(&text) };
    let mut receivers = receivers(arguments.kind);
    tell(report::introduction(arguments, &feed, &channel.info()))?;
    let full_speed = FullSpeed::of(&run_crew(arguments, &channel, Pace::FullSpeed, &receivers)?)?;
    tell(full_speed.describe())?;
    let fixed_rate = run_crew(arguments, &channel, Pace::FixedRate, &receivers)?;
    let fixed_rate = FixedRate::of(arguments.rate, &fixed_rate)?;
    tell(fixed_rate.describe())?;
    let mut killed = None;
    if receivers.len() > 1 {
        receivers[0] = PeerRole::Victim;
        let killing = Killed::of(run_crew(arguments, &channel, Pace::UntilKilled, &receivers)?)?;
        tell(killing.describe())?;
        killed = Some(killing);
    }
    let summary = Summary::new(arguments, &feed, &channel.info(), full_speed, fixed_rate, killed);
    if arguments.json { output::print_json(&summary) } else { output::print(&summary.describe()) }
}

/// A channel without a name, so that nothing is left of it, however the demo ends: the peers get its descriptors.
fn fresh_channel(kind: Kind, feed: &Feed) -> Outcome<Channel> {
    let longest = feed.longest();
    let options = match kind {
        Kind::Mpmc => Options::Mpmc(mpmc::Options::new().slots(SLOTS).max_message((NUMBER + longest) as u64)),
        _ => Options::Spsc(spsc::Options::new().max_message(longest as u64)),
    };
    Ok(options.anonymous()?)
}
