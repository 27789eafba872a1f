//! `broadcast`: one sender or [several](Options::max_senders), many receivers, and each message goes to all of these. In order of each sender,
//! variable-length messages; lossless, or never waiting: as its [`Policy`] says.
//!
//! ```text
//! Sender ──► │ lane │ ──┐  ┌─► Receiver ──► Message
//!                        ├──┼─► Receiver ──► Message     each at its own place in every lane
//! Sender ──► │ lane │ ──┘  └─► Receiver ──► Message
//! ```
//!
//! What holds:
//! - A receiver gets every message of a sender from the one on with which it began, in the order in which they were sent: by default the next
//!   one that is sent, or an earlier one that is still there ([`Channel::receiver_from`]).
//! - A receiver goes round the lanes of several senders. No sender's messages are in any order with another one's.
//! - A message is written once, however many receivers there are. As long as they keep up, sending costs the same with one of them
//!   as with a thousand.
//! - A receiver that leaves or dies takes nothing with it, and nobody waits for it. Its successor begins where it wants: nothing is kept
//!   for it; unless it has a name. A sender that dies has a successor, too, which goes on behind what it committed.
//! - Messages stay in the lane until they are overwritten, also where nobody receives: so a receiver that comes late finds the last ones.
//! - A receiver learns `Disconnected` when no sender is left and it has received everything. The sender learns it when every receiver that
//!   there was has left; a [persistent](Options::persistent) channel has no such end.
//!
//! **Policies.** Where the slowest receiver has not come as far as the sender wants to write, the sender
//! - waits until it has ([`Policy::Block`], the default): nothing is lost. A receiver that is stopped stops the sender. One that is
//!   killed does not; that is found out within some 100 ms. [`info`](Channel::info) says which receiver [holds it
//!   back](crate::BroadcastInfo::slowest);
//! - does not wait: the call fails with `Full` ([`Policy::Fail`]). Nothing that was sent is lost;
//! - overwrites the oldest messages ([`Policy::Overwrite`]): it never looks at a receiver. A receiver that was overtaken gets
//!   [`RecvError::Lagged`](crate::RecvError::Lagged), once, with the exact number of messages that it lost, and goes on with one that is half a ring
//!   old or newer;
//! - goes on without that receiver ([`Policy::Evict`]): it leaves the others' messages alone, and those of this one as long as the lane has other
//!   room. A receiver that was left behind is told as above. Overwriting costs the sender less, and evicting leaves a receiver the
//!   whole lane to lag behind in.
//!
//! **Room.** A lossless sender that *sleeps* in front of a full lane is woken by the receiver that it waits for alone, once that has released
//! an eighth of the ring, finds nothing more, leaves, or calls [`Receiver::publish_released`].
//!
//! **Named receivers.** A receiver that joined by a name comes back by it ([`Channel::receiver_named`]), also after it was killed, and goes on behind
//! what it acknowledged. While it is away, a lossless sender waits for it, or fails, as if it were there and slow; [`Channel::forget`] ends
//! that. Where the policy is to overwrite or to evict, it is told how many messages it lost meanwhile. For the sender, one that is away
//! has not left.
//!
//! **Looking on.** Any number of programs may receive [without a seat](ReadOnlyReceiver), whatever the policy: they need permission to read
//! the channel's file, and nothing else. They disturb nobody, and so the sender overwrites what they have not received.
//!
//! **In place.** A lossy receiver gets copies: what stands in the lane may be overwritten at any time. A call that fills the caller's buffer
//! exactly copies once, all others twice. A lossless one reads in place, as in [`spsc`](crate::spsc).
//!
//! ```
//! use memlane::broadcast;
//!
//! let channel = broadcast::Options::new().private()?; // threads; `.create("name")` for processes
//! let mut tx = channel.sender()?;
//! let receivers: Vec<_> = (0..3)
//!     .map(|_| {
//!         let rx = channel.receiver().unwrap(); // from now on
//!         std::thread::spawn(move || {
//!             let mut rx = rx;
//!             rx.messages().map(|message| message.unwrap()[0]).collect::<Vec<_>>()
//!         })
//!     })
//!     .collect();
//! (0..100u8).for_each(|number| tx.send(&[number]).unwrap());
//! drop(tx);
//! for receiver in receivers {
//!     assert_eq!(receiver.join().unwrap(), (0..100).collect::<Vec<_>>()); // each has got all
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Without waiting, and with losses that are counted:
//!
//! ```
//! use memlane::RecvError;
//! use memlane::broadcast::{Options, Policy};
//!
//! let channel = Options::new().capacity(4096).policy(Policy::Overwrite).private()?;
//! let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
//! (0..10_000u64).for_each(|number| tx.send(&number.to_le_bytes()).unwrap()); // never waits
//! let Err(RecvError::Lagged { lost }) = rx.recv() else { panic!("the ring holds 256 of them") };
//! let next: u64 = rx.recv()?.read()?;
//! assert_eq!(next, lost); // it goes on behind those
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod read_only;

