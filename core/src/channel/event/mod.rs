//! `event`: bits that stay set until they are cleared, and a count of how often any were set, for many waiters.
//!
//! ```text
//!              ┌───────────────────┐ ──► waiter ── wait: any set that it has not seen
//! set(bits) ──►│ 32 bits · a count │ ──► waiter ── wait_any(bits), wait_all(bits): while they are set
//!              └───────────────────┘ ◄── clear(bits): unless any were set since it looked
//! ```
//!
//! What holds:
//! - **Nothing is lost between `set` and `wait`.** Each handle remembers how many sets it has seen. [`wait`](Event::wait) returns as soon as
//!   there is one more, whether that was before the call or comes during it, and says how many there were: as `read` does of an
//!   `eventfd`, but for each waiter by itself.
//! - **Nothing is consumed.** What one waiter has seen, all others see, too. A waiter that dies, is stopped or slow, takes nothing from them.
//! - **Bits are sticky.** They stay set, for waiters that come later, until somebody clears them: like the manual-reset events of Windows,
//!   32 of them in one. [`wait_any`](Event::wait_any) and [`wait_all`](Event::wait_all) wait for what is set, and not for its being set.
//! - **No set is cleared that nobody has seen**: [`clear`](Event::clear) fails if any were set since the handle last looked.
//! - A set is one step: one that is killed in the call has set all of its bits, or none. Waiters that sleep when it dies right behind
//!   that step look again within 100 ms.
//! - What was done before a set is seen by those that it wakes.
//!
//! A new handle has seen all sets that there were, unless bits are set when it joins: then its first `wait` returns at once.
//! [`close`](Channel::close) ends the event: calls fail with `Disconnected`, `wait` once it has returned what was set before.
//!
//! The count has 32 bits, and each handle takes differences. One that does not look while others set 2³² times, for a minute and a half at
//! the least, is told too few.
//!
//! Every participant is a *receiver*, as far as [`Info`](crate::Info) and errors name it: each may wait.
//!
//! ```
//! use memlane::event;
//!
//! let channel = event::Options::new().private()?; // threads; `.create("name")` for processes
//! let (mut setter, mut waiter) = (channel.event()?, channel.event()?);
//! let waiting = std::thread::spawn(move || waiter.wait());
//! setter.set(0b101)?;
//! let fired = waiting.join().unwrap()?;
//! assert_eq!((fired.bits, fired.count), (0b101, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "async")]
mod asynchronous;
mod handle;

use super::{opened, options};
use crate::error::{JoinError, OpenError};
use crate::layout::Kind;

pub use handle::{Event, Fired};

/// The kind of `event` channels: stands where generic types have their kind. It carries no messages, so it is no
/// [`ChannelKind`](crate::generic::ChannelKind).
#[derive(Debug, Clone, Copy)]
pub enum Bits {}

/// How to create or open an event.
///
/// ```
/// let channel = memlane::event::Options::new().private()?;
/// assert_eq!(channel.event()?.bits(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Options = options::Options<Bits>;

/// An open event: makes handles, which set it and wait for it.
pub type Channel = opened::Channel<Bits>;

/// Opens an existing event with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("ready").display().to_string();
/// # let name = name.as_str();
/// memlane::event::Options::new().create(name)?.event()?.set(1)?;
/// assert_eq!(memlane::event::open(name)?.event()?.bits(), 1);
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

/// What only the options of an event have.
impl Options {
    /// The defaults: no bit is set.
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// assert_eq!(channel.event()?.bits(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::of_kind(Some(Kind::Event))
    }

    /// How many handles there can be at a time, from 1 to 1,024. Default: 64. Only for creation.
    ///
    /// ```
    /// let channel = memlane::event::Options::new().max_handles(1).private()?;
    /// let event = channel.event()?;
    /// assert!(matches!(channel.event(), Err(memlane::JoinError::RoleTaken { seats: 1, .. })));
    /// # drop(event);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_handles(mut self, handles: usize) -> Self {
        self.wishes.receivers = Some(handles);
        self
    }
}

/// What makes handles.
impl Channel {
    /// Takes a seat. The handle has seen all sets that there were, unless bits are set now: then its first [`wait`](Event::wait) returns at
    /// once.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::event::Options::new().private()?;
    /// channel.event()?.set(1)?;
    /// assert_eq!(channel.event()?.wait()?.bits, 1); // it comes later, and finds it set
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn event(&self) -> Result<Event, JoinError> {
        Event::join(&self.shared)
    }
}
