//! Byte pipes: writing and reading a stream over an spsc channel.

use crate::arguments::{self, Timeout, out};
use crate::call::done;
use crate::channel::Opened;
use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle};
use crate::status::Status;
use crate::table::Table;
use memlane::Waitable;
use memlane::any::{Receiver, Sender};
use memlane::pipe::{Reader, Writer};
use memlane::{
    Interrupter, Kind, PipeError, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use std::ffi::c_void;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

/// The writing end of a pipe. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PipeWriterHandle {
    /// Nobody's business.
    pub id: u64,
}

/// The reading end of a pipe. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PipeReaderHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What a handle of a pipe leads to.
pub(crate) struct Piping<E> {
    end: E,
    of: Opened,
}

impl Piping<Writer> {
    pub(crate) fn interrupter(&self) -> Interrupter {
        self.end.get_ref().interrupter()
    }
}

impl Piping<Reader> {
    pub(crate) fn waitable(&mut self) -> &mut dyn Waitable {
        &mut self.end
    }

    pub(crate) fn interrupter(&self) -> Interrupter {
        self.end.get_ref().interrupter()
    }
}

static WRITERS: Table<Box<Piping<Writer>>, { handles::WRITERS }> = Table::new();
static READERS: Table<Box<Piping<Reader>>, { handles::READERS }> = Table::new();

impl Handle<{ handles::WRITERS }> for PipeWriterHandle {
    type Thing = Box<Piping<Writer>>;
    const NOUN: &'static str = "pipe writer";

    fn table() -> &'static Table<Box<Piping<Writer>>, { handles::WRITERS }> {
        &WRITERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

impl Handle<{ handles::READERS }> for PipeReaderHandle {
    type Thing = Box<Piping<Reader>>;
    const NOUN: &'static str = "pipe reader";

    fn table() -> &'static Table<Box<Piping<Reader>>, { handles::READERS }> {
        &READERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// Takes the sender's seat of an spsc channel as the writing end of a pipe. MEMLANE_ROLE_TAKEN while there is a sender;
/// MEMLANE_WRONG_KIND if the channel is of another kind. `writer` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_pipe_writer_new(channel: ChannelHandle, writer: *mut PipeWriterHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(writer, "writer") }?;
        let of = lane(channel)?;
        let Sender::Spsc(sender) = of.channel.sender().map_err(|error| error.fail())? else { return Err(no_pipe(&of)) };
        *into = PipeWriterHandle::new(Box::new(Piping { end: sender.into(), of }))?;
        Ok(())
    })
}

/// Leaves the channel, and closes the handle: the reader reads what is left, and then the end. What it may have to say about that
/// (MEMLANE_REMOVED, MEMLANE_CORRUPTED, MEMLANE_FORKED) does not keep the handle open.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_pipe_writer_close(writer: PipeWriterHandle) -> Status {
    done(|| {
        let Piping { end, of } = *writer.remove()?;
        end.leave().map_err(|error| failure(&error, &of.label, &TrySendError::Full, &SendTimeoutError::Timeout))
    })
}

/// Writes `length` bytes; `data` may be null if there are none. They are the reader's as they are written: nothing is kept back.
/// Waits for room for timeout_ns nanoseconds in all, for ever if that is -1. `written` gets how many were written, also where the call
/// fails. With a timeout of 0, writes what there is room for: MEMLANE_FULL if that is nothing.
/// MEMLANE_TIMEOUT if the time is over before all is written; MEMLANE_DISCONNECTED if the reader has left or died, or the channel
/// was shut down. No signal comes. Before a reader came there is none to be gone: then it writes until the channel is full.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_pipe_write(
    writer: PipeWriterHandle,
    data: *const c_void,
    length: usize,
    timeout_ns: i64,
    written: *mut usize,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (bytes, written) = unsafe { (arguments::bytes(data, length)?, out(written, "written")?) };
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut writer = writer.enter()?;
        let Piping { end, of } = &mut **writer;
        *written = 0;
        let outcome = write_all(end, bytes, timeout, written);
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && *written > 0 => Ok(()),
            Err(error) => Err(failure(&error, &of.label, &TrySendError::Full, &SendTimeoutError::Timeout)),
            Ok(()) => Ok(()),
        }
    })
}

