//! `mpsc`: many senders, one receiver, and a lane for each sender. In order per sender, lossless, variable-length messages.
//!
//! ```text
//! Sender ──► │ lane │ ┐
//! Sender ──► │ lane │ ┼─ in turn ──► Receiver ──► Message ──drop──► room again, in its lane
//! Sender ──► │ lane │ ┘
//! ```
//!
//! What holds:
//! - The messages of one sender come out in the order in which they went in, each once. Between those of different senders there is
//!   no order. If the receiver dies, its successor gets again what the dead one had not released, of each lane.
//! - **Fair.** The receiver goes round the lanes that have something: at most 16 messages, or 4 KiB, of each in turn. A sender
//!   that floods its own lane keeps no other one waiting.
//! - **Senders do not meet.** A sender writes to its own lane alone, and waits only while that is full. One that is stopped or
//!   killed, wherever that is, keeps nothing from the others.
//! - A sender that leaves or dies leaves its messages behind: the receiver gets all that it committed. Its seat, and its lane, are the
//!   next sender's at once.
//! - The receiver learns `Disconnected` when no sender is left and every lane is drained. A sender that hands over to another one,
//!   which joins before it leaves, is not the end.
//! - Each lane is a stretch of memory that is there whether its seat is taken or not:
//!   [`max_senders`](Options::max_senders) × [`capacity`](Options::capacity).
//!
//! **Release.** As in [`spsc`](crate::spsc), for each lane: a sender that *sleeps* in front of its full lane is woken once 1/8 of that
//! was released, or when the receiver finds the lane empty, leaves, or calls [`Receiver::publish_released`].
//!
//! ```
//! use memlane::mpsc;
//!
//! let channel = mpsc::Options::new().private()?; // threads; `.create("name")` for processes
//! let mut rx = channel.receiver()?;
//! let senders: Vec<_> = (0..3u8)
//!     .map(|name| {
//!         let mut tx = channel.sender().unwrap();
//!         std::thread::spawn(move || (0..100u8).for_each(|number| tx.send(&[name, number]).unwrap()))
//!     })
//!     .collect();
//! let mut next = [0; 3];
//! for message in rx.messages() {
//!     let message = message?;
//!     let (name, number) = (usize::from(message[0]), message[1]);
//!     assert_eq!(number, next[name]); // each sender's messages are in order
//!     next[name] += 1;
//! }
//! assert_eq!(next, [100; 3]); // all senders were dropped: the iteration ended
//! # senders.into_iter().for_each(|sender| sender.join().unwrap());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::kind::Mpsc;
use super::{batch, contents, grant, message, messages, opened, options, receiver, sender};
use crate::error::{JoinError, OpenError};

pub use super::contents::WrongSize;

/// How to create or open an `mpsc` channel.
pub type Options = options::Options<Mpsc>;

/// An open `mpsc` channel: makes its senders and its receiver.
pub type Channel = opened::Channel<Mpsc>;

/// A sender of an `mpsc` channel, with a lane of its own. Dropping it leaves the channel.
pub type Sender = sender::Sender<Mpsc>;

/// Room for one message in a sender's lane: see [`Sender::reserve`].
pub type Grant<'a> = grant::Grant<'a, Mpsc>;

/// The receiver of an `mpsc` channel. One lives at a time; dropping it leaves the channel.
pub type Receiver = receiver::Receiver<Mpsc>;

/// A message in its sender's lane. It is copied out, and released when dropped, unless [`Receiver::on_drop`] says otherwise.
pub type Message<'a> = message::Message<'a, Mpsc>;

/// Several messages of one lane or more that were there at once. Those that are left are released, and that is
/// published, when the batch is dropped, unless [`Receiver::on_drop`] says otherwise.
pub type Batch<'a> = batch::Batch<'a, Mpsc>;

/// One message of a [`Batch`].
pub type BatchMessage<'a> = contents::BatchMessage<'a, Mpsc>;

