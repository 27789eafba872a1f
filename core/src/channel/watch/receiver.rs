//! The receiving end of a watch: looking at the value, now. Waiting for another one is in `change`.

use crate::channel::end::{Interrupter, Over, Seated, Since};
use crate::channel::peers::Peers;
use crate::channel::shared::Shared;
use crate::error::{GetError, JoinError, RecvError};
use crate::layout::Role;
use crate::region::{ValueSlot, ValuesView};
use crate::ring::watch::{Attempt, Begun, Reader};
use crate::wait::Strategy;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A receiver of a `watch` channel: it looks at the value, and waits for changes. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`): several threads take a receiver each.
pub struct Receiver {
    pub(super) reader: Reader<ValuesView>,
    pub(super) end: Seated,
    /// Why no other value comes, as far as the news that were seen tell.
    over: Option<Over>,
    uncounted: Uncounted,
    _not_sync: PhantomData<Cell<()>>,
}

/// What came of some attempts to copy the value.
pub(super) enum Read<T> {
    /// The latest value.
    Value(T),
    /// No value was ever set.
    Nothing,
    /// The sender was faster each time.
    Overtaken,
}

/// How often [`Receiver::get`] lets another thread run, after 64 copies that were overwritten meanwhile.
const YIELDS: u32 = 1000;

/// So many values are counted at once, where others see it; and so often, a receiver that never waits looks at the clock.
const COUNTED_AT_ONCE: u64 = 64;

/// Values that were returned, and their bytes, since they were counted where others see it.
///
/// In one word, so that one addition counts both: in the lower 55 bits the bytes, of which 256 values have fewer, as each lies in the address
/// space; above them the values and one more, so that the topmost bit says that the next one is the last before they are counted.
#[derive(Clone, Copy)]
struct Uncounted(u64);

impl Uncounted {
    const ONE: u64 = 1 << 55;
    const NONE: Self = Self((256 - (COUNTED_AT_ONCE - 1)) * Self::ONE);

    /// Whether they are counted with the next value.
    #[inline(always)]
    fn is_next_due(self) -> bool {
        self.0.cast_signed() < 0
    }

    /// Adds a value of so many bytes.
    #[inline(always)]
    #[must_use]
    fn and(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(Self::ONE.wrapping_add(bytes)))
    }

    fn values(self) -> u64 {
        self.0.wrapping_sub(Self::NONE.0) / Self::ONE
    }

    fn bytes(self) -> u64 {
        self.0 % Self::ONE
    }
}

/// Copies a value of so many bytes out of a slot, to wherever the caller wants it.
pub(super) trait Copying<T>: FnMut(ValueSlot<'_>, usize) -> Result<T, RecvError> {}

impl<T, F: FnMut(ValueSlot<'_>, usize) -> Result<T, RecvError>> Copying<T> for F {}

/// Copies to the start of a buffer, and returns the length.
pub(super) fn into(buffer: &mut [u8]) -> impl Copying<usize> {
    |slot: ValueSlot<'_>, length| {
        let place = buffer.get_mut(..length).ok_or(RecvError::BufferTooSmall { needed: length })?;
        slot.read(place);
        Ok(length)
    }
}

/// Copies to a new vector.
pub(super) fn to_vec(slot: ValueSlot<'_>, length: usize) -> Result<Vec<u8>, RecvError> {
    let mut copy = Vec::new();
    slot.append_to(length, &mut copy).map_err(|_| RecvError::OutOfMemory { needed: length })?;
    Ok(copy)
}

impl Receiver {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Receiver, |_, _| Ok(()), Since::of_receivers(shared))?;
        Ok(Self::seated(end, 0))
    }

    /// The receiver that has just taken its seat, and to which the value of this version, that of a former holder, is none that is new.
    pub(super) fn seated(end: Seated, seen: u64) -> Self {
        let mut reader = Reader::new(ValuesView::new(end.region()));
        // A peer may have written any number.
        reader.see(seen.min(reader.latest()));
        Self { reader, end, over: None, uncounted: Uncounted::NONE, _not_sync: PhantomData }
    }

    /// A copy of the latest value.
    ///
    /// Does not wait for a value. If the sender sets values so fast that 64 copies were overwritten while they were made, it lets other
    /// threads run, and tries again, up to 1,000 times.
    ///
    /// # Errors
    /// [`GetError::NoValue`]; [`GetError::Busy`] if the sender was faster all the time; the others of [`GetError`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(rx.get(), Err(memlane::GetError::NoValue));
    /// tx.set(b"one")?;
    /// assert_eq!(rx.get()?, b"one");
    /// drop(tx);
    /// assert_eq!(rx.get()?, b"one"); // it stays
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&mut self) -> Result<Vec<u8>, GetError> {
        self.look(YIELDS, to_vec)
    }

    /// Copies the latest value to the start of `buffer`, and returns its length in bytes. Behind that, and after an error, `buffer` may
    /// hold anything. Otherwise as [`Receiver::get`].
    ///
    /// # Errors
    /// [`GetError::BufferTooSmall`]: the value stays unseen; the others as [`Receiver::get`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// let mut buffer = [0; 64];
    /// let length = rx.get_into(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn get_into(&mut self, buffer: &mut [u8]) -> Result<usize, GetError> {
        if self.get_exact(buffer) { Ok(buffer.len()) } else { self.look(YIELDS, into(buffer)) }
    }

    /// A copy of the latest value, without ever letting another thread run.
    ///
    /// # Errors
    /// [`GetError::Busy`] if 64 copies were overwritten by the sender while they were made; the others as [`Receiver::get`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// assert_eq!(rx.try_get()?, b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_get(&mut self) -> Result<Vec<u8>, GetError> {
        self.look(0, to_vec)
    }

    /// [`Receiver::try_get`] into a buffer, as [`Receiver::get_into`].
    ///
    /// # Errors
    /// [`GetError::BufferTooSmall`]: the value stays unseen; the others as [`Receiver::try_get`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// assert_eq!(rx.try_get_into(&mut [0; 2]), Err(memlane::GetError::BufferTooSmall { needed: 3 }));
    /// assert_eq!(rx.try_get_into(&mut [0; 3]), Ok(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_get_into(&mut self, buffer: &mut [u8]) -> Result<usize, GetError> {
        if self.get_exact(buffer) { Ok(buffer.len()) } else { self.look(0, into(buffer)) }
    }

    /// Whether there is a value that this receiver has not returned yet. The sender may set another one at any moment, so false may be
    /// over by the time it is returned; true stays until this receiver looks.
    ///
    /// One load: no status, no clock, no system call.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// assert!(rx.has_changed());
    /// rx.get()?;
    /// assert!(!rx.has_changed());
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
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(rx.version(), 0);
    /// tx.set(b"one")?;
    /// tx.set(b"two")?;
    /// rx.get()?;
    /// assert_eq!(rx.version(), 2);
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
    /// let rx = memlane::watch::Options::new().max_message(256).private()?.receiver()?;
    /// let buffer = vec![0; rx.max_message()]; // never too small
    /// assert_eq!(buffer.len(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.reader.memory().length_max()
    }

    /// The row of this receiver's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let rx = channel.receiver()?;
    /// assert_eq!(channel.info().participants[0].row, rx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// How many senders, and receivers, this one included, are alive. As [`Channel::peers`](crate::watch::Channel::peers).
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (rx, _tx) = (channel.receiver()?, channel.sender()?);
    /// assert_eq!((rx.peers().senders, rx.peers().receivers), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.end.shared().peers()
    }

    /// Sets how this receiver waits for changes, from its next call on. Default: [`Strategy::Adaptive`].
    ///
    /// ```
    /// use memlane::Strategy;
    /// let mut rx = memlane::watch::Options::new().private()?.receiver()?;
    /// rx.set_strategy(Strategy::Park); // least CPU time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// What ends a call of this receiver that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// let mut rx = memlane::watch::Options::new().private()?.receiver()?;
    /// let interrupter = rx.interrupter();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(rx.changed().err(), Some(memlane::RecvError::Interrupted));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.end.interrupter(self.end.data())
    }

    /// Copies the latest value, if it fills the buffer exactly and nothing is unusual. In line, so that the compiler knows the length of
    /// a buffer that has a fixed one.
    #[inline(always)]
    fn get_exact(&mut self, buffer: &mut [u8]) -> bool {
        let uncounted = self.uncounted;
        if self.end.is_foreign() || self.end.has_news() || uncounted.is_next_due() {
            return false;
        }
        let Some(begun) = self.reader.begin() else { return false };
        if begun.length != buffer.len() as u64 {
            return false;
        }
        begun.slot.read(buffer);
        if !begun.is_whole() {
            return false;
        }
        let Begun { version, length, .. } = begun;
        self.reader.see(version);
        self.uncounted = uncounted.and(length);
        true
    }

    /// Copies the latest value, if there is one. Lets another thread run up to so many times.
    #[inline(never)]
    fn look<T>(&mut self, yields: u32, mut copying: impl Copying<T>) -> Result<T, GetError> {
        if self.end.is_foreign() {
            return Err(GetError::Forked);
        }
        self.take_news_if_any()?;
        match self.read(&mut copying)? {
            Read::Value(value) => Ok(value),
            Read::Nothing => Err(match self.over {
                Some(over @ (Over::Closed | Over::Removed)) => over.into(),
                Some(Over::Gone) | None => GetError::NoValue,
            }),
            Read::Overtaken => self.look_slow(yields, copying),
        }
    }

    #[cold]
    #[inline(never)]
    fn look_slow<T>(&mut self, yields: u32, mut copying: impl Copying<T>) -> Result<T, GetError> {
        for _ in 0..yields {
            std::thread::yield_now();
            if let Read::Value(value) = self.read(&mut copying)? {
                return Ok(value);
            }
        }
        Err(GetError::Busy)
    }

    /// Copies the latest value, and has seen it then.
    pub(super) fn read<T>(&mut self, copying: &mut impl Copying<T>) -> Result<Read<T>, RecvError> {
        let seen = self.reader.seen();
        match self.reader.read(|slot, length| (length, copying(slot, length as usize))) {
            Ok(Attempt::Value((length, Ok(value)))) => {
                let is_due = self.uncounted.is_next_due();
                self.uncounted = self.uncounted.and(length);
                if is_due {
                    self.count();
                    self.end.pass_slice()?;
                }
                Ok(Read::Value(value))
            }
            Ok(Attempt::Value((_, Err(unfit)))) => {
                self.reader.unsee(seen);
                Err(unfit)
            }
            Ok(Attempt::Nothing) => Ok(Read::Nothing),
            Ok(Attempt::Overtaken) => Ok(Read::Overtaken),
            Err(reason) => Err(RecvError::Corrupted(self.end.poison(reason))),
        }
    }

    /// Counts what was returned where others see it.
    #[cold]
    pub(super) fn count(&mut self) {
        let uncounted = std::mem::replace(&mut self.uncounted, Uncounted::NONE);
        self.end.tally.messages(uncounted.values(), uncounted.bytes());
    }

    /// Why no other value comes, if none does.
    ///
    /// # Errors
    /// The channel is corrupted: no value of it counts any more.
    #[inline]
    pub(super) fn why_over(&mut self) -> Result<Option<Over>, RecvError> {
        self.take_news_if_any()?;
        Ok(self.over)
    }

    /// Whether no other value comes, as far as the news that were seen tell.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Looks at what changed since it looked last, if anything did.
    #[inline]
    fn take_news_if_any(&mut self) -> Result<(), RecvError> {
        if self.end.has_news() { self.take_news() } else { Ok(()) }
    }

    /// A participant joined or left, or the status changed.
    #[cold]
    fn take_news(&mut self) -> Result<(), RecvError> {
        let look = self.end.look().map(|(presence, membership)| {
            self.end.note_seen(membership);
            self.end.senders_are_gone(presence, false)
        });
        self.over = Over::of(look)?;
        Ok(())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if !self.end.is_foreign() && !self.end.seat().is_handed_over() {
            self.count();
        }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.show(f, "Receiver")
    }
}
