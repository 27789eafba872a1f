//! What `recv` takes from a channel: messages, or a stream of bytes.
//!
//! A stream is what `--framing raw` makes of an `spsc` channel, the reading end of a pipe. Its end says whether it is complete: a sender
//! that died is a failure. Messages that are counted, and those of channels with several senders, are messages all the same.

use crate::failure::Failure;
use crate::framing::Framing;
use crate::sink::Sink;
use memlane::any::{Batch, Receiver};
use memlane::{Kind, RecvTimeoutError, Role, pipe};
use std::io::{self, BufRead};
use std::time::Duration;

/// Messages that are written and released together. So many can be repeated after a kill.
const BATCH_MAX: u64 = 1024;

/// The same where others receive, too: what one takes, they do not get.
const SHARED_BATCH_MAX: u64 = 64;

/// Where it is taken from.
#[derive(Debug)]
pub enum Source {
    /// Messages, so many of them at once.
    Messages(Receiver, u64),
    /// Bytes, as they come.
    Bytes(pipe::Reader),
}

/// What came of one turn.
#[derive(Debug)]
pub enum Turn {
    /// Messages, or bytes, were written and released.
    Written(u64),
    /// Standard output takes no more. What it did not take was given back.
    Unwritten(Failure),
    /// So many messages were overwritten before they were received.
    Lagged(u64),
    /// Nothing is left, and the senders have gone.
    Ended,
    /// Nothing is left of a stream, whose sender died.
    SenderDied,
    /// The channel was removed.
    Removed,
    /// Nothing came in time.
    TimedOut,
    /// Everything else, in a sentence.
    Failed(String),
}

impl Source {
    /// What this receiver gets. `counted`: messages are counted.
    pub fn new(receiver: Receiver, kind: Kind, framing: Framing, counted: bool) -> Self {
        match receiver {
            Receiver::Spsc(receiver) if framing == Framing::Raw && !counted => Self::Bytes(receiver.into()),
            receiver => Self::Messages(receiver, batch_max(kind)),
        }
    }

    /// Writes what comes next, at most `max` messages, and releases it. Waits for it; without a timeout, for ever.
    pub fn turn(&mut self, max: Option<u64>, timeout: Option<Duration>, sink: &mut Sink) -> Turn {
        match self {
            Self::Messages(receiver, batch_max) => {
                let max = max.map_or(*batch_max, |max| max.min(*batch_max)) as usize;
                match next_batch(receiver, max, timeout) {
                    Ok(batch) => write_batch(batch, sink),
                    Err(RecvTimeoutError::Lagged { lost }) => Turn::Lagged(lost),
                    Err(RecvTimeoutError::Disconnected) => Turn::Ended,
                    Err(RecvTimeoutError::Removed) => Turn::Removed,
                    Err(RecvTimeoutError::Timeout) => Turn::TimedOut,
                    Err(other) => Turn::Failed(other.to_string()),
                }
            }
            Self::Bytes(reader) => {
                // A socket's timeout is not zero; a look without waiting is.
                reader.set_nonblocking(timeout == Some(Duration::ZERO));
                let outcome = reader.set_read_timeout(timeout.filter(|timeout| !timeout.is_zero()));
                outcome.and_then(|()| write_bytes(reader, sink)).unwrap_or_else(|error| match error.kind() {
                    io::ErrorKind::ConnectionReset => Turn::SenderDied,
                    io::ErrorKind::NotFound => Turn::Removed,
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Turn::TimedOut,
                    _ => Turn::Failed(error.to_string()),
                })
            }
        }
    }
}

fn write_batch(batch: Batch<'_>, sink: &mut Sink) -> Turn {
    match sink.write(&batch) {
        Ok(()) => Turn::Written(batch.len() as u64),
        Err(failure) => {
            batch.hand_back();
            Turn::Unwritten(failure)
        }
    }
}

/// Bytes that were lent and are not consumed come again.
fn write_bytes(reader: &mut pipe::Reader, sink: &mut Sink) -> io::Result<Turn> {
    let lent = reader.fill_buf()?;
    if lent.is_empty() {
        return Ok(Turn::Ended);
    }
    let count = lent.len();
    Ok(match sink.write_bytes(lent) {
        Ok(()) => {
            reader.consume(count);
            Turn::Written(count as u64)
        }
        Err(failure) => Turn::Unwritten(failure),
    })
}

/// How many messages a receiver of this kind takes at once.
fn batch_max(kind: Kind) -> u64 {
    if kind.max_seats(Role::Receiver) > 1 { SHARED_BATCH_MAX } else { BATCH_MAX }
}

/// The next messages. `None` waits for ever.
fn next_batch(receiver: &mut Receiver, max: usize, timeout: Option<Duration>) -> Result<Batch<'_>, RecvTimeoutError> {
    match timeout {
        None => Ok(receiver.recv_batch(max)?),
        Some(timeout) => receiver.recv_batch_timeout(max, timeout),
    }
}
