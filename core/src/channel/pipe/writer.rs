//! The writing end of a pipe.

use super::limit::{Limit, Wait};
use crate::channel::spsc;
use crate::error::{GrantError, OpenError, PipeError, SendError, SendTimeoutError, TrySendError};
use std::io::{self, IoSlice, Write};
use std::time::Duration;

/// The writing end of a pipe: an [`io::Write`] over an `spsc` sender. Dropping it ends the stream: the reader reads what is left,
/// and then the end of the file.
///
/// A `write` makes one record of what it is given, or of the beginning of it: no more than an eighth of the ring
/// ([`Writer::chunk`]), so that the reader reads one piece while the next one is written. `write_all` writes all of it. Nothing is
/// kept back, so each byte that was accepted is the reader's from then on, whatever becomes of this process. Many small writes
/// are worth a [`BufWriter`](io::BufWriter).
///
/// ```
/// use std::io::{BufWriter, Read, Write};
/// let (writer, mut reader) = memlane::pipe::pair()?;
/// let mut writer = BufWriter::new(writer);
/// for number in 1..=3 {
///     writeln!(writer, "line {number}")?;
/// }
/// writer.flush()?; // one record
/// drop(writer);
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "line 1\nline 2\nline 3\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    tx: spsc::Sender,
    /// Bytes of a record at most.
    chunk: usize,
    limit: Limit,
}

impl Writer {
    /// The writing end of the pipe with this name, which is created if there is none: an `spsc` channel with the default options. For
    /// others, make the sender by [`spsc::Options`] and turn it into a writer.
    ///
    /// Does not wait for a reader. What is written before one comes waits for it, and so does a writer that finds the ring full.
    ///
    /// # Errors
    /// Those of [`Options::open_or_create`](crate::spsc::Options::open_or_create) and of
    /// [`Channel::sender`](crate::spsc::Channel::sender), as [`io::Error`]s: kind `ResourceBusy` while another writer is there.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let folder = tempfile::tempdir_in("/dev/shm")?;
    /// # let name = folder.path().join("log").display().to_string();
    /// # let name = name.as_str(); // in a program: "log"
    /// let mut writer = memlane::pipe::Writer::open_or_create(name)?;
    /// writer.write_all(b"hello")?;
    /// drop(writer);
    ///
    /// let mut reader = memlane::pipe::Reader::open_or_create(name)?; // usually in another process
    /// let mut bytes = Vec::new();
    /// reader.read_to_end(&mut bytes)?;
    /// assert_eq!(bytes, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(name: &str) -> io::Result<Self> {
        Self::join(spsc::Options::new().open_or_create(name))
    }

    /// The writing end of the pipe with this name, which has to exist.
    ///
    /// # Errors
    /// Those of [`spsc::open`] and of [`Channel::sender`](crate::spsc::Channel::sender), as [`io::Error`]s: kind
    /// `NotFound` if there is no such channel.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm")?;
    /// # let name = folder.path().join("log").display().to_string();
    /// # let name = name.as_str();
    /// let error = memlane::pipe::Writer::open(name).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(name: &str) -> io::Result<Self> {
        Self::join(spsc::open(name))
    }

    fn join(channel: Result<spsc::Channel, OpenError>) -> io::Result<Self> {
        Ok(channel?.sender()?.into())
    }

    /// Bytes that one `write` accepts at most: those of a record that takes an eighth of the ring, or the channel's largest message
    /// if that is shorter. It never changes.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().capacity(4096).private()?;
    /// let writer = memlane::pipe::Writer::from(channel.sender()?);
    /// assert_eq!(writer.chunk(), 4096 / 8 - 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn chunk(&self) -> usize {
        self.chunk
    }

    /// How long a `write` waits for room at most, from now on; `None`, the default: for as long as it takes. A `write` that waited for
    /// so long fails with kind `TimedOut`, and nothing was written.
    ///
    /// # Errors
    /// Of kind `InvalidInput`: a timeout of zero.
    ///
    /// ```
    /// # use std::io::Write;
    /// # use std::time::Duration;
    /// let (mut writer, _reader) = memlane::pipe::pair()?;
    /// writer.set_write_timeout(Some(Duration::from_millis(1)))?;
    /// let error = writer.write_all(&vec![0; 2 << 20]).unwrap_err(); // more than fits, and nobody reads
    /// assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.limit.set_timeout(timeout)
    }

    /// How long a `write` waits for room at most.
    ///
    /// ```
    /// let (writer, _reader) = memlane::pipe::pair()?;
    /// assert_eq!(writer.write_timeout(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn write_timeout(&self) -> Option<Duration> {
        self.limit.timeout()
    }

    /// Whether a `write` that finds no room fails with kind `WouldBlock` instead of waiting, from now on, whatever the timeout. There
    /// is no room while the piece that is to be written next, of [`Writer::chunk`] bytes at most, does not fit as a whole; the reader
    /// may have made some by the time the call returns.
    ///
    /// ```
    /// # use std::io::Write;
    /// let channel = memlane::spsc::Options::new().capacity(4096).private()?;
    /// let mut writer = memlane::pipe::Writer::from(channel.sender()?);
    /// writer.set_nonblocking(true);
    /// let error = writer.write_all(&[0; 10_000]).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_nonblocking(&mut self, nonblocking: bool) {
        self.limit.set_nonblocking(nonblocking);
    }

    /// The sender that it writes through, to look at.
    ///
    /// ```
    /// # use std::io::Write;
    /// let (mut writer, _reader) = memlane::pipe::pair()?;
    /// writer.write_all(b"hello")?;
    /// assert_eq!(writer.get_ref().len(), 1); // one record waits to be read
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &spsc::Sender {
        &self.tx
    }

    /// The sender that it writes through, for what it has besides. A message that is sent through it is bytes of the stream.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let (mut writer, _reader) = memlane::pipe::pair()?;
    /// writer.get_mut().set_strategy(memlane::Strategy::Park);
    /// writer.get_mut().wait_for_peer(Duration::from_secs(1))?; // until a reader is there
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get_mut(&mut self) -> &mut spsc::Sender {
        &mut self.tx
    }

    /// The sender that it wrote through. The stream does not end with this, and the sender waits for successors of dead receivers again.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// let (mut writer, mut reader) = memlane::pipe::pair()?;
    /// writer.write_all(b"one ")?;
    /// writer.into_inner().send(b"two")?;
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "one two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_inner(mut self) -> spsc::Sender {
        self.tx.end.set_ends_with_peers(false);
        self.tx
    }

    /// Ends the stream, as dropping does, and says whether what was written is where readers find it.
    ///
    /// # Errors
    /// Those of [`spsc::Sender::leave`], as [`io::Error`]s: kind `NotFound` if the channel's file was removed
    /// meanwhile.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// let (mut writer, mut reader) = memlane::pipe::pair()?;
    /// writer.write_all(b"last words")?;
    /// writer.leave()?;
    /// let mut text = String::new();
    /// assert_eq!(reader.read_to_string(&mut text)?, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leave(self) -> io::Result<()> {
        Ok(self.tx.leave()?)
    }

    /// Sends one record, which is no longer than a chunk.
    #[inline]
    fn send(&mut self, record: &[u8]) -> io::Result<()> {
        self.tx.end_slice_if_over().map_err(broken)?;
        match self.limit.wait() {
            Wait::Endless => self.tx.send(record).map_err(broken),
            Wait::For(timeout) => self.tx.send_timeout(record, timeout).map_err(broken_in_time),
            Wait::Never => self.tx.try_send(record).map_err(broken_at_once),
        }
    }

    /// Sends one record of so many bytes, gathered from these slices.
    fn gather(&mut self, slices: &[IoSlice<'_>], length: usize) -> io::Result<()> {
        self.tx.end_slice_if_over().map_err(broken)?;
        let grant = match self.limit.wait() {
            Wait::Endless => self.tx.reserve(length).map_err(broken),
            Wait::For(timeout) => self.tx.reserve_timeout(length, timeout).map_err(broken_in_time),
            Wait::Never => self.tx.try_reserve(length).map_err(broken_at_once),
        };
        let mut grant = grant?;
        for slice in slices {
            // Takes what fits, and nothing once it is full.
            let _ = grant.write(slice)?;
        }
        grant.commit_written().map_err(broken_grant)
    }
}

