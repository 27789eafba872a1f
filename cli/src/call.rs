//! `memlane call`: a request to a server, and its answer to standard output.

use crate::failure::{self, Failure, Outcome};
use crate::opening::OpeningArguments;
use crate::streams::{Input, Output};
use crate::waiting::{self, Patience};
use crate::{output, time};
use memlane::CallError;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// Call a server and write its answer to standard output
///
/// The channel has to be there, and a server in it: see `memlane serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// The request; without it, standard input up to its end, less one line end
    request: Option<OsString>,
    /// Write the answer as it is, without a line end behind it, and keep the line end of standard input
    #[arg(long)]
    raw: bool,
    /// Give up after so long: seconds, or a number with ms, s, min behind it [default: wait for as long as the server lives]
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    timeout: Option<Duration>,
    /// Wait so long for the channel to appear, and for a server in it
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    wait: Option<Duration>,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// Calls, and writes the answer.
pub fn run(arguments: &Arguments) -> Outcome {
    let name = &arguments.name;
    let request = match &arguments.request {
        Some(request) => request.clone().into_vec(),
        None => read(arguments.raw)?,
    };
    let patience = Patience::new(arguments.wait);
    let wait = patience.start();
    let look = || arguments.opening.open(name, false);
    let channel = if arguments.wait.is_some() { waiting::open(name, patience, false, look)? } else { look()? };
    let not_to_be_called = || OpeningArguments::of_another_kind(&channel, name, "rpc");
    let client = channel.to_rpc().ok_or_else(not_to_be_called)?.client()?;
    let mut answer = loop {
        match client.call(&request, arguments.timeout.unwrap_or(Duration::MAX)) {
            // A server may be about to come.
            Err(CallError::NoServer) if arguments.wait.is_some() && wait.pause() => {}
            other => break other.map_err(|error| failed(name, error, arguments))?,
        }
    };
    if !arguments.raw {
        answer.push(b'\n');
    }
    Output::standard()?.write_all(&answer).map_err(|error| output::write_failed(&error))
}

/// What a call failed with, in terms of what was typed.
fn failed(name: &str, error: CallError, arguments: &Arguments) -> Failure {
    match error {
        CallError::Timeout => {
            let limit = time::show_limit(arguments.timeout.unwrap_or_default());
            Failure::TimedOut(format!("channel {name}: no answer within {limit}"))
        }
        CallError::NoServer if arguments.wait.is_some() => {
            let limit = time::show_limit(arguments.wait.unwrap_or_default());
            Failure::TimedOut(format!("channel {name} got no server within {limit}"))
        }
        CallError::NoServer => {
            Failure::failed(format!("channel {name} has no server: start one with `memlane serve {name} -- COMMAND`"))
        }
        CallError::TooLarge { length, max } => Failure::failed(format!(
            "the request has {length} bytes, and channel {name} takes at most {max}: its server creates it with another --max-message"
        )),
        CallError::Removed => Failure::Missing(format!("channel {name} was removed")),
        other => Failure::failed(format!("channel {name}: {other}")),
    }
}

/// The longest request that any channel can be created for.
const LONGEST: u64 = 1 << 30;

/// Standard input up to its end.
fn read(raw: bool) -> Outcome<Vec<u8>> {
    let mut request = Vec::new();
    let input = Input::standard()?.take(LONGEST + 2).read_to_end(&mut request);
    input.map_err(|error| Failure::failed(format!("reading standard input failed: {error}")))?;
    if !raw && request.ends_with(b"\n") {
        request.pop();
    }
    Ok(request)
}
