//! Byte pipes: [`Write`](std::io::Write) at one end, [`Read`](std::io::Read) and [`BufRead`](std::io::BufRead) at the other, over an
//! [`spsc`] channel.
//!
//! ```text
//! Writer ──write──► │ lane: a record a write │ ──read, fill_buf──► Reader
//! ```
//!
//! A stream of bytes without boundaries, for programs and libraries that speak `std::io`: what a pipe, a named pipe or a stream
//! socket is used for, without a system call while both sides are awake. Any `spsc` sender turns into a [`Writer`] and any receiver
//! into a [`Reader`], so a pipe lives wherever channels do: under a name, on descriptors, or in this process alone ([`pair`]).
//!
//! What holds:
//! - Bytes come out in the order in which they went in, each once. What is written is in the channel when the call returns: nothing
//!   is kept in the writer, and there is nothing to flush.
//! - The ends are a pipe's:
//!
//!   | what happened | the other end |
//!   | --- | --- |
//!   | the writer left, or the channel was closed | reads what is left, then the end of the file |
//!   | the writer died | reads what it had written, then gets `ConnectionReset` |
//!   | the reader left or died, or the channel was closed | gets `BrokenPipe`; no signal |
//!   | nobody has come yet | waits: reading at once, writing once the ring is full |
//!
//! - A reader's successor begins with the record that the reader was in when it left or died: it misses no byte, and may get bytes
//!   of that one record again. See [`Reader`].
//! - Records without bytes, which a writer never makes, are skipped.
//!
//! Waiting is the channel's, so a pipe has its [strategies](crate::Strategy). Each end can be told to wait for a while or not at all, as
//! a socket can. There is one writer and one reader at a time, and none can be cloned.
//!
//! ```
//! use memlane::{pipe, spsc};
//! use std::io::{Read, Write};
//!
//! let channel = spsc::Options::new().capacity(64 << 10).private()?; // threads; `.create("name")` for processes
//! let mut writer = pipe::Writer::from(channel.sender()?);
//! let mut reader = pipe::Reader::from(channel.receiver()?);
//! let writing = std::thread::spawn(move || writer.write_all(&[7; 1_000_000]));
//! let mut bytes = Vec::new();
//! reader.read_to_end(&mut bytes)?; // the writer is dropped: the stream ends
//! assert_eq!(bytes, [7; 1_000_000]);
//! # writing.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod limit;
mod reader;
mod waitable;
mod writer;

pub use reader::Reader;
pub use writer::Writer;

use super::spsc;
use std::io;

/// A pipe in this process alone, between its threads: both ends of a private channel with the default options, 1 MiB.
///
/// # Errors
/// Those of [`Options::private`](crate::spsc::Options::private), as [`io::Error`]s.
///
/// ```
/// use std::io::{Read, Write};
/// let (mut writer, mut reader) = memlane::pipe::pair()?;
/// writer.write_all(b"hello")?;
/// let mut bytes = [0; 5];
/// reader.read_exact(&mut bytes)?;
/// assert_eq!(&bytes, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn pair() -> io::Result<(Writer, Reader)> {
    let channel = spsc::Options::new().private()?;
    Ok((channel.sender()?.into(), channel.receiver()?.into()))
}
