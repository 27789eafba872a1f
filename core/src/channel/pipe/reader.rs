//! The reading end of a pipe.
//!
//! ```text
//!                    passed ▼
//! lane   … │ released │ ░░░░░░▓▓▓▓▓▓▓▓▓ │ record │ record │        ░ consumed, ▓ left of the record in front
//!                             └──┬───┘
//! buffer                      start…end: a copy of what `fill_buf` showed
//! ```
//!
//! What holds:
//! - *The record in front stays in the lane until its last byte was consumed.* So what is not consumed is never lost, whatever
//!   becomes of this reader: it is all still there, for this reader's next call or for its successor.
//! - *The record in front was checked once, and is not looked at again.* A peer that changes its header changes nothing here.
//! - *The buffer is a copy of bytes that are still in the lane.* Where a reader may lend them, there is none.

use super::limit::{Limit, Wait};
use crate::channel::fate::Fate;
use crate::channel::port::Inlet;
use crate::channel::spsc;
use crate::error::{OpenError, PipeError, RecvError};
use crate::region::TrustPeers;
use crate::ring::log::Record;
use crate::wait::Calls;
use std::io::{self, BufRead, IoSliceMut, Read};
use std::time::{Duration, Instant};

/// Bytes of the buffer of a reader that lends a copy: as many as a pipe of the kernel holds. More would no longer be in the cache
/// when they are looked at.
const BUFFER_BYTES: usize = 64 << 10;

/// Records without bytes, and writers that come and leave, of which a call that does not wait takes no more notice than this.
const VAIN_LOOKS_MAX: u32 = 1000;

/// The reading end of a pipe: an [`io::Read`] and [`io::BufRead`] over an `spsc` receiver. Dropping it is the end for the writer, which
/// gets `BrokenPipe`.
///
/// Bytes are acknowledged a record at a time, when the last byte of it was consumed, by `read` or by `consume`. What was not
/// consumed stays in the channel. If this reader is dropped, or dies, its successor begins with the first byte of the record that
/// this one was in: it gets every byte that this one had not consumed, and again those of that one record that this one had. A
/// record is what one `write` accepted, an eighth of the ring at most. A reader that is dropped between two records leaves
/// nothing that comes again.
///
/// ```
/// use std::io::{BufRead, Write};
/// let (mut writer, reader) = memlane::pipe::pair()?;
/// writer.write_all(b"one\ntwo\n")?;
/// drop(writer);
/// let lines: Vec<_> = reader.lines().collect::<Result<_, _>>()?; // no `BufReader` is needed
/// assert_eq!(lines, ["one", "two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    pub(super) rx: spsc::Receiver,
    /// The record in front, once it was looked at. It has bytes that were not consumed.
    pub(super) front: Option<Record>,
    /// Bytes of it that were consumed.
    passed: usize,
    /// Empty until something is lent from it.
    buffer: Vec<u8>,
    /// What of the buffer is a copy of the bytes behind `passed`.
    start: usize,
    end: usize,
    /// Whether bytes are lent in place.
    trust: Option<TrustPeers>,
    limit: Limit,
}

impl Reader {
    /// The reading end of the pipe with this name, which is created if there is none: an `spsc` channel with the default options. For
    /// others, make the receiver by [`spsc::Options`] and turn it into a reader.
    ///
    /// Does not wait for a writer, but reading does: until one comes, or at once what one has left.
    ///
    /// # Errors
    /// Those of [`Options::open_or_create`](crate::spsc::Options::open_or_create) and of
    /// [`Channel::receiver`](crate::spsc::Channel::receiver), as [`io::Error`]s: kind `ResourceBusy` while another reader is there.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let folder = tempfile::tempdir_in("/dev/shm")?;
    /// # let name = folder.path().join("log").display().to_string();
    /// # let name = name.as_str(); // in a program: "log"
    /// let mut reader = memlane::pipe::Reader::open_or_create(name)?;
    /// memlane::pipe::Writer::open(name)?.write_all(b"hello")?; // usually in another process
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(name: &str) -> io::Result<Self> {
        Self::join(spsc::Options::new().open_or_create(name))
    }

