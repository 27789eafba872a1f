//! Channels of whatever kind, for the subcommands that do the same with all of them.

use crate::failure::Outcome;
use crate::opening::OpeningArguments;
use memlane::{
    Backend, CreateError, FenceMode, Info, JoinError, Kind, MemoryReport, NoSuchPriority, OpenError, Origin,
    OutOfMemory, RecvTimeoutError, SendBatchError, SendError, SendTimeoutError, TrustPeers, mpmc, spsc,
};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// What a channel is created with.
#[derive(Debug, Clone)]
pub enum Options {
    Spsc(spsc::Options),
    Mpmc(mpmc::Options),
}

/// An open channel.
#[derive(Debug, Clone)]
pub enum Channel {
    Spsc(spsc::Channel),
    Mpmc(mpmc::Channel),
}

/// A sender.
#[derive(Debug)]
pub enum Sender {
    Spsc(spsc::Sender),
    Mpmc(mpmc::Sender),
}

/// A receiver.
#[derive(Debug)]
pub enum Receiver {
    Spsc(spsc::Receiver),
    Mpmc(mpmc::Receiver),
}

/// A batch of messages: released when dropped, unless it is handed back.
#[derive(Debug)]
pub enum Batch<'a> {
    Spsc(spsc::Batch<'a>),
    Mpmc(mpmc::Batch<'a>),
}

/// Does the same with either.
macro_rules! either {
    ($value:expr, $kind:ident($inner:pat) => $result:expr) => {
        match $value {
            $kind::Spsc($inner) => $result,
            $kind::Mpmc($inner) => $result,
        }
    };
}

/// Wraps what is made of either.
macro_rules! either_of {
    ($value:expr, $from:ident($inner:pat) => $to:ident($result:expr)) => {
        match $value {
            $from::Spsc($inner) => $to::Spsc($result),
            $from::Mpmc($inner) => $to::Mpmc($result),
        }
    };
}

/// The kind of the channel of this name, if there is one that can be looked at.
pub fn kind_of(name: &str) -> Option<Kind> {
    memlane::inspect(name).ok().map(|info| info.kind)
}

/// Opens the channel of this name, of whatever kind. `drain`: for receivers for which all senders count that there ever were.
pub fn open(name: &str, opening: OpeningArguments, drain: bool) -> Result<Channel, OpenError> {
    Options::of(name).opening(opening).ends_when_drained(drain).open(name)
}

impl Options {
    /// Those of the channel of this name. What cannot be looked at cannot be opened either; `spsc` says why.
    fn of(name: &str) -> Self {
        Self::of_kind(kind_of(name).unwrap_or(Kind::Spsc))
    }

    /// Those of a channel of this kind; of one that this command does not know, `spsc` says so.
    pub fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Mpmc => Self::Mpmc(mpmc::Options::new()),
            _ => Self::Spsc(spsc::Options::new()),
        }
    }

    /// Sets whom to have to do with.
    pub fn opening(self, opening: OpeningArguments) -> Self {
        let options = self.any_owner(opening.any_owner);
        match opening.trust() {
            Some(trust) => options.trust_peers(trust),
            None => options,
        }
    }

    /// Whether messages of channels like this have priorities.
    pub fn have_priorities(&self) -> bool {
        matches!(self, Self::Mpmc(_))
    }

    fn ends_when_drained(self, ends: bool) -> Self {
        either_of!(self, Options(options) => Self(options.ends_when_drained(ends)))
    }

    fn any_owner(self, any: bool) -> Self {
        either_of!(self, Options(options) => Self(options.any_owner(any)))
    }

    pub fn trust_peers(self, trust: TrustPeers) -> Self {
        either_of!(self, Options(options) => Self(options.trust_peers(trust)))
    }

    pub fn max_message(self, bytes: usize) -> Self {
        either_of!(self, Options(options) => Self(options.max_message(bytes)))
    }

    pub fn payload_alignment(self, bytes: usize) -> Self {
        either_of!(self, Options(options) => Self(options.payload_alignment(bytes)))
    }

    pub fn persistent(self, persistent: bool) -> Self {
        either_of!(self, Options(options) => Self(options.persistent(persistent)))
    }

    pub fn mode(self, mode: u32) -> Self {
        either_of!(self, Options(options) => Self(options.mode(mode)))
    }

    pub fn fence(self, mode: FenceMode) -> Self {
        either_of!(self, Options(options) => Self(options.fence(mode)))
    }

    pub fn backend(self, backend: Backend) -> Self {
        either_of!(self, Options(options) => Self(options.backend(backend)))
    }

    pub fn type_name(self, name: &str) -> Self {
        either_of!(self, Options(options) => Self(options.type_name(name)))
    }

    pub fn prefault(self, now: bool) -> Self {
        either_of!(self, Options(options) => Self(options.prefault(now)))
    }

    pub fn lock_memory(self, lock: bool) -> Self {
        either_of!(self, Options(options) => Self(options.lock_memory(lock)))
    }

    pub fn huge_pages(self, huge: bool) -> Self {
        either_of!(self, Options(options) => Self(options.huge_pages(huge)))
    }

    fn open(&self, name: &str) -> Result<Channel, OpenError> {
        Ok(either_of!(self, Options(options) => Channel(options.open(name)?)))
    }

    pub fn create(&self, name: &str) -> Result<Channel, CreateError> {
        Ok(either_of!(self, Options(options) => Channel(options.create(name)?)))
    }

    pub fn anonymous(&self) -> Result<Channel, CreateError> {
        Ok(either_of!(self, Options(options) => Channel(options.anonymous()?)))
    }

    pub fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Channel, OpenError> {
        Ok(either_of!(self, Options(options) => Channel(options.open_descriptors(region, locks)?)))
    }

    pub fn open_or_create(&self, name: &str) -> Result<Channel, OpenError> {
        Ok(either_of!(self, Options(options) => Channel(options.open_or_create(name)?)))
    }
}

