//! Creating and opening an `mpmc` channel.

use super::{OnDeath, Receiver, Sender};
use crate::channel::end::Since;
use crate::channel::inspect::Info;
use crate::channel::options::{Wishes, common_channel, common_options};
use crate::channel::port;
use crate::channel::shared::Shared;
use crate::error::{CreateError, JoinError, OpenError, RemoveError};
use crate::layout::{Backend, FenceMode, Kind};
use crate::liveness;
use crate::region::{MemoryReport, Origin, TrustPeers};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Opens an existing channel with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// How to create or open an `mpmc` channel.
///
/// What is not set takes its default at creation, and is taken from the file at opening; what is set and differs from
/// the file is [`OpenError::OptionsMismatch`].
///
/// ```
/// let channel = memlane::mpmc::Options::new().slots(64).max_message(4096).private()?;
/// assert_eq!((channel.slots(), channel.max_message()), (64, 4096));
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
        Self { wishes: Wishes::new(Kind::Mpmc) }
    }

    /// How many messages fit, from 1 to 65,536: those that are queued, being written, and not yet acknowledged. Default:
    /// 1,024, or as many as take at most 16 MiB, rounded down to a power of two, but at least 4; with the default largest
    /// message 256. Each takes the largest message plus 16 bytes, rounded up to a multiple of 64.
    pub fn slots(mut self, slots: u32) -> Self {
        self.wishes.slots = Some(slots);
        self
    }

    /// Largest message in bytes, up to 1 GiB. Default: 64,000.
    pub fn max_message(mut self, bytes: u64) -> Self {
        self.wishes.max_message = Some(bytes);
        self
    }

    /// Alignment of every message in memory, in bytes: a power of two from 8 (default) to 64. Matters to those who read
    /// or write in place.
    pub fn payload_alignment(mut self, bytes: u32) -> Self {
        self.wishes.payload_alignment = Some(bytes);
        self
    }

    /// How many priorities there are, from 1 (default) to 8. Messages of priority 0 are delivered first; see
    /// [`Sender::set_priority`].
    pub fn priorities(mut self, priorities: u16) -> Self {
        self.wishes.priorities = Some(priorities);
        self
    }

    /// What becomes of messages whose receiver died before it acknowledged them. Default: [`OnDeath::Redeliver`].
    pub fn on_death(mut self, policy: OnDeath) -> Self {
        self.wishes.discard_on_death = Some(policy == OnDeath::Discard);
        self
    }

    /// A message that was delivered so often and never acknowledged is given up, and counted as a dead letter. Default: 0,
    /// never.
    pub fn delivery_limit(mut self, deliveries: u16) -> Self {
        self.wishes.delivery_limit = Some(deliveries);
        self
    }

    /// How many senders there can be at a time, from 1 to 1,023; with the receivers at most 1,024. Default: 64, or
    /// what [`Options::max_receivers`] leaves, if that is less. Only for creation.
    pub fn max_senders(mut self, senders: u32) -> Self {
        self.wishes.senders = Some(senders);
        self
    }

    /// How many receivers there can be at a time, from 1 to 1,023; with the senders at most 1,024. Default: 64, or
    /// what [`Options::max_senders`] leaves, if that is less. Only for creation.
    pub fn max_receivers(mut self, receivers: u32) -> Self {
        self.wishes.receivers = Some(receivers);
        self
    }

    common_options!("mpmc");
}

/// An open channel: makes senders and receivers. Cheap to clone; keeps no descriptor open unless it is anonymous.
#[derive(Clone)]
pub struct Channel {
    pub(in crate::channel) shared: Arc<Shared>,
}

impl Channel {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Takes a sender's seat. What the last holder of the seat left behind by dying is freed.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    pub fn sender(&self) -> Result<Sender, JoinError> {
        Sender::join(&self.shared, Since::Now)
    }

    /// Takes a receiver's seat. What the last holder of the seat had not acknowledged when it died is delivered again, to
    /// any receiver.
    ///
    /// A receiver that joins a drained channel whose senders have left waits for the next sender: it cannot know whether one comes.
    /// The workers of a pool, which come at any time, end instead with [`Options::ends_when_drained`].
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    pub fn receiver(&self) -> Result<Receiver, JoinError> {
        Receiver::join(&self.shared, Since::of_receivers(&self.shared))
    }

    /// How many messages fit.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.shared.region.geometry().slots
    }

    /// How many messages are queued, of all priorities; those that receivers hold are not. Others send and receive
    /// meanwhile, so it may be another number by the time it is returned.
    #[must_use]
    pub fn len(&self) -> usize {
        port::queued(&self.shared.region) as usize
    }

    /// Whether no message is queued. The same holds as for `len`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many priorities there are.
    #[must_use]
    pub fn priorities(&self) -> u16 {
        self.shared.region.geometry().priorities
    }

    common_channel!();
}
