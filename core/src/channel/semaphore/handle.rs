//! A participant's handle: acquiring and adding.

use super::memory::settle;
use super::permit::{Hands, Permit};
use crate::channel::end::{Interrupter, Seated, Since};
use crate::channel::peers::Peers;
use crate::channel::shared::Shared;
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::error::{AcquireError, AcquireTimeoutError, JoinError, TryAcquireError};
use crate::layout::{PoolWord, Role};
use crate::region::Moment;
use crate::ring::permits::{Many, TooMany};
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use crate::wait::relay::Subscription;
use crate::wait::{Calls, Strategy, Waiter, Waiting, subscribe};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A participant of a semaphore: it acquires permits. Dropping it leaves the semaphore, once its last [`Permit`] is dropped.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`): several threads take a handle each. Its permits are any
/// thread's.
pub struct Semaphore {
    hands: Arc<Hands>,
    /// Where it acquired last: there, it looks first.
    hint: u32,
    end: Seated,
    _not_sync: PhantomData<Cell<()>>,
}

impl Semaphore {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Receiver, settle, Since::Now)?;
        let hands = Arc::new(Hands::new(end.tenancy()));
        // Handles begin in different places, so that they rarely take each other's line.
        let hint = end.seat().row().checked_rem(hands.permits.memory().places()).unwrap_or(0);
        Ok(Self { hands, hint, end, _not_sync: PhantomData })
    }

    /// Acquires a permit. Blocks while there is none.
    ///
    /// Waits as [the strategy](Semaphore::set_strategy) says; one that sleeps costs nothing meanwhile, and is woken by a permit that is given
    /// back or added. One whose holder died comes within 200 ms after that is proved.
    ///
    /// # Errors
    /// [`AcquireError::Disconnected`]: the semaphore was closed; the others of [`AcquireError`].
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// let (mut one, mut other) = (channel.semaphore()?, channel.semaphore()?);
    /// let permit = one.acquire()?;
    /// let waiting = std::thread::spawn(move || other.acquire().map(drop));
    /// drop(permit);
    /// waiting.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn acquire(&mut self) -> Result<Permit, AcquireError> {
        Acquiring { semaphore: self, count: 1 }.wait()
    }

    /// Acquires a permit, if there is one now. Does not block.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermits`], and the others of [`TryAcquireError`].
    ///
    /// ```
    /// use memlane::TryAcquireError;
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// let permit = semaphore.try_acquire()?;
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// # drop(permit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_acquire(&mut self) -> Result<Permit, TryAcquireError> {
        Acquiring { semaphore: self, count: 1 }.now()?.ok_or(TryAcquireError::NoPermits)
    }

    /// As [`Semaphore::acquire`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has no
    /// end.
    ///
    /// # Errors
    /// [`AcquireTimeoutError::Timeout`], and the others of [`AcquireTimeoutError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// use memlane::AcquireTimeoutError;
    /// let channel = memlane::semaphore::Options::new().permits(0).private()?;
    /// let error = channel.semaphore()?.acquire_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(error, AcquireTimeoutError::Timeout);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn acquire_timeout(&mut self, timeout: Duration) -> Result<Permit, AcquireTimeoutError> {
        self.acquire_many_timeout(1, timeout)
    }

    /// As [`Semaphore::acquire`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Semaphore::acquire_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// let permit = channel.semaphore()?.acquire_deadline(Instant::now() + Duration::from_secs(1))?;
    /// # drop(permit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn acquire_deadline(&mut self, deadline: Instant) -> Result<Permit, AcquireTimeoutError> {
        Acquiring { semaphore: self, count: 1 }.by(deadline)?.ok_or(AcquireTimeoutError::Timeout)
    }

    /// Acquires so many permits at once, all of them or none. Blocks while there are fewer. 0 permits are there at once, and always.
    ///
    /// It holds none while it waits. So participants that need several never keep each other waiting for what both hold; but others, which
    /// need fewer, may overtake it.
    ///
    /// # Errors
    /// [`AcquireError::TooMany`]: more than can be held at once; the others of [`Semaphore::acquire`].
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(3).private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// let two = semaphore.acquire_many(2)?;
    /// assert_eq!((two.count(), semaphore.available()), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn acquire_many(&mut self, permits: u32) -> Result<Permit, AcquireError> {
        self.check_count(permits)?;
        Acquiring { semaphore: self, count: permits }.wait()
    }

    /// Acquires so many permits at once, if there are as many now. Does not block.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermits`], and the others of [`TryAcquireError`].
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(3).private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// assert!(semaphore.try_acquire_many(4).is_err());
    /// assert_eq!(semaphore.available(), 3, "it took none");
    /// assert_eq!(semaphore.try_acquire_many(3)?.count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_acquire_many(&mut self, permits: u32) -> Result<Permit, TryAcquireError> {
        self.check_count(permits)?;
        Acquiring { semaphore: self, count: permits }.now()?.ok_or(TryAcquireError::NoPermits)
    }

    /// As [`Semaphore::acquire_many`], but blocks for at most `timeout`, as [`Semaphore::acquire_timeout`] does.
    ///
    /// # Errors
    /// [`AcquireTimeoutError::Timeout`], and the others of [`AcquireTimeoutError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::semaphore::Options::new().permits(3).private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// assert!(semaphore.acquire_many_timeout(4, Duration::from_millis(1)).is_err());
    /// assert_eq!(semaphore.acquire_many_timeout(3, Duration::from_millis(1))?.count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn acquire_many_timeout(&mut self, permits: u32, timeout: Duration) -> Result<Permit, AcquireTimeoutError> {
        self.check_count(permits)?;
        Acquiring { semaphore: self, count: permits }.within(timeout)?.ok_or(AcquireTimeoutError::Timeout)
    }

    /// Adds so many permits, which are nobody's. Wakes as many that wait. Does not block.
    ///
    /// All of them are there, or none, whatever becomes of the caller: it is one step.
    ///
    /// # Errors
    /// [`AcquireError::TooMany`]: more would be free than 16,777,215; [`AcquireError::Disconnected`]: the semaphore was closed; the others of
    /// [`AcquireError`]. None was added.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(0).private()?;
    /// let (mut worker, mut signaller) = (channel.semaphore()?, channel.semaphore()?);
    /// let working = std::thread::spawn(move || worker.acquire()?.forget().map_err(Box::<dyn std::error::Error + Send + Sync>::from));
    /// signaller.add_permits(1)?;
    /// working.join().unwrap().unwrap();
    /// assert_eq!(signaller.available(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_permits(&mut self, permits: u32) -> Result<(), AcquireError> {
        self.check()?;
        self.hands.permits.add(permits.into()).map_err(|TooMany| {
            let free = self.hands.permits.census().map_or(0, |census| census.pool);
            AcquireError::TooMany { wanted: free.saturating_add(permits.into()), max: PoolWord::COUNT_MAX }
        })?;
        if permits > 0 {
            self.end.notify_some_receivers(permits);
        }
        Ok(())
    }

    /// How many permits nobody holds. Others acquire, release and add meanwhile, so the number may be over by the time it is returned.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(2).private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// let permit = semaphore.acquire()?;
    /// assert_eq!(semaphore.available(), 1);
    /// # drop(permit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn available(&self) -> u64 {
        self.hands.permits.census().map_or(0, |census| census.available())
    }

    /// How many permits can be held at once.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(100).private()?;
    /// assert_eq!(channel.semaphore()?.max_held(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_held(&self) -> u32 {
        self.hands.permits.memory().places()
    }

    /// The row of this handle's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// assert_eq!(channel.semaphore()?.row(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// How many handles, this one included, are alive: as receivers. As [`Channel::peers`](super::Channel::peers).
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// let (one, _other) = (channel.semaphore()?, channel.semaphore()?);
    /// assert_eq!((one.peers().senders, one.peers().receivers), (0, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.end.shared().peers()
    }

    /// What ends a call of this handle that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// let mut semaphore = memlane::semaphore::Options::new().permits(0).private()?.semaphore()?;
    /// let interrupter = semaphore.interrupter();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(semaphore.acquire().err(), Some(memlane::AcquireError::Interrupted));
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
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// channel.semaphore()?.set_strategy(Strategy::Park); // least CPU time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// What each call begins with.
    #[inline]
    fn check(&mut self) -> Result<(), AcquireError> {
        self.end.check(AcquireError::Forked)
    }

    pub(super) fn check_count(&self, permits: u32) -> Result<(), AcquireError> {
        let max = self.max_held();
        if permits <= max {
            return Ok(());
        }
        Err(AcquireError::TooMany { wanted: permits.into(), max: max.into() })
    }

    /// Takes so many permits, if there are as many.
    #[inline]
    fn take(&mut self, count: u32) -> Result<Option<Permit>, AcquireError> {
        self.check()?;
        if count != 1 {
            return self.take_many(count);
        }
        match self.hands.permits.acquire(self.hint) {
            Ok(Some(holding)) => {
                self.hint = holding.place;
                let permit = Permit::new(&self.hands, Some(holding), Vec::new());
                if self.end.tally.message(0) {
                    // Trouble that it finds is the next call's: this permit is acquired.
                    let _ = self.end.pass_slice();
                }
                Ok(Some(permit))
            }
            Ok(None) => Ok(None),
            Err(reason) => Err(AcquireError::Corrupted(self.end.poison(reason))),
        }
    }

    #[cold]
    fn take_many(&mut self, count: u32) -> Result<Option<Permit>, AcquireError> {
        let mut holdings = Vec::new();
        match self.hands.permits.acquire_many(count, self.hint, &mut holdings) {
            Ok(Many::Acquired) => {
                self.end.tally.messages(count.into(), 0);
                let first = holdings.pop();
                Ok(Some(Permit::new(&self.hands, first, holdings)))
            }
            Ok(Many::TooFew) => Ok(None),
            Ok(Many::GivenBack(permits)) => {
                if permits > 0 {
                    self.end.notify_some_receivers(permits);
                }
                Ok(None)
            }
            Err(reason) => Err(AcquireError::Corrupted(self.end.poison(reason))),
        }
    }
}