impl Channel {
    pub fn sender(&self) -> Result<Sender, JoinError> {
        Ok(either_of!(self, Channel(channel) => Sender(channel.sender()?)))
    }

    pub fn receiver(&self) -> Result<Receiver, JoinError> {
        Ok(either_of!(self, Channel(channel) => Receiver(channel.receiver()?)))
    }

    pub fn info(&self) -> Info {
        either!(self, Channel(channel) => channel.info())
    }

    /// Of an anonymous channel: its region and its locks.
    pub fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        either!(self, Channel(channel) => channel.descriptors())
    }

    pub fn origin(&self) -> Origin {
        either!(self, Channel(channel) => channel.origin())
    }

    pub fn memory(&self) -> &MemoryReport {
        either!(self, Channel(channel) => channel.memory())
    }
}

impl Sender {
    /// Whether several may receive what it sends.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Mpmc(_))
    }

    pub fn max_message(&self) -> usize {
        either!(self, Sender(sender) => sender.max_message())
    }

    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        either!(self, Sender(sender) => sender.send(message))
    }

    /// Leaves, and says whether what was sent can be found.
    pub fn leave(self) -> Result<(), SendError> {
        either!(self, Sender(sender) => sender.leave())
    }

    /// Blocks while the channel is full, for at most `timeout`.
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        either!(self, Sender(sender) => sender.send_timeout(message, timeout))
    }

    /// Sets the priority of what is sent from now on.
    pub fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        match self {
            Self::Spsc(_) => Err(NoSuchPriority { given: priority, priorities: 0 }),
            Self::Mpmc(sender) => sender.set_priority(priority),
        }
    }

    pub fn send_batch<M: AsRef<[u8]>>(&mut self, messages: impl Iterator<Item = M>) -> Result<usize, SendBatchError> {
        either!(self, Sender(sender) => sender.send_batch(messages))
    }
}

impl Receiver {
    /// Whether there may be others.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Mpmc(_))
    }

    /// Leaves the channel as if this process had been killed now: its seat stays open until the process ends, which is the
    /// proof that it died. Senders then wait for a successor.
    pub fn leave_open(self) {
        std::mem::forget(self);
    }

    /// `None` waits for ever.
    pub fn recv_batch(&mut self, max: usize, timeout: Option<Duration>) -> Result<Batch<'_>, RecvTimeoutError> {
        Ok(either_of!(self, Receiver(receiver) => Batch(match timeout {
            None => receiver.recv_batch(max)?,
            Some(timeout) => receiver.recv_batch_timeout(max, timeout)?,
        })))
    }
}

/// Appends one message to a vector, if there is memory for it.
pub type Append<'a> = &'a dyn Fn(&mut Vec<u8>) -> Result<(), OutOfMemory>;

impl Batch<'_> {
    pub fn len(&self) -> usize {
        either!(self, Batch(batch) => batch.len())
    }

    /// Calls `each` with every message's length, whether it was delivered before, and what appends it to a vector.
    pub fn try_for_each(&self, mut each: impl FnMut(usize, bool, Append<'_>) -> Outcome) -> Outcome {
        match self {
            Self::Spsc(batch) => batch.iter().try_for_each(|m| each(m.len(), false, &|vector| m.append_to(vector))),
            Self::Mpmc(batch) => {
                batch.iter().try_for_each(|m| each(m.len(), m.redelivered(), &|vector| m.append_to(vector)))
            }
        }
    }

    /// Unread: all of it comes again.
    pub fn hand_back(self) {
        either!(self, Batch(batch) => batch.hand_back())
    }
}
