//! Several messages that were received at once, and what becomes of them.

use super::contents::{BatchMessage, BytesOf};
use super::end::Seated;
use super::kind::{ChannelKind, Ports};
use super::on_drop::OnDrop;
use super::port::Inlet;
use super::receiver::Receiver;
use crate::error::AckError;
use std::mem::ManuallyDrop;

type MarkOf<K> = <<K as Ports>::Inlet as Inlet>::Mark;
type PlaceOf<K> = <<K as Ports>::Inlet as Inlet>::Place;

/// Several messages that were in the channel at once. Dropping the batch acknowledges those that are left, or gives them back, as
/// its receiver's [`on_drop`](Receiver::on_drop) says. If a panic drops it, they are given back in any case, and come again.
///
/// Messages can be done with before the batch is: in any kind the first of them, by [`Batch::ack_first`]; in `mpmc` any one, by
/// [`ack_at`](crate::mpmc::Batch::ack_at) and its like. The indices of the others stay; dropping, [`Batch::ack`], [`Batch::nack`] and
/// [`Batch::hand_back`] concern those that are left.
///
/// If this process dies while it has the batch, what is left comes again, and nothing else of it.
#[derive(Debug)]
pub struct Batch<'a, K: ChannelKind> {
    receiver: &'a mut Receiver<K>,
    mark: MarkOf<K>,
    /// Received while panicking, as with a single message.
    in_panic: bool,
}

impl<'a, K: ChannelKind> Batch<'a, K> {
    pub(super) fn new(receiver: &'a mut Receiver<K>, mark: MarkOf<K>) -> Self {
        Self { receiver, mark, in_panic: std::thread::panicking() }
    }

    /// All messages that are left are done with. Does not block.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(2)?.ack()?;
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack(self) -> Result<(), AckError> {
        ManuallyDrop::new(self).finish()
    }

    /// The first `count` messages that are left are done with, or all where there are fewer: they do not come again, whatever becomes
    /// of the others. Does not block.
    ///
    /// In a lane, they are released, and that is published, so that no successor gets them. That costs a store into a line that the
    /// sender reads: not for every message. In a queue, their slots are free.
    ///
    /// # Errors
    /// See [`AckError`]. In a queue, those before the one where it failed are done with.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.ack_first(2)?;
    /// assert_eq!((batch.len(), batch.get(2).unwrap().to_vec()), (1, b"three".to_vec())); // indices stay
    /// batch.nack()?; // of what is left
    /// assert_eq!(rx.recv()?.to_vec(), b"three");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack_first(&mut self, count: usize) -> Result<(), AckError> {
        let Receiver { port, end, .. } = &mut *self.receiver;
        port.finish_first(end, &self.mark, count)
    }

    /// Gives all messages that are left back, as [`Message::nack`](crate::generic::Message::nack) does. Does not block.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(2)?.nack()?; // what they were needed for failed
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack(self) -> Result<(), AckError> {
        ManuallyDrop::new(self).give_back()
    }

    /// Gives all messages that are left back unread. In `spsc`, they come again to this receiver's next call or to its successor. In `mpmc`, to any
    /// receiver, behind all others of their priority: they count as delivered, but none is given up for it, whatever the
    /// channel's [limit](crate::mpmc::Options::delivery_limit).
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().delivery_limit(1).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(2)?.hand_back(); // what they were needed for failed, and not because of them
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back(self) {
        let mut batch = ManuallyDrop::new(self);
        let Receiver { port, end, .. } = &mut *batch.receiver;
        port.hand_back_batch(end);
    }

    /// What the messages are finished with.
    pub(super) fn port(&mut self) -> (&mut K::Inlet, &mut Seated) {
        (&mut self.receiver.port, &mut self.receiver.end)
    }

    /// What dropping its messages means.
    pub(super) fn on_drop(&self) -> OnDrop {
        self.receiver.on_drop
    }

    fn finish(&mut self) -> Result<(), AckError> {
        self.receiver.port.finish_batch(&mut self.receiver.end)
    }

    fn give_back(&mut self) -> Result<(), AckError> {
        self.receiver.port.give_back_batch(&mut self.receiver.end)
    }

    /// How many messages are left: at least one, until some were done with alone.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// assert_eq!(batch.len(), 2);
    /// batch.ack_first(1)?;
    /// assert_eq!(batch.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.receiver.port.batch().left()
    }

    /// Whether no message is left.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// let mut batch = rx.recv_batch(64)?;
    /// assert!(!batch.is_empty());
    /// batch.ack_first(1)?;
    /// assert!(batch.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message at `index`, in the order in which they came, from 0. `None` if there is none, or if it is done with already.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.ack_first(1)?;
    /// assert!(batch.get(0).is_none());
    /// assert_eq!(batch.get(1).unwrap().to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BatchMessage<'_, K>> {
        let port = &self.receiver.port;
        let place = port.batch().get(index).filter(K::Inlet::is_left)?;
        Some(BatchMessage::of(port.bytes(), K::Inlet::entry_of(&self.mark, place, index)))
    }

    /// All messages that are left, in the order in which they came.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let batch = rx.recv_batch(64)?;
    /// let lengths: Vec<_> = batch.iter().map(|message| message.len()).collect();
    /// assert_eq!(lengths, [3, 3, 5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn iter(&self) -> BatchIter<'_, K> {
        let port = &self.receiver.port;
        let (index, places) = port.batch().rest();
        BatchIter { bytes: port.bytes(), mark: self.mark, places: places.iter(), index }
    }
}

impl<K: ChannelKind> Drop for Batch<'_, K> {
    #[inline(never)]
    fn drop(&mut self) {
        // As for a single message.
        let comes_again = self.receiver.on_drop == OnDrop::GiveBack || std::thread::panicking() && !self.in_panic;
        let _ = if comes_again { self.give_back() } else { self.finish() };
    }
}

impl<'b, K: ChannelKind> IntoIterator for &'b Batch<'_, K> {
    type Item = BatchMessage<'b, K>;
    type IntoIter = BatchIter<'b, K>;

    fn into_iter(self) -> BatchIter<'b, K> {
        self.iter()
    }
}

/// Iterates over the messages of a [`Batch`] that are left.
#[derive(Debug)]
pub struct BatchIter<'b, K: ChannelKind> {
    bytes: BytesOf<'b, K>,
    mark: MarkOf<K>,
    places: std::slice::Iter<'b, PlaceOf<K>>,
    /// Of the next place.
    index: usize,
}

impl<'b, K: ChannelKind> Iterator for BatchIter<'b, K> {
    type Item = BatchMessage<'b, K>;

    #[inline]
    fn next(&mut self) -> Option<BatchMessage<'b, K>> {
        loop {
            let (place, index) = (self.places.next()?, self.index);
            self.index += 1;
            if K::Inlet::is_left(place) {
                return Some(BatchMessage::of(self.bytes, K::Inlet::entry_of(&self.mark, *place, index)));
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.places.clone().filter(|place| K::Inlet::is_left(place)).count();
        (left, Some(left))
    }
}

impl<K: ChannelKind> ExactSizeIterator for BatchIter<'_, K> {}
