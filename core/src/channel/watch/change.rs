//! Waiting for another value of a watch.

use super::receiver::{Copying, Read, Receiver, into, to_vec};
use crate::channel::end::Seated;
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::error::{GetError, RecvError, RecvTimeoutError};
use crate::region::Moment;
use crate::sync::AtomicU32;
use crate::wait::relay::Subscription;
use crate::wait::{Calls, Waiter, Waiting, subscribe};
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Waiting for a value that was not seen yet.
///
/// Each of these returns the latest value that the receiver has not returned yet: at once, if there is one. They wait as
/// [the strategy](Receiver::set_strategy) says; a receiver that sleeps costs nothing meanwhile, and the sender's next value wakes it.
///
/// If the sender dies or leaves while a call waits, the call fails with `Disconnected`: within 200 ms after a death, unless the channel
/// is persistent. What was set before is returned first.
impl Receiver {
    /// A copy of the latest value that this receiver has not returned yet. Blocks while there is none.
    ///
    /// # Errors
    /// [`RecvError::Disconnected`]: every sender that there was since this receiver joined has gone, or the channel was closed; and
    /// there is no new value. The others of [`RecvError`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let watching = std::thread::spawn(move || {
    ///     let mut last = Vec::new();
    ///     while let Ok(value) = rx.changed() {
    ///         last = value; // some of those in between may be missing, the last one never is
    ///     }
    ///     last
    /// });
    /// for number in 0..1000u64 {
    ///     tx.set(&number.to_le_bytes())?;
    /// }
    /// drop(tx);
    /// assert_eq!(watching.join().unwrap(), 999u64.to_le_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed(&mut self) -> Result<Vec<u8>, RecvError> {
        Change::new(self, to_vec).wait()
    }

    /// As [`Receiver::changed`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has
    /// no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others of [`RecvTimeoutError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// assert_eq!(rx.changed_timeout(Duration::from_millis(1))?, b"one");
    /// let again = rx.changed_timeout(Duration::from_millis(1));
    /// assert_eq!(again, Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_timeout(&mut self, timeout: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        Change::new(self, to_vec).within(timeout)?.ok_or(RecvTimeoutError::Timeout)
    }

    /// As [`Receiver::changed`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Receiver::changed_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::watch::Options::new().private()?;
    /// channel.sender()?.set(b"one")?;
    /// let mut rx = channel.receiver()?;
    /// assert_eq!(rx.changed_deadline(Instant::now() + Duration::from_secs(1))?, b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_deadline(&mut self, deadline: Instant) -> Result<Vec<u8>, RecvTimeoutError> {
        Change::new(self, to_vec).by(deadline)?.ok_or(RecvTimeoutError::Timeout)
    }

    /// As [`Receiver::changed`], to the start of `buffer`. Returns the value's length in bytes. Behind that, and after an error, `buffer`
    /// may hold anything.
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`]: the value stays unseen; the others as [`Receiver::changed`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// channel.sender()?.set(b"one")?;
    /// let mut buffer = [0; 64];
    /// assert_eq!(channel.receiver()?.changed_into(&mut buffer)?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        Change::new(self, into(buffer)).wait()
    }

    /// As [`Receiver::changed_into`], but blocks for at most `timeout`, as [`Receiver::changed_timeout`] does.
    ///
    /// # Errors
    /// As [`Receiver::changed_into`], and [`RecvTimeoutError::Timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// let mut rx = channel.receiver()?;
    /// let timed_out = rx.changed_into_timeout(&mut [0; 64], Duration::from_millis(1));
    /// assert_eq!(timed_out, Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changed_into_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, RecvTimeoutError> {
        Change::new(self, into(buffer)).within(timeout)?.ok_or(RecvTimeoutError::Timeout)
    }

    /// A copy of the latest value for which `accept` returns true. Blocks until there is one. Looks at the value that is there, whether
    /// this receiver has returned it before or not, and then at each change that it comes to see.
    ///
    /// # Errors
    /// As [`Receiver::changed`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"starting")?;
    /// let starting = std::thread::spawn(move || tx.set(b"ready"));
    /// assert_eq!(rx.wait_for(|value| value == b"ready")?, b"ready");
    /// # starting.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for(&mut self, mut accept: impl FnMut(&[u8]) -> bool) -> Result<Vec<u8>, RecvError> {
        let mut value = self.current()?;
        loop {
            match value {
                Some(value) if accept(&value) => return Ok(value),
                _ => value = Some(self.changed()?),
            }
        }
    }

    /// As [`Receiver::wait_for`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has
    /// no end.
    ///
    /// # Errors
    /// As [`Receiver::changed_timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// channel.sender()?.set(b"starting")?;
    /// let waited = channel.receiver()?.wait_for_timeout(|value| value == b"ready", Duration::from_millis(1));
    /// assert!(waited.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_timeout(
        &mut self,
        mut accept: impl FnMut(&[u8]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<u8>, RecvTimeoutError> {
        let Some(deadline) = Instant::now().checked_add(timeout) else { return Ok(self.wait_for(accept)?) };
        let mut value = self.current()?;
        loop {
            match value {
                Some(value) if accept(&value) => return Ok(value),
                // Each look at a sender that never pauses finds another value: it is the clock that ends the wait.
                _ if timeout > Duration::ZERO && Instant::now() >= deadline => return Err(RecvTimeoutError::Timeout),
                _ => value = Some(self.changed_deadline(deadline)?),
            }
        }
    }

    /// The value that is there now, if there is one and the sender is not faster.
    fn current(&mut self) -> Result<Option<Vec<u8>>, RecvError> {
        match self.get() {
            Ok(value) => Ok(Some(value)),
            Err(GetError::NoValue | GetError::Busy) => Ok(None),
            Err(GetError::BufferTooSmall { needed }) => Err(RecvError::BufferTooSmall { needed }),
            Err(GetError::OutOfMemory { needed }) => Err(RecvError::OutOfMemory { needed }),
            Err(GetError::Disconnected) => Err(RecvError::Disconnected),
            Err(GetError::Removed) => Err(RecvError::Removed),
            Err(GetError::Corrupted(reason)) => Err(RecvError::Corrupted(reason)),
            Err(GetError::Forked) => Err(RecvError::Forked),
        }
    }
}

