//! What a receiver hands out: single messages, batches, and the iterator.

use super::contents::message_contents;
use super::kind::{ChannelKind, Ports};
use super::port::Inlet;
use super::receiver::{ItemOf, Receiver};
use crate::error::{AckError, RecvError};
use std::mem::ManuallyDrop;

type EntryOf<K> = <<K as Ports>::Inlet as Inlet>::Entry;
type BytesOf<'a, K> = <<K as Ports>::Inlet as Inlet>::Bytes<'a>;
type MarkOf<K> = <<K as Ports>::Inlet as Inlet>::Mark;
type PlaceOf<K> = <<K as Ports>::Inlet as Inlet>::Place;

/// A message that is this receiver's alone. It is copied out, and acknowledged when dropped. If a panic drops it, it is given
/// back instead, and comes again.
#[derive(Debug)]
pub struct Message<'a, K: ChannelKind> {
    receiver: &'a mut Receiver<K>,
    item: ItemOf<K>,
    /// Received while panicking: dropping it is no sign that it could not be dealt with.
    in_panic: bool,
}

impl<'a, K: ChannelKind> Message<'a, K> {
    #[inline]
    pub(super) fn new(receiver: &'a mut Receiver<K>, item: ItemOf<K>) -> Self {
        Self { receiver, item, in_panic: std::thread::panicking() }
    }

    #[inline(always)]
    fn bytes(&self) -> BytesOf<'_, K> {
        self.receiver.port.bytes()
    }

    #[inline(always)]
    pub(super) fn entry(&self) -> EntryOf<K> {
        self.receiver.port.entry(&self.item)
    }

    /// The message is done with: acknowledged, as by dropping it. It does not come again.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?; // cannot do it now
    /// rx.recv()?.ack()?; // the same one again
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack(self) -> Result<(), AckError> {
        ManuallyDrop::new(self).finish()
    }

    /// Gives the message back: it is delivered again. In `spsc`, to this receiver's next call or to its successor. In `mpmc`, to any
    /// receiver, behind all others of its priority, and says so; if it was delivered as often as the channel's
    /// [limit](crate::mpmc::Options::delivery_limit), it is given up instead.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?; // cannot do it now
    /// let again = rx.recv()?;
    /// assert!(again.redelivered() && again.deliveries() == 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack(self) -> Result<(), AckError> {
        ManuallyDrop::new(self).give_back()
    }

    /// Gives the message back unread: it comes again, to this receiver's next call, and does not count as delivered twice; or
    /// to a successor or any other receiver, once this one leaves.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv()?.hand_back();
    /// let again = rx.recv()?;
    /// assert_eq!((again.to_vec(), again.redelivered()), (b"one".to_vec(), false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back(self) {
        self.hand_over(|receiver, item| receiver.port.keep(item));
    }

    /// Leaves what becomes of it to the caller.
    pub(super) fn hand_over<T>(self, take: impl FnOnce(&mut Receiver<K>, ItemOf<K>) -> T) -> T {
        let mut message = ManuallyDrop::new(self);
        let item = message.item;
        take(message.receiver, item)
    }

    #[inline(always)]
    fn finish(&mut self) -> Result<(), AckError> {
        self.receiver.port.finish(&mut self.receiver.end, self.item)
    }

    fn give_back(&mut self) -> Result<(), AckError> {
        self.receiver.port.give_back(&mut self.receiver.end, self.item)
    }

    message_contents!();
}

impl<K: ChannelKind> Drop for Message<'_, K> {
    #[inline(always)]
    fn drop(&mut self) {
        // A forked child's, or a poisoned channel's, is nobody's any more.
        let _ = if std::thread::panicking() && !self.in_panic { self.give_back() } else { self.finish() };
    }
}

/// Several messages that were in the channel at once. Dropping the batch acknowledges all of it. If a panic drops it, it is
/// given back instead, and comes again.
#[derive(Debug)]
pub struct Batch<'a, K: ChannelKind> {
    receiver: &'a mut Receiver<K>,
    mark: MarkOf<K>,
    /// Received while panicking, as with [`Message`].
    in_panic: bool,
}

impl<'a, K: ChannelKind> Batch<'a, K> {
    pub(super) fn new(receiver: &'a mut Receiver<K>, mark: MarkOf<K>) -> Self {
        Self { receiver, mark, in_panic: std::thread::panicking() }
    }

