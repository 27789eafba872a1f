//! A receiver without a seat: it reads, and writes nothing anywhere.

use super::receiver::{Copying, Read, into, to_vec};
use crate::channel::end::{Attempt, Interrupter, Onlooker, Over};
use crate::channel::shared::Shared;
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::error::{Corruption, GetError, RecvError, RecvTimeoutError};
use crate::region::{Moment, ValuesView};
use crate::ring::watch::{self, Reader};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A receiver of a `watch` channel that needs no more than permission to read its file. It has the file mapped for reading alone, takes
/// no seat and no lock, and sets no flag: so it can disturb nobody, and there can be any number of them.
///
/// What it pays for that:
/// - Nobody wakes it. A call that waits looks again and again, first after a millisecond, then after two, four, and so on up to 100.
/// - It proves no death. That the sender died it learns when a participant has found out, or when the next sender comes: a call that
///   waits goes on waiting until then. Of one that left in good order it learns at its next look.
/// - It is not among the [`participants`](crate::Info::participants), and [`crate::remove`] does not know of it: its file may be removed,
///   and its calls say so within 100 ms.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`).
pub struct ReadOnlyReceiver {
    reader: Reader<ValuesView>,
    onlooker: Onlooker,
    _not_sync: PhantomData<Cell<()>>,
}

/// How often [`ReadOnlyReceiver::get`] lets another thread run, after 64 copies that were overwritten meanwhile.
const YIELDS: u32 = 1000;

impl ReadOnlyReceiver {
    pub(super) fn new(shared: &Arc<Shared>) -> Result<Self, Corruption> {
        let reader = Reader::new(ValuesView::new(&shared.region));
        Ok(Self { reader, onlooker: Onlooker::new(shared)?, _not_sync: PhantomData })
    }

    /// A copy of the latest value. Never waits for one; as [`Receiver::get`](super::Receiver::get).
    ///
    /// # Errors
    /// [`GetError::NoValue`]; [`GetError::Busy`] if the sender was faster all the time; the others of [`GetError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::watch::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::watch::open_read_only(name)?;
    /// assert_eq!(rx.get(), Err(memlane::GetError::NoValue));
    /// tx.set(b"10")?;
    /// assert_eq!(rx.get()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&mut self) -> Result<Vec<u8>, GetError> {
        self.look(to_vec)
    }

    /// Copies the latest value to the start of `buffer`, and returns its length in bytes. Behind that, and after an error, `buffer` may
    /// hold anything. Otherwise as [`ReadOnlyReceiver::get`].
    ///
    /// # Errors
    /// [`GetError::BufferTooSmall`]: the value stays unseen; the others as [`ReadOnlyReceiver::get`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::watch::Options::new().create(name)?.sender()?.set(b"10")?;
    /// let mut buffer = [0; 64];
    /// assert_eq!(memlane::watch::open_read_only(name)?.get_into(&mut buffer)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_into(&mut self, buffer: &mut [u8]) -> Result<usize, GetError> {
        self.look(into(buffer))
    }

    /// A copy of the latest value that this receiver has not returned yet. Waits while there is none, looking in steps of up to 100 ms.
    ///
    /// # Errors
    /// [`RecvError::Disconnected`]: every sender that there was since this receiver was opened has left, or was found dead, or the
    /// channel was closed; and there is no new value. The others of [`RecvError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::watch::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::watch::open_read_only(name)?;
    /// tx.set(b"10")?;
    /// drop(tx);
    /// assert_eq!(rx.changed()?, b"10");
    /// assert_eq!(rx.changed(), Err(memlane::RecvError::Disconnected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed(&mut self) -> Result<Vec<u8>, RecvError> {
        self.onlooker.wait_for_ever(|| next(&mut self.reader, &mut to_vec))
    }

    /// As [`ReadOnlyReceiver::changed`], but waits for at most `timeout`. A timeout of zero is one look; one that is too large for the
    /// clock has no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// let _tx = memlane::watch::Options::new().create(name)?.sender()?;
    /// let waited = memlane::watch::open_read_only(name)?.changed_timeout(Duration::from_millis(1));
    /// assert_eq!(waited, Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_timeout(&mut self, timeout: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        self.within(timeout, to_vec)
    }

    /// As [`ReadOnlyReceiver::changed`], to the start of `buffer`. Returns the value's length in bytes. Behind that, and after an error,
    /// `buffer` may hold anything.
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`]: the value stays unseen; the others as [`ReadOnlyReceiver::changed`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::watch::Options::new().create(name)?.sender()?.set(b"10")?;
    /// assert_eq!(memlane::watch::open_read_only(name)?.changed_into(&mut [0; 64])?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let mut copying = into(buffer);
        self.onlooker.wait_for_ever(|| next(&mut self.reader, &mut copying))
    }

    /// As [`ReadOnlyReceiver::changed_into`], but waits for at most `timeout`, as [`ReadOnlyReceiver::changed_timeout`] does.
    ///
    /// # Errors
    /// As [`ReadOnlyReceiver::changed_into`], and [`RecvTimeoutError::Timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// let _tx = memlane::watch::Options::new().create(name)?.sender()?;
    /// let waited = memlane::watch::open_read_only(name)?.changed_into_timeout(&mut [0; 64], Duration::from_millis(1));
    /// assert_eq!(waited, Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_into_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, RecvTimeoutError> {
        self.within(timeout, into(buffer))
    }

    /// A copy of the latest value for which `accept` returns true. Waits until there is one, for at most `timeout`. Looks at the value
    /// that is there, whether this receiver has returned it before or not, and then at each change that it comes to see.
    ///
    /// # Errors
    /// As [`ReadOnlyReceiver::changed_timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("state").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::watch::Options::new().create(name)?.sender()?;
    /// tx.set(b"ready")?;
    /// let mut rx = memlane::watch::open_read_only(name)?;
    /// assert_eq!(rx.wait_for_timeout(|value| value == b"ready", Duration::from_secs(1))?, b"ready");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_timeout(
        &mut self,
        mut accept: impl FnMut(&[u8]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<u8>, RecvTimeoutError> {
        let started = Instant::now();
        if let Read::Value(value) = read(&mut self.reader, &mut to_vec)?
            && accept(&value)
        {
            return Ok(value);
        }
        loop {
            let value = self.changed_timeout(timeout.saturating_sub(started.elapsed()))?;
            if accept(&value) {
                return Ok(value);
            }
            // Each look at a sender that never pauses finds another value: it is the clock that ends the wait.
            if started.elapsed() >= timeout {
                return Err(RecvTimeoutError::Timeout);
            }
        }
    }

    /// Whether there is a value that this receiver has not returned yet. One load, as [`Receiver::has_changed`](super::Receiver::has_changed).
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::watch::Options::new().create(name)?.sender()?.set(b"10")?;
    /// assert!(memlane::watch::open_read_only(name)?.has_changed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn has_changed(&self) -> bool {
        self.reader.has_changed()
    }

    /// The version of the value that this receiver returned last: how many were set up to that one, since the channel was created. 0: it
    /// returned none yet.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::watch::Options::new().create(name)?.sender()?.set(b"10")?;
    /// let mut rx = memlane::watch::open_read_only(name)?;
    /// rx.get()?;
    /// assert_eq!(rx.version(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn version(&self) -> u64 {
        self.reader.seen()
    }

    /// Longest value in bytes: a buffer of this length always suffices.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::watch::Options::new().max_message(256).create(name)?;
    /// assert_eq!(memlane::watch::open_read_only(name)?.max_message(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.reader.memory().length_max()
    }

    /// What ends a call of this receiver that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::watch::Options::new().create(name)?;
    /// let mut rx = memlane::watch::open_read_only(name)?;
    /// let interrupter = rx.interrupter();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(rx.changed(), Err(memlane::RecvError::Interrupted));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.onlooker.interrupter()
    }

    fn within<T>(&mut self, timeout: Duration, mut copying: impl Copying<T>) -> Result<T, RecvTimeoutError> {
        let mut attempt = || next(&mut self.reader, &mut copying);
        match Instant::now().checked_add(timeout) {
            None => Ok(self.onlooker.wait_for_ever(attempt)?),
            deadline => self.onlooker.wait(deadline, &mut attempt)?.ok_or(RecvTimeoutError::Timeout),
        }
    }

    /// Copies the latest value, if there is one.
    fn look<T>(&mut self, mut copying: impl Copying<T>) -> Result<T, GetError> {
        self.onlooker.check()?;
        for turn in 0..=YIELDS {
            match read(&mut self.reader, &mut copying)? {
                Read::Value(value) => return Ok(value),
                Read::Nothing => {
                    return Err(match self.onlooker.over() {
                        Some(over @ (Over::Closed | Over::Removed)) => over.into(),
                        Some(Over::Gone) | None => GetError::NoValue,
                    });
                }
                Read::Overtaken if turn < YIELDS => std::thread::yield_now(),
                Read::Overtaken => {}
            }
        }
        Err(GetError::Busy)
    }
}

