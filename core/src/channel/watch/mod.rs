//! `watch`: the latest value of one sender, for many receivers. A value of variable length that is set and looked at, instead of
//! messages that are sent and received.
//!
//! ```text
//!                              ┌─► Receiver ── get: the latest value, now
//! Sender ──set──► │ value │ ───┼─► Receiver ── changed: the latest one that it has not seen, as soon as there is one
//!                              └─► Receiver ── wait_for: the latest one that it can use
//! ```
//!
//! What holds:
//! - A receiver gets a value whole, as it was set. It gets the latest one: of several that were set since it looked last, it never sees
//!   the others. What it gets never goes back to an earlier [version](Receiver::version).
//! - **The sender never waits**, neither for receivers that are slow, stopped or dead, nor for one to come. It goes on without any.
//! - A receiver never waits for the sender while there is a value. A sender that sets values without a pause may overwrite one while
//!   it is being copied; then the copy begins again with the next. [`Receiver::get`] and [`Receiver::try_get`] do so a bounded number of
//!   times.
//! - The value stays when its sender leaves or dies, wherever that was, and until the channel is [removed](crate::remove). The next
//!   sender goes on behind it. One that is killed while it sets a value has not set it: the one before stays.
//! - There is one sender at a time, and as many receivers as the channel was [created](Options::max_receivers) with. Besides, any number
//!   of programs may look on [without a seat](ReadOnlyReceiver): they only read, and disturb nobody.
//!
//! **Memory.** The latest versions have a slot each of [`max_message`](Options::max_message) bytes: 16 of them where a value has up to 4
//! KiB, 8 up to 64 KiB, and 4 beyond. A copy has to begin again only if the sender went round all of them meanwhile.
//!
//! **The end.** `changed` and its forms fail with `Disconnected` once every sender that there was since the receiver joined has left or
//! died, and the latest value was seen; in a [`persistent`](Options::persistent) channel never. After
//! [`close`](Channel::close), senders get `Disconnected`, too. `get` goes on: what was set last is there.
//!
//! ```
//! use memlane::watch;
//!
//! let channel = watch::Options::new().private()?; // threads; `.create("name")` for processes
//! let mut rx = channel.receiver()?;
//! let mut tx = channel.sender()?;
//! tx.set(b"limit=10")?;
//! tx.set(b"limit=20")?;
//! assert_eq!(rx.get()?, b"limit=20"); // the latest one
//! assert_eq!(rx.get()?, b"limit=20"); // and again: nothing was taken away
//!
//! let waiting = std::thread::spawn(move || rx.changed().map(|value| (value, rx.version())));
//! tx.set(b"limit=30")?;
//! let (value, version) = waiting.join().unwrap()?;
//! assert_eq!((value.as_slice(), version), (&b"limit=30"[..], 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "async")]
mod asynchronous;
mod change;
mod memory;
mod read_only;
mod receiver;
mod sender;
mod succession;

use super::wishes::Way;
use super::{opened, options};
use crate::error::{JoinError, OpenError};
use crate::layout::{Handed, Kind};
use std::os::fd::AsFd;

pub use read_only::ReadOnlyReceiver;
pub use receiver::Receiver;
pub use sender::Sender;

/// The kind of `watch` channels: stands where generic types have their kind. It carries no messages, so it is no
/// [`ChannelKind`](crate::generic::ChannelKind).
#[derive(Debug, Clone, Copy)]
pub enum Watch {}

/// How to create or open a `watch` channel. Its `max_message` is the length of the longest value, 4,096 bytes by default and 1 GiB at
/// most.
///
/// ```
/// let channel = memlane::watch::Options::new().max_message(100_000).private()?;
/// assert_eq!(channel.max_message(), 100_000);
/// # Ok::<(), memlane::CreateError>(())
/// ```
pub type Options = options::Options<Watch>;

/// An open `watch` channel: makes its sender and its receivers.
pub type Channel = opened::Channel<Watch>;

