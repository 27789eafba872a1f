//! An open channel of whatever kind.

use super::handles::{Receiver, Sender};
use crate::channel::kind::{self, CarriesMessages, ChannelKind, with_kinds};
use crate::channel::{broadcast, event, opened, rpc, semaphore, watch};
use crate::error::{JoinError, TakeOverError};
use crate::layout::Kind;
use std::time::Duration;

/// Stands for whatever kind a channel is of, where [`generic`](crate::generic) types have their kind.
#[derive(Debug, Clone, Copy)]
pub enum Any {}

impl CarriesMessages for Any {}

/// An open channel of whatever kind: makes senders and receivers. Cheap to clone; keeps no descriptor open unless it is anonymous.
pub type Channel = opened::Channel<Any>;

macro_rules! kinds {
    ({} $($Kind:ident $face:ident;)*) => {
        &[$(Kind::$Kind),*]
    };
}

/// The kinds whose channels carry messages: those that have senders and receivers here.
///
/// ```
/// use memlane::{Kind, any};
/// assert!(any::KINDS.contains(&Kind::Spsc) && !any::KINDS.contains(&Kind::Watch));
/// ```
pub const KINDS: &[Kind] = with_kinds!(kinds {});

/// Makes `of_its_kind!(channel => call)`, which makes one call of the channel as one of its own kind.
macro_rules! define_of_its_kind {
    ({} $($Kind:ident $face:ident;)*) => {
        macro_rules! of_its_kind {
            ($channel:expr => $call:ident $arguments:tt) => {
                match $channel.kind() {
                    $(Kind::$Kind => Ok($channel.assume_kind::<kind::$Kind>().$call $arguments?.into()),)*
                    _ => Err($channel.has_no_messages().into()),
                }
            };
        }
    };
}

with_kinds!(define_of_its_kind {});