    /// The reading end of the pipe with this name, which has to exist.
    ///
    /// # Errors
    /// Those of [`spsc::open`] and of [`Channel::receiver`](crate::spsc::Channel::receiver), as [`io::Error`]s: kind
    /// `NotFound` if there is no such channel.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm")?;
    /// # let name = folder.path().join("log").display().to_string();
    /// # let name = name.as_str();
    /// let error = memlane::pipe::Reader::open(name).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(name: &str) -> io::Result<Self> {
        Self::join(spsc::open(name))
    }

    fn join(channel: Result<spsc::Channel, OpenError>) -> io::Result<Self> {
        Ok(channel?.receiver()?.into())
    }

    /// Has `fill_buf` lend bytes in place, in the ring, instead of a copy of them. See [`TrustPeers`] for what the caller promises.
    ///
    /// ```
    /// # use std::io::{BufRead, Write};
    /// let (mut writer, reader) = memlane::pipe::pair()?;
    /// // SAFETY: a private channel is this process's alone, and nothing in it writes to what was written.
    /// let trust = unsafe { memlane::TrustPeers::promise() };
    /// let mut reader = reader.trust_peers(trust);
    /// writer.write_all(&[7; 100_000])?;
    /// assert_eq!(reader.fill_buf()?.len(), 100_000); // all of the record
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn trust_peers(mut self, trust: TrustPeers) -> Self {
        self.trust = Some(trust);
        self
    }

    /// How long a `read` waits for a byte at most, from now on; `None`, the default: for as long as it takes. A `read` that waited for so
    /// long fails with kind `TimedOut`.
    ///
    /// # Errors
    /// Of kind `InvalidInput`: a timeout of zero.
    ///
    /// ```
    /// # use std::io::Read;
    /// # use std::time::Duration;
    /// let (_writer, mut reader) = memlane::pipe::pair()?;
    /// reader.set_read_timeout(Some(Duration::from_millis(1)))?;
    /// assert_eq!(reader.read(&mut [0; 64]).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.limit.set_timeout(timeout)
    }

    /// How long a `read` waits for a byte at most.
    ///
    /// ```
    /// let (_writer, reader) = memlane::pipe::pair()?;
    /// assert_eq!(reader.read_timeout(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn read_timeout(&self) -> Option<Duration> {
        self.limit.timeout()
    }

    /// Whether a `read` that finds no byte fails with kind `WouldBlock` instead of waiting, from now on, whatever the timeout. The
    /// writer may have written some by the time the call returns.
    ///
    /// ```
    /// # use std::io::Read;
    /// let (_writer, mut reader) = memlane::pipe::pair()?;
    /// reader.set_nonblocking(true);
    /// assert_eq!(reader.read(&mut [0; 64]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_nonblocking(&mut self, nonblocking: bool) {
        self.limit.set_nonblocking(nonblocking);
    }

    /// The receiver that it reads through, to look at.
    ///
    /// ```
    /// let (_writer, reader) = memlane::pipe::pair()?;
    /// assert!(!reader.get_ref().is_disconnected()); // the writer is there
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &spsc::Receiver {
        &self.rx
    }

    /// The receiver that it read through. A record of which only a part was consumed is its next message.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// let (mut writer, mut reader) = memlane::pipe::pair()?;
    /// writer.write_all(b"hello")?;
    /// reader.read_exact(&mut [0; 2])?;
    /// assert_eq!(reader.into_inner().recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_inner(self) -> spsc::Receiver {
        self.rx
    }

    /// The record in front, which has bytes that were not consumed. Waits for it. `None`: the end of the file.
    #[inline]
    fn front(&mut self) -> io::Result<Option<Record>> {
        match self.front {
            Some(_) if self.rx.end.is_foreign() => Err(RecvError::Forked.into()),
            Some(record) => Ok(Some(record)),
            None => self.next(),
        }
    }

    fn next(&mut self) -> io::Result<Option<Record>> {
        let wait = self.limit.wait();
        let found = match wait {
            Wait::Endless => self.rx.next().map(Some),
            Wait::For(timeout) => self.rx.within(timeout),
            Wait::Never => self.rx.now(),
        };
        match found {
            Ok(Some(record)) if record.length > 0 => {
                self.front = Some(record);
                Ok(self.front)
            }
            unusual => self.next_after(unusual, wait),
        }
    }

    /// The next record after a look that found none, one without bytes, or that no writer is there.
    #[cold]
    fn next_after(&mut self, mut found: Result<Option<Record>, RecvError>, wait: Wait) -> io::Result<Option<Record>> {
        let deadline = match wait {
            Wait::For(timeout) => Instant::now().checked_add(timeout),
            Wait::Never | Wait::Endless => None,
        };
        let mut vain_looks = 0u32;
        loop {
            match found {
                Ok(Some(record)) if record.length > 0 => {
                    self.front = Some(record);
                    return Ok(self.front);
                }
                Ok(Some(empty)) => self.rx.port.finish(&mut self.rx.end, empty)?,
                Ok(None) => return Err(nothing_yet(wait)),
                Err(RecvError::Disconnected) => match self.rx.fate_of_sender()? {
                    Fate::Left => return Ok(None),
                    Fate::Died => return Err(PipeError::WriterDied.into()),
                    // Another one has come meanwhile.
                    Fate::Alive => {}
                },
                Err(error) => return Err(error.into()),
            }
            vain_looks = vain_looks.saturating_add(1);
            let is_over = match wait {
                Wait::Never => vain_looks > VAIN_LOOKS_MAX,
                Wait::For(_) => deadline.is_some_and(|deadline| Instant::now() >= deadline),
                Wait::Endless => false,
            };
            if is_over {
                return Err(nothing_yet(wait));
            }
            found = match (wait, deadline) {
                (Wait::Never, _) => self.rx.now(),
                (Wait::For(_), Some(deadline)) => self.rx.by(deadline),
                (Wait::For(_) | Wait::Endless, _) => self.rx.next().map(Some),
            };
        }
    }

    /// Copies bytes to the start of `target`, as many as are at hand, and consumes them. Does not wait.
    #[inline]
    fn take_at_hand(&mut self, mut target: &mut [u8]) -> io::Result<usize> {
        let mut taken = 0usize;
        while !target.is_empty() {
            let Some(record) = self.at_hand() else { break };
            let left = left_of(&record, self.passed);
            let count = left.min(target.len());
            let (now, later) = target.split_at_mut(count);
            self.rx.port.bytes().read_behind(record.payload.0, self.passed, now);
            self.pass(record, count)?;
            taken = taken.saturating_add(count);
            target = later;
        }
        Ok(taken)
    }

    /// The record in front, if there is one that is seen without a search. It may be one without bytes.
    #[inline]
    fn at_hand(&mut self) -> Option<Record> {
        if self.front.is_none() {
            // The next call tells of an error.
            self.front = self.rx.take_fast().unwrap_or_default();
        }
        self.front
    }

    /// Consumes so many bytes of the record in front, which has as many left; and with the last of them, the record.
    #[inline]
    fn pass(&mut self, record: Record, count: usize) -> io::Result<()> {
        self.start = self.start.saturating_add(count).min(self.end);
        self.passed = self.passed.saturating_add(count);
        if left_of(&record, self.passed) == 0 {
            self.front = None;
            (self.passed, self.start, self.end) = (0, 0, 0);
            self.rx.port.finish(&mut self.rx.end, record)?;
        }
        Ok(())
    }

    /// Copies bytes of the record in front to the buffer.
    fn fill(&mut self, record: Record) -> io::Result<()> {
        if self.buffer.is_empty() {
            let bytes = BUFFER_BYTES.min(self.rx.max_message());
            self.buffer.try_reserve_exact(bytes)?;
            self.buffer.resize(bytes, 0);
        }
        let count = left_of(&record, self.passed).min(self.buffer.len());
        let (copy, _) = self.buffer.split_at_mut(count);
        self.rx.port.bytes().read_behind(record.payload.0, self.passed, copy);
        (self.start, self.end) = (0, count);
        Ok(())
    }
}