use super::end::Since;
use super::kind::Broadcast;
use super::port::BroadcastInlet;
use super::wishes::Way;
use super::{batch, contents, grant, message, messages, opened, options, receiver, sender};
use crate::error::{JoinError, OpenError};
use crate::layout::Handed;
use std::os::fd::AsFd;

pub use super::contents::WrongSize;
pub use crate::layout::Policy;
pub use crate::ring::broadcast::Start;
pub use read_only::ReadOnlyReceiver;

/// How to create or open a `broadcast` channel.
pub type Options = options::Options<Broadcast>;

/// An open `broadcast` channel: makes its senders and its receivers.
pub type Channel = opened::Channel<Broadcast>;

/// A sender of a `broadcast` channel. As many live at a time as there are [seats](Options::max_senders); dropping one leaves the channel.
pub type Sender = sender::Sender<Broadcast>;

/// Room for one message in the sender's lane: see [`Sender::reserve`]. Where the [policy is lossy](Policy::is_lossy),
/// [`as_mut_slice`](Grant::as_mut_slice) is a buffer of this process, which is copied into the lane when the grant is committed.
pub type Grant<'a> = grant::Grant<'a, Broadcast>;

/// A receiver of a `broadcast` channel. Dropping it leaves the channel.
pub type Receiver = receiver::Receiver<Broadcast>;

/// A message, which every receiver gets. It is copied out, and released when dropped, unless [`Receiver::on_drop`] says otherwise: this
/// receiver is done with it. One that is not released comes again, to this receiver.
pub type Message<'a> = message::Message<'a, Broadcast>;

/// Several messages that were there at once. Those that are left are released, and that is published, when the batch is dropped,
/// unless [`Receiver::on_drop`] says otherwise.
pub type Batch<'a> = batch::Batch<'a, Broadcast>;

/// One message of a [`Batch`].
pub type BatchMessage<'a> = contents::BatchMessage<'a, Broadcast>;

/// Iterates over the messages of a [`Batch`].
pub type BatchIter<'a> = batch::BatchIter<'a, Broadcast>;

/// Copies of messages, each released as it is copied.
pub type Messages<'a> = messages::Messages<'a, Broadcast>;

/// Opens an existing channel with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// use memlane::{OpenError, broadcast};
/// assert!(matches!(broadcast::open("no-such-channel"), Err(OpenError::NotFound { .. })));
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// Opens an existing channel to receive what is sent from now on, with no more than permission to read its file. For `name`, see
/// [`crate::spsc::open`]. A channel of another user needs [`Options::open_read_only`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str();
/// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
/// let mut rx = memlane::broadcast::open_read_only(name)?;
/// tx.send(b"10")?;
/// assert_eq!(rx.recv()?, b"10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_read_only(name: &str) -> Result<ReadOnlyReceiver, OpenError> {
    Options::new().open_read_only(name)
}

