//! A pool of handles, which serves any number of threads through a shared reference.
//!
//! ```text
//! places   [ idle ] [ empty ] [ idle ] [ empty ] …   as many as the role has seats
//! get      idle → busy: take the handle out · busy → empty. None is idle: make another handle
//! drop     empty → busy: put the handle in · busy → idle
//! ```
//!
//! What holds:
//! - *No thread waits for another.* A place that another thread has at this moment is passed over. A thread that is stopped there, or a
//!   child that is forked there, costs the others that place.
//! - *A handle is in one place, or in one thread's hands.* Each has a seat, so there are never more of them than places: one that is
//!   put back finds a place that is empty, or was passed over because others put theirs back meanwhile.

use super::{Receiver, Sender};
use crate::channel::seed::Seed;
use crate::error::JoinError;
use crate::sync::AtomicU32;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// What a [`Pool`] keeps: [`Sender`] or [`Receiver`].
#[expect(private_bounds, reason = "how a handle is made anew and laid aside is the engine's business")]
pub trait Handle: Pooling + fmt::Debug + Send + 'static {}

impl Handle for Sender {}
impl Handle for Receiver {}

/// How a handle is made anew and laid aside.
trait Pooling: Sized {
    fn seed(&self) -> Seed;
    fn grown_from(seed: &Seed) -> Result<Self, JoinError>;
    /// How many there can be.
    fn seats(seed: &Seed) -> u32;
    /// Nobody uses it for a while: it keeps nothing from the others.
    fn lay_aside(&mut self);
}

impl Pooling for Sender {
    fn seed(&self) -> Seed {
        self.seed()
    }

    fn grown_from(seed: &Seed) -> Result<Self, JoinError> {
        Self::grown_from(seed)
    }

    fn seats(seed: &Seed) -> u32 {
        seed.region().geometry().senders
    }

    fn lay_aside(&mut self) {}
}

impl Pooling for Receiver {
    fn seed(&self) -> Seed {
        self.seed()
    }

    fn grown_from(seed: &Seed) -> Result<Self, JoinError> {
        Self::grown_from(seed)
    }

    fn seats(seed: &Seed) -> u32 {
        seed.region().geometry().receivers
    }

    /// A message that it kept for its next call comes to any receiver.
    fn lay_aside(&mut self) {
        self.give_back_kept();
    }
}

/// Senders or receivers of one channel for any number of threads, which share the pool by reference.
///
/// A [`Sender`] or [`Receiver`] is one thread's at a time: what makes it fast (where it looks next, what it counts, how long it
/// spins, the seat on which it sleeps) is its own alone. A pool lends a thread one that is idle, and makes another where none is, by
/// what `try_clone` does. So it grows to as many as are in use at the same moment. Nothing in it waits for another thread.
///
/// Each handle has a seat, also while it is idle: the channel counts it as there until the pool is dropped. What was set on a
/// handle (priority, strategy) stays with it: set it whenever you get one. A message that a receiver would have kept for its next call
/// (too long for a buffer, or handed back) goes to any receiver when it is put back, and counts as delivered once more.
///
/// After a fork, a child gets handles whose calls say `Forked`, and no new ones.
///
/// ```
/// use memlane::mpmc::{self, Pool};
///
/// let channel = mpmc::Options::new().private()?;
/// let mut rx = channel.receiver()?;
/// let senders = Pool::new(channel.sender()?);
/// std::thread::scope(|scope| {
///     for number in 0..4u8 {
///         let senders = &senders;
///         scope.spawn(move || senders.get().unwrap().send(&[number]).unwrap());
///     }
/// });
/// drop(senders);
/// assert_eq!(rx.messages().count(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pool<H: Handle> {
    seed: Seed,
    places: Box<[Place<H>]>,
    /// Where a handle was put in or taken out last: the next search starts there, so that the one whose memory is warm is found first.
    last: AtomicU32,
}

