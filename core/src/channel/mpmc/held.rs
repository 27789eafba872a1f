//! Messages that are held apart from their receiver, to be worked on by any thread, several at once.

use super::{Batch, BatchMessage, Message};
use crate::channel::contents::{self, WrongSize};
use crate::channel::on_drop::OnDrop;
use crate::channel::port::{Holding, Inlet, SlotInlet};
use crate::error::{AckAtError, AckError, BufferTooSmall, OutOfMemory};
use crate::region::TrustPeers;
use crate::ring::slots::Delivery;
use std::fmt;
use std::sync::Arc;

/// A message that is held apart from its receiver: [`Message::hold`] makes it, or [`Batch::hold_at`].
///
/// It does not borrow the receiver, which goes on receiving, and may be sent to any thread. So one receiver keeps many threads, or
/// many tasks, busy, and each message is acknowledged when its work is done, in whatever order.
///
/// Dropping it acknowledges it, or gives it back, as its receiver's [`on_drop`](super::Receiver::on_drop) said when it was held. If a
/// panic drops it, it is given back in any case, and comes again.
///
/// **It keeps its receiver's seat.** A receiver that was dropped counts as there until the last message that it handed out is
/// done with: senders are not told `Disconnected`, no other receiver takes the seat, and the channel is not removed. A held
/// message that is leaked keeps the seat until the process ends.
///
/// **Its receiver does not wait for it.** A receiver that finds the channel drained and its senders gone says `Disconnected`
/// though messages are held that it handed out. If one of them is given back afterwards, a later call gets it. Other receivers
/// wait, as they do for any message that another one has.
///
/// If the process dies, all of its held messages come again, marked, as those do that its receivers had in hand. In a forked
/// child, they are the parent's: dropping them touches nothing.
///
/// ```
/// use memlane::mpmc;
///
/// let channel = mpmc::Options::new().private()?;
/// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
/// tx.send_batch(["one", "two", "three"])?;
/// let workers: Vec<_> = (0..3)
///     .map(|_| {
///         let job = rx.recv().unwrap().hold();
///         std::thread::spawn(move || {
///             println!("{:?}", job.to_vec()); // the work
///             job.ack()
///         })
///     })
///     .collect();
/// for worker in workers {
///     worker.join().unwrap()?;
/// }
/// assert_eq!(channel.info().queue.unwrap().consumed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HeldMessage {
    holding: Arc<Holding>,
    delivery: Delivery,
    /// What dropping it means.
    on_drop: OnDrop,
    /// Acknowledged or given back, or at least tried: dropping it does nothing more.
    is_done: bool,
}

impl Message<'_> {
    /// Takes the message out of the receiver's hands: the receiver goes on, and the message is finished later, by any thread.
    ///
    /// Costs an allocation the first time, and a few instructions after that. See [`HeldMessage`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let one = rx.recv()?.hold();
    /// let two = rx.recv()?.hold();
    /// assert_eq!((one.to_vec(), two.to_vec()), (b"one".to_vec(), b"two".to_vec()));
    /// two.ack()?;
    /// one.nack()?; // comes again
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold(self) -> HeldMessage {
        self.hand_over(|receiver, delivery| HeldMessage {
            holding: receiver.port.hold(&mut receiver.end),
            delivery,
            on_drop: receiver.on_drop,
            is_done: false,
        })
    }
}

impl Batch<'_> {
    /// Takes the message at `index` out of the batch and of the receiver's hands, as [`Message::hold`] does. The indices of the others
    /// stay, and whatever becomes of the batch does not concern it. Does not block.
    ///
    /// # Errors
    /// [`AckAtError::NotLeft`] if there is no such message, or if it is done with or held already.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// let held = batch.hold_at(1)?;
    /// batch.ack()?; // of the two that are left
    /// std::thread::spawn(move || held.nack()).join().unwrap()?;
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold_at(&mut self, index: usize) -> Result<HeldMessage, AckAtError> {
        let on_drop = self.on_drop();
        let (port, end) = self.port();
        let (holding, delivery) = port.hold_at(end, index)?;
        Ok(HeldMessage { holding, delivery, on_drop, is_done: false })
    }
}

