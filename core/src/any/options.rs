//! How to create or open a channel of whatever kind.

use super::channel::{Any, Channel};
use crate::channel::{broadcast, event, options, rpc, semaphore, watch};
use crate::error::OpenError;
use crate::layout::{Kind, Policy};
use crate::ring::slots::OnDeath;

/// How to create or open a channel of whatever kind.
///
/// What is not set takes its default at creation, and is taken from the file at opening: the kind, too. What is set and differs
/// from the file is [`OpenError::OptionsMismatch`] or [`OpenError::WrongKind`]. What the channel's kind does not have is
/// [`CreateError::NoSuchOption`](crate::CreateError::NoSuchOption).
///
/// ```
/// use memlane::{CreateError, Kind, any};
/// let channel = any::Options::new(Kind::Mpmc).slots(64).private()?;
/// assert_eq!(channel.kind(), Kind::Mpmc);
///
/// let refused = any::Options::new(Kind::Spsc).slots(64).private().unwrap_err();
/// assert!(matches!(refused, CreateError::NoSuchOption { option: "slots", kind: "spsc", .. }));
/// # Ok::<(), CreateError>(())
/// ```
pub type Options = options::Options<Any>;

/// Opens an existing channel with the kind and the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm")?;
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str(); // in a program: "prices"
/// memlane::spsc::Options::new().create(name)?;
/// assert_eq!(memlane::any::open(name)?.kind(), memlane::Kind::Spsc);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::default().open(name)
}

/// The kind is not chosen.
impl Default for Options {
    fn default() -> Self {
        Self::new(None)
    }
}

