//! A participant's handle: setting, clearing and waiting.

use crate::channel::end::{Interrupter, Seated, Since};
use crate::channel::peers::Peers;
use crate::channel::shared::Shared;
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::error::{EventError, EventTimeoutError, JoinError, TryEventError};
use crate::layout::{EventControl, EventWord, Role};
use crate::region::{Moment, View};
use crate::ring::event;
use crate::sync::AtomicU32;
use crate::wait::relay::Subscription;
use crate::wait::{Calls, Strategy, Waiter, Waiting, subscribe};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A participant of an event: it sets bits, and waits for them. Dropping it leaves the event, which stays as it is.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`): several threads take a handle each.
pub struct Event {
    control: View<EventControl>,
    /// The count of sets that it has seen.
    seen: u32,
    end: Seated,
    _not_sync: PhantomData<Cell<()>>,
}

/// What a waiter found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fired {
    /// The bits that are set now: of all sets, since they were cleared last.
    pub bits: u32,
    /// How many sets there were that this handle had not seen. 0: it waited for bits, which it had seen before.
    pub count: u64,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    /// A set that was not seen.
    Set,
    /// One of these bits is set.
    Any(u32),
    /// All of these bits are set.
    All(u32),
}

impl Event {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Receiver, |_, _| Ok(()), Since::Now)?;
        let control = View::event(end.region());
        let found = event::look(&control.word);
        // What is set counts as one set that it has not seen.
        let seen = found.count().wrapping_sub(u32::from(found.set_bits() != 0));
        Ok(Self { control, seen, end, _not_sync: PhantomData })
    }

    /// Sets these bits, besides those that are set, and wakes all that wait. Returns which bits are set now. Does not block.
    ///
    /// It counts, whether the bits were set before or not: `set(0)` counts, and sets none. The handle itself sees its sets, too, when it waits.
    ///
    /// # Errors
    /// [`EventError::Disconnected`]: the event was closed; the others of [`EventError`]. Nothing was set.
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// let mut event = channel.event()?;
    /// assert_eq!(event.set(0b01)?, 0b01);
    /// assert_eq!(event.set(0b10)?, 0b11);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set(&mut self, bits: u32) -> Result<u32, EventError> {
        self.check()?;
        let word = event::set(&self.control.word, bits);
        self.end.notify_receivers();
        if self.end.tally.message(0) {
            // Trouble that it finds is the next call's: this is set.
            let _ = self.end.pass_slice();
        }
        Ok(word.set_bits())
    }

    /// Clears these bits, unless any were set since this handle last returned from a call that waits or tries. Returns whether it
    /// did. False: look again, and decide again. Does not block, and wakes nobody.
    ///
    /// So no set is cleared that this handle has not seen.
    ///
    /// # Errors
    /// As [`Event::set`].
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// let (mut setter, mut waiter) = (channel.event()?, channel.event()?);
    /// setter.set(1)?;
    /// let fired = waiter.wait()?;
    /// setter.set(1)?; // once more, which the waiter has not seen
    /// assert!(!waiter.clear(fired.bits)?);
    /// let fired = waiter.wait()?;
    /// assert!(waiter.clear(fired.bits)?);
    /// assert_eq!(waiter.bits(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self, bits: u32) -> Result<bool, EventError> {
        self.check()?;
        Ok(event::clear(&self.control.word, bits, self.seen))
    }

    /// Waits for a set that this handle has not seen: of whichever bits. Returns at once, if there was one. Blocks while there is none.
    ///
    /// It waits as [the strategy](Event::set_strategy) says; one that sleeps costs nothing meanwhile, and each set wakes it.
    ///
    /// # Errors
    /// [`EventError::Disconnected`]: the event was closed, and there is no set that was not seen; the others of [`EventError`].
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// let (mut setter, mut waiter) = (channel.event()?, channel.event()?);
    /// for _ in 0..3 {
    ///     setter.set(1)?;
    /// }
    /// assert_eq!(waiter.wait()?.count, 3);
    /// assert!(waiter.try_wait().is_err(), "it has seen them");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(&mut self) -> Result<Fired, EventError> {
        Wait { event: self, until: Until::Set }.wait()
    }

    /// As [`Event::wait`], but does not block.
    ///
    /// # Errors
    /// [`TryEventError::NotSet`], and the others of [`TryEventError`].
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// let mut event = channel.event()?;
    /// assert_eq!(event.try_wait(), Err(memlane::TryEventError::NotSet));
    /// event.set(1)?;
    /// assert_eq!(event.try_wait()?.bits, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_wait(&mut self) -> Result<Fired, TryEventError> {
        Wait { event: self, until: Until::Set }.now()?.ok_or(TryEventError::NotSet)
    }

    /// As [`Event::wait`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has no end.
    ///
    /// # Errors
    /// [`EventTimeoutError::Timeout`], and the others of [`EventTimeoutError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// let waited = event.wait_timeout(Duration::from_millis(1));
    /// assert_eq!(waited, Err(memlane::EventTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<Fired, EventTimeoutError> {
        Wait { event: self, until: Until::Set }.within(timeout)?.ok_or(EventTimeoutError::Timeout)
    }

    /// As [`Event::wait`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Event::wait_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(1)?;
    /// assert_eq!(event.wait_deadline(Instant::now() + Duration::from_secs(1))?.bits, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_deadline(&mut self, deadline: Instant) -> Result<Fired, EventTimeoutError> {
        Wait { event: self, until: Until::Set }.by(deadline)?.ok_or(EventTimeoutError::Timeout)
    }

    /// Waits until at least one of these bits is set. Returns at once, and again each time, while one is. Of no bits, none ever is.
    ///
    /// It sees what is set when it looks: bits that others set and clear again in between, it may miss. [`Event::wait`] misses none.
    ///
    /// # Errors
    /// As [`Event::wait`].
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// let (mut setter, mut waiter) = (channel.event()?, channel.event()?);
    /// let waiting = std::thread::spawn(move || waiter.wait_any(0b110));
    /// setter.set(0b001)?;
    /// setter.set(0b010)?;
    /// assert_eq!(waiting.join().unwrap()?.bits, 0b011);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_any(&mut self, bits: u32) -> Result<Fired, EventError> {
        Wait { event: self, until: Until::Any(bits) }.wait()
    }

    /// As [`Event::wait_any`], but blocks for at most `timeout`, as [`Event::wait_timeout`] does.
    ///
    /// # Errors
    /// As [`Event::wait_timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(0b01)?;
    /// assert!(event.wait_any_timeout(0b10, Duration::ZERO).is_err());
    /// assert_eq!(event.wait_any_timeout(0b11, Duration::ZERO)?.bits, 0b01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_any_timeout(&mut self, bits: u32, timeout: Duration) -> Result<Fired, EventTimeoutError> {
        Wait { event: self, until: Until::Any(bits) }.within(timeout)?.ok_or(EventTimeoutError::Timeout)
    }

    /// Waits until all of these bits are set at once. Otherwise as [`Event::wait_any`].
    ///
    /// # Errors
    /// As [`Event::wait`].
    ///
    /// ```
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(0b01)?;
    /// event.set(0b10)?;
    /// assert_eq!(event.wait_all(0b11)?.bits, 0b11);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_all(&mut self, bits: u32) -> Result<Fired, EventError> {
        Wait { event: self, until: Until::All(bits) }.wait()
    }

    /// As [`Event::wait_all`], but blocks for at most `timeout`, as [`Event::wait_timeout`] does.
    ///
    /// # Errors
    /// As [`Event::wait_timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(0b01)?;
    /// assert!(event.wait_all_timeout(0b11, Duration::from_millis(1)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_all_timeout(&mut self, bits: u32, timeout: Duration) -> Result<Fired, EventTimeoutError> {
        Wait { event: self, until: Until::All(bits) }.within(timeout)?.ok_or(EventTimeoutError::Timeout)
    }

    /// Whether there was a set that this handle has not seen, so that [`Event::wait`] would not block. True stays until this handle looks.
    ///
    /// One load: no status, no clock, no system call.
    ///
    /// ```
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// assert!(!event.has_fired());
    /// event.set(1)?;
    /// assert!(event.has_fired());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn has_fired(&self) -> bool {
        event::look(&self.control.word).count() != self.seen
    }

    /// The bits that are set now. The handle has seen no set by that: [`Event::wait`] and [`Event::clear`] go on as before.
    ///
    /// ```
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(0b101)?;
    /// assert_eq!(event.bits(), 0b101);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn bits(&self) -> u32 {
        event::look(&self.control.word).set_bits()
    }

    /// The row of this handle's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// assert_eq!(memlane::event::Options::new().private()?.event()?.row(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// How many handles, this one included, are alive: as receivers. As [`Channel::peers`](super::Channel::peers).
    ///
    /// ```
    /// let event = memlane::event::Options::new().private()?.event()?;
    /// assert_eq!((event.peers().senders, event.peers().receivers), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.end.shared().peers()
    }

    /// What ends a call of this handle that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// let interrupter = event.interrupter();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(event.wait().err(), Some(memlane::EventError::Interrupted));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.end.interrupter(self.end.data())
    }

    /// Sets how this handle waits, from its next call on. Default: [`Strategy::Adaptive`].
    ///
    /// ```
    /// use memlane::Strategy;
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set_strategy(Strategy::Park); // least CPU time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// What each call begins with.
    #[inline]
    fn check(&mut self) -> Result<(), EventError> {
        self.end.check(EventError::Forked)
    }

    /// Whether the call that waits for this is over, with this word.
    #[inline]
    fn is_over(&self, word: EventWord, until: Until) -> bool {
        match until {
            Until::Set => word.count() != self.seen,
            Until::Any(bits) => word.set_bits() & bits != 0,
            Until::All(bits) => word.set_bits() & bits == bits,
        }
    }

    /// What there is, if the call that waits for this is over.
    #[inline]
    fn look(&mut self, until: Until) -> Option<Fired> {
        let word = event::look(&self.control.word);
        if !self.is_over(word, until) {
            return None;
        }
        let count = u64::from(word.count().wrapping_sub(self.seen));
        self.seen = word.count();
        self.end.tally.messages(1, 0);
        Some(Fired { bits: word.set_bits(), count })
    }
}