/// Acquiring so many permits, as a call that may wait.
pub(super) struct Acquiring<'a> {
    pub(super) semaphore: &'a mut Semaphore,
    pub(super) count: u32,
}

impl Waiting for Acquiring<'_> {
    type Output = Permit;
    type Error = AcquireError;
    type Waiter = Seated;

    #[inline]
    fn attempt_fast(&mut self) -> Result<Option<Permit>, AcquireError> {
        self.semaphore.take(self.count)
    }

    #[inline]
    fn attempt(&mut self) -> Result<Option<Permit>, AcquireError> {
        self.semaphore.take(self.count)
    }

    /// While it spins, it looks at the pool, and at one place. The attempts in between look at all.
    #[inline]
    fn glance(&self) -> bool {
        self.semaphore.hands.permits.may_have_one(self.semaphore.hint)
    }

    fn word(&self) -> &AtomicU32 {
        self.semaphore.end.data()
    }

    /// One that needs several may be unable to use the one that wakes it.
    fn wakes(&self) -> Wakes {
        if self.count == 1 { Wakes::One } else { Wakes::All }
    }

    #[inline]
    fn waiter(&self) -> &Seated {
        &self.semaphore.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.semaphore.end
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.semaphore.end.tally.empty();
    }
}

/// For a permit: what [`Semaphore::try_acquire`] takes.
impl Waitable for Semaphore {}

impl Waited for Semaphore {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl Awaited for Semaphore {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        Some(WokenAt::seated(&self.end, self.end.data()))
    }

    fn is_ready(&mut self) -> bool {
        self.check().is_err() || self.hands.permits.has_one().unwrap_or(true)
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        subscribe(&mut Acquiring { semaphore: self, count: 1 })
    }

    fn slice_end(&self) -> Moment {
        self.end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.end.slice_ended().is_err()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.show(f, "Semaphore")
    }
}
