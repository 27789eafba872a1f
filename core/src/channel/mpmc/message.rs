//! What a receiver hands out: single messages, batches, and the iterator.

use super::Receiver;
use crate::channel::contents::{message_contents, messages_iterator};
use crate::error::{AckError, RecvError};
use crate::region::{SlotsView, TrustPeers};
use crate::ring::slots::Delivery;
use std::collections::TryReserveError;

/// The methods of a view of one message, with a `delivery` and `slots`.
macro_rules! message_methods {
    () => {
        /// Length in bytes.
        #[must_use]
        #[inline]
        pub fn len(&self) -> usize {
            self.delivery.header.length() as usize
        }

        /// Whether it was delivered before, to a receiver that gave it back or died.
        #[must_use]
        pub fn redelivered(&self) -> bool {
            self.delivery.is_repeated()
        }

        /// How often it was delivered, this time included. Stays at 65,535.
        #[must_use]
        pub fn deliveries(&self) -> u16 {
            self.delivery.header.deliveries()
        }

        #[inline]
        fn read_start(&self, buffer: &mut [u8]) {
            self.slots().read(self.delivery.slot, buffer);
        }

        fn append_all(&self, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
            self.slots().append_to(self.delivery.slot, self.len(), vector)
        }

        #[inline]
        fn borrow_all(&self, trust: TrustPeers) -> &[u8] {
            self.slots().borrow(trust, self.delivery.slot, self.len())
        }

        message_contents!();
    };
}

/// A message that is this receiver's alone. Dropping it acknowledges it. If a panic drops it, it is given back instead, and
/// comes again.
#[derive(Debug)]
pub struct Message<'a> {
    receiver: &'a mut Receiver,
    delivery: Delivery,
    /// Received while panicking: dropping it is no sign that it could not be dealt with.
    in_panic: bool,
}

impl<'a> Message<'a> {
    #[inline]
    pub(super) fn new(receiver: &'a mut Receiver, delivery: Delivery) -> Self {
        Self { receiver, delivery, in_panic: std::thread::panicking() }
    }

    #[inline]
    fn slots(&self) -> &SlotsView {
        self.receiver.queue.memory()
    }

    /// The message is done with: it does not come again.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn ack(self) -> Result<(), AckError> {
        let outcome = self.receiver.acknowledge(self.delivery);
        std::mem::forget(self);
        outcome
    }

    /// Gives the message back: it is delivered again, to any receiver, behind all others of its priority, and says so. If it
    /// was delivered as often as the channel's [limit](super::Options::delivery_limit), it is given up instead.
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
        let outcome = self.receiver.give_back(self.delivery);
        std::mem::forget(self);
        outcome
    }

    /// Gives the message back unread: it comes again, to this receiver's next call, and does not count as delivered twice; or
    /// to any receiver, once this one leaves.
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
        self.receiver.ahead.keep(self.delivery);
        std::mem::forget(self);
    }

    message_methods!();
}

impl Drop for Message<'_> {
    #[inline]
    fn drop(&mut self) {
        // A forked child's, or a poisoned channel's, is nobody's any more.
        let _ = if std::thread::panicking() && !self.in_panic {
            self.receiver.give_back(self.delivery)
        } else {
            self.receiver.acknowledge(self.delivery)
        };
    }
}

/// Several messages that were queued at once. Dropping the batch acknowledges all of it. If a panic drops it, it is given
/// back instead, and comes again.
#[derive(Debug)]
pub struct Batch<'a> {
    receiver: &'a mut Receiver,
    /// Received while panicking, as with [`Message`].
    in_panic: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(receiver: &'a mut Receiver) -> Self {
        Self { receiver, in_panic: std::thread::panicking() }
    }

    /// All messages are done with.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn ack(self) -> Result<(), AckError> {
        self.finish(Receiver::acknowledge_quietly)
    }

    /// Gives all messages back, as [`Message::nack`] does.
    ///
    /// # Errors
    /// See [`AckError`].
    pub fn nack(self) -> Result<(), AckError> {
        self.finish(Receiver::give_back)
    }

    /// Gives all messages back unread: they come again, to any receiver, behind all others of their priority. They count as
    /// delivered, but none is given up for it, whatever the channel's [limit](super::Options::delivery_limit).
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
        // An error means that the channel is beyond use: the next call says so.
        let _ = self.finish(Receiver::give_back_unread);
    }

    fn finish(mut self, each: impl Fn(&mut Receiver, Delivery) -> Result<(), AckError>) -> Result<(), AckError> {
        let outcome = self.end(each);
        std::mem::forget(self);
        outcome
    }

    fn end(&mut self, each: impl Fn(&mut Receiver, Delivery) -> Result<(), AckError>) -> Result<(), AckError> {
        let deliveries = std::mem::take(&mut self.receiver.batch);
        let outcome = deliveries.iter().try_for_each(|delivery| each(self.receiver, *delivery));
        let messages = deliveries.len();
        self.receiver.batch = deliveries;
        self.receiver.batch.clear();
        self.receiver.wake_senders();
        self.receiver.passed(messages);
        outcome
    }

    /// How many messages there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.receiver.batch.len()
    }

    /// The message at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BatchMessage<'_>> {
        let delivery = *self.receiver.batch.get(index)?;
        Some(BatchMessage { slots: self.receiver.queue.memory(), delivery })
    }

    /// All messages.
    #[must_use]
    pub fn iter(&self) -> BatchIter<'_> {
        BatchIter { slots: self.receiver.queue.memory(), deliveries: self.receiver.batch.iter() }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // As for a single message.
        let _ = if std::thread::panicking() && !self.in_panic {
            self.end(Receiver::give_back)
        } else {
            self.end(Receiver::acknowledge_quietly)
        };
    }
}

impl<'b> IntoIterator for &'b Batch<'_> {
    type Item = BatchMessage<'b>;
    type IntoIter = BatchIter<'b>;

    fn into_iter(self) -> BatchIter<'b> {
        self.iter()
    }
}

/// One message of a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct BatchMessage<'b> {
    slots: &'b SlotsView,
    delivery: Delivery,
}

impl BatchMessage<'_> {
    #[inline]
    fn slots(&self) -> &SlotsView {
        self.slots
    }

    message_methods!();
}

/// Iterates over the messages of a [`Batch`].
#[derive(Debug)]
pub struct BatchIter<'b> {
    slots: &'b SlotsView,
    deliveries: std::slice::Iter<'b, Delivery>,
}

impl<'b> Iterator for BatchIter<'b> {
    type Item = BatchMessage<'b>;

    #[inline]
    fn next(&mut self) -> Option<BatchMessage<'b>> {
        self.deliveries.next().map(|&delivery| BatchMessage { slots: self.slots, delivery })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.deliveries.size_hint()
    }
}

impl ExactSizeIterator for BatchIter<'_> {}

messages_iterator!("acknowledged");