/// What a channel of whatever kind has besides.
impl Channel {
    /// Which kind it is of: of a channel that was opened, the one that stands in the file. It never changes.
    ///
    /// ```
    /// let channel: memlane::any::Channel = memlane::mpmc::Options::new().private()?.into();
    /// assert_eq!(channel.kind(), memlane::Kind::Mpmc);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.shared.region.geometry().row.kind
    }

    /// This channel as one of kind `K`, for what only that kind has. `None`: it is of another kind.
    ///
    /// ```
    /// use memlane::generic::{Mpmc, Spsc};
    /// let channel = memlane::any::Options::new(memlane::Kind::Mpmc).slots(64).private()?;
    /// assert_eq!(channel.to_kind::<Mpmc>().map(|queue| queue.slots()), Some(64));
    /// assert!(channel.to_kind::<Spsc>().is_none());
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    #[must_use]
    pub fn to_kind<K: ChannelKind>(&self) -> Option<opened::Channel<K>> {
        (self.kind() == K::KIND).then(|| self.assume_kind())
    }

    /// Takes a sender's seat: see [`generic::Channel::sender`](crate::generic::Channel::sender).
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; [`JoinError::NoMessages`] if its kind carries none; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::any::Options::default().private()?;
    /// let mut tx = channel.sender()?;
    /// let mut rx = channel.receiver()?;
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sender(&self) -> Result<Sender, JoinError> {
        of_its_kind!(self => sender())
    }

    /// Takes a receiver's seat: see [`generic::Channel::receiver`](crate::generic::Channel::receiver).
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; [`JoinError::NoMessages`] if its kind carries none; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::any::Options::default().private()?;
    /// let rx = channel.receiver()?;
    /// assert!(channel.receiver().is_err(), "that seat is taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver(&self) -> Result<Receiver, JoinError> {
        of_its_kind!(self => receiver())
    }

    /// Takes over a sender's seat that is handed over: see [`generic::Channel::take_over_sender`](crate::generic::Channel::take_over_sender).
    ///
    /// # Errors
    /// [`TakeOverError::Timeout`]; [`TakeOverError::Channel`], also if it is a [`watch`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::any::Options::default().private()?;
    /// let (tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// std::thread::scope(|scope| {
    ///     let successor = scope.spawn(|| channel.take_over_sender(Duration::MAX).unwrap().send(b"hello"));
    ///     tx.hand_over(Duration::MAX).unwrap();
    ///     successor.join().unwrap().unwrap();
    /// });
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_over_sender(&self, timeout: Duration) -> Result<Sender, TakeOverError> {
        of_its_kind!(self => take_over_sender(timeout))
    }

    /// Takes over a receiver's seat that is handed over: see
    /// [`generic::Channel::take_over_receiver`](crate::generic::Channel::take_over_receiver).
    ///
    /// # Errors
    /// As [`Channel::take_over_sender`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::any::Options::default().private()?;
    /// assert!(matches!(channel.take_over_receiver(Duration::ZERO), Err(memlane::TakeOverError::Timeout { .. })));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn take_over_receiver(&self, timeout: Duration) -> Result<Receiver, TakeOverError> {
        of_its_kind!(self => take_over_receiver(timeout))
    }

    /// This channel as an [`rpc`] channel. `None`: it is of another kind.
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Rpc).private()?;
    /// let server = channel.to_rpc().expect("it is one").server()?;
    /// assert!(server.try_next().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_rpc(&self) -> Option<rpc::Channel> {
        (self.kind() == Kind::Rpc).then(|| rpc::Channel::new(self.shared.clone()))
    }

    /// This channel as a [`watch`]. `None`: it is of another kind.
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Watch).private()?;
    /// assert!(matches!(channel.sender(), Err(memlane::JoinError::NoMessages { .. })));
    /// let watch = channel.to_watch().expect("it is one");
    /// watch.sender()?.set(b"value")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_watch(&self) -> Option<watch::Channel> {
        (self.kind() == Kind::Watch).then(|| watch::Channel::new(self.shared.clone()))
    }

    /// This channel as a [`semaphore`]. `None`: it is of another kind.
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Semaphore).permits(2).private()?;
    /// let semaphore = channel.to_semaphore().expect("it is one");
    /// assert_eq!(semaphore.semaphore()?.available(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_semaphore(&self) -> Option<semaphore::Channel> {
        (self.kind() == Kind::Semaphore).then(|| semaphore::Channel::new(self.shared.clone()))
    }

    /// This channel as an [`event`]. `None`: it is of another kind.
    ///
    /// ```
    /// let channel = memlane::any::Options::new(memlane::Kind::Event).private()?;
    /// channel.to_event().expect("it is one").event()?.set(1)?;
    /// assert_eq!(channel.info().event.map(|event| event.bits), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_event(&self) -> Option<event::Channel> {
        (self.kind() == Kind::Event).then(|| event::Channel::new(self.shared.clone()))
    }

    /// This channel as a [`broadcast`], whose receivers choose where they begin. `None`: it is of another kind.
    ///
    /// ```
    /// use memlane::broadcast::Start;
    /// let channel = memlane::any::Options::new(memlane::Kind::Broadcast).private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send(b"hello")?;
    /// let broadcast = channel.to_broadcast().expect("it is one");
    /// let mut rx = memlane::any::Receiver::from(broadcast.receiver_from(Start::Oldest)?);
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_broadcast(&self) -> Option<broadcast::Channel> {
        (self.kind() == Kind::Broadcast).then(|| self.assume_kind())
    }

    #[cold]
    fn has_no_messages(&self) -> JoinError {
        JoinError::NoMessages { channel: self.shared.region.label().to_owned(), kind: self.kind().name() }
    }

    fn assume_kind<K: ChannelKind>(&self) -> opened::Channel<K> {
        opened::Channel::new(self.shared.clone())
    }
}

impl From<rpc::Channel> for Channel {
    fn from(rpc: rpc::Channel) -> Self {
        Self::new(rpc.shared)
    }
}

impl From<watch::Channel> for Channel {
    fn from(watch: watch::Channel) -> Self {
        Self::new(watch.shared)
    }
}

impl From<semaphore::Channel> for Channel {
    fn from(semaphore: semaphore::Channel) -> Self {
        Self::new(semaphore.shared)
    }
}

impl From<event::Channel> for Channel {
    fn from(event: event::Channel) -> Self {
        Self::new(event.shared)
    }
}

impl<K: ChannelKind> From<opened::Channel<K>> for Channel {
    fn from(of_kind: opened::Channel<K>) -> Self {
        Self::new(of_kind.shared)
    }
}