/// Waiting for a value that was not seen, which is then copied.
pub(super) struct Change<'a, T, C> {
    receiver: &'a mut Receiver,
    copying: C,
    value: PhantomData<T>,
}

impl<'a, T, C: Copying<T>> Change<'a, T, C> {
    pub(super) fn new(receiver: &'a mut Receiver, copying: C) -> Self {
        Self { receiver, copying, value: PhantomData }
    }

    /// The value, if there is one that was not seen.
    fn look(&mut self) -> Result<Option<T>, RecvError> {
        if !self.receiver.has_changed() {
            return Ok(None);
        }
        match self.receiver.read(&mut self.copying)? {
            Read::Value(value) => Ok(Some(value)),
            Read::Nothing | Read::Overtaken => Ok(None),
        }
    }

    /// There are news, or it is over. What was set before the sender left comes first.
    #[cold]
    fn look_at_news(&mut self) -> Result<Option<T>, RecvError> {
        let over = self.receiver.why_over()?;
        match (self.look()?, over) {
            (None, Some(over)) if !self.receiver.has_changed() => Err(over.into()),
            (found, _) => Ok(found),
        }
    }
}

/// For a value that it has not returned yet.
impl Waitable for Receiver {}

impl Waited for Receiver {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl Awaited for Receiver {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        Some(WokenAt::seated(&self.end, self.end.data()))
    }

    fn is_ready(&mut self) -> bool {
        self.end.is_foreign() || self.has_changed() || self.why_over().map_or(true, |over| over.is_some())
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        subscribe(&mut Change::new(self, to_vec))
    }

    fn slice_end(&self) -> Moment {
        self.end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.end.slice_ended().is_err()
    }
}

impl<T, C: Copying<T>> Waiting for Change<'_, T, C> {
    type Output = T;
    type Error = RecvError;
    type Waiter = Seated;

    #[inline]
    fn attempt(&mut self) -> Result<Option<T>, RecvError> {
        if self.receiver.end.is_foreign() {
            return Err(RecvError::Forked);
        }
        if self.receiver.end.has_news() || self.receiver.is_over() { self.look_at_news() } else { self.look() }
    }

    #[inline]
    fn glance(&self) -> bool {
        self.receiver.has_changed()
    }

    fn word(&self) -> &AtomicU32 {
        self.receiver.end.data()
    }

    #[inline]
    fn waiter(&self) -> &Seated {
        &self.receiver.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.receiver.end
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.receiver.count();
        self.receiver.end.tally.empty();
    }
}