impl HeldMessage {
    /// The message is done with: acknowledged, as by dropping it. It does not come again, and its slot is free. Wakes a sender
    /// that waits for one. Does not block.
    ///
    /// # Errors
    /// [`AckError::Forked`] in a forked child. [`AckError::Corrupted`] if the channel was found to be corrupted, or its file to be
    /// truncated, since the message came; or if this call finds it.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// let job = rx.recv()?.hold();
    /// assert!(tx.try_send(b"next").is_err(), "its slot is in use");
    /// std::thread::spawn(move || job.ack()).join().unwrap()?;
    /// tx.try_send(b"next")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack(mut self) -> Result<(), AckError> {
        self.is_done = true;
        self.holding.finish(self.delivery)
    }

    /// Gives the message back: it is delivered again, to any receiver, behind all others of its priority, and says so. If it was
    /// delivered as often as the channel's [limit](super::Options::delivery_limit), it is given up instead. Does not block.
    ///
    /// # Errors
    /// As [`HeldMessage::ack`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// let job = rx.recv()?.hold();
    /// std::thread::spawn(move || job.nack()).join().unwrap()?; // could not do it
    /// let again = rx.recv()?;
    /// assert!(again.redelivered() && again.deliveries() == 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack(mut self) -> Result<(), AckError> {
        self.is_done = true;
        self.holding.give_back(self.delivery)
    }

    /// Whether it was delivered before, to a receiver that gave it back or died.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?;
    /// assert!(rx.recv()?.hold().redelivered());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.delivery.is_repeated()
    }

    /// How often it was delivered, this time included. Stays at 65,535.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// assert_eq!(rx.recv()?.hold().deliveries(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deliveries(&self) -> u16 {
        self.delivery.header.deliveries()
    }

    /// The priority that its sender gave it; 0 is the most urgent. Always one that the channel has.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().priorities(2).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set_priority(0)?;
    /// tx.send(b"at once")?;
    /// assert_eq!(rx.recv()?.hold().priority(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn priority(&self) -> u8 {
        SlotInlet::priority(self.holding.bytes(), &self.delivery)
    }

    /// The message as one of several: what can be done with its bytes is the same.
    fn contents(&self) -> BatchMessage<'_> {
        contents::BatchMessage::of(self.holding.bytes(), self.delivery)
    }

    /// Length in bytes.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// assert_eq!(rx.recv()?.hold().len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        SlotInlet::length(&self.delivery)
    }

    /// Whether it has length 0.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"")?;
    /// assert!(rx.recv()?.hold().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the message to the start of `buffer` and returns its length.
    ///
    /// # Errors
    /// [`BufferTooSmall`]; nothing was copied.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// let (job, mut buffer) = (rx.recv()?.hold(), [0; 64]);
    /// let length = job.copy_to(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"job");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        self.contents().copy_to(buffer)
    }

    /// A copy of the message. Where there is no memory for it, that ends the process: see
    /// [`try_to_vec`](HeldMessage::try_to_vec).
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// assert_eq!(rx.recv()?.hold().to_vec(), b"job");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.contents().to_vec()
    }

    /// A copy of the message, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is still there.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// assert_eq!(rx.recv()?.hold().try_to_vec()?, b"job");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        self.contents().try_to_vec()
    }

    /// Appends a copy of the message to `vector`, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; nothing was appended.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut text = Vec::new();
    /// rx.recv()?.hold().append_to(&mut text)?;
    /// rx.recv()?.hold().append_to(&mut text)?;
    /// assert_eq!(text, b"onetwo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn append_to(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        self.contents().append_to(vector)
    }

    /// A copy of the message as a `T`: any plain data without padding or invalid values.
    ///
    /// # Errors
    /// [`WrongSize`] if the message is not exactly as long as a `T`.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7u64.to_le_bytes())?;
    /// let job = rx.recv()?.hold();
    /// assert_eq!(job.read::<u64>()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read<T: zerocopy::FromBytes + zerocopy::IntoBytes>(&self) -> Result<T, WrongSize> {
        self.contents().read()
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// // SAFETY: the channel is private, and nothing else in this process touches its memory.
    /// let trust = unsafe { memlane::TrustPeers::promise() };
    /// assert_eq!(rx.recv()?.hold().as_slice(trust), b"job");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn as_slice(&self, trust: TrustPeers) -> &[u8] {
        SlotInlet::borrow(self.holding.bytes(), &self.delivery, trust)
    }
}

impl Drop for HeldMessage {
    fn drop(&mut self) {
        if !self.is_done {
            // A forked child's, or a poisoned channel's, is nobody's any more.
            let _ = match self.on_drop == OnDrop::GiveBack || std::thread::panicking() {
                true => self.holding.give_back(self.delivery),
                false => self.holding.finish(self.delivery),
            };
        }
    }
}

/// Shows which channel and which receiver's seat it is of, and how long it is. Not what is in it.
impl fmt::Debug for HeldMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenancy = self.holding.tenancy();
        f.debug_struct("HeldMessage")
            .field("channel", &tenancy.region().label())
            .field("seat", &tenancy.seat().row())
            .field("bytes", &self.len())
            .field("deliveries", &self.deliveries())
            .finish_non_exhaustive()
    }
}
