//! `memlane signal` and `memlane wait`: setting an event's bits, and waiting for them.

use crate::failure::{self, Failure, Outcome};
use crate::opening::OpeningArguments;
use crate::output;
use crate::streams::Output;
use crate::time;
use crate::waiting::{Patience, Wait};
use memlane::any::Options;
use memlane::event::{Event, Fired};
use memlane::{EventTimeoutError, Kind};
use std::io::Write;
use std::time::Duration;

/// Set bits of an event, and wake all that wait for it
///
/// Creates the event if there is none. Bits stay set until they are cleared (memlane wait --clear): so one that waits later finds them.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct Arguments {
    /// The event's name or path
    name: String,
    /// Which bits, as 5, 0x5 or 0b101; 0 counts, and sets none
    #[arg(default_value = "1", value_parser = bits)]
    bits: u32,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// Wait for an event, and write its bits to standard output
///
/// Without BITS: until any bit is set, or was set since this command began. Creates the event if there is none.
#[derive(Debug, clap::Args)]
#[command(after_help = failure::STATUSES)]
pub struct WaitArguments {
    /// The event's name or path
    name: String,
    /// Until one of these bits is set, as 5, 0x5 or 0b101
    #[arg(value_parser = bits)]
    bits: Option<u32>,
    /// Until all of them are set
    #[arg(long, requires = "bits")]
    all: bool,
    /// Clear the bits that were waited for, or all that are set. Of several commands that wait for the same bits and clear them, several may end for one
    /// set: each has seen it
    #[arg(long)]
    clear: bool,
    /// Wait so long: seconds, or a number with ms, s, min behind it
    #[arg(long, value_name = "DURATION", value_parser = time::parse)]
    timeout: Option<Duration>,
    #[command(flatten)]
    opening: OpeningArguments,
}

/// Reads bits, in one of the ways in which people write them.
fn bits(text: &str) -> Result<u32, String> {
    let (digits, radix) = match text.split_at_checked(2) {
        Some(("0x", digits)) => (digits, 16),
        Some(("0b", digits)) => (digits, 2),
        _ => (text, 10),
    };
    u32::from_str_radix(digits, radix).map_err(|_| "bits are a number up to 4294967295, as 5, 0x5 or 0b101".to_owned())
}

/// Sets the bits.
pub fn run(arguments: &Arguments) -> Outcome {
    let mut event = open(&arguments.name, arguments.opening)?;
    event.set(arguments.bits).map(drop).map_err(|error| explain(&arguments.name, error.into(), None))
}

/// Waits for the bits, and writes those that are set.
pub fn run_wait(arguments: &WaitArguments) -> Outcome {
    let mut event = open(&arguments.name, arguments.opening)?;
    let wait = Patience::new(arguments.timeout).start();
    let mut output = Output::standard()?;
    let fired = loop {
        let fired =
            wait_once(&mut event, arguments, &wait).map_err(|error| explain(&arguments.name, error, Some(&wait)))?;
        let cleared = arguments.bits.unwrap_or(u32::MAX);
        // If it was set once more meanwhile, that is looked at, too.
        if !arguments.clear
            || event.clear(cleared).map_err(|error| explain(&arguments.name, error.into(), Some(&wait)))?
        {
            break fired;
        }
    };
    writeln!(output, "{:#x}", fired.bits).map_err(|error| output::write_failed(&error))
}

fn wait_once(event: &mut Event, arguments: &WaitArguments, wait: &Wait) -> Result<Fired, EventTimeoutError> {
    match (wait.left(), arguments.bits) {
        (None, None) => Ok(event.wait()?),
        (None, Some(bits)) if arguments.all => Ok(event.wait_all(bits)?),
        (None, Some(bits)) => Ok(event.wait_any(bits)?),
        (Some(left), None) => event.wait_timeout(left),
        (Some(left), Some(bits)) if arguments.all => event.wait_all_timeout(bits, left),
        (Some(left), Some(bits)) => event.wait_any_timeout(bits, left),
    }
}

/// A handle of the event, which is created if there is none.
fn open(name: &str, opening: OpeningArguments) -> Outcome<Event> {
    let existing = opening.apply(Options::default()).open(name);
    let channel = match existing {
        Err(memlane::OpenError::NotFound { .. }) => opening.apply(Options::new(Kind::Event)).open_or_create(name)?,
        other => other?,
    };
    let not_one = || Failure::failed(format!("channel {name} is of kind {}, and no event", channel.kind()));
    Ok(channel.to_event().ok_or_else(not_one)?.event()?)
}

fn explain(name: &str, error: EventTimeoutError, wait: Option<&Wait>) -> Failure {
    match (error, wait) {
        (EventTimeoutError::Timeout, Some(wait)) => {
            Failure::TimedOut(format!("event {name} was not set within {}", wait.limit_text()))
        }
        (EventTimeoutError::Removed, _) => Failure::Missing(format!("channel {name} was removed")),
        (other, _) => Failure::failed(format!("channel {name}: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_read_as_people_write_them() {
        for (text, number) in [("0", 0), ("5", 5), ("0x80000001", 0x8000_0001), ("0b101", 5), ("4294967295", u32::MAX)]
        {
            assert_eq!(bits(text), Ok(number), "{text}");
        }
        for text in ["", "x", "0x", "0b2", "-1", "4294967296", "1.5", "é"] {
            assert!(bits(text).is_err(), "{text}");
        }
    }
}
