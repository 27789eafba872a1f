//! What the demo is asked for.

use crate::creation::kind_parser;
use crate::failure;
use memlane::Kind;
use std::path::PathBuf;

/// Those that carry messages.
const KINDS: [Kind; 4] = [Kind::Spsc, Kind::Mpmc, Kind::Mpsc, Kind::Broadcast];

/// Measure the engine: two processes or four, one channel, every byte checked
///
/// Replays FILE line by line, or a feed that it generates: 100,000 messages like changes of an order book, mostly of about
/// 200 bytes and now and then of up to 40 kB. First at full speed, then at a fixed rate, for the latency. With mpmc, three
/// receivers share the messages, and one of them is killed while it holds some. With broadcast, three receivers get all of them.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// What the channel is: spsc has one receiver, mpmc and broadcast get three
    #[arg(long, default_value = "spsc", value_parser = kind_parser(&KINDS))]
    pub kind: Kind,
    /// Replay the lines of this file, its first 256 MiB at most
    pub file: Option<PathBuf>,
    /// Messages a second while latency is measured
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,
    /// How long each of the two measurements takes, up to 60
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    pub seconds: f64,
    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.05..=60.0).contains(seconds));
    seconds.ok_or_else(|| "the demo measures for 0.05 to 60 seconds".to_owned())
}