/// What only the options of a `broadcast` channel have.
impl Options {
    /// Ring size of the lane in bytes, rounded up to a power of two from 4 KiB to 2 GiB. Default: 1 MiB, or more if
    /// [`Options::max_message`] needs it. What a message takes of it, [`spsc`](crate::spsc::Options::capacity) says.
    ///
    /// It is how far a receiver can lag behind the sender; where the sender overwrites, less a sixteenth, which it takes at once.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().capacity(100_000).private()?;
    /// assert_eq!(channel.capacity(), 131_072);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.wishes.capacity = Some(bytes);
        self
    }

    /// Has every message start at a multiple of so many bytes of the lane: see
    /// [`spsc::Options::record_alignment`](crate::spsc::Options::record_alignment).
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().record_alignment(64).private()?;
    /// assert_eq!(channel.info().record_alignment, 64);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn record_alignment(mut self, bytes: usize) -> Self {
        self.wishes.record_alignment = Some(bytes);
        self
    }

    /// How many senders there can be at a time, from 1 to 1,023. Default: 1. Each has a lane of its own, in which each receiver has a gate of its
    /// own: there are at most 16,384 of those, so with 1,000 receivers 16 senders. Only for creation.
    ///
    /// A receiver gets each sender's messages in order, and goes round the lanes that have some: at most 16 messages or a batch of one, then
    /// the next. Where it joins and where it finds nothing, it looks at every lane.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().max_senders(2).private()?;
    /// let (mut one, mut other, mut rx) = (channel.sender()?, channel.sender()?, channel.receiver()?);
    /// one.send(b"1")?;
    /// other.send(b"2")?;
    /// let first = rx.recv()?;
    /// assert_eq!((first.sender(), first.sequence()), (one.row(), 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_senders(mut self, senders: usize) -> Self {
        self.wishes.senders = Some(senders);
        self
    }

    /// How many receivers there can be at a time, from 1 to 1,023. Default: 64. Only for creation.
    ///
    /// ```
    /// use memlane::JoinError;
    /// let channel = memlane::broadcast::Options::new().max_receivers(1).private()?;
    /// let rx = channel.receiver()?;
    /// assert!(matches!(rx.try_clone(), Err(JoinError::RoleTaken { seats: 1, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_receivers(mut self, receivers: usize) -> Self {
        self.wishes.receivers = Some(receivers);
        self
    }

    /// What the sender does where a receiver has not come as far as it wants to write. Default: [`Policy::Block`].
    ///
    /// ```
    /// use memlane::SendError;
    /// use memlane::broadcast::{Options, Policy};
    /// let channel = Options::new().capacity(4096).policy(Policy::Fail).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// while tx.send(&[0; 100]).is_ok() {}
    /// assert_eq!(tx.send(&[0; 100]), Err(SendError::Full)); // it does not wait
    /// assert_eq!(rx.try_iter().count(), 36); // and nothing is lost
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn policy(mut self, policy: Policy) -> Self {
        self.wishes.policy = Some(policy);
        self
    }

    /// Opens an existing channel to receive what is sent from now on, and takes no part in it: see [`ReadOnlyReceiver`]. What was set
    /// and differs from the file is an error; how participants are woken makes no difference.
    ///
    /// The file needs to be readable: one that other users are to read is created with [`mode`](Options::mode) `0o644`, by a path where
    /// they find it, and opened with [`any_owner`](Options::any_owner).
    ///
    /// # Errors
    /// See [`OpenError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::broadcast::{Options, Policy};
    /// let mut tx = Options::new().policy(Policy::Overwrite).mode(0o644).create(name)?.sender()?;
    /// let mut rx = Options::new().any_owner(true).open_read_only(name)?;
    /// tx.send(b"10")?;
    /// assert_eq!(rx.recv()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_read_only(&self, name: &str) -> Result<ReadOnlyReceiver, OpenError> {
        self.open_read_only_from(name, Start::Now)
    }

    /// As [`Options::open_read_only`], but begins with this message. Where that is overwritten, the first call fails with
    /// [`Lagged`](crate::RecvError::Lagged), which says how many are missing.
    ///
    /// # Errors
    /// [`OpenError::NoSuchMessage`]: no message has had that number yet. [`OpenError::Busy`]: the sender was faster many times. The others
    /// of [`OpenError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::broadcast::{Options, Start};
    /// let mut tx = Options::new().create(name)?.sender()?;
    /// tx.send_batch(["zero", "one", "two", "three"])?;
    /// let mut rx = Options::new().open_read_only_from(name, Start::Last(2))?;
    /// assert_eq!(rx.recv()?, b"two");
    /// let mut again = Options::new().open_read_only_from(name, Start::At(rx.next_sequence()))?;
    /// assert_eq!(again.recv()?, b"three");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_read_only_from(&self, name: &str, start: Start) -> Result<ReadOnlyReceiver, OpenError> {
        let shared = self.wishes.open_read_only(name)?;
        ReadOnlyReceiver::new(&shared, start)
    }

    /// Opens the channel that comes next over a Unix socket to receive from this message on, and takes no part in it. It was sent by
    /// [`Channel::send_read_only_to`], or by [`Channel::send_to`]. Waits for it as [`Options::receive_from`] does.
    ///
    /// # Errors
    /// As [`Options::receive_from`] and [`Options::open_read_only_from`].
    ///
    /// ```
    /// use memlane::broadcast::{Options, Start};
    /// let (here, there) = std::os::unix::net::UnixStream::pair()?;
    /// let channel = Options::new().one_way()?;
    /// channel.sender()?.send(b"10")?;
    /// channel.send_read_only_to(&here)?;
    /// assert_eq!(Options::new().receive_read_only_from(&there, Start::Oldest)?.recv()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive_read_only_from(&self, socket: impl AsFd, start: Start) -> Result<ReadOnlyReceiver, OpenError> {
        ReadOnlyReceiver::new(&self.wishes.open_handed(Way::Socket(socket.as_fd()), Handed::ReadOnly)?, start)
    }

    /// Opens the channel that this program inherited to receive from this message on, and takes no part in it: see
    /// [`Options::open_inherited`].
    ///
    /// # Errors
    /// As [`Options::open_inherited`] and [`Options::open_read_only_from`].
    ///
    /// ```
    /// use memlane::broadcast::{Options, Start};
    /// assert!(Options::new().open_inherited_read_only("PRICES", Start::Now).is_err(), "nobody passed it");
    /// ```
    pub fn open_inherited_read_only(&self, variable: &str, start: Start) -> Result<ReadOnlyReceiver, OpenError> {
        ReadOnlyReceiver::new(&self.wishes.open_handed(Way::Variable(variable), Handed::ReadOnly)?, start)
    }
}