    /// All messages are done with.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn ack(self) -> Result<(), AckError> {
        ManuallyDrop::new(self).finish()
    }

    /// Gives all messages back, as [`Message::nack`] does.
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

    /// Gives all messages back unread. In `spsc`, they come again to this receiver's next call or to its successor. In `mpmc`, to any
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
        let mark = batch.mark;
        let Receiver { port, end, .. } = &mut *batch.receiver;
        port.hand_back_batch(end, &mark);
    }

    fn finish(&mut self) -> Result<(), AckError> {
        self.receiver.port.finish_batch(&mut self.receiver.end)
    }

    fn give_back(&mut self) -> Result<(), AckError> {
        self.receiver.port.give_back_batch(&mut self.receiver.end, &self.mark)
    }

    /// How many messages there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.receiver.port.batch().len()
    }

    /// The message at `index`, in the order in which they came.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BatchMessage<'_, K>> {
        let place = *self.receiver.port.batch().get(index)?;
        Some(BatchMessage { bytes: self.receiver.port.bytes(), entry: K::Inlet::entry_of(&self.mark, place, index) })
    }

    /// All messages, in the order in which they came.
    #[must_use]
    pub fn iter(&self) -> BatchIter<'_, K> {
        let port = &self.receiver.port;
        BatchIter { bytes: port.bytes(), mark: self.mark, places: port.batch().iter().enumerate() }
    }
}

impl<K: ChannelKind> Drop for Batch<'_, K> {
    #[inline(never)]
    fn drop(&mut self) {
        // As for a single message.
        let _ = if std::thread::panicking() && !self.in_panic { self.give_back() } else { self.finish() };
    }
}

impl<'b, K: ChannelKind> IntoIterator for &'b Batch<'_, K> {
    type Item = BatchMessage<'b, K>;
    type IntoIter = BatchIter<'b, K>;

    fn into_iter(self) -> BatchIter<'b, K> {
        self.iter()
    }
}

/// One message of a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct BatchMessage<'b, K: ChannelKind> {
    bytes: BytesOf<'b, K>,
    entry: EntryOf<K>,
}

impl<'b, K: ChannelKind> BatchMessage<'b, K> {
    /// A message that its holder keeps for as long.
    pub(super) fn of(bytes: BytesOf<'b, K>, entry: EntryOf<K>) -> Self {
        Self { bytes, entry }
    }

    #[inline(always)]
    fn bytes(&self) -> BytesOf<'b, K> {
        self.bytes
    }

    #[inline(always)]
    pub(super) fn entry(&self) -> EntryOf<K> {
        self.entry
    }

    message_contents!();
}

/// Iterates over the messages of a [`Batch`].
#[derive(Debug)]
pub struct BatchIter<'b, K: ChannelKind> {
    bytes: BytesOf<'b, K>,
    mark: MarkOf<K>,
    places: std::iter::Enumerate<std::slice::Iter<'b, PlaceOf<K>>>,
}

impl<'b, K: ChannelKind> Iterator for BatchIter<'b, K> {
    type Item = BatchMessage<'b, K>;

    #[inline]
    fn next(&mut self) -> Option<BatchMessage<'b, K>> {
        let (index, place) = self.places.next()?;
        Some(BatchMessage { bytes: self.bytes, entry: K::Inlet::entry_of(&self.mark, *place, index) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl<K: ChannelKind> ExactSizeIterator for BatchIter<'_, K> {}

/// Copies of messages, each acknowledged as it is copied.
///
/// Ends when the channel is drained and its senders have gone; any other error comes once, then it ends. A message for
/// whose copy there is no memory ([`RecvError::OutOfMemory`]) comes again, to this receiver's next call.
#[derive(Debug)]
pub struct Messages<'a, K: ChannelKind> {
    receiver: &'a mut Receiver<K>,
    ended: bool,
}

impl<'a, K: ChannelKind> Messages<'a, K> {
    pub(super) fn new(receiver: &'a mut Receiver<K>) -> Self {
        Self { receiver, ended: false }
    }
}

impl<K: ChannelKind> Iterator for Messages<'_, K> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.receiver.next();
        let copied = item.map(|item| Message::new(self.receiver, item)).and_then(|message| {
            message.try_to_vec().map_err(|error| {
                message.hand_back();
                error.into()
            })
        });
        self.ended = copied.is_err();
        match copied {
            Err(RecvError::Disconnected) => None,
            copied => Some(copied),
        }
    }
}

impl<K: ChannelKind> std::iter::FusedIterator for Messages<'_, K> {}
