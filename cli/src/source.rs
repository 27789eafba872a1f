//! What `recv` takes from a channel: messages, or a stream of bytes.
//!
//! A stream is what `--framing raw` makes of an `spsc` channel, the reading end of a pipe. Its end says whether it is complete: a sender
//! that died is a failure. Messages that are counted, and those of channels with several senders, are messages all the same.
//!
//! Without a seat, nothing is released: what comes are copies, and what was overwritten before it came is lost.

use crate::failure::Failure;
use crate::framing::Framing;
use crate::sink::Sink;
use memlane::any::{Batch, Receiver};
use memlane::broadcast::ReadOnlyReceiver;
use memlane::{Kind, RecvTimeoutError, Role, TryRecvError, pipe};
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
    /// Copies of messages, without a seat.
    Copies(Copies),
}

/// Messages of a broadcast that is only read.
#[derive(Debug)]
pub struct Copies {
    receiver: ReadOnlyReceiver,
    /// So many were lost behind those that were written last, which has not been said yet.
    lost: Option<u64>,
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
                    Err(error) => error.into(),
                }
            }
            Self::Copies(copies) => copies.turn(max.unwrap_or(BATCH_MAX).min(BATCH_MAX), timeout, sink),
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

impl From<RecvTimeoutError> for Turn {
    fn from(error: RecvTimeoutError) -> Self {
        match error {
            RecvTimeoutError::Lagged { lost } => Self::Lagged(lost),
            RecvTimeoutError::Disconnected => Self::Ended,
            RecvTimeoutError::Removed => Self::Removed,
            RecvTimeoutError::Timeout => Self::TimedOut,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<ReadOnlyReceiver> for Source {
    fn from(receiver: ReadOnlyReceiver) -> Self {
        Self::Copies(Copies { receiver, lost: None })
    }
}

impl Copies {
    /// Writes the next message, and those that are there behind it.
    fn turn(&mut self, max: u64, timeout: Option<Duration>, sink: &mut Sink) -> Turn {
        if let Some(lost) = self.lost.take() {
            return Turn::Lagged(lost);
        }
        let first = match timeout {
            None => self.receiver.recv().map_err(RecvTimeoutError::from),
            Some(timeout) => self.receiver.recv_timeout(timeout),
        };
        let mut message = match first {
            Ok(message) => message,
            Err(error) => return error.into(),
        };
        let mut taken = 0;
        let written = loop {
            if let Err(failure) = sink.take(&message) {
                break Err(failure);
            }
            taken += 1;
            if taken == max {
                break sink.flush();
            }
            match self.receiver.try_recv() {
                Ok(next) => message = next,
                Err(error) => {
                    // All others come again.
                    if let TryRecvError::Lagged { lost } = error {
                        self.lost = Some(lost);
                    }
                    break sink.flush();
                }
            }
        };
        match written {
            Ok(()) => Turn::Written(taken),
            Err(failure) => Turn::Unwritten(failure),
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