/// What only a `broadcast` channel has.
impl Channel {
    /// Takes a receiver's seat, as [`Channel::receiver`] does, and begins with this message.
    ///
    /// # Errors
    /// [`JoinError::NoSuchMessage`]: no message has had that number yet. [`JoinError::Busy`]: the sender was faster many times.
    /// [`JoinError::SeveralSenders`]: a number is of one sender's messages, and there are seats for several. The others of [`JoinError`].
    ///
    /// ```
    /// use memlane::broadcast::{Options, Start};
    /// let channel = Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send_batch(["zero", "one", "two", "three"])?;
    /// let all = channel.receiver_from(Start::Oldest)?.drain().count();
    /// let mut late = channel.receiver_from(Start::Last(2))?;
    /// assert_eq!((all, late.recv()?.to_vec()), (4, b"two".to_vec()));
    /// let position = late.next_sequence(); // kept in a file, say
    /// drop(late);
    /// let mut again = channel.receiver_from(Start::At(position))?;
    /// assert_eq!(again.recv()?.to_vec(), b"three");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver_from(&self, start: Start) -> Result<Receiver, JoinError> {
        let since = Since::of_receivers(&self.shared);
        Receiver::join_by(&self.shared, since, |end| BroadcastInlet::begin(end, start, false))
    }
}

/// What only a sender of a `broadcast` channel has.
impl Sender {
    /// Another sender of the same channel, with a seat and a lane of its own: where the channel [has one](Options::max_senders).
    ///
    /// # Errors
    /// See [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().max_senders(2).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = tx.try_clone()?;
    /// tx.send(b"one")?;
    /// other.send(b"two")?;
    /// assert_eq!(rx.drain().count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.join_as()
    }

    /// How many messages the lane had carried when this sender joined. A sender that takes over from a dead one knows by it which of
    /// that one's messages are committed.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// channel.sender()?.send(b"hello")?;
    /// assert_eq!(channel.sender()?.resumed_at(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resumed_at(&self) -> u64 {
        self.port.resumed_at()
    }

    /// How many messages the lane has carried by now.
    ///
    /// ```
    /// let mut tx = memlane::broadcast::Options::new().private()?.sender()?;
    /// tx.send(b"hello")?; // nobody receives it
    /// assert_eq!(tx.sent(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.port.sent()
    }
}

/// What only a receiver of a `broadcast` channel has.
impl Receiver {
    /// Another receiver of the same channel, with a seat of its own, which begins with the next message that is sent. It knows whether this
    /// one has seen a sender.
    ///
    /// # Errors
    /// See [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = rx.try_clone()?;
    /// tx.send(b"for both")?;
    /// assert_eq!((rx.recv()?.len(), other.recv()?.len()), (8, 8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.join_as()
    }

    /// The number of the next message: how many its lane carried before it, since the channel was created; with seats for several senders,
    /// that of the lane whose turn it is. With it,
    /// [`Channel::receiver_from`] begins there another time.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.next_sequence(), 0);
    /// rx.recv()?.ack()?;
    /// assert_eq!(rx.next_sequence(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.port.next_sequence()
    }

    /// Wakes the sender if it sleeps in front of a full lane and waits for this receiver, and something was released since it was woken
    /// last; and counts what was received, for [`info`](Channel::info).
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// rx.recv()?.ack()?;
    /// rx.publish_released();
    /// assert_eq!(channel.info().participants[1].counters.messages, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_released(&mut self) {
        self.tell_released();
    }
}

/// What only a message of a `broadcast` channel has.
impl Message<'_> {
    /// The row of its sender's seat: which of [`Info::participants`](crate::Info::participants) that is or was. The next sender in the seat has it,
    /// too.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let message = rx.recv()?;
    /// assert_eq!(message.sender(), tx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sender(&self) -> u32 {
        self.entry().row
    }

    /// How many messages its lane carried before this one, since the channel was created. The numbers go on from one sender in a seat to the
    /// next.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["zero", "one"])?;
    /// rx.recv()?;
    /// assert_eq!(rx.recv()?.sequence(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entry().sequence()
    }
}

/// What only a message of a `broadcast` channel has.
impl BatchMessage<'_> {
    /// The row of its sender's seat: as [`Message::sender`].
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert!(rx.recv_batch(64)?.iter().all(|message| message.sender() == tx.row()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sender(&self) -> u32 {
        self.entry().row
    }

    /// How many messages its lane carried before this one: as [`Message::sequence`].
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["zero", "one"])?;
    /// let batch = rx.recv_batch(64)?;
    /// assert_eq!(batch.iter().map(|message| message.sequence()).collect::<Vec<_>>(), [0, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.entry().sequence()
    }
}
