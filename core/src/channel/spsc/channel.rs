//! Creating and opening an `spsc` channel.

use super::{Receiver, Sender};
use crate::channel::inspect::Info;
use crate::channel::options::{Shared, Wishes};
use crate::error::{CreateError, JoinError, OpenError, RemoveError};
use crate::layout::{FenceMode, Kind};
use crate::liveness;
use crate::region::{MemoryReport, Origin};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Opens an existing channel with the options that it was created with.
///
/// `name` is 1 to 100 of `A-Z a-z 0-9 . _ -`, not starting with a dot, and stands for `$MEMLANE_DIR/<name>.lane`
/// (default folder: `/dev/shm/memlane-<uid>`); a name with a `/` is a path.
///
/// # Errors
/// See [`OpenError`].
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// How to create or open an `spsc` channel.
///
/// What is not set takes its default at creation, and is taken from the file at opening; what is set and differs from
/// the file is [`OpenError::OptionsMismatch`].
///
/// ```
/// let channel = memlane::spsc::Options::new().capacity(64 << 10).max_message(9000).private()?;
/// assert_eq!(channel.max_message(), 9000);
/// # Ok::<(), memlane::CreateError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until a channel is created or opened with them"]
pub struct Options {
    wishes: Wishes,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self { wishes: Wishes::new(Kind::Spsc) }
    }

    /// Ring size in bytes, rounded up to a power of two from 4 KiB to 2 GiB. Default: 1 MiB, or more if
    /// [`Options::max_message`] needs it. Each message takes its length plus 8, rounded up to a multiple of 8.
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.wishes.capacity = Some(bytes);
        self
    }

    /// Largest message in bytes. Default: the largest that the capacity allows, 7/16 of it less the 8 header bytes.
    pub fn max_message(mut self, bytes: u64) -> Self {
        self.wishes.max_message = Some(bytes);
        self
    }

    /// Alignment of every message in memory, in bytes: a power of two from 8 (default) to 64. Matters to those who read
    /// or write in place. Each message then takes a multiple of this, and as much for its header.
    pub fn payload_alignment(mut self, bytes: u32) -> Self {
        self.wishes.payload_alignment = Some(bytes);
        self
    }

    /// A persistent channel never disconnects: both sides wait for each other however often the other leaves. Default:
    /// false.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.wishes.persistent = Some(persistent);
        self
    }

    /// Who pays for the fence between a message and the look for sleepers. Default: asymmetric where the system has
    /// `membarrier`.
    pub fn fence(mut self, mode: FenceMode) -> Self {
        self.wishes.fence = Some(mode);
        self
    }

    /// A name for the type of the messages, at most 64 bytes; opening with another one is [`OpenError::TypeMismatch`].
    /// Default at creation: none, the messages are bytes.
    pub fn type_name(mut self, name: &str) -> Self {
        self.wishes.type_name = Some(name.to_owned());
        self
    }

    /// Permission bits of the file, whatever the umask. Default: `0o600`. Others can only use it outside the private
    /// folder: give a path, or set `MEMLANE_DIR`.
    pub fn mode(mut self, mode: u32) -> Self {
        self.wishes.mode = Some(mode);
        self
    }

    /// Open files of other users, too. Default: false, only this user's and root's.
    pub fn any_owner(mut self, any: bool) -> Self {
        self.wishes.any_owner = any;
        self
    }

    /// The creator's process removes the channel when it drops its last handle to it, unless somebody else is using it.
    /// Default: false, a channel stays until it is removed.
    pub fn remove_on_drop(mut self, remove: bool) -> Self {
        self.wishes.remove_on_drop = remove;
        self
    }

    /// What this process's senders and receivers are called in [`Info`], at most 64 bytes. Default: the program's name.
    pub fn participant_name(mut self, name: &str) -> Self {
        self.wishes.participant_name = Some(name.to_owned());
        self
    }

    /// Touch every page now, so that none faults later. What came of it is in [`Channel::memory`].
    pub fn prefault(mut self, prefault: bool) -> Self {
        self.wishes.memory.prefault = prefault;
        self
    }

    /// Keep the pages from being swapped out. What came of it is in [`Channel::memory`].
    pub fn lock_memory(mut self, lock: bool) -> Self {
        self.wishes.memory.lock = lock;
        self
    }

    /// Ask for huge pages. What came of it is in [`Channel::memory`].
    pub fn huge_pages(mut self, huge: bool) -> Self {
        self.wishes.memory.huge_pages = huge;
        self
    }

    /// Creates a channel of this name.
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`], and the others of [`CreateError`]. Nothing is left behind.
    pub fn create(&self, name: &str) -> Result<Channel, CreateError> {
        self.wishes.create(name).map(Channel::new)
    }

    /// Opens the channel of this name.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, name: &str) -> Result<Channel, OpenError> {
        self.wishes.open(name).map(Channel::new)
    }

    /// Opens the channel of this name, or creates it if there is none or only one from before the last reboot.
    /// [`Channel::origin`] tells which.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_or_create(&self, name: &str) -> Result<Channel, OpenError> {
        self.wishes.open_or_create(name).map(Channel::new)
    }

    /// Creates a channel without a name, in a memfd whose size is sealed, with a second one for the locks. Hand both
    /// [`Channel::descriptors`] over, by inheritance or over a Unix socket; the other side uses
    /// [`Options::open_descriptors`].
    ///
    /// # Errors
    /// See [`CreateError`].
    pub fn anonymous(&self) -> Result<Channel, CreateError> {
        self.wishes.anonymous().map(Channel::new)
    }

    /// Opens an anonymous channel from its two descriptors.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Channel, OpenError> {
        self.wishes.open_descriptors(region, locks).map(Channel::new)
    }

    /// Creates a channel in this process's memory, for threads.
    ///
    /// # Errors
    /// [`CreateError::InvalidOption`].
    pub fn private(&self) -> Result<Channel, CreateError> {
        self.wishes.private().map(Channel::new)
    }
}

/// An open channel: makes senders and receivers. Cheap to clone; keeps no descriptor open unless it is anonymous.
#[derive(Debug, Clone)]
pub struct Channel {
    shared: Arc<Shared>,
}

impl Channel {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Takes the sender's seat. If its last holder died, the new sender goes on behind what that one had committed.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while another sender lives; the others of [`JoinError`].
    pub fn sender(&self) -> Result<Sender, JoinError> {
        Sender::join(&self.shared)
    }

    /// Takes the receiver's seat. If its last holder died, the new receiver gets again what that one had not released.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while another receiver lives; the others of [`JoinError`].
    pub fn receiver(&self) -> Result<Receiver, JoinError> {
        Receiver::join(&self.shared)
    }

    /// Everything that can be seen of the channel now. Does not disturb it.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::of(&self.shared.region)
    }

    /// Closes the channel for good: senders get `Disconnected` at their next call, receivers when they have drained it. What
    /// is being sent at this moment may stay in the channel, undelivered: to lose nothing, drop the senders instead.
    pub fn close(&self) {
        if !self.shared.region.mark().is_foreign() {
            self.shared.region.set_closed();
            liveness::announce(&self.shared.region);
        }
    }

    /// Removes the channel's file, as [`crate::remove`] does.
    ///
    /// # Errors
    /// [`RemoveError::InUse`] while somebody lives in it, this process's own handles included; `NotFound` for a channel
    /// without a name; the others of [`RemoveError`].
    pub fn remove(&self) -> Result<(), RemoveError> {
        self.shared.region.remove(false)
    }

    /// Ring size in bytes.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.shared.region.geometry().capacity
    }

    /// Largest message in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.shared.region.geometry().max_message as usize
    }

    /// Whether it was opened or created.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.shared.origin
    }

    /// What became of the wishes for prefaulted, locked and huge pages.
    #[must_use]
    pub fn memory(&self) -> &MemoryReport {
        self.shared.region.memory()
    }

    /// The descriptors of an anonymous channel: the region's and its locks'. `None` for the other kinds. They are closed
    /// on `exec` unless the caller clears that.
    #[must_use]
    pub fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        self.shared.region.descriptors()
    }
}
