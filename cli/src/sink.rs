//! Where `recv` writes what it receives.

use crate::failure::Outcome;
use crate::framing::Framing;
use crate::output;
use crate::streams::Output;
use memlane::any::Batch;
use std::io::Write;

/// What is written at once, except for a longer message.
const WRITE_BYTES: usize = 256 << 10;

/// Where messages go, framed.
pub struct Sink {
    output: Output,
    framing: Framing,
    show_redelivered: bool,
    buffer: Vec<u8>,
    /// Messages in `buffer` and before.
    messages: u64,
    /// Numbers of those in `buffer` that were delivered before, from 1: where no message holds a line end, the line's.
    redelivered: Vec<u64>,
}

impl Sink {
    /// # Errors
    /// Standard output was closed when the command started.
    pub fn new(framing: Framing, show_redelivered: bool) -> Outcome<Self> {
        let output = Output::standard()?;
        Ok(Self {
            output,
            framing,
            show_redelivered,
            buffer: Vec::with_capacity(WRITE_BYTES),
            messages: 0,
            redelivered: Vec::new(),
        })
    }

    /// Writes the whole batch.
    pub fn write(&mut self, batch: &Batch<'_>) -> Outcome {
        for message in batch {
            self.messages += 1;
            if self.show_redelivered && message.redelivered() == Some(true) {
                self.redelivered.push(self.messages);
            }
            self.framing.encode(&mut self.buffer, message.len(), |stream| message.append_to(stream))?;
            self.flush_if_plenty()?;
        }
        self.flush()
    }

    /// Takes a message, which is written with what follows.
    pub fn take(&mut self, message: &[u8]) -> Outcome {
        self.messages += 1;
        self.framing.encode(&mut self.buffer, message.len(), |stream| {
            stream.extend_from_slice(message);
            Ok(())
        })?;
        self.flush_if_plenty()
    }

    fn flush_if_plenty(&mut self) -> Outcome {
        if self.buffer.len() >= WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes bytes as they are.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Outcome {
        self.output.write_all(bytes).map_err(|error| output::write_failed(&error))
    }

    /// Writes what was taken. The marks go first: nothing that came again is ever written without one.
    pub fn flush(&mut self) -> Outcome {
        for number in self.redelivered.drain(..) {
            output::complain(&format!("message {number} was delivered before"));
        }
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.write_bytes(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        written
    }
}
