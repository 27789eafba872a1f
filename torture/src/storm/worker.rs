//! The processes of a storm.

use super::ways::Way;
use super::{joins, orphans, scenes};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use rustix::process::{Signal, set_parent_process_death_signal};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    scene: Scene,
}

#[derive(Subcommand)]
enum Scene {
    /// Joins and leaves under a storm of children
    Joins {
        folder: PathBuf,
        joins: u64,
        seed: u64,
        #[arg(required = true)]
        ways: Vec<Way>,
        #[arg(long)]
        in_handlers: bool,
    },
    /// Children that open the channel while another thread does
    Opening { channel: String, way: Way, children: u64 },
    /// A child that does so long after the engine's first use began
    Initialising { channel: String, way: Way, after_ns: u64 },
    /// Fork handlers of the program's own
    Handlers {
        channel: String,
        children: u64,
        #[arg(long)]
        late: bool,
    },
    /// A participant with a child
    Orphan {
        channel: String,
        way: Way,
        #[arg(long)]
        leaves: bool,
    },
}

pub fn run(options: &Options) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    match &options.scene {
        Scene::Joins { folder, joins, seed, ways, in_handlers } => {
            joins::run(folder, ways.clone().leak(), *in_handlers, *joins, *seed)
        }
        Scene::Opening { channel, way, children } => scenes::opening(channel, *way, *children),
        Scene::Initialising { channel, way, after_ns } => {
            scenes::initialising(channel, *way, Duration::from_nanos(*after_ns))
        }
        Scene::Handlers { channel, children, late } => scenes::handlers(channel, *late, *children),
        Scene::Orphan { channel, way, leaves } => {
            let folder = Path::new(channel).parent().context("a channel in a folder")?;
            orphans::work(folder, channel, *way, *leaves)
        }
    }
}
