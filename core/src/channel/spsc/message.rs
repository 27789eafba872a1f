//! What a receiver hands out: single messages, batches, and the iterator.

use super::Receiver;
use crate::channel::contents::{message_contents, messages_iterator};
use crate::error::{AckError, RecvError};
use crate::region::{RingView, TrustPeers};
use crate::ring::log::{Payload, ReaderMark, Record, RecordPlace};
use std::collections::TryReserveError;

/// The methods of a view of one message, with a `record`, a `ring` and a `number`.
macro_rules! message_methods {
    () => {
        /// Length in bytes.
        #[must_use]
        #[inline]
        pub fn len(&self) -> usize {
            self.record.length as usize
        }

        /// How many messages this channel carried before this one.
        #[must_use]
        pub fn sequence(&self) -> u64 {
            self.number()
        }

        #[inline]
        fn read_start(&self, buffer: &mut [u8]) {
            self.ring().read(self.record.payload.0, buffer);
        }

        fn append_all(&self, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
            self.ring().append_to(self.record.payload.0, self.len(), vector)
        }

        #[inline]
        fn borrow_all(&self, trust: TrustPeers) -> &[u8] {
            self.ring().borrow(trust, self.record.payload.0, self.len())
        }

        message_contents!();
    };
}

/// A message in the channel. It is copied out, and released when dropped. If a panic drops it, it is handed back instead,
/// and comes again.
#[derive(Debug)]
pub struct Message<'a> {
    receiver: &'a mut Receiver,
    record: Record,
    /// Received while panicking: dropping it is no sign that it could not be dealt with.
    in_panic: bool,
}

impl<'a> Message<'a> {
    #[inline]
    pub(super) fn new(receiver: &'a mut Receiver, record: Record) -> Self {
        Self { receiver, record, in_panic: std::thread::panicking() }
    }

    #[inline]
    fn ring(&self) -> RingView<'_> {
        self.receiver.reader.memory().ring()
    }

    /// It is the reader's next one for as long as it is held.
    fn number(&self) -> u64 {
        self.receiver.reader.sequence()
    }

    /// The message is done with: released, as by dropping it.
    ///
    /// # Errors
    /// [`AckError::Forked`]; nothing was released.
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
        self.check_own()
    }

    /// Gives the message back unread, as [`Message::hand_back`] does.
    ///
    /// # Errors
    /// [`AckError::Forked`]; it is the parent's.
    pub fn nack(self) -> Result<(), AckError> {
        let outcome = self.check_own();
        self.hand_back();
        outcome
    }

    fn check_own(&self) -> Result<(), AckError> {
        if self.receiver.is_foreign() { Err(AckError::Forked) } else { Ok(()) }
    }

    /// Gives the message back unread: it comes again, to this receiver's next call or to its successor.
    pub fn hand_back(self) {
        // Nothing has advanced: forgetting the message is all.
        std::mem::forget(self);
    }

    message_methods!();
}

impl Drop for Message<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if std::thread::panicking() && !self.in_panic {
            return;
        }
        self.receiver.release(self.record);
    }
}

/// Several messages that were in the channel at once. They are released, and that is published, when the batch is
/// dropped. If a panic drops it, they are handed back instead, and come again.
#[derive(Debug)]
pub struct Batch<'a> {
    receiver: &'a mut Receiver,
    start: ReaderMark,
    /// Received while panicking, as with [`Message`].
    in_panic: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(receiver: &'a mut Receiver, start: ReaderMark) -> Self {
        Self { receiver, start, in_panic: std::thread::panicking() }
    }

    /// Gives all messages back unread: they come again, to this receiver's next call or to its successor.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(2)?.hand_back(); // what they were needed for failed
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back(mut self) {
        self.rewind();
        std::mem::forget(self);
    }

    fn rewind(&mut self) {
        self.receiver.batch.clear();
        self.receiver.reader.rewind(self.start);
    }

    /// How many messages there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.receiver.batch.len()
    }

    /// The message at `index`, in the order in which they were sent.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BatchMessage<'_>> {
        let record = self.start.payload(*self.receiver.batch.get(index)?, index);
        Some(BatchMessage { ring: self.receiver.reader.memory().ring(), record })
    }

    /// All messages, in the order in which they were sent.
    #[must_use]
    pub fn iter(&self) -> BatchIter<'_> {
        let places = self.receiver.batch.iter().enumerate();
        BatchIter { ring: self.receiver.reader.memory().ring(), start: self.start, places }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.in_panic {
            self.rewind();
        } else {
            self.receiver.release_batch();
        }
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
    ring: RingView<'b>,
    record: Payload,
}

impl BatchMessage<'_> {
    #[inline]
    fn ring(&self) -> RingView<'_> {
        self.ring
    }

    fn number(&self) -> u64 {
        self.record.sequence
    }

    message_methods!();
}

/// Iterates over the messages of a [`Batch`].
#[derive(Debug)]
pub struct BatchIter<'b> {
    ring: RingView<'b>,
    start: ReaderMark,
    places: std::iter::Enumerate<std::slice::Iter<'b, RecordPlace>>,
}

impl<'b> Iterator for BatchIter<'b> {
    type Item = BatchMessage<'b>;

    #[inline]
    fn next(&mut self) -> Option<BatchMessage<'b>> {
        let (index, place) = self.places.next()?;
        Some(BatchMessage { ring: self.ring, record: self.start.payload(*place, index) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for BatchIter<'_> {}

messages_iterator!("released");
