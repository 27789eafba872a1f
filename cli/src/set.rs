//! `memlane set`: a value into a watch.
//!
//! What holds: the value is set whole or not at all, and stays when the command has ended.

use crate::creation::CreationArguments;
use crate::failure::{self, Failure, Outcome};
use crate::opening::OpeningArguments;
use crate::send::tell_what_became;
use crate::streams::Input;
use memlane::{Kind, SendError};
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;

/// Set the value of a watch: the argument, or standard input as a whole
///
/// Creates the channel if there is none. Waits for nobody.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// The value; without it, standard input up to its end, less one line end
    value: Option<OsString>,
    /// Keep the line end of standard input
    #[arg(long, conflicts_with = "value")]
    raw: bool,
    #[command(flatten)]
    opening: OpeningArguments,
    #[command(flatten)]
    creation: CreationArguments,
}

/// The longest value that any watch can be created for.
const LONGEST: u64 = 1 << 30;

/// Sets the value.
pub fn run(arguments: &Arguments) -> Outcome {
    let name = &arguments.name;
    let kind = arguments.creation.kind_or(Kind::Watch);
    if kind != Kind::Watch {
        return Err(Failure::Usage(format!("only a watch has a value to be set: {kind} carries messages, use send")));
    }
    let value = match &arguments.value {
        Some(value) => value.clone().into_vec(),
        None => read(arguments.raw)?,
    };
    let options = arguments.opening.apply(arguments.creation.options(kind));
    let channel = options.open_or_create(name).map_err(|error| arguments.creation.explain_open(error))?;
    tell_what_became(name, &channel);
    let watch = channel.to_watch().ok_or_else(|| Failure::failed(format!("channel {name} is no watch")))?;
    let mut sender = watch.sender()?;
    let set = sender.set(&value).and_then(|_| sender.leave());
    set.map_err(|error| match error {
        SendError::Removed => Failure::Missing(format!("channel {name} was removed")),
        SendError::TooLarge { length, max } => Failure::failed(format!(
            "the value has {length} bytes, and channel {name} takes at most {max} (--max-message); for such values, remove it \
             and `memlane create {name} --kind watch --max-message {length}`"
        )),
        other => Failure::failed(format!("channel {name}: {other}")),
    })
}

/// Standard input up to its end.
fn read(raw: bool) -> Outcome<Vec<u8>> {
    let failed = |reason: &str| Failure::failed(format!("reading standard input failed: {reason}"));
    let mut value = Vec::new();
    Input::standard()?.take(LONGEST + 2).read_to_end(&mut value).map_err(|error| failed(&error.to_string()))?;
    if !raw && value.ends_with(b"\n") {
        value.pop();
    }
    if value.len() as u64 > LONGEST { Err(failed("no value has more than 1G")) } else { Ok(value) }
}
