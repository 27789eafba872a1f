//! Permits in somebody's hands.

use crate::channel::end::Tenancy;
use crate::error::{Corruption, ReleaseError};
use crate::liveness::HeldTally;
use crate::region::{PermitsView, Signals};
use crate::ring::permits::{Holding, Semaphore as Permits};
use crate::wait::eventcount;
use std::fmt;
use std::sync::Arc;

/// What the permits that one handle acquired share.
#[derive(Debug)]
pub(super) struct Hands {
    pub(super) permits: Permits<PermitsView>,
    signals: Signals,
    tally: HeldTally,
    /// Dropped last: the handle's seat.
    tenancy: Arc<Tenancy>,
}

impl Hands {
    pub(super) fn new(tenancy: &Arc<Tenancy>) -> Self {
        let (region, seat) = (tenancy.region(), tenancy.seat());
        Self {
            permits: super::memory::semaphore(region, seat.row()),
            // Without a row: it never sleeps.
            signals: Signals::of(region, None),
            tally: seat.held_tally(),
            tenancy: Arc::clone(tenancy),
        }
    }

    fn check(&self) -> Result<(), ReleaseError> {
        self.tenancy.check_held().map_err(|error| match error {
            crate::error::AckError::Forked => ReleaseError::Forked,
            crate::error::AckError::Corrupted(reason) => ReleaseError::Corrupted(reason),
        })
    }

    #[cold]
    fn corrupted(&self, reason: Corruption) -> ReleaseError {
        ReleaseError::Corrupted(self.tenancy.poison(reason))
    }

    /// Wakes as many as can use permits, or places, that became free.
    #[inline]
    fn notify(&self, count: u32) {
        if eventcount::notify_some(&self.signals, &self.tenancy.region().control().data, count) {
            self.tally.wake();
        }
    }
}

/// One permit of a [`Semaphore`](super::Semaphore), or [several](super::Semaphore::acquire_many) at once. Dropping it gives them back, and
/// wakes one that waits for each.
///
/// It does not borrow its handle, and may be sent to any thread. **It keeps its handle's seat**: a handle that was dropped counts as there
/// until the last permit that it acquired is gone. One that is leaked stays away, with the seat, until its process ends.
///
/// If the process dies, wherever that is, its permits come back by the other participants: see the [page of the kind](super). In a forked
/// child, they are the parent's: dropping them touches nothing.
///
/// ```
/// let channel = memlane::semaphore::Options::new().permits(2).private()?;
/// let mut semaphore = channel.semaphore()?;
/// let (one, other) = (semaphore.acquire()?, semaphore.acquire()?);
/// assert_eq!(semaphore.available(), 0);
/// std::thread::spawn(move || drop(one)).join().unwrap();
/// assert_eq!(semaphore.available(), 1);
/// drop(other);
/// assert_eq!(semaphore.available(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a permit that is dropped is given back"]
pub struct Permit {
    hands: Arc<Hands>,
    /// The first of them; `None` once it was put down.
    first: Option<Holding>,
    others: Vec<Holding>,
}

impl Permit {
    pub(super) fn new(hands: &Arc<Hands>, first: Option<Holding>, others: Vec<Holding>) -> Self {
        Self { hands: Arc::clone(hands), first, others }
    }

    /// How many permits this is.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(3).private()?;
    /// assert_eq!(channel.semaphore()?.acquire_many(3)?.count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn count(&self) -> usize {
        self.others.len().saturating_add(usize::from(self.first.is_some()))
    }

    /// Gives the permits back, as dropping does, and says whether that was possible. Does not block.
    ///
    /// # Errors
    /// [`ReleaseError::Forked`] in a forked child. [`ReleaseError::Corrupted`] if the semaphore was found to be corrupted, or its file to be
    /// truncated.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// semaphore.acquire()?.release()?;
    /// assert_eq!(semaphore.available(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn release(mut self) -> Result<(), ReleaseError> {
        self.put_down(Permits::release)
    }

    /// Uses the permits up: they are gone, and so no longer anybody's. So one waits for signals, each of which
    /// [`add_permits`](super::Semaphore::add_permits) gives. Until this is called, the permits are the caller's: if it dies before, they come
    /// back, and another one gets the signal.
    ///
    /// # Errors
    /// As [`Permit::release`].
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(0).private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// semaphore.add_permits(2)?;
    /// semaphore.acquire()?.forget()?;
    /// assert_eq!(semaphore.available(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget(mut self) -> Result<(), ReleaseError> {
        self.put_down(Permits::forget)
    }

    fn put_down(
        &mut self,
        how: impl Fn(&Permits<PermitsView>, Holding) -> Result<(), Corruption>,
    ) -> Result<(), ReleaseError> {
        let (first, others) = (self.first.take(), std::mem::take(&mut self.others));
        self.hands.check()?;
        let mut count = 0u32;
        for holding in first.into_iter().chain(others) {
            how(&self.hands.permits, holding).map_err(|reason| self.hands.corrupted(reason))?;
            count = count.saturating_add(1);
        }
        if count > 0 {
            self.hands.notify(count);
        }
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.first.is_some() {
            // What it finds wrong, the next call of its handle says.
            let _ = self.put_down(Permits::release);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("count", &self.count()).finish_non_exhaustive()
    }
}
