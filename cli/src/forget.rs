//! `memlane forget`: ends what a broadcast keeps for named receivers.

use crate::failure::{self, Failure, Outcome};
use crate::opening::OpeningArguments;
use memlane::Kind;

/// Forget receivers of a broadcast that are away: they begin anew if they come again, and the sender waits for them no longer
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// The receivers' names, as `recv --as` has them and `info` shows them
    #[arg(required = true, value_name = "READER")]
    readers: Vec<String>,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// Forgets them, up to the first that cannot be.
pub fn run(arguments: &Arguments) -> Outcome {
    let channel = arguments.opening.open(&arguments.name, false)?;
    let Some(broadcast) = channel.to_broadcast() else {
        let kind = channel.kind().name();
        let wanted = Kind::Broadcast.name();
        return Err(Failure::failed(format!(
            "channel {} is of kind {kind}: only a {wanted} has receivers with names",
            arguments.name
        )));
    };
    for reader in &arguments.readers {
        broadcast.forget(reader)?;
    }
    Ok(())
}