impl<H: Handle> Pool<H> {
    /// A pool that has one handle so far, this one.
    ///
    /// ```
    /// use memlane::mpmc::{self, Pool};
    ///
    /// let channel = mpmc::Options::new().private()?;
    /// channel.sender()?.send(b"job")?;
    /// let receivers = Pool::new(channel.receiver()?);
    /// let job = receivers.get()?.recv()?.hold(); // the receiver is idle again, the message is held
    /// assert_eq!(job.to_vec(), b"job");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(handle: H) -> Self {
        let seed = handle.seed();
        let places = (0..H::seats(&seed)).map(|_| Place::new()).collect();
        let pool = Self { seed, places, last: AtomicU32::new(0) };
        pool.put(handle);
        pool
    }

    /// A handle for this thread: one that is idle, or another one. Dropping it puts it back.
    ///
    /// Does not wait for one to be put back: where all seats are taken, that is an error. Other threads take and put back handles
    /// meanwhile, and other processes take seats.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] where no handle was found idle and no seat is free; the others of [`JoinError`].
    ///
    /// ```
    /// use memlane::mpmc::{self, Pool};
    ///
    /// let pool = Pool::new(mpmc::Options::new().max_senders(2).private()?.sender()?);
    /// let (first, second) = (pool.get()?, pool.get()?);
    /// assert!(pool.get().is_err(), "both seats are in use");
    /// drop(first);
    /// assert_ne!(pool.get()?.row(), second.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self) -> Result<Pooled<'_, H>, JoinError> {
        let handle = match self.take() {
            Some(handle) => handle,
            None => self.grow()?,
        };
        Ok(Pooled { pool: self, handle: Some(handle) })
    }

    /// Makes another handle. Where no seat is free, other threads may put handles back meanwhile, into places that were passed: it
    /// looks a few times.
    fn grow(&self) -> Result<H, JoinError> {
        const LOOKS: u32 = 8;
        H::grown_from(&self.seed).or_else(|error| (0..LOOKS).find_map(|_| self.take()).ok_or(error))
    }

    /// Takes out the first idle handle that it finds.
    fn take(&self) -> Option<H> {
        self.search(Place::take)
    }

    /// Puts a handle into a place: see the module for why there is one.
    fn put(&self, handle: H) {
        let mut handle = Some(handle);
        while handle.is_some() {
            self.search(|place| place.put(&mut handle));
        }
    }

    /// Offers each place until one will do.
    fn search<T>(&self, mut try_place: impl FnMut(&Place<H>) -> Option<T>) -> Option<T> {
        let last = self.last.load(Relaxed) as usize;
        let (before, from) = self.places.split_at(last.min(self.places.len()));
        let places = (last..).zip(from).chain((0..).zip(before));
        for (index, place) in places {
            if let Some(found) = try_place(place) {
                // Relaxed: a hint.
                self.last.store(index as u32, Relaxed);
                return Some(found);
            }
        }
        None
    }
}

impl<H: Handle> fmt::Debug for Pool<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = self.places.iter().filter(|place| place.is(Place::<H>::IDLE));
        f.debug_struct("Pool")
            .field("channel", &self.seed.region().label())
            .field("idle", &idle.count())
            .finish_non_exhaustive()
    }
}

/// A place for an idle handle.
struct Place<H> {
    state: AtomicU32,
    /// Locked only by the thread that made the state busy, so that it never waits.
    handle: Mutex<Option<H>>,
}

impl<H> Place<H> {
    const EMPTY: u32 = 0;
    const IDLE: u32 = 1;
    /// A thread puts a handle in or takes one out.
    const BUSY: u32 = 2;

    fn new() -> Self {
        Self { state: AtomicU32::new(Self::EMPTY), handle: Mutex::new(None) }
    }

    fn is(&self, state: u32) -> bool {
        // Relaxed: it may be otherwise at once.
        self.state.load(Relaxed) == state
    }

    /// Moves the handle between the place and `hand`, if the place is in this state; then it is in that one.
    fn exchange(&self, from: u32, to: u32, hand: &mut Option<H>) -> Option<()> {
        // Acquire: pairs with the Release below, by which another thread left the place.
        if !self.is(from) || self.state.compare_exchange(from, Self::BUSY, Acquire, Relaxed).is_err() {
            return None;
        }
        // A thread does nothing here that panics, so no lock is poisoned.
        if let Ok(mut handle) = self.handle.try_lock() {
            std::mem::swap(&mut *handle, hand);
        }
        // Release: the next one that makes it busy finds what was put in.
        self.state.store(to, Release);
        Some(())
    }

    fn take(&self) -> Option<H> {
        let mut hand = None;
        self.exchange(Self::IDLE, Self::EMPTY, &mut hand)?;
        hand
    }

    fn put(&self, hand: &mut Option<H>) -> Option<()> {
        self.exchange(Self::EMPTY, Self::IDLE, hand)
    }
}

/// A handle of a [`Pool`], this thread's until it is dropped: then it is idle again.
///
/// It may be sent to another thread. A handle whose thread panics is put back, too.
pub struct Pooled<'a, H: Handle> {
    pool: &'a Pool<H>,
    /// There until it is dropped.
    handle: Option<H>,
}

impl<H: Handle> Deref for Pooled<'_, H> {
    type Target = H;

    #[inline]
    fn deref(&self) -> &H {
        self.handle.as_ref().expect("there until it is dropped")
    }
}

impl<H: Handle> DerefMut for Pooled<'_, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut H {
        self.handle.as_mut().expect("there until it is dropped")
    }
}

impl<H: Handle> Drop for Pooled<'_, H> {
    fn drop(&mut self) {
        if let Some(mut handle) = self.handle.take() {
            handle.lay_aside();
            self.pool.put(handle);
        }
    }
}

impl<H: Handle> fmt::Debug for Pooled<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&**self).finish()
    }
}