impl From<spsc::Receiver> for Reader {
    /// Reads through this receiver, from now on.
    fn from(rx: spsc::Receiver) -> Self {
        Self { rx, front: None, passed: 0, buffer: Vec::new(), start: 0, end: 0, trust: None, limit: Limit::default() }
    }
}

/// Reads bytes. No signal ends a wait: no call fails with kind `Interrupted`.
///
/// Once everything was read that the last writer had written: if it left, or the channel was closed, the end of the file
/// (`Ok(0)`); if it died, an error of kind `ConnectionReset` ([`PipeError::WriterDied`]). Both come again until another writer has come,
/// whose bytes then follow, as in a named pipe; where that one comes before the reader looks, they follow at once. A death is
/// found a fifth of a second later at the latest. Before a writer came, and with a channel that is
/// [persistent](crate::spsc::Options::persistent), reading waits.
///
/// Other errors, by kind, of which none consumes a byte: `WouldBlock` and `TimedOut` where the caller asked for them, `NotFound`
/// (the channel was removed), `InvalidData` (it is corrupted), `PermissionDenied` (the reader was inherited through `fork`).
impl Read for Reader {
    /// Copies bytes to the start of `buffer`, as many as are at hand, and returns how many. Blocks while there is none.
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.front()?.is_none() {
            return Ok(0);
        }
        self.take_at_hand(buffer)
    }

    /// Fills one buffer behind the other, with as many bytes as are at hand, and returns how many. Blocks while there is none.
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if buffers.iter().all(|buffer| buffer.is_empty()) || self.front()?.is_none() {
            return Ok(0);
        }
        let mut taken = 0usize;
        for buffer in buffers {
            let now = self.take_at_hand(buffer)?;
            taken = taken.saturating_add(now);
            if now < buffer.len() {
                break;
            }
        }
        Ok(taken)
    }
}