/// For a value that it has not returned yet. It is looked at every now and then: nobody wakes it.
impl Waitable for ReadOnlyReceiver {}

impl Waited for ReadOnlyReceiver {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl Awaited for ReadOnlyReceiver {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        None
    }

    fn is_ready(&mut self) -> bool {
        self.onlooker.is_over_or_failed() || self.has_changed()
    }

    fn slice_end(&self) -> Moment {
        self.onlooker.slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.onlooker.slice_ended()
    }
}

/// The latest value, if it was not seen yet.
fn next<T>(reader: &mut Reader<ValuesView>, copying: &mut impl Copying<T>) -> Result<Attempt<T>, RecvError> {
    if !reader.has_changed() {
        return Ok(Attempt::Nothing);
    }
    Ok(match read(reader, copying)? {
        Read::Value(value) => Attempt::Found(value),
        Read::Nothing => Attempt::Nothing,
        Read::Overtaken => Attempt::Overtaken,
    })
}

/// Copies the latest value, and has seen it then.
fn read<T>(reader: &mut Reader<ValuesView>, copying: &mut impl Copying<T>) -> Result<Read<T>, RecvError> {
    let seen = reader.seen();
    match reader.read(|slot, length| copying(slot, length as usize)) {
        Ok(watch::Attempt::Value(Ok(value))) => Ok(Read::Value(value)),
        Ok(watch::Attempt::Value(Err(unfit))) => {
            reader.unsee(seen);
            Err(unfit)
        }
        Ok(watch::Attempt::Nothing) => Ok(Read::Nothing),
        Ok(watch::Attempt::Overtaken) => Ok(Read::Overtaken),
        Err(reason) => Err(RecvError::Corrupted(reason)),
    }
}

impl fmt::Debug for ReadOnlyReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnlyReceiver").field("channel", &self.onlooker.region().label()).finish_non_exhaustive()
    }
}