/// Iterates over the messages of a [`Batch`].
pub type BatchIter<'a> = batch::BatchIter<'a, Mpsc>;

/// Copies of messages, each released as it is copied.
pub type Messages<'a> = messages::Messages<'a, Mpsc>;

/// Opens an existing channel with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// use memlane::{OpenError, mpsc};
/// assert!(matches!(mpsc::open("no-such-channel"), Err(OpenError::NotFound { .. })));
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// What only the options of an `mpsc` channel have.
impl Options {
    /// Ring size of each lane in bytes, rounded up to a power of two from 4 KiB to 2 GiB. Default: 64 KiB, or more if
    /// [`Options::max_message`] needs it. What a message takes of it, [`spsc`](crate::spsc::Options::capacity) says.
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().max_senders(4).capacity(8 << 10).private()?;
    /// assert_eq!(channel.capacity(), 8192); // of each of four lanes
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.wishes.capacity = Some(bytes);
        self
    }

    /// Has every message start at a multiple of so many bytes of its lane: see
    /// [`spsc::Options::record_alignment`](crate::spsc::Options::record_alignment).
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().record_alignment(64).private()?;
    /// assert_eq!(channel.info().record_alignment, 64);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn record_alignment(mut self, bytes: usize) -> Self {
        self.wishes.record_alignment = Some(bytes);
        self
    }

    /// How many senders there can be at a time, from 1 to 1,023; each has a lane. Default: 64. Only for creation.
    ///
    /// ```
    /// use memlane::JoinError;
    /// let channel = memlane::mpsc::Options::new().max_senders(1).private()?;
    /// let tx = channel.sender()?;
    /// assert!(matches!(tx.try_clone(), Err(JoinError::RoleTaken { seats: 1, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_senders(mut self, senders: usize) -> Self {
        self.wishes.senders = Some(senders);
        self
    }
}

/// What only a sender of an `mpsc` channel has.
impl Sender {
    /// Another sender of the same channel, with a seat and a lane of its own: nothing orders its messages and this one's. It knows
    /// whether this one has seen a receiver: where this one is told that it has gone, so is the clone.
    ///
    /// # Errors
    /// See [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = tx.try_clone()?;
    /// tx.send(b"one")?;
    /// other.send(b"two")?;
    /// assert_eq!(rx.recv_batch(64)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.join_as()
    }

    /// How many messages this sender's lane had carried when it joined: those of the senders that had the seat before. A sender that
    /// takes over from a dead one knows by it which of that one's messages are committed.
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().max_senders(1).private()?;
    /// channel.sender()?.send(b"hello")?;
    /// assert_eq!(channel.sender()?.resumed_at(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resumed_at(&self) -> u64 {
        self.port.resumed_at()
    }

    /// How many messages this sender's lane has carried by now.
    ///
    /// ```
    /// let mut tx = memlane::mpsc::Options::new().private()?.sender()?;
    /// tx.send(b"hello")?;
    /// assert_eq!(tx.sent(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.port.sent()
    }
}

/// What only the receiver of an `mpsc` channel has.
impl Receiver {
    /// Wakes each sender that sleeps in front of its full lane, if something of that was released since it was woken last; and counts
    /// what was received, for [`info`](Channel::info).
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().private()?;
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

/// What only a message of an `mpsc` channel has.
impl Message<'_> {
    /// The row of its sender's seat: which of [`Info::participants`](crate::Info::participants) that is or was. The next sender in
    /// the seat has it, too.
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let message = rx.recv()?;
    /// assert_eq!((message.sender(), message.sequence()), (tx.row(), 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sender(&self) -> u32 {
        self.entry().row
    }

    /// How many messages its lane carried before this one. The numbers go on from one sender in a seat to the next.
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().private()?;
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

/// What only a message of an `mpsc` channel has.
impl BatchMessage<'_> {
    /// The row of its sender's seat: as [`Message::sender`].
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["zero", "one"])?;
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
    /// let channel = memlane::mpsc::Options::new().private()?;
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