/// What only the options of some kinds have. Whether a kind has them, [`Kind::has_option`] tells.
impl Options {
    /// The defaults, of a channel of this kind. `None`: of the kind that stands in the file; a channel that is created becomes one
    /// of the default kind, [`spsc`](crate::spsc).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpsc).private()?;
    /// assert_eq!(channel.kind(), memlane::Kind::Mpsc);
    /// let channel = memlane::any::Options::new(None).private()?;
    /// assert_eq!(channel.kind(), memlane::Kind::Spsc);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(kind: impl Into<Option<Kind>>) -> Self {
        Self::of_kind(kind.into())
    }

    /// Option `capacity`: see [`spsc::Options::capacity`](crate::spsc::Options::capacity).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Spsc).capacity(1 << 20).private()?;
    /// assert!(channel.sender()?.capacity() >= 1 << 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.wishes.capacity = Some(bytes);
        self
    }

    /// Option `record_alignment`: see [`spsc::Options::record_alignment`](crate::spsc::Options::record_alignment).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Spsc).record_alignment(128).private()?;
    /// assert_eq!(channel.info().record_alignment, 128);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_alignment(mut self, bytes: usize) -> Self {
        self.wishes.record_alignment = Some(bytes);
        self
    }

    /// Option `slots`: see [`mpmc::Options::slots`](crate::mpmc::Options::slots).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(16).private()?;
    /// assert_eq!(channel.sender()?.capacity(), 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn slots(mut self, slots: usize) -> Self {
        self.wishes.slots = Some(slots);
        self
    }

    /// Option `priorities`: see [`mpmc::Options::priorities`](crate::mpmc::Options::priorities).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).priorities(2).private()?;
    /// assert!(channel.sender()?.set_priority(1).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn priorities(mut self, priorities: u8) -> Self {
        self.wishes.priorities = Some(priorities);
        self
    }

    /// Option `on_death`: see [`mpmc::Options::on_death`](crate::mpmc::Options::on_death).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).on_death(memlane::mpmc::OnDeath::Discard).private()?;
    /// assert_eq!(channel.kind(), memlane::Kind::Mpmc);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_death(mut self, policy: OnDeath) -> Self {
        self.wishes.discard_on_death = Some(policy == OnDeath::Discard);
        self
    }

    /// Option `delivery_limit`: see [`mpmc::Options::delivery_limit`](crate::mpmc::Options::delivery_limit).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).delivery_limit(1).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?; // given up
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn delivery_limit(mut self, deliveries: u16) -> Self {
        self.wishes.delivery_limit = Some(deliveries);
        self
    }

    /// Option `senders`: see [`mpmc::Options::max_senders`](crate::mpmc::Options::max_senders).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpsc).max_senders(1).private()?;
    /// let tx = channel.sender()?;
    /// assert!(channel.sender().is_err(), "the only seat is taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_senders(mut self, senders: usize) -> Self {
        self.wishes.senders = Some(senders);
        self
    }

    /// Option `receivers`: see [`mpmc::Options::max_receivers`](crate::mpmc::Options::max_receivers).
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).max_receivers(1).private()?;
    /// let rx = channel.receiver()?;
    /// assert!(channel.receiver().is_err(), "the only seat is taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_receivers(mut self, receivers: usize) -> Self {
        self.wishes.receivers = Some(receivers);
        self
    }

    /// What the sender does where a receiver has not come as far as it wants to write: see
    /// [`broadcast::Options::policy`](crate::broadcast::Options::policy). `broadcast` only.
    ///
    /// ```
    /// use memlane::broadcast::Policy;
    /// let channel = memlane::any::Options::new(memlane::Kind::Broadcast).policy(Policy::Overwrite).private()?;
    /// assert_eq!(channel.info().broadcast.map(|broadcast| broadcast.policy), Some(Policy::Overwrite));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn policy(mut self, policy: Policy) -> Self {
        self.wishes.policy = Some(policy);
        self
    }

    /// Longest answer in bytes: see [`rpc::Options::max_response`](crate::rpc::Options::max_response). `rpc` only.
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// let channel = any::Options::new(Kind::Rpc).max_response(64).private()?;
    /// assert_eq!(channel.info().calls.map(|calls| calls.max_response), Some(64));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.wishes.max_response = Some(bytes);
        self
    }

    /// Whether a call whose server died goes to another one: see [`rpc::Options::retry`](crate::rpc::Options::retry). `rpc` only.
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// let channel = any::Options::new(Kind::Rpc).retry(true).private()?;
    /// assert_eq!(channel.info().calls.map(|calls| calls.retries), Some(true));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn retry(mut self, retry: bool) -> Self {
        self.wishes.repeats = Some(retry);
        self
    }

    /// These options as those of an [`rpc`] channel. `None`: they are of another kind.
    ///
    /// ```
    /// let options = memlane::any::Options::new(memlane::Kind::Rpc);
    /// let rpc = options.to_rpc().expect("they are").retry(true);
    /// assert_eq!(rpc.private()?.frames(), 256);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    #[must_use]
    pub fn to_rpc(&self) -> Option<rpc::Options> {
        self.as_options_of(Kind::Rpc)
    }

    /// How many permits there are at first: see [`semaphore::Options::permits`](crate::semaphore::Options::permits).
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// let channel = any::Options::new(Kind::Semaphore).permits(2).private()?;
    /// assert_eq!(channel.info().semaphore.map(|semaphore| semaphore.available), Some(2));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn permits(mut self, permits: usize) -> Self {
        self.wishes.permits = Some(permits);
        self
    }

    /// How many permits can be held at once: see [`semaphore::Options::max_held`](crate::semaphore::Options::max_held).
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// let channel = any::Options::new(Kind::Semaphore).max_held(8).private()?;
    /// assert_eq!(channel.info().semaphore.map(|semaphore| semaphore.max_held), Some(8));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn max_held(mut self, permits: usize) -> Self {
        self.wishes.max_held = Some(permits);
        self
    }

    /// These options as those of a [`semaphore`]. `None`: they are of another kind.
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// let options = any::Options::new(Kind::Semaphore).to_semaphore().expect("they are");
    /// assert_eq!(options.private()?.semaphore()?.available(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_semaphore(&self) -> Option<semaphore::Options> {
        self.as_options_of(Kind::Semaphore)
    }

    /// These options as those of an [`event`]. `None`: they are of another kind.
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// let options = any::Options::new(Kind::Event).to_event().expect("they are");
    /// options.private()?.event()?.set(1)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_event(&self) -> Option<event::Options> {
        self.as_options_of(Kind::Event)
    }

    /// These options as those of a [`watch`]. `None`: they are of another kind.
    ///
    /// ```
    /// let options = memlane::any::Options::default().any_owner(true); // of whatever kind
    /// let watch = options.to_watch().expect("of this one, too");
    /// assert!(matches!(watch.open_read_only("no-such-channel"), Err(memlane::OpenError::NotFound { .. })));
    /// ```
    pub fn to_watch(&self) -> Option<watch::Options> {
        self.as_options_of(Kind::Watch)
    }

    /// These options as those of a [`broadcast`]. `None`: they are of another kind.
    ///
    /// ```
    /// use memlane::{Kind, any};
    /// assert!(any::Options::new(Kind::Spsc).to_broadcast().is_none());
    /// let broadcast = any::Options::new(Kind::Broadcast).to_broadcast().expect("of this kind");
    /// assert!(matches!(broadcast.open_read_only("no-such-channel"), Err(memlane::OpenError::NotFound { .. })));
    /// ```
    pub fn to_broadcast(&self) -> Option<broadcast::Options> {
        self.as_options_of(Kind::Broadcast)
    }
}