/// Waiting for an event.
pub(super) struct Wait<'a> {
    pub(super) event: &'a mut Event,
    pub(super) until: Until,
}

impl Waiting for Wait<'_> {
    type Output = Fired;
    type Error = EventError;
    type Waiter = Seated;

    /// What was set before the event was closed comes first.
    #[inline]
    fn attempt(&mut self) -> Result<Option<Fired>, EventError> {
        match (self.event.check(), self.until) {
            (Err(EventError::Disconnected | EventError::Removed), until) if self.glance() => Ok(self.event.look(until)),
            (checked, until) => checked.map(|()| self.event.look(until)),
        }
    }

    #[inline]
    fn glance(&self) -> bool {
        self.event.is_over(event::look(&self.event.control.word), self.until)
    }

    fn word(&self) -> &AtomicU32 {
        self.event.end.data()
    }

    #[inline]
    fn waiter(&self) -> &Seated {
        &self.event.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.event.end
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.event.end.tally.empty();
    }
}

/// For a set that it has not seen: what [`Event::try_wait`] returns.
impl Waitable for Event {}

impl Waited for Event {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl Awaited for Event {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        Some(WokenAt::seated(&self.end, self.end.data()))
    }

    fn is_ready(&mut self) -> bool {
        self.has_fired() || self.check().is_err()
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        subscribe(&mut Wait { event: self, until: Until::Set })
    }

    fn slice_end(&self) -> Moment {
        self.end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.end.slice_ended().is_err()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.show(f, "Event")
    }
}
