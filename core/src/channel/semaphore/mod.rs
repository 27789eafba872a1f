//! `semaphore`: permits, of which each is one participant's at a time, and which come back when their owner dies.
//!
//! ```text
//!                 acquire                              drop, or death
//! Semaphore ─────────────► Permit: 1 of the 4 permits ────────────────► free again: one that waits gets it
//! Semaphore ──add_permits: one more──► │ free │ ──acquire──► Permit ──forget: one less
//! ```
//!
//! What holds:
//! - **The number of permits changes by [`add_permits`](Semaphore::add_permits) and [`forget`](Permit::forget) alone.** A participant that
//!   dies anywhere, in the middle of any call, takes none with it, and brings none twice. What it held is free again within 200 ms
//!   after its death is proved, for others that wait, and at once for one that joins.
//! - A participant that is stopped (`SIGSTOP`), or slow, keeps what it holds, and never keeps others from the other permits.
//! - What a holder did before it gave a permit back is seen by the next one that acquires it. So a semaphore of one permit is a lock,
//!   whose owner may die: the next one finds what it protects as the dead one left it.
//! - There is no order among those that wait. One that needs [several](Semaphore::acquire_many) at once takes all of them or none, and so
//!   can be overtaken by others that need fewer, again and again.
//! - [`close`](Channel::close) ends it: calls fail with `Disconnected`. Permits that are held stay held.
//!
//! **Owned and counted.** A permit that is held stands in a *place*, which names its owner; that is how it comes back. There are
//! [`max_held`](Options::max_held) places, so that many can be held at once. A permit that nobody holds needs none: of those, there can be
//! 16,777,215 besides. A semaphore counts signals, as `sem_post` and `sem_wait` do, with [`add_permits`](Semaphore::add_permits) on one side
//! and `acquire` and [`forget`](Permit::forget) on the other; and one that waits and dies before it forgets leaves the signal to another
//! one.
//!
//! Every participant is a *receiver*, as far as [`Info`](crate::Info) and errors name it: each may wait.
//!
//! ```
//! use memlane::semaphore;
//!
//! let channel = semaphore::Options::new().permits(2).private()?; // threads; `.create("name")` for processes
//! let mut semaphore = channel.semaphore()?;
//! let first = semaphore.acquire()?;
//! let second = semaphore.acquire()?;
//! assert!(semaphore.try_acquire().is_err());
//!
//! let mut other = channel.semaphore()?;
//! let waiting = std::thread::spawn(move || other.acquire().map(|permit| permit.count()));
//! drop(first);
//! assert_eq!(waiting.join().unwrap()?, 1);
//! # drop(second);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "async")]
mod asynchronous;
mod handle;
mod memory;
mod permit;

use super::{opened, options};
use crate::error::{JoinError, OpenError};
use crate::layout::Kind;

pub use handle::Semaphore;
pub use permit::Permit;

/// The kind of `semaphore` channels: stands where generic types have their kind. It carries no messages, so it is no
/// [`ChannelKind`](crate::generic::ChannelKind).
#[derive(Debug, Clone, Copy)]
pub enum Permits {}

/// How to create or open a semaphore.
///
/// ```
/// let channel = memlane::semaphore::Options::new().permits(4).private()?;
/// assert_eq!(channel.semaphore()?.available(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Options = options::Options<Permits>;

/// An open semaphore: makes handles, which acquire permits.
pub type Channel = opened::Channel<Permits>;

/// Opens an existing semaphore with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("licences").display().to_string();
/// # let name = name.as_str();
/// memlane::semaphore::Options::new().permits(4).create(name)?;
/// assert_eq!(memlane::semaphore::open(name)?.semaphore()?.available(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// What only the options of a semaphore have.
impl Options {
    /// The defaults: one permit.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// assert_eq!(channel.semaphore()?.available(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::of_kind(Some(Kind::Semaphore))
    }

    /// How many permits there are at first, from 0 to 16,777,215. Default: 1.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(0).private()?;
    /// assert_eq!(channel.semaphore()?.available(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn permits(mut self, permits: usize) -> Self {
        self.wishes.permits = Some(permits);
        self
    }

    /// How many permits can be held at once, from 1 to 16,384; one line of 64 bytes each. Default: as many as there are at first, and 64 at
    /// least. While so many are held, an `acquire` waits, whether others are free or not.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().permits(1000).max_held(1).private()?;
    /// let mut semaphore = channel.semaphore()?;
    /// let permit = semaphore.acquire()?;
    /// assert!(semaphore.try_acquire().is_err());
    /// # drop(permit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_held(mut self, permits: usize) -> Self {
        self.wishes.max_held = Some(permits);
        self
    }

    /// How many handles there can be at a time, from 1 to 1,024. Default: 64. Only for creation.
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().max_handles(1).private()?;
    /// let semaphore = channel.semaphore()?;
    /// assert!(matches!(channel.semaphore(), Err(memlane::JoinError::RoleTaken { seats: 1, .. })));
    /// # drop(semaphore);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_handles(mut self, handles: usize) -> Self {
        self.wishes.receivers = Some(handles);
        self
    }
}

/// What makes handles.
impl Channel {
    /// Takes a seat. What participants that died held comes back first.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::semaphore::Options::new().private()?;
    /// let (mut one, mut other) = (channel.semaphore()?, channel.semaphore()?);
    /// let permit = one.acquire()?;
    /// assert!(other.try_acquire().is_err());
    /// drop(permit);
    /// other.try_acquire()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn semaphore(&self) -> Result<Semaphore, JoinError> {
        Semaphore::join(&self.shared)
    }
}
