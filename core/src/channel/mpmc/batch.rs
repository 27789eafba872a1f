//! What only a batch of an `mpmc` channel has: each of its messages can be finished alone.

use crate::channel::kind::Mpmc;
use crate::channel::port::SlotInlet;
use crate::channel::{batch, contents};
use crate::error::AckAtError;

/// Several messages that were queued at once, of one priority. Dropping the batch acknowledges those that are left, unless
/// [`Receiver::on_drop`](super::Receiver::on_drop) says otherwise.
pub type Batch<'a> = batch::Batch<'a, Mpmc>;

/// One message of a [`Batch`].
pub type BatchMessage<'a> = contents::BatchMessage<'a, Mpmc>;

/// Iterates over the messages of a [`Batch`] that are left.
pub type BatchIter<'a> = batch::BatchIter<'a, Mpmc>;

/// What only a batch of an `mpmc` channel has.
impl Batch<'_> {
    /// The message at `index` is done with: its slot is free, and it does not come again, whatever becomes of the others. Does not
    /// block.
    ///
    /// # Errors
    /// [`AckAtError::NotLeft`] if there is no such message, or if it is done with already; see [`AckAtError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.ack_at(1)?;
    /// assert!(batch.get(1).is_none() && batch.ack_at(1).is_err());
    /// assert_eq!(batch.iter().map(|message| message.len()).collect::<Vec<_>>(), [3, 5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack_at(&mut self, index: usize) -> Result<(), AckAtError> {
        self.finish_at(index)
    }

    /// Gives the message at `index` back, as [`Message::nack`](super::Message::nack) does: it comes again, to any receiver; if it was
    /// delivered as often as the channel's [limit](super::Options::delivery_limit), it is given up instead. Does not block.
    ///
    /// # Errors
    /// As [`Batch::ack_at`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.nack_at(1)?; // this one failed
    /// batch.ack()?; // the others did not
    /// let again = rx.recv()?;
    /// assert_eq!((again.to_vec(), again.deliveries()), (b"two".to_vec(), 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack_at(&mut self, index: usize) -> Result<(), AckAtError> {
        self.give_back_at(index)
    }

    /// Gives the message at `index` back unread, as [`Batch::hand_back`] does with all: it comes again, to any receiver, and is not
    /// given up for it, whatever the channel's [limit](super::Options::delivery_limit). Does not block.
    ///
    /// # Errors
    /// As [`Batch::ack_at`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().delivery_limit(1).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.hand_back_at(1)?; // no time for it
    /// batch.ack()?;
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back_at(&mut self, index: usize) -> Result<(), AckAtError> {
        self.return_at(index)
    }
}

/// What only a message of an `mpmc` channel has.
impl BatchMessage<'_> {
    /// Whether it was delivered before, to a receiver that gave it back or died.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv_batch(64)?.nack()?;
    /// assert!(rx.recv_batch(64)?.get(0).unwrap().redelivered());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.entry().is_repeated()
    }

    /// How often it was delivered, this time included. Stays at 65,535.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv_batch(64)?.nack()?;
    /// assert_eq!(rx.recv_batch(64)?.get(0).unwrap().deliveries(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deliveries(&self) -> u16 {
        self.entry().header.deliveries()
    }

    /// The priority that its sender gave it; 0 is the most urgent. Always one that the channel has.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().priorities(2).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set_priority(0)?;
    /// tx.send(b"at once")?;
    /// assert_eq!(rx.recv_batch(64)?.get(0).unwrap().priority(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn priority(&self) -> u8 {
        SlotInlet::priority(self.bytes(), &self.entry())
    }
}
