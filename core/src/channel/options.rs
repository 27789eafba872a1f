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
/// [`mpmc`](crate::mpmc), [`mpsc`](crate::mpsc), [`watch`](crate::watch).
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
    /// The defaults: nothing is set.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// assert_eq!(channel.capacity(), 1 << 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// The same, of this kind, if they may be.
    pub(crate) fn as_options_of<L>(&self, kind: Kind) -> Option<Options<L>> {
        Some(Options { wishes: self.wishes.of_kind(kind)?, kind: PhantomData })
    }

    /// Largest message in bytes. Default in `spsc` and `mpsc`: the largest that the capacity allows, 7/16 of it less the 8
    /// header bytes. In `mpmc`: 64,000, and 1 GiB at most. In `watch`, of the longest value: 4,096, and 1 GiB at most.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().max_message(256).private()?;
    /// let error = channel.sender()?.send(&[0; 257]).unwrap_err();
    /// assert_eq!(error, memlane::SendError::TooLarge { length: 257, max: 256 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.wishes.max_message = Some(bytes);
        self
    }

    /// Alignment of every message in memory, in bytes: a power of two from 8 (default) to 64. Matters to programs that read
    /// or write in place. In a lane, each message then takes a multiple of this, and as much for its header: to have messages stand in
    /// as few lines of the cache as possible, choose the `record_alignment` instead.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().payload_alignment(64).private()?;
    /// assert_eq!(channel.info().payload_alignment, 64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn payload_alignment(mut self, bytes: usize) -> Self {
        self.wishes.payload_alignment = Some(bytes);
        self
    }

    /// A persistent channel never disconnects: both sides wait for each other however often the other leaves. Default:
    /// false.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().persistent(true).private()?;
    /// let mut rx = channel.receiver()?;
    /// drop(channel.sender()?); // the last sender leaves
    /// assert_eq!(rx.try_recv().unwrap_err(), memlane::TryRecvError::Empty, "not `Disconnected`");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.wishes.persistent = Some(persistent);
        self
    }

    /// Which side pays for the fence between a message and the check for sleepers. Default: asymmetric, the side that sleeps,
    /// where the system has `membarrier`.
    ///
    /// ```
    /// use memlane::FenceMode;
    /// let channel = memlane::spsc::Options::new().fence(FenceMode::Symmetric).private()?;
    /// assert_eq!(channel.info().fence, FenceMode::Symmetric);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fence(mut self, mode: FenceMode) -> Self {
        self.wishes.fence = Some(mode);
        self
    }

    /// How sleepers are woken. Default: [`Backend::Futex`].
    ///
    /// Semaphores are no way around a sandbox that refuses futexes: the C library sleeps on a futex, too, and ends the process where
    /// that is refused. If the channel has a name or a descriptor, each of its participants has to set [`Options::trust_peers`], and
    /// to use the same C library.
    ///
    /// ```
    /// use memlane::Backend;
    /// let channel = memlane::spsc::Options::new().backend(Backend::Semaphore).private()?;
    /// assert_eq!(channel.info().backend, Backend::Semaphore);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backend(mut self, backend: Backend) -> Self {
        self.wishes.backend = Some(backend);
        self
    }

    /// Vouches for everybody that can write to the channel: see [`TrustPeers`]. Only [`Backend::Semaphore`] needs it, because
    /// the C library trusts the bytes of a semaphore.
    ///
    /// ```
    /// use memlane::{Backend, TrustPeers};
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// // SAFETY: this program is the only one that opens the channel.
    /// let trust = unsafe { TrustPeers::promise() };
    /// memlane::spsc::Options::new().backend(Backend::Semaphore).trust_peers(trust).create(name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trust_peers(mut self, _: TrustPeers) -> Self {
        self.wishes.trusts_peers = true;
        self
    }

    /// The name of the type of the messages, 65,535 bytes at most. To open the channel with another one is
    /// [`OpenError::TypeMismatch`]. What is not set takes any: tools need no type. An empty one stands for bytes. Default at creation:
    /// none, the messages are bytes.
    ///
    /// It can be any text that people agree on. One that tells a layout, as [`typed`](crate::typed) channels have and other languages
    /// write it, has a meaning besides: where all messages have one size, the default of `max_message` is that size; and the default of
    /// `payload_alignment` suits the type.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// memlane::spsc::Options::new().type_name("Quote{price:f64@0,size:u64@8}#16/8").create(name)?;
    /// assert!(memlane::spsc::Options::new().type_name("Trade").open(name).is_err());
    /// assert_eq!(memlane::spsc::open(name)?.max_message(), 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn type_name(mut self, name: &str) -> Self {
        self.wishes.type_name = Some(name.to_owned());
        self
    }

    /// Permission bits of the file, of which the umask takes none away. Default: `0o600`. Other users cannot reach into this
    /// user's private folder: for them, give a path, or set `MEMLANE_DIR`.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use std::os::unix::fs::PermissionsExt;
    /// memlane::spsc::Options::new().mode(0o660).create(name)?; // the file's group may take part
    /// assert_eq!(std::fs::metadata(name)?.permissions().mode() & 0o777, 0o660);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mode(mut self, mode: u32) -> Self {
        self.wishes.mode = Some(mode);
        self
    }

    /// Opens files of other users, too. Default: false, only this user's and root's.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// # memlane::spsc::Options::new().create(name)?;
    /// let channel = memlane::spsc::Options::new().any_owner(true).open(name)?; // made by any user
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn any_owner(mut self, any: bool) -> Self {
        self.wishes.any_owner = any;
        self
    }

    /// Has the creator's process remove the channel when it drops its last handle to it, unless another process is using it then.
    /// Default: false, a channel stays until it is removed. A creator that is killed leaves the channel behind.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let channel = memlane::spsc::Options::new().remove_on_drop(true).create(name)?;
    /// drop(channel);
    /// assert!(memlane::spsc::open(name).is_err(), "it is gone");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove_on_drop(mut self, remove: bool) -> Self {
        self.wishes.remove_on_drop = remove;
        self
    }

    /// What this process's senders and receivers are called in [`Info`](crate::Info), at most 64 bytes. Default: the program's name.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().participant_name("feed").private()?;
    /// let tx = channel.sender()?;
    /// assert_eq!(channel.info().participants[0].name, "feed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn participant_name(mut self, name: &str) -> Self {
        self.wishes.participant_name = Some(name.to_owned());
        self
    }

    /// Ends the receivers of this handle when the channel is drained and no sender is there, even if the last sender left before
    /// they joined. That is what the workers of a pool want, which come at any time. Default: false, a receiver that joins a drained
    /// channel waits for the next sender. Before the channel's first sender came, both wait for it.
    ///
    /// It is this handle's wish: the channel does not store it, and other processes choose for themselves. The receivers of a
    /// [persistent](Options::persistent) channel never end.
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

    /// Has this process told of its peers' deaths at once, by a thread of the library's own: the guardian. Default: false, a death is found
    /// at the end of a slice, within 200 ms.
    ///
    /// It is this handle's wish: the channel does not store it, and other processes choose for themselves. But a death that one of them
    /// finds is settled for all. A process has one such thread, however many channels it watches, from the first sender or receiver that
    /// wants it to the last. The thread has all signals blocked, and sleeps until a process ends that takes part. What came of the wish is in
    /// [`Channel::peers_watched`]. A private channel needs no guardian.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().watch_peers(true).anonymous()?;
    /// let tx = channel.sender()?; // from now on
    /// assert_eq!(channel.peers_watched(), memlane::Granted::Yes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn watch_peers(mut self, watch: bool) -> Self {
        self.wishes.watch_peers = watch;
        self
    }

    /// Touches every page now, so that none faults later. What came of it is in [`Channel::memory`].
    ///
    /// ```
    /// use memlane::Granted;
    /// let channel = memlane::spsc::Options::new().prefault(true).private()?;
    /// assert!(!matches!(channel.memory().prefaulted, Granted::NotAsked));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prefault(mut self, prefault: bool) -> Self {
        self.wishes.memory.prefault = prefault;
        self
    }

    /// Keeps the pages from being swapped out. What came of it is in [`Channel::memory`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().lock_memory(true).private()?;
    /// println!("{:?}", channel.memory().locked); // refused beyond `ulimit -l`: the channel works all the same
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lock_memory(mut self, lock: bool) -> Self {
        self.wishes.memory.lock = lock;
        self
    }

    /// Asks for huge pages. What came of it is in [`Channel::memory`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().huge_pages(true).capacity(2 << 20).private()?;
    /// println!("{:?}", channel.memory().huge_pages); // refused by some kernels: the channel works all the same
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn huge_pages(mut self, huge: bool) -> Self {
        self.wishes.memory.huge_pages = huge;
        self
    }

    /// Creates a channel of this name. For names, see [`spsc::open`](crate::spsc::open).
    ///
    /// Of several processes that create it at once, one succeeds. Others see the channel only once it is complete. It stays, with its
    /// messages, until it is [removed](crate::remove), or until the next reboot.
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`], and the others of [`CreateError`]. Nothing is left behind.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// memlane::spsc::Options::new().create(name)?;
    /// let error = memlane::spsc::Options::new().create(name).unwrap_err();
    /// assert!(matches!(error, memlane::CreateError::AlreadyExists { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(&self, name: &str) -> Result<Channel<K>, CreateError> {
        self.wishes.create(name).map(Channel::new)
    }

    /// Opens the channel of this name. For names, see [`spsc::open`](crate::spsc::open).
    ///
    /// It takes no seat: the channel's participants do not notice, and another process may remove the channel before this one joins.
    ///
    /// # Errors
    /// [`OpenError`] says why it is not there, or is not what was expected.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// assert!(memlane::spsc::Options::new().open(name).is_err(), "nobody created it yet");
    /// memlane::spsc::Options::new().create(name)?;
    /// memlane::spsc::Options::new().open(name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open(name).map(Channel::new)
    }

    /// Opens the channel of this name, or creates it if there is none or only one from before the last reboot.
    /// [`Channel::origin`] tells which. Any number of processes may call it at once: they get one channel.
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::Origin;
    /// assert_eq!(memlane::spsc::Options::new().open_or_create(name)?.origin(), Origin::Created);
    /// assert_eq!(memlane::spsc::Options::new().open_or_create(name)?.origin(), Origin::Opened);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(&self, name: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open_or_create(name).map(Channel::new)
    }

    /// Creates a channel without a name, in a memfd whose size is sealed, with a second one for the locks. Hand it over by
    /// [`Channel::send_to`] or [`Channel::pass_to`]; or hand both [`Channel::descriptors`] over by ways of your own, and have the other side
    /// use [`Options::open_descriptors`]. The channel goes when its last process does.
    ///
    /// # Errors
    /// See [`CreateError`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().anonymous()?;
    /// let (region, locks) = channel.descriptors().expect("an anonymous channel has them");
    /// let (region, locks) = (region.try_clone_to_owned()?, locks.try_clone_to_owned()?); // usually sent to another process
    /// let other = memlane::spsc::Options::new().open_descriptors(region, locks)?;
    /// other.sender()?.send(b"hello")?;
    /// assert_eq!(channel.receiver()?.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anonymous(&self) -> Result<Channel<K>, CreateError> {
        self.wishes.anonymous().map(Channel::new)
    }

    /// Opens an anonymous channel from its two descriptors, which another process has handed over.
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().anonymous()?;
    /// let (region, locks) = channel.descriptors().expect("an anonymous channel has them");
    /// let (region, locks) = (region.try_clone_to_owned()?, locks.try_clone_to_owned()?);
    /// memlane::mpmc::Options::new().open_descriptors(region, locks)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Channel<K>, OpenError> {
        self.wishes.open_descriptors(region, locks).map(Channel::new)
    }

    /// Creates a channel in a named shared-memory segment of the operating system, by the `shared_memory` crate. `name` is as in
    /// [`spsc::open`](crate::spsc::open), without paths.
    ///
    /// That is weaker than [`Options::create`]: an opener can come before the channel is complete
    /// ([`NotAChannel::Unfinished`](crate::NotAChannel) or [`OpenError::BadHeader`]: try again); a creator that is killed meanwhile
    /// leaves the name behind; every handle keeps a descriptor open; and participants do not notice that the segment was removed.
    /// Channels in segments are not listed, and [`crate::inspect`] does not find them; [`Channel::info`] works.
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`], and the others of [`CreateError`].
    ///
    /// ```
    /// let name = format!("example-{}", std::process::id());
    /// memlane::spsc::Options::new().create_segment(&name)?;
    /// memlane::spsc::Options::new().open_segment(&name)?;
    /// memlane::remove_segment(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "named-segments")]
    pub fn create_segment(&self, name: &str) -> Result<Channel<K>, CreateError> {
        self.wishes.create_segment(name).map(Channel::new)
    }

    /// Opens the channel in the segment of this name. See [`Options::create_segment`].
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// ```
    /// let name = format!("example-opened-{}", std::process::id());
    /// assert!(memlane::spsc::Options::new().open_segment(&name).is_err(), "nobody created it yet");
    /// memlane::spsc::Options::new().create_segment(&name)?;
    /// memlane::spsc::Options::new().open_segment(&name)?;
    /// memlane::remove_segment(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "named-segments")]
    pub fn open_segment(&self, name: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open_segment(name).map(Channel::new)
    }

    /// Creates a channel in this process's memory, for threads. It goes with its last handle.
    ///
    /// # Errors
    /// [`CreateError::InvalidOption`], and [`CreateError::NoSpace`] if there is no memory for it.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let sending = std::thread::spawn(move || tx.send(b"hello"));
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// sending.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn private(&self) -> Result<Channel<K>, CreateError> {
        self.wishes.private().map(Channel::new)
    }
}
