//! `memlane send`: its arguments or its standard input, message by message.
//!
//! What holds: messages go out in the order in which they came, each as soon as it was read. Whatever stops the command,
//! everything before that point was sent and nothing behind it, and the sentence on standard error says how many.

use crate::creation::{self, CreationArguments};
use crate::failure::{self, Failure, Outcome};
use crate::framing::{End, FrameReader, Framing};
use crate::opening::OpeningArguments;
use crate::output;
use crate::pouring::Pouring;
use crate::progress::Progress;
use crate::streams::Input;
use crate::{size, time};
use memlane::any::{self, Channel, Sender};
use memlane::{Granted, Kind, Origin, SendBatchError, SendError, SendTimeoutError};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

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
    /// mpmc: how urgent the messages are, 0 the most [default: the least urgent that the channel has]
    #[arg(long, value_name = "N")]
    priority: Option<u8>,
    /// Wait so long for room, for each message: seconds, or a number with ms, s, min behind it [default: for ever]
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    timeout: Option<Duration>,
    #[command(flatten)]
    opening: OpeningArguments,
    #[command(flatten)]
    creation: CreationArguments,
}

/// The longest message that a channel of any kind can be created for: of a lane, somewhat less than 7/16 of 2 GiB.
const LONGEST: u64 = (896 << 20) - 8;

/// Sends everything.
pub fn run(arguments: &Arguments) -> Outcome {
    let name = &arguments.name;
    // Before a channel is made for what cannot be read.
    let input = if arguments.messages.is_empty() { Some(Input::standard()?) } else { None };
    let kind = arguments.creation.kind(Some(name));
    if !any::KINDS.contains(&kind) {
        return Err(Failure::failed(format!(
            "a {kind} carries no messages: set the value of channel {name} with `memlane set`"
        )));
    }
    if arguments.priority.is_some() && !kind.has_option("priorities") {
        return Err(Failure::Usage(format!("--priority is not an option of {kind}")));
    }
    let options = arguments.opening.apply(arguments.creation.options(kind));
    let channel = options.open_or_create(name).map_err(|error| arguments.creation.explain_open(error))?;
    tell_what_became(name, &channel);
    let mut sender = channel.sender()?;
    if let Some(priority) = arguments.priority {
        let refused = |error| Failure::failed(format!("channel {name}: --priority: {error}"));
        sender.set_priority(priority).map_err(refused)?;
    }
    let sender = match (sender, &input) {
        (Sender::Spsc(sender), Some(input)) if arguments.framing == Framing::Raw => {
            return Pouring::new(name, sender, arguments.timeout)?.pour(input);
        }
        (sender, _) => sender,
    };
    let (noun, timeout) = (arguments.framing.noun(), arguments.timeout);
    let mut sending = Sending { channel: name, kind, noun, sender, timeout, sent: 0 };
    match input {
        Some(input) => sending.stream(input, arguments.framing)?,
        None => {
            sending.noun = "message";
            sending.batch(arguments.messages.iter().map(|message| message.as_bytes()))?;
        }
    }
    sending.leave()
}

/// What the user may not expect, but has to know.
pub fn tell_what_became(name: &str, channel: &Channel) {
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
    kind: Kind,
    /// What a message is called where it came from.
    noun: &'static str,
    sender: Sender,
    /// For each message.
    timeout: Option<Duration>,
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
        if let Some(timeout) = self.timeout {
            return self.within(timeout, messages);
        }
        match self.sender.send_batch(messages) {
            Ok(sent) => {
                self.sent += sent as u64;
                Ok(())
            }
            Err(SendBatchError { sent, error }) => {
                self.sent += sent as u64;
                Err(self.refused(error.into()))
            }
        }
    }

    /// One by one, since each may wait so long.
    fn within<'m>(&mut self, timeout: Duration, mut messages: impl Iterator<Item = &'m [u8]>) -> Outcome {
        messages.try_for_each(|message| {
            self.sender.send_timeout(message, timeout).map_err(|error| self.refused(error))?;
            self.sent += 1;
            Ok(())
        })
    }

    /// Messages in a file that nobody finds any more are not sent.
    fn leave(self) -> Outcome {
        let (channel, sent) = (self.channel, self.sent_text());
        self.sender.leave().map_err(|error| match error {
            SendError::Removed => Failure::Missing(format!("channel {channel} was removed; {sent}")),
            other => Failure::failed(format!("channel {channel}: {other}; {sent}")),
        })
    }

    /// The channel did not take the next message.
    fn refused(&self, error: SendTimeoutError) -> Failure {
        let (channel, sent) = (self.channel, self.sent_text());
        match error {
            SendTimeoutError::TooLarge { length, .. } => {
                self.broken(End::TooLarge { length: length as u64, or_more: false })
            }
            SendTimeoutError::Removed => Failure::Missing(format!("channel {channel} was removed; {sent}")),
            SendTimeoutError::Timeout => {
                let limit = time::show_limit(self.timeout.unwrap_or_default());
                Failure::TimedOut(format!("channel {channel} stayed full for {limit}; {sent}"))
            }
            other => self.stopped(&other.to_string()),
        }
    }

    /// The input ended in a way that is not a message.
    fn broken(&self, end: End) -> Failure {
        let (noun, number) = (self.noun, self.sent + 1);
        let sentence = match end {
            End::TooLarge { length, or_more } => {
                let (length, wanted) =
                    if or_more { (format!("more than {length}"), None) } else { (length.to_string(), Some(length)) };
                let (channel, max) = (self.channel, self.sender.max_message());
                let way = self.way_to_larger(wanted);
                format!(
                    "{noun} {number} has {length} bytes, and channel {channel} takes at most {max} (--max-message){way}"
                )
            }
            End::Incomplete { missing } => {
                let missing = size::count(missing as u64, "byte");
                format!("standard input ends inside message {number}: {missing} missing")
            }
            End::IncompleteLength { missing } => {
                let missing = size::count(missing as u64, "byte");
                format!("standard input ends inside the length of message {number}: {missing} missing")
            }
            End::Complete => return self.stopped("standard input ended"),
        };
        Failure::failed(format!("{sentence}; {}", self.sent_text()))
    }

    /// How to come by a channel that takes a message of this length. An option cannot be changed.
    fn way_to_larger(&self, length: Option<u64>) -> String {
        let kind = if self.kind == Kind::default() { String::new() } else { format!("--kind {} ", self.kind) };
        match length.filter(|length| *length <= LONGEST) {
            Some(length) => {
                let channel = self.channel;
                format!("; for such messages, remove it and `memlane create {channel} {kind}--max-message {length}`")
            }
            None => "; cut such messages into shorter ones".to_owned(),
        }
    }

    fn read_failed(&self, error: &io::Error) -> Failure {
        Failure::failed(format!("reading standard input failed: {error}; {}", self.sent_text()))
    }

    fn stopped(&self, reason: &str) -> Failure {
        Failure::failed(format!("channel {}: {reason}; {}", self.channel, self.sent_text()))
    }

    fn sent_text(&self) -> String {
        size::sent(self.sent, "message")
    }
}
