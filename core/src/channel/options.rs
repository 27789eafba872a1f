//! How to create or open a channel of any kind.

use super::kind::{ChannelKind, Ports};
use super::opened::Channel;
use super::wishes::Wishes;
use crate::error::{CreateError, OpenError};
use crate::layout::{Backend, FenceMode, Kind};
use crate::region::TrustPeers;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;

/// How to create or open a channel.
///
/// What is not set takes its default at creation, and is taken from the file at opening; what is set and differs from
/// the file is [`OpenError::OptionsMismatch`]. What only one kind has stands on its page: [`spsc`](crate::spsc),
/// [`mpmc`](crate::mpmc).
///
/// ```
/// let channel = memlane::spsc::Options::new().capacity(64 << 10).max_message(9000).private()?;
/// assert_eq!(channel.max_message(), 9000);
/// let channel = memlane::mpmc::Options::new().slots(64).max_message(4096).private()?;
/// assert_eq!((channel.slots(), channel.max_message()), (64, 4096));
/// # Ok::<(), memlane::CreateError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until a channel is created or opened with them"]
pub struct Options<K> {
    pub(crate) wishes: Wishes,
    kind: PhantomData<K>,
}

impl<K: ChannelKind> Default for Options<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: ChannelKind> Options<K> {
    /// The defaults.
    pub fn new() -> Self {
        Self::of_kind(Some(<K as Ports>::KIND))
    }
}

/// What the options of every kind have.
impl<K> Options<K> {
    /// The defaults. `None`: of the kind that stands in the file.
    pub(crate) fn of_kind(kind: Option<Kind>) -> Self {
        Self { wishes: Wishes::new(kind), kind: PhantomData }
    }

    /// Largest message in bytes. Default in `spsc`: the largest that the capacity allows, 7/16 of it less the 8 header bytes. In
    /// `mpmc`: 64,000, and 1 GiB at most.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.wishes.max_message = Some(bytes);
        self
    }

    /// Alignment of every message in memory, in bytes: a power of two from 8 (default) to 64. Matters to programs that read
    /// or write in place. In `spsc`, each message then takes a multiple of this, and as much for its header.
    pub fn payload_alignment(mut self, bytes: usize) -> Self {
        self.wishes.payload_alignment = Some(bytes);
        self
    }

    /// A persistent channel never disconnects: both sides wait for each other however often the other leaves. Default:
    /// false.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.wishes.persistent = Some(persistent);
        self
    }

    /// Which side pays for the fence between a message and the look for sleepers. Default: asymmetric where the system has
    /// `membarrier`.
    pub fn fence(mut self, mode: FenceMode) -> Self {
        self.wishes.fence = Some(mode);
        self
    }

    /// How sleepers are woken. Default: [`Backend::Futex`]. Semaphores are no way around a
    /// sandbox that refuses futexes: the C library sleeps on a futex, too, and ends the process where that is refused.
    /// Every participant of a channel that has a name or a descriptor needs [`Options::trust_peers`] then, and the C
    /// library of the others.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.wishes.backend = Some(backend);
        self
    }

    /// Vouches for all who can write to the channel: see [`TrustPeers`]. Only [`Backend::Semaphore`] needs it, because
    /// the C library believes what it finds in a semaphore.
    pub fn trust_peers(mut self, _: TrustPeers) -> Self {
        self.wishes.trusts_peers = true;
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

    /// What this process's senders and receivers are called in [`Info`](crate::Info), at most 64 bytes. Default: the program's name.
    pub fn participant_name(mut self, name: &str) -> Self {
        self.wishes.participant_name = Some(name.to_owned());
        self
    }

    /// Receivers of this handle end when the channel is drained and no sender is there, also if the last one left before
    /// they joined: what a pool wants whose workers come at any time. Default: false, a receiver that joins a drained channel
    /// waits for the next sender. Before the channel's first sender came, both wait for it.
    ///
    /// It is this handle's, not the channel's: it is not stored, and others choose for themselves. A
    /// [persistent](Options::persistent) channel ends for nobody.
    ///
    /// ```
    /// use memlane::mpmc::Options;
    /// let channel = Options::new().ends_when_drained(true).private()?;
    /// drop(channel.sender()?); // all work was done before we came
    /// assert!(channel.receiver()?.messages().next().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ends_when_drained(mut self, ends: bool) -> Self {
        self.wishes.ends_when_drained = ends;
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
    pub fn create(&self, name: &str) -> Result<Channel<K>, CreateError> {
        self.wishes.create(name).map(Channel::new)
    }

    /// Opens the channel of this name.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, name: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open(name).map(Channel::new)
    }

    /// Opens the channel of this name, or creates it if there is none or only one from before the last reboot.
    /// [`Channel::origin`] tells which.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_or_create(&self, name: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open_or_create(name).map(Channel::new)
    }

    /// Creates a channel without a name, in a memfd whose size is sealed, with a second one for the locks. Hand both
    /// [`Channel::descriptors`] over, by inheritance or over a Unix socket; the other side uses
    /// [`Options::open_descriptors`].
    ///
    /// # Errors
    /// See [`CreateError`].
    pub fn anonymous(&self) -> Result<Channel<K>, CreateError> {
        self.wishes.anonymous().map(Channel::new)
    }

    /// Opens an anonymous channel from its two descriptors.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Channel<K>, OpenError> {
        self.wishes.open_descriptors(region, locks).map(Channel::new)
    }

    /// Creates a channel in a named shared-memory segment of the operating system, by the `shared_memory` crate. Weaker
    /// than [`Options::create`]: an opener can come before the channel is complete
    /// ([`NotAChannel::Unfinished`](crate::NotAChannel) or [`OpenError::BadHeader`]: try again), a creator that is killed meanwhile leaves the
    /// name behind, every handle keeps a descriptor open, and that a segment was removed is not noticed.
    ///
    /// `name` is as in [`spsc::open`](crate::spsc::open), without paths. Channels in segments are not listed, and [`crate::inspect`] does not find
    /// them; [`Channel::info`] works.
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`], and the others of [`CreateError`].
    #[cfg(feature = "named-segments")]
    pub fn create_segment(&self, name: &str) -> Result<Channel<K>, CreateError> {
        self.wishes.create_segment(name).map(Channel::new)
    }

    /// Opens the channel in the segment of this name. See [`Options::create_segment`].
    ///
    /// # Errors
    /// See [`OpenError`].
    #[cfg(feature = "named-segments")]
    pub fn open_segment(&self, name: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open_segment(name).map(Channel::new)
    }

    /// Creates a channel in this process's memory, for threads.
    ///
    /// # Errors
    /// [`CreateError::InvalidOption`].
    pub fn private(&self) -> Result<Channel<K>, CreateError> {
        self.wishes.private().map(Channel::new)
    }
}
