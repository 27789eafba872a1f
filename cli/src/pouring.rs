//! `memlane send --framing raw` into an `spsc` channel: standard input into the writing end of a pipe.
//!
//! What holds: bytes go out in the order in which they came, as soon as they were read. Whatever stops the command, everything
//! before that point was sent and nothing behind it, and the sentence on standard error says how many bytes. A receiver that is gone,
//! dead or not, ends it, as in a pipe.

use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use crate::streams::Input;
use crate::{size, time};
use memlane::{pipe, spsc};
use std::io::{self, Read, Write};
use std::time::Duration;

/// What is read at once, at most: more would only delay the first byte.
const READ_MAX: usize = 1 << 20;

/// A sender at work, and how far it is.
pub struct Pouring<'a> {
    channel: &'a str,
    writer: pipe::Writer,
    /// For each piece.
    timeout: Option<Duration>,
    /// Bytes that were sent.
    sent: u64,
}

impl<'a> Pouring<'a> {
    /// Sends through this sender, and waits so long for room; `None`: for ever.
    pub fn new(channel: &'a str, sender: spsc::Sender, timeout: Option<Duration>) -> Outcome<Self> {
        let mut writer = pipe::Writer::from(sender);
        // A socket's timeout is not zero; a look without waiting is.
        writer.set_nonblocking(timeout == Some(Duration::ZERO));
        let limit = timeout.filter(|timeout| !timeout.is_zero());
        writer.set_write_timeout(limit).map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Self { channel, writer, timeout, sent: 0 })
    }

    /// Sends all of it, and leaves.
    pub fn pour(mut self, input: &Input) -> Outcome {
        let mut progress = Progress::of(input.file());
        let mut buffer = vec![0; self.writer.chunk().clamp(1, READ_MAX)];
        let (mut input, mut pieces) = (input, 0);
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return self.leave(),
                Ok(count) => self.write(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Failure::failed(format!(
                        "reading standard input failed: {error}; {}",
                        self.sent_text()
                    )));
                }
            }
            pieces += 1;
            progress.update(self.sent, pieces);
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> Outcome {
        while !bytes.is_empty() {
            let count = match self.writer.write(bytes) {
                Ok(0) => return Err(self.stopped("its largest message has 0 bytes")),
                Ok(count) => count,
                Err(error) => return Err(self.refused(&error)),
            };
            self.sent += count as u64;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Bytes in a file that nobody finds any more are not sent.
    fn leave(self) -> Outcome {
        let (channel, sent) = (self.channel, self.sent_text());
        self.writer.leave().map_err(|error| refused(channel, &error, &sent))
    }

    fn refused(&self, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                let (channel, limit) = (self.channel, time::show_limit(self.timeout.unwrap_or_default()));
                Failure::TimedOut(format!("channel {channel} stayed full for {limit}; {}", self.sent_text()))
            }
            _ => refused(self.channel, error, &self.sent_text()),
        }
    }

    fn stopped(&self, reason: &str) -> Failure {
        Failure::failed(format!("channel {}: {reason}; {}", self.channel, self.sent_text()))
    }

    fn sent_text(&self) -> String {
        size::sent(self.sent, "byte")
    }
}

fn refused(channel: &str, error: &io::Error, sent: &str) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::Missing(format!("channel {channel} was removed; {sent}")),
        _ => Failure::failed(format!("channel {channel}: {error}; {sent}")),
    }
}
