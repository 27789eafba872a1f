//! `memlane send`: its arguments or its standard input, message by message.
//!
//! What holds: messages go out in the order in which they came, each as soon as it was read. Whatever stops the command,
//! everything before that point was sent and nothing behind it, and the sentence on standard error says how many.

use crate::creation::{self, CreationArguments};
use crate::failure::{self, Failure, Outcome};
use crate::framing::{End, FrameReader, Framing};
use crate::kinds::{Channel, Sender};
use crate::opening::OpeningArguments;
use crate::output;
use crate::progress::Progress;
use crate::streams::Input;
use memlane::{Granted, Origin, SendBatchError, SendError};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Send messages: the arguments, or standard input line by line
///
/// Creates the channel if there is none. Waits while the channel is full.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// Each argument is one message; without any, standard input is sent
    #[arg(value_name = "MESSAGE")]
    messages: Vec<OsString>,
    /// How messages follow each other in standard input
    #[arg(long, default_value = "lines", conflicts_with = "messages")]
    framing: Framing,
    #[command(flatten)]
    opening: OpeningArguments,
    #[command(flatten)]
    creation: CreationArguments,
}

/// Sends everything.
pub fn run(arguments: &Arguments) -> Outcome {
    let name = &arguments.name;
    // Before a channel is made for what cannot be read.
    let input = if arguments.messages.is_empty() { Some(Input::standard()?) } else { None };
    let channel = arguments.creation.options(Some(name))?.opening(arguments.opening).open_or_create(name)?;
    tell_what_became(name, &channel);
    let sender = channel.sender()?;
    let mut sending = Sending { channel: name, noun: arguments.framing.noun(), sender, sent: 0 };
    if let Some(input) = input {
        return sending.stream(input, arguments.framing);
    }
    sending.noun = "message";
    sending.batch(arguments.messages.iter().map(|message| message.as_bytes()))
}

/// What the user may not expect, but has to know.
fn tell_what_became(name: &str, channel: &Channel) {
    if channel.origin() == Origin::ReplacedStale {
        output::complain(&format!("channel {name} was from before the last reboot; it was replaced by a new one"));
    }
    for (wish, granted) in creation::wishes(channel.memory()) {
        if let Granted::No(reason) = granted {
            output::complain(&format!("--{wish} was refused: {reason}"));
        }
    }
}

/// A sender at work, and how far it is.
struct Sending<'a> {
    channel: &'a str,
    /// What a message is called where it came from.
    noun: &'static str,
    sender: Sender,
    sent: u64,
}

impl Sending<'_> {
    fn stream(&mut self, input: Input, framing: Framing) -> Outcome {
        let mut progress = Progress::of(input.file());
        let mut reader = FrameReader::new(input, framing, self.sender.max_message());
        loop {
            let portion = reader.next_portion().map_err(|error| self.read_failed(&error))?;
            self.batch(portion.messages())?;
            progress.update(portion.bytes_read, self.sent);
            match portion.end {
                None => {}
                Some(End::Complete) => return Ok(()),
                Some(broken) => return Err(self.broken(broken)),
            }
        }
    }

    fn batch<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>) -> Outcome {
        match self.sender.send_batch(messages) {
            Ok(sent) => {
                self.sent += sent as u64;
                Ok(())
            }
            Err(SendBatchError { sent, error }) => {
                self.sent += sent as u64;
                Err(match error {
                    SendError::TooLarge { length, .. } => {
                        self.broken(End::TooLarge { length: length as u64, or_more: false })
                    }
                    SendError::Removed => {
                        Failure::Missing(format!("channel {} was removed; {}", self.channel, self.sent_text()))
                    }
                    other => self.stopped(&other.to_string()),
                })
            }
        }
    }

    /// The input ended in a way that is not a message.
    fn broken(&self, end: End) -> Failure {
        let (noun, number) = (self.noun, self.sent + 1);
        let sentence = match end {
            End::TooLarge { length, or_more } => {
                let length = if or_more { format!("more than {length}") } else { length.to_string() };
                let max = self.sender.max_message();
                format!("{noun} {number} has {length} bytes, and channel {} takes at most {max}", self.channel)
            }
            End::Incomplete { missing } => {
                let missing = output::count(missing as u64, "byte");
                format!("standard input ends inside message {number}: {missing} missing")
            }
            End::IncompleteLength { missing } => {
                let missing = output::count(missing as u64, "byte");
                format!("standard input ends inside the length of message {number}: {missing} missing")
            }
            End::Complete => return self.stopped("standard input ended"),
        };
        Failure::failed(format!("{sentence}; {}", self.sent_text()))
    }

    fn read_failed(&self, error: &io::Error) -> Failure {
        Failure::failed(format!("reading standard input failed: {error}; {}", self.sent_text()))
    }

    fn stopped(&self, reason: &str) -> Failure {
        Failure::failed(format!("channel {}: {reason}; {}", self.channel, self.sent_text()))
    }

    fn sent_text(&self) -> String {
        let were = if self.sent == 1 { "was" } else { "were" };
        format!("{} {were} sent before that", output::count(self.sent, "message"))
    }
}