/// Opens an existing channel with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("limits").display().to_string();
/// # let name = name.as_str();
/// memlane::watch::Options::new().create(name)?.sender()?.set(b"10")?;
/// assert_eq!(memlane::watch::open(name)?.receiver()?.get()?, b"10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// Opens an existing channel to look at its value, with no more than permission to read its file. For `name`, see
/// [`crate::spsc::open`]. A channel of another user needs [`Options::open_read_only`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("limits").display().to_string();
/// # let name = name.as_str();
/// memlane::watch::Options::new().create(name)?.sender()?.set(b"10")?;
/// assert_eq!(memlane::watch::open_read_only(name)?.get()?, b"10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_read_only(name: &str) -> Result<ReadOnlyReceiver, OpenError> {
    Options::new().open_read_only(name)
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// What only the options of a `watch` channel have.
impl Options {
    /// The defaults: nothing is set.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// assert_eq!(channel.max_message(), 4096);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn new() -> Self {
        Self::of_kind(Some(Kind::Watch))
    }

    /// How many receivers there can be at a time, from 1 to 1,023. Default: 64. Only for creation.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().max_receivers(1).private()?;
    /// let rx = channel.receiver()?;
    /// assert!(matches!(channel.receiver(), Err(memlane::JoinError::RoleTaken { seats: 1, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_receivers(mut self, receivers: usize) -> Self {
        self.wishes.receivers = Some(receivers);
        self
    }

    /// Opens an existing channel to look at its value, and takes no part in it: see [`ReadOnlyReceiver`]. What was set and differs from
    /// the file is an error; how participants are woken makes no difference.
    ///
    /// The file needs to be readable: one that other users are to read is created with [`mode`](Options::mode) `0o644`, by a path where
    /// they find it, and opened with [`any_owner`](Options::any_owner).
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::watch::Options;
    /// Options::new().mode(0o644).create(name)?.sender()?.set(b"10")?;
    /// let mut rx = Options::new().any_owner(true).open_read_only(name)?;
    /// assert_eq!(rx.get()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_read_only(&self, name: &str) -> Result<ReadOnlyReceiver, OpenError> {
        let shared = self.wishes.open_read_only(name)?;
        ReadOnlyReceiver::new(&shared).map_err(|reason| OpenError::Corrupted { channel: name.to_owned(), reason })
    }

    /// Opens the channel that comes next over a Unix socket to look at its value, and takes no part in it. It was sent by
    /// [`Channel::send_read_only_to`], or by [`Channel::send_to`]. Waits for it as [`Options::receive_from`] does.
    ///
    /// # Errors
    /// As [`Options::receive_from`].
    ///
    /// ```
    /// use memlane::watch::Options;
    /// let (here, there) = std::os::unix::net::UnixStream::pair()?;
    /// let channel = Options::new().one_way()?;
    /// channel.sender()?.set(b"10")?;
    /// channel.send_read_only_to(&here)?;
    /// assert_eq!(Options::new().receive_read_only_from(&there)?.get()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive_read_only_from(&self, socket: impl AsFd) -> Result<ReadOnlyReceiver, OpenError> {
        self.handed_read_only(Way::Socket(socket.as_fd()))
    }

    /// Opens the channel that this program inherited to look at its value, and takes no part in it: see [`Options::open_inherited`].
    ///
    /// # Errors
    /// As [`Options::open_inherited`].
    ///
    /// ```
    /// assert!(memlane::watch::Options::new().open_inherited_read_only("LIMITS").is_err(), "nobody passed it");
    /// ```
    pub fn open_inherited_read_only(&self, variable: &str) -> Result<ReadOnlyReceiver, OpenError> {
        self.handed_read_only(Way::Variable(variable))
    }

    fn handed_read_only(&self, way: Way<'_>) -> Result<ReadOnlyReceiver, OpenError> {
        let shared = self.wishes.open_handed(way, Handed::ReadOnly)?;
        let corrupted = |reason| OpenError::Corrupted { channel: shared.region.label().to_owned(), reason };
        ReadOnlyReceiver::new(&shared).map_err(corrupted)
    }
}

/// What makes the sender and receivers.
impl Channel {
    /// Takes the sender's seat. If its last holder died, the new sender goes on behind the last value that was set completely.
    ///
    /// Other processes may take it at the same time: a seat that was free a moment ago may be taken.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while there is a sender; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// assert!(matches!(channel.sender(), Err(memlane::JoinError::RoleTaken { .. })), "there is one sender at a time");
    /// tx.set(b"one")?;
    /// drop(tx);
    /// assert_eq!(channel.sender()?.version(), 1); // it goes on behind the first value
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sender(&self) -> Result<Sender, JoinError> {
        Sender::join(&self.shared)
    }

    /// Takes a receiver's seat. It has seen no value yet, so its first [`changed`](Receiver::changed) returns the latest one at once, if
    /// any was set.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// channel.sender()?.set(b"one")?;
    /// assert_eq!(channel.receiver()?.changed()?, b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver(&self) -> Result<Receiver, JoinError> {
        Receiver::join(&self.shared)
    }
}
