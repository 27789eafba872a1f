//! What a receiver of whatever kind hands out: single messages, batches, and the iterator.

use super::handles::{Batch, BatchIter, BatchMessage, Message, Messages, each};
use crate::channel::contents::WrongSize;
use crate::error::{AckError, BufferTooSmall, OutOfMemory, RecvError};
use crate::region::TrustPeers;
use zerocopy::{FromBytes, IntoBytes};

/// What messages of every kind have: see [`generic::Message`](crate::generic::Message), call by call.
impl Message<'_> {
    /// The message is done with: acknowledged, as by dropping it.
    ///
    /// # Errors
    /// See [`AckError`].
    #[inline]
    pub fn ack(self) -> Result<(), AckError> {
        each!(self, Self(message) => message.ack())
    }

    /// Gives the message back: it is delivered again.
    ///
    /// # Errors
    /// See [`AckError`].
    #[inline]
    pub fn nack(self) -> Result<(), AckError> {
        each!(self, Self(message) => message.nack())
    }

    /// Gives the message back unread: it comes again, to this receiver's next call.
    #[inline]
    pub fn hand_back(self) {
        each!(self, Self(message) => message.hand_back());
    }

    /// Length in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        each!(self, Self(message) => message.len())
    }

    /// Whether it has length 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(message) => message.is_empty())
    }

    /// Copies the message to the start of `buffer` and returns its length.
    ///
    /// # Errors
    /// [`BufferTooSmall`]; nothing was copied.
    #[inline]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        each!(self, Self(message) => message.copy_to(buffer))
    }

    /// A copy of the message. Where there is no memory for it, that ends the process: see [`Message::try_to_vec`].
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        each!(self, Self(message) => message.to_vec())
    }

    /// A copy of the message, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is still there.
    pub fn try_to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        each!(self, Self(message) => message.try_to_vec())
    }

    /// Appends a copy of the message to `vector`, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; nothing was appended.
    pub fn append_to(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        each!(self, Self(message) => message.append_to(vector))
    }

    /// A copy of the message as a `T`: any plain data without padding or invalid values.
    ///
    /// # Errors
    /// [`WrongSize`] if the message is not exactly as long as a `T`.
    pub fn read<T: FromBytes + IntoBytes>(&self) -> Result<T, WrongSize> {
        each!(self, Self(message) => message.read())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    #[must_use]
    pub fn as_slice(&self, trust: TrustPeers) -> &[u8] {
        each!(self, Self(message) => message.as_slice(trust))
    }

    /// How many messages its lane carried before it. `None` in kinds without lanes.
    #[must_use]
    #[inline]
    pub fn sequence(&self) -> Option<u64> {
        each!(self, Self(message) => message.known().sequence)
    }

    /// The row of its sender's seat: which of [`Info::participants`](crate::Info::participants) that is or was. `None` in kinds that
    /// do not know it.
    #[must_use]
    pub fn sender(&self) -> Option<u32> {
        each!(self, Self(message) => message.known().sender)
    }

    /// Whether it was delivered before, to a receiver that gave it back or died. `None` in kinds that do not know.
    #[must_use]
    #[inline]
    pub fn redelivered(&self) -> Option<bool> {
        each!(self, Self(message) => message.known().redelivered)
    }

    /// How often it was delivered, this time included; stays at 65,535. `None` in kinds that do not count.
    #[must_use]
    #[inline]
    pub fn deliveries(&self) -> Option<u16> {
        each!(self, Self(message) => message.known().deliveries)
    }
}