fn write_all(end: &mut Writer, bytes: &[u8], timeout: Timeout, written: &mut usize) -> io::Result<()> {
    let deadline = match timeout {
        Timeout::For(time) => Instant::now().checked_add(time),
        Timeout::Try | Timeout::Forever => None,
    };
    end.set_nonblocking(matches!(timeout, Timeout::Try));
    end.set_write_timeout(None)?;
    while *written < bytes.len() {
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            // One whose time is over still writes what there is room for.
            end.set_nonblocking(left.is_zero());
            end.set_write_timeout((!left.is_zero()).then_some(left))?;
        }
        match end.write(&bytes[*written..]) {
            Ok(count) => *written += count,
            Err(error) if deadline.is_some() && error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Takes the receiver's seat of an spsc channel as the reading end of a pipe. MEMLANE_ROLE_TAKEN while there is a receiver;
/// MEMLANE_WRONG_KIND if the channel is of another kind. `reader` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_pipe_reader_new(channel: ChannelHandle, reader: *mut PipeReaderHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(reader, "reader") }?;
        let of = lane(channel)?;
        let receiver = of.channel.receiver().map_err(|error| error.fail())?;
        let Receiver::Spsc(receiver) = receiver else { return Err(no_pipe(&of)) };
        *into = PipeReaderHandle::new(Box::new(Piping { end: receiver.into(), of }))?;
        Ok(())
    })
}

/// Leaves the channel, and closes the handle. What was not read is the next reader's.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_pipe_reader_close(reader: PipeReaderHandle) -> Status {
    done(|| reader.remove().map(drop))
}

/// Reads up to `capacity` bytes into `buffer`: `length` gets how many, on success only. They may be fewer than there are. Waits while there are none,
/// for timeout_ns nanoseconds, not at all if that is 0 (MEMLANE_EMPTY), for ever if it is -1. 0 bytes are the end: the writer has left, or
/// the channel was shut down, and all is read. MEMLANE_WRITER_DIED if it died instead: what it was still going to write is missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_pipe_read(
    reader: PipeReaderHandle,
    buffer: *mut c_void,
    capacity: usize,
    timeout_ns: i64,
    length: *mut usize,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, length) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut reader = reader.enter()?;
        let Piping { end, of } = &mut **reader;
        let fail = |error| failure(&error, &of.label, &TryRecvError::Empty, &RecvTimeoutError::Timeout);
        end.set_nonblocking(matches!(timeout, Timeout::Try));
        let time = if let Timeout::For(time) = timeout { Some(time) } else { None };
        end.set_read_timeout(time).map_err(fail)?;
        *length = end.read(buffer).map_err(fail)?;
        Ok(())
    })
}

/// The channel, which has to be an spsc one.
fn lane(channel: ChannelHandle) -> Result<Opened, Failed> {
    let of = channel.get()?;
    if of.channel.kind() == Kind::Spsc { Ok(of) } else { Err(no_pipe(&of)) }
}

#[cold]
fn no_pipe(of: &Opened) -> Failed {
    let sentence = format!("channel {} is a {}: a pipe goes over an spsc channel", of.label, of.channel.kind());
    detail::record(Status::MEMLANE_WRONG_KIND, sentence)
}

/// Why a pipe's call failed: `at_once` where it was not to wait, `late` where its time is over, otherwise the engine's reason.
#[cold]
fn failure(error: &io::Error, channel: &Arc<str>, at_once: &dyn Coded, late: &dyn Coded) -> Failed {
    match error.kind() {
        io::ErrorKind::WouldBlock => return at_once.fail_on(channel),
        io::ErrorKind::TimedOut => return late.fail_on(channel),
        _ => {}
    }
    let reasons = [
        reason::<PipeError>(error, channel),
        reason::<SendError>(error, channel),
        reason::<TrySendError>(error, channel),
        reason::<SendTimeoutError>(error, channel),
        reason::<RecvError>(error, channel),
    ];
    let other = || detail::record(Status::MEMLANE_IO, format!("channel {channel}: {error}"));
    reasons.into_iter().flatten().next().unwrap_or_else(other)
}

fn reason<E: Coded + std::error::Error + 'static>(error: &io::Error, channel: &Arc<str>) -> Option<Failed> {
    error.get_ref()?.downcast_ref::<E>().map(|reason| reason.fail_on(channel))
}
