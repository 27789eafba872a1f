//! `memlane rm`: removes channels. Nothing else does.

use crate::failure::{self, Failure, Outcome, Status};
use crate::output;

/// Remove channels, with the messages that are still in them
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channels' names or paths
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Also remove channels that somebody alive uses, and files and links that are no channels
    #[arg(long, short)]
    force: bool,
}

/// Removes the channels: all that can be, whatever becomes of the others.
pub fn run(arguments: &Arguments) -> Outcome {
    let remove = if arguments.force { memlane::remove_forced } else { memlane::remove };
    let failures: Vec<Failure> =
        arguments.names.iter().filter_map(|name| remove(name).err()).map(Failure::from).collect();
    match <[Failure; 1]>::try_from(failures) {
        Ok([failure]) => Err(failure),
        Err(failures) if failures.is_empty() => Ok(()),
        Err(failures) => {
            for failure in &failures {
                output::report(failure);
            }
            // All of them, if they agree.
            let statuses: Vec<Status> = failures.iter().map(Failure::status).collect();
            let agree = statuses.iter().all(|status| *status == statuses[0]);
            Err(Failure::Reported(if agree { statuses[0] } else { Status::Failed }))
        }
    }
}
