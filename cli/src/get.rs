//! `memlane get`: the value of a watch to standard output, now, or whenever it changes.

use crate::failure::{self, Failure, Outcome};
use crate::framing::Framing;
use crate::opening::OpeningArguments;
use crate::streams::Output;
use crate::waiting::{self, Patience, Wait};
use crate::{output, time};
use memlane::watch::{self, ReadOnlyReceiver, Receiver};
use memlane::{GetError, JoinError, OpenError, RecvError, RecvTimeoutError};
use std::io::Write;
use std::time::Duration;

/// Write the value of a watch to standard output
///
/// At once: without --wait or --follow, it is an error if there is no channel, or no value yet.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The channel's name or path
    name: String,
    /// What stands around a value in standard output; lines ends it with a line end
    #[arg(long, default_value = "lines")]
    framing: Framing,
    /// Write each change, too, that comes: the latest value, if there were several meanwhile. Waits for the channel to appear, and stays
    /// when the sender has gone or the channel is removed
    #[arg(long)]
    follow: bool,
    /// End after so many values
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), requires = "follow")]
    count: Option<u64>,
    /// Wait so long for the channel and its first value, and with --follow for each change: seconds, or a number with ms, s, min behind
    /// it
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    wait: Option<Duration>,
    /// Take no seat: read the channel's file, and write nothing to it. Permission to read it is enough, and nobody notices. Changes are
    /// seen within 100 ms, and a sender that died is waited for until somebody else finds out
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// A follower whose sender has gone looks at the channel's name once in so many pauses: others may have removed the channel without
/// telling anybody in it.
const PAUSES_PER_NAME: u32 = 10;

/// Writes the value, or each.
pub fn run(arguments: &Arguments) -> Outcome {
    let name = &arguments.name;
    let patience = Patience::new(arguments.wait);
    let mut sink = Sink { output: Output::standard()?, framing: arguments.framing, left: arguments.count };
    let look = || Found::at(name, arguments);
    if !arguments.follow {
        let wait = patience.start();
        let found = if arguments.wait.is_some() { waiting::open(name, patience, false, look)? } else { look()? };
        return sink.write(&first_value(name, found, &wait)?);
    }
    loop {
        let found = waiting::open(name, patience, true, look)?;
        let instance = found.instance(name)?;
        let looker = match found.join() {
            Err(JoinError::Removed { .. } | JoinError::Closed { .. }) => continue,
            other => other?,
        };
        if (Following { name, patience, instance, looker }).follow(&mut sink)? {
            return Ok(());
        }
    }
}

/// The channel, which is to be joined, or looked at without a seat.
enum Found {
    Channel(watch::Channel),
    ReadOnly(ReadOnlyReceiver),
}

impl Found {
    fn at(name: &str, arguments: &Arguments) -> Result<Self, OpenError> {
        let opening = arguments.opening;
        if arguments.read_only {
            return opening.look_at_watch(name).map(Self::ReadOnly);
        }
        let channel = opening.open(name, false)?;
        channel.to_watch().map(Self::Channel).ok_or_else(|| OpeningArguments::of_another_kind(&channel, name, "watch"))
    }

    /// Which channel it is, whatever its name leads to later.
    fn instance(&self, name: &str) -> Result<String, OpenError> {
        match self {
            Self::Channel(channel) => Ok(channel.info().instance),
            Self::ReadOnly(_) => memlane::inspect(name).map(|info| info.instance),
        }
    }

    /// Takes a receiver's seat, unless it looks on without.
    fn join(self) -> Result<Looker, JoinError> {
        match self {
            Self::ReadOnly(receiver) => Ok(Looker::ReadOnly(receiver)),
            Self::Channel(channel) => channel.receiver().map(Looker::Seated),
        }
    }
}

/// A receiver with a seat, or without.
enum Looker {
    Seated(Receiver),
    ReadOnly(ReadOnlyReceiver),
}

impl Looker {
    fn get(&mut self) -> Result<Vec<u8>, GetError> {
        match self {
            Self::Seated(receiver) => receiver.get(),
            Self::ReadOnly(receiver) => receiver.get(),
        }
    }

    fn changed(&mut self) -> Result<Vec<u8>, RecvError> {
        match self {
            Self::Seated(receiver) => receiver.changed(),
            Self::ReadOnly(receiver) => receiver.changed(),
        }
    }

    fn changed_timeout(&mut self, timeout: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        match self {
            Self::Seated(receiver) => receiver.changed_timeout(timeout),
            Self::ReadOnly(receiver) => receiver.changed_timeout(timeout),
        }
    }
}

/// The value that is there, or the first one that comes.
fn first_value(name: &str, found: Found, wait: &Wait) -> Outcome<Vec<u8>> {
    let mut looker = found.join()?;
    match looker.get() {
        Err(GetError::NoValue) => {}
        other => return other.map_err(|error| Failure::failed(format!("channel {name}: {error}"))),
    }
    let Some(left) = wait.left() else {
        return Err(Failure::failed(format!("channel {name} has no value yet; --wait waits for one")));
    };
    looker.changed_timeout(left).map_err(|error| match error {
        RecvTimeoutError::Timeout => {
            Failure::TimedOut(format!("channel {name} got no value within {}", wait.limit_text()))
        }
        RecvTimeoutError::Removed => Failure::Missing(format!("channel {name} was removed")),
        other => Failure::failed(format!("channel {name}: {other}")),
    })
}

/// A receiver at work.
struct Following<'a> {
    name: &'a str,
    patience: Patience,
    /// Which channel it is, whatever its name leads to by now.
    instance: String,
    looker: Looker,
}

impl Following<'_> {
    /// Writes each change. Returns whether that is all: false, if the name does not lead to this channel any more.
    fn follow(&mut self, sink: &mut Sink) -> Outcome<bool> {
        let name = self.name;
        let mut wait = self.patience.start();
        let mut pauses = 0u32;
        let timed_out = |wait: &Wait| {
            Failure::TimedOut(format!("channel {name}: the value did not change within {}", wait.limit_text()))
        };
        loop {
            let change = match wait.left() {
                None => self.looker.changed().map_err(RecvTimeoutError::from),
                Some(left) => self.looker.changed_timeout(left),
            };
            match change {
                Ok(value) => {
                    sink.write(&value)?;
                    if sink.left == Some(0) {
                        return Ok(true);
                    }
                    wait = self.patience.start();
                }
                // The sender has gone, and the call says so at once until another one joins.
                Err(RecvTimeoutError::Disconnected) => {
                    pauses += 1;
                    if pauses.is_multiple_of(PAUSES_PER_NAME) && !waiting::leads_to(name, &self.instance) {
                        return Ok(false);
                    }
                    if !wait.pause() {
                        return Err(timed_out(&wait));
                    }
                }
                Err(RecvTimeoutError::Removed) => return Ok(false),
                Err(RecvTimeoutError::Timeout) => return Err(timed_out(&wait)),
                Err(other) => return Err(Failure::failed(format!("channel {name}: {other}"))),
            }
        }
    }
}

/// Where values go, framed.
struct Sink {
    output: Output,
    framing: Framing,
    /// How many are still to be written.
    left: Option<u64>,
}

impl Sink {
    fn write(&mut self, value: &[u8]) -> Outcome {
        let mut framed = Vec::new();
        self.framing.encode(&mut framed, value.len(), |stream| {
            stream.extend_from_slice(value);
            Ok(())
        })?;
        self.left = self.left.map(|left| left - 1);
        self.output.write_all(&framed).map_err(|error| output::write_failed(&error))
    }
}