/// What batches of every kind have: see [`generic::Batch`](crate::generic::Batch), call by call.
impl Batch<'_> {
    /// All messages that are left are done with.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn ack(self) -> Result<(), AckError> {
        each!(self, Self(batch) => batch.ack())
    }

    /// The first `count` messages that are left are done with, or all where there are fewer.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn ack_first(&mut self, count: usize) -> Result<(), AckError> {
        each!(self, Self(batch) => batch.ack_first(count))
    }

    /// Gives all messages that are left back.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn nack(self) -> Result<(), AckError> {
        each!(self, Self(batch) => batch.nack())
    }

    /// Gives all messages that are left back unread: none is given up for it.
    pub fn hand_back(self) {
        each!(self, Self(batch) => batch.hand_back());
    }

    /// How many messages are left.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(batch) => batch.len())
    }

    /// Whether no message is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message at `index`, in the order in which they came. `None` if there is none, or if it is done with already.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BatchMessage<'_>> {
        each!(self, Self(batch) => batch.get(index).map(BatchMessage::from))
    }

    /// All messages that are left, in the order in which they came.
    #[must_use]
    pub fn iter(&self) -> BatchIter<'_> {
        each!(self, Self(batch) => batch.iter().into())
    }
}

impl<'b> IntoIterator for &'b Batch<'_> {
    type Item = BatchMessage<'b>;
    type IntoIter = BatchIter<'b>;

    fn into_iter(self) -> BatchIter<'b> {
        self.iter()
    }
}

impl<'b> Iterator for BatchIter<'b> {
    type Item = BatchMessage<'b>;

    #[inline]
    fn next(&mut self) -> Option<BatchMessage<'b>> {
        each!(self, Self(messages) => messages.next().map(BatchMessage::from))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        each!(self, Self(messages) => messages.size_hint())
    }
}

impl ExactSizeIterator for BatchIter<'_> {}

/// What messages of every kind have: see [`generic::BatchMessage`](crate::generic::BatchMessage), call by call.
impl BatchMessage<'_> {
    /// Length in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        each!(self, Self(message) => message.len())
    }

    /// Whether it has length 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(message) => message.is_empty())
    }

    /// Copies the message to the start of `buffer` and returns its length.
    ///
    /// # Errors
    /// [`BufferTooSmall`]; nothing was copied.
    #[inline]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        each!(self, Self(message) => message.copy_to(buffer))
    }

    /// A copy of the message. Where there is no memory for it, that ends the process: see [`BatchMessage::try_to_vec`].
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        each!(self, Self(message) => message.to_vec())
    }

    /// A copy of the message, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is still there.
    pub fn try_to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        each!(self, Self(message) => message.try_to_vec())
    }

    /// Appends a copy of the message to `vector`, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; nothing was appended.
    pub fn append_to(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        each!(self, Self(message) => message.append_to(vector))
    }

    /// A copy of the message as a `T`: any plain data without padding or invalid values.
    ///
    /// # Errors
    /// [`WrongSize`] if the message is not exactly as long as a `T`.
    pub fn read<T: FromBytes + IntoBytes>(&self) -> Result<T, WrongSize> {
        each!(self, Self(message) => message.read())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    #[must_use]
    pub fn as_slice(&self, trust: TrustPeers) -> &[u8] {
        each!(self, Self(message) => message.as_slice(trust))
    }

    /// How many messages its lane carried before it. `None` in kinds without lanes.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        each!(self, Self(message) => message.known().sequence)
    }

    /// The row of its sender's seat: which of [`Info::participants`](crate::Info::participants) that is or was. `None` in kinds that
    /// do not know it.
    #[must_use]
    pub fn sender(&self) -> Option<u32> {
        each!(self, Self(message) => message.known().sender)
    }

    /// Whether it was delivered before, to a receiver that gave it back or died. `None` in kinds that do not know.
    #[must_use]
    pub fn redelivered(&self) -> Option<bool> {
        each!(self, Self(message) => message.known().redelivered)
    }

    /// How often it was delivered, this time included; stays at 65,535. `None` in kinds that do not count.
    #[must_use]
    pub fn deliveries(&self) -> Option<u16> {
        each!(self, Self(message) => message.known().deliveries)
    }
}

impl Iterator for Messages<'_> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        each!(self, Self(messages) => messages.next())
    }
}

impl std::iter::FusedIterator for Messages<'_> {}
