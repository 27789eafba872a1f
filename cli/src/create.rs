//! `memlane create`: makes a channel, and says how large it became.

use crate::creation::{self, CreationArguments};
use crate::facts::{ChannelFacts, MemoryFacts};
use crate::failure::{self, Failure, Outcome};
use crate::streams::Output;
use crate::{output, size};
use memlane::{Granted, Info, MemoryReport};
use serde::Serialize;
use std::fmt::Write;

/// Create a channel
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// 1 to 100 of A-Z a-z 0-9 . _ -, or a path with a /
    name: String,
    #[command(flatten)]
    creation: CreationArguments,
    /// Print the new channel's facts as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Created {
    #[serde(flatten)]
    channel: ChannelFacts,
    memory: MemoryFacts,
}

/// Creates the channel.
pub fn run(arguments: &Arguments) -> Outcome {
    // Before anything is made: what came of it has to be told.
    Output::standard()?;
    let channel = arguments.creation.options(arguments.creation.kind(None)).create(&arguments.name);
    let channel = channel.map_err(|error| arguments.creation.explain_create(error))?;
    let info = channel.info();
    let told = if arguments.json {
        output::print_json(&Created { channel: (&info).into(), memory: channel.memory().into() })
    } else {
        output::print(&describe(&info, channel.memory()))
    };
    told.map_err(|failure| match failure {
        Failure::Failed(sentence) => Failure::Failed(format!("channel {} was created, but {sentence}", info.name)),
        other => other,
    })
}

fn describe(info: &Info, memory: &MemoryReport) -> String {
    let mut text = format!(
        "created {}: {}, {} in all\n  capacity         {}\n  largest message  {}\n",
        output::printable(&info.name),
        info.kind,
        size::show(info.total_bytes),
        output::capacity(info),
        size::show_bytes(info.max_message),
    );
    for (wish, granted) in creation::wishes(memory) {
        let _ = match granted {
            Granted::Yes => writeln!(text, "  {wish:<15}  granted"),
            Granted::No(reason) => writeln!(text, "  {wish:<15}  refused: {reason}"),
            _ => Ok(()),
        };
    }
    text
}