/// Lends bytes before they are consumed: those that are left of one record, in place if the reader
/// [may](Reader::trust_peers), else a copy of the first of them. Errors and ends are those of reading.
impl BufRead for Reader {
    /// The next bytes. Blocks while there is none. Empty: the end of the file.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let Some(record) = self.front()? else { return Ok(&[]) };
        if let Some(trust) = self.trust {
            let all = self.rx.port.bytes().borrow(trust, record.payload.0, record.length as usize);
            return Ok(all.get(self.passed..).unwrap_or_default());
        }
        if self.start == self.end {
            self.fill(record)?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Consumes so many bytes of those that `fill_buf` lent last; of more, all of those.
    fn consume(&mut self, count: usize) {
        if let Some(record) = self.front {
            let lent = match self.trust {
                Some(_) => left_of(&record, self.passed),
                None => self.end.saturating_sub(self.start),
            };
            // What fails here is a forked child's, whose next call says so.
            let _ = self.pass(record, count.min(lent));
        }
    }
}

/// Bytes of a record that are left when so many were consumed.
#[inline(always)]
fn left_of(record: &Record, passed: usize) -> usize {
    (record.length as usize).saturating_sub(passed)
}

/// Why there is no byte: what is no failure costs no memory.
#[cold]
fn nothing_yet(wait: Wait) -> io::Error {
    match wait {
        Wait::Never => io::ErrorKind::WouldBlock.into(),
        Wait::For(_) | Wait::Endless => io::ErrorKind::TimedOut.into(),
    }
}
