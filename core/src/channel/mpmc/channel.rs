//! What only `mpmc` channels and their options have.

use super::OnDeath;
use crate::channel::kind::Mpmc;
use crate::channel::{opened, options};
use crate::error::OpenError;

/// How to create or open an `mpmc` channel.
pub type Options = options::Options<Mpmc>;

/// An open `mpmc` channel: makes senders and receivers.
pub type Channel = opened::Channel<Mpmc>;

/// Opens an existing channel with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str();
/// memlane::mpmc::Options::new().slots(8).create(name)?;
/// assert_eq!(memlane::mpmc::open(name)?.slots(), 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// What only the options of an `mpmc` channel have.
impl Options {
    /// How many messages fit, from 1 to 65,536: those that are queued, being written, and not yet acknowledged. Default:
    /// 1,024, or as many as take at most 16 MiB, rounded down to a power of two, but at least 4; with the default largest
    /// message 256. Each takes the largest message plus 16 bytes, rounded up to a multiple of 64.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(2).private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(tx.try_send(b"three"), Err(memlane::TrySendError::Full));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn slots(mut self, slots: usize) -> Self {
        self.wishes.slots = Some(slots);
        self
    }

    /// How many priorities there are, from 1 (default) to 8. Messages of priority 0 are delivered first; see
    /// [`Sender::set_priority`](super::Sender::set_priority).
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().priorities(2).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"later")?;
    /// tx.set_priority(0)?;
    /// tx.send(b"urgent")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"urgent");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn priorities(mut self, priorities: u8) -> Self {
        self.wishes.priorities = Some(priorities);
        self
    }

    /// What becomes of messages whose receiver died before it acknowledged them. Default: [`OnDeath::Redeliver`]. With
    /// [`OnDeath::Discard`], they are lost, and counted in [`QueueInfo::discarded`](crate::QueueInfo::discarded).
    ///
    /// ```
    /// use memlane::mpmc::{OnDeath, Options};
    /// let channel = Options::new().on_death(OnDeath::Discard).private()?;
    /// assert!(channel.info().queue.unwrap().discard_on_death);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_death(mut self, policy: OnDeath) -> Self {
        self.wishes.discard_on_death = Some(policy == OnDeath::Discard);
        self
    }

    /// Gives a message up that was delivered this often and never acknowledged: it is not delivered again, and counts as a dead
    /// letter. Default: 0, never.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().delivery_limit(2).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?;
    /// rx.recv()?.nack()?;
    /// assert_eq!(rx.try_recv().unwrap_err(), memlane::TryRecvError::Empty, "it was delivered twice");
    /// assert_eq!(channel.info().queue.unwrap().dead_letters, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn delivery_limit(mut self, deliveries: u16) -> Self {
        self.wishes.delivery_limit = Some(deliveries);
        self
    }

    /// How many senders there can be at a time, from 1 to 1,023; with the receivers at most 1,024. Default: 64, or
    /// what [`Options::max_receivers`] leaves, if that is less. Only for creation.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().max_senders(1).private()?;
    /// let tx = channel.sender()?;
    /// assert!(matches!(channel.sender(), Err(memlane::JoinError::RoleTaken { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_senders(mut self, senders: usize) -> Self {
        self.wishes.senders = Some(senders);
        self
    }

    /// How many receivers there can be at a time, from 1 to 1,023; with the senders at most 1,024. Default: 64, or
    /// what [`Options::max_senders`] leaves, if that is less. Only for creation.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().max_receivers(1).private()?;
    /// let rx = channel.receiver()?;
    /// assert!(matches!(channel.receiver(), Err(memlane::JoinError::RoleTaken { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_receivers(mut self, receivers: usize) -> Self {
        self.wishes.receivers = Some(receivers);
        self
    }
}

/// What only an `mpmc` channel has.
impl Channel {
    /// How many messages fit.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(8).private()?;
    /// assert_eq!(channel.slots(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slots(&self) -> usize {
        self.shared.region.geometry().slots as usize
    }

    /// How many priorities there are.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().priorities(4).private()?;
    /// assert_eq!(channel.priorities(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn priorities(&self) -> u8 {
        // Checked when the header was read: there are 8 at most.
        self.shared.region.geometry().priorities as u8
    }
}