impl From<spsc::Sender> for Writer {
    /// Writes through this sender, from now on. Where the receiver dies, writing then ends, as it does where it leaves.
    fn from(mut tx: spsc::Sender) -> Self {
        tx.end.set_ends_with_peers(true);
        let chunk = tx.port.an_eighth();
        Self { tx, chunk, limit: Limit::default() }
    }
}

/// Writes bytes. No signal ends a wait: no call fails with kind `Interrupted`.
///
/// Errors, by kind, each of which leaves what it was given unwritten: `BrokenPipe` ([`PipeError::ReaderGone`]), `WouldBlock` and
/// `TimedOut` where the caller asked for them, `NotFound` (the channel was removed), `InvalidData` (it is corrupted), `PermissionDenied`
/// (the writer was inherited through `fork`). A signal SIGPIPE never comes.
///
/// A reader that died is found a fifth of a second later at the latest, by a `write` that waits or by the next one. Before a
/// reader came there is none to be gone: writing goes on until the ring is full.
impl Write for Writer {
    /// Writes the first bytes, up to [`Writer::chunk`] of them, as one record, and returns how many. Blocks while there is no
    /// room for them. Of no bytes it makes no record, and returns 0.
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (now, _) = bytes.split_at(bytes.len().min(self.chunk));
        if !now.is_empty() {
            self.send(now)?;
        }
        Ok(now.len())
    }

    /// Writes the first bytes of these slices, up to [`Writer::chunk`] of them in all, as one record, and returns how many.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let all = slices.iter().fold(0, |sum: usize, slice| sum.saturating_add(slice.len()));
        let length = all.min(self.chunk);
        if length > 0 {
            self.gather(slices, length)?;
        }
        Ok(length)
    }

    /// Does nothing: what was written is the reader's already.
    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cold]
fn broken(error: SendError) -> io::Error {
    match error {
        SendError::Disconnected => PipeError::ReaderGone.into(),
        other => other.into(),
    }
}

/// An error that is no failure costs no memory.
#[cold]
fn broken_in_time(error: SendTimeoutError) -> io::Error {
    match error {
        SendTimeoutError::Timeout => io::ErrorKind::TimedOut.into(),
        SendTimeoutError::Disconnected => PipeError::ReaderGone.into(),
        other => other.into(),
    }
}

/// As [`broken_in_time`].
#[cold]
fn broken_at_once(error: TrySendError) -> io::Error {
    match error {
        TrySendError::Full => io::ErrorKind::WouldBlock.into(),
        TrySendError::Disconnected => PipeError::ReaderGone.into(),
        other => other.into(),
    }
}

#[cold]
fn broken_grant(error: GrantError) -> io::Error {
    match error {
        GrantError::Disconnected => PipeError::ReaderGone.into(),
        other => other.into(),
    }
}
