//! Several messages of whatever kind that were received at once.

use super::handles::{Batch, BatchIter, BatchMessage, each};
use crate::channel::contents::WrongSize;
use crate::error::{AckAtError, AckError, BufferTooSmall, OutOfMemory};
use crate::region::TrustPeers;
use zerocopy::{FromBytes, IntoBytes};

/// What batches of every kind have: see [`generic::Batch`](crate::generic::Batch), call by call.
impl Batch<'_> {
    /// All messages that are left are done with.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(64)?.ack()?;
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack(self) -> Result<(), AckError> {
        each!(self, Self(batch) => batch.ack())
    }

    /// The first `count` messages that are left are done with, or all where there are fewer.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.ack_first(2)?;
    /// assert_eq!((batch.len(), batch.get(2).unwrap().len()), (1, 5)); // indices stay
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack_first(&mut self, count: usize) -> Result<(), AckError> {
        each!(self, Self(batch) => batch.ack_first(count))
    }

    /// The message at `index` is done with, and does not come again, whatever becomes of the others. Does not block.
    ///
    /// # Errors
    /// [`AckAtError::InOrder`] in kinds with lanes, which release messages in order: see [`Batch::ack_first`].
    /// [`AckAtError::NotLeft`] if there is no such message, or if it is done with already; the others of [`AckAtError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.ack_at(1)?; // in a lane: AckAtError::InOrder
    /// assert_eq!(batch.iter().map(|message| message.len()).collect::<Vec<_>>(), [3, 5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack_at(&mut self, index: usize) -> Result<(), AckAtError> {
        each!(self, Self(batch) => batch.finish_at(index))
    }

    /// Gives the message at `index` back: it is delivered again. Does not block.
    ///
    /// # Errors
    /// As of [`Batch::ack_at`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.nack_at(1)?; // this one failed
    /// batch.ack()?; // the other did not
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack_at(&mut self, index: usize) -> Result<(), AckAtError> {
        each!(self, Self(batch) => batch.give_back_at(index))
    }

    /// Gives the message at `index` back unread: it is delivered again, and not given up for it. Does not block.
    ///
    /// # Errors
    /// As of [`Batch::ack_at`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).delivery_limit(1).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.hand_back_at(1)?; // no time for it
    /// batch.ack()?;
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back_at(&mut self, index: usize) -> Result<(), AckAtError> {
        each!(self, Self(batch) => batch.return_at(index))
    }

    /// Gives all messages that are left back.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(64)?.nack()?; // what they were needed for failed
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack(self) -> Result<(), AckError> {
        each!(self, Self(batch) => batch.nack())
    }

    /// Gives all messages that are left back unread: none is given up for it.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).delivery_limit(1).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// rx.recv_batch(64)?.hand_back();
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back(self) {
        each!(self, Self(batch) => batch.hand_back());
    }

    /// How many messages are left.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.recv_batch(64)?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, Self(batch) => batch.len())
    }

    /// Whether no message is left.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let mut batch = rx.recv_batch(64)?;
    /// batch.ack_first(2)?;
    /// assert!(batch.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message at `index`, in the order in which they came. `None` if there is none, or if it is done with already.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// let batch = rx.recv_batch(64)?;
    /// assert_eq!(batch.get(1).unwrap().to_vec(), b"two");
    /// assert!(batch.get(2).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<BatchMessage<'_>> {
        each!(self, Self(batch) => batch.get(index).map(BatchMessage::from))
    }

    /// All messages that are left, in the order in which they came.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two", "three"])?;
    /// let batch = rx.recv_batch(64)?;
    /// let lengths: Vec<_> = batch.iter().map(|message| message.len()).collect();
    /// assert_eq!(lengths, [3, 3, 5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        each!(self, Self(message) => message.len())
    }

    /// Whether it has length 0.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert!(message.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        each!(self, Self(message) => message.is_empty())
    }

    /// Copies the message to the start of `buffer` and returns its length.
    ///
    /// # Errors
    /// [`BufferTooSmall`]; nothing was copied.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// let mut buffer = [0; 64];
    /// let length = message.copy_to(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        each!(self, Self(message) => message.copy_to(buffer))
    }

    /// A copy of the message. Where there is no memory for it, that ends the process: see [`BatchMessage::try_to_vec`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        each!(self, Self(message) => message.to_vec())
    }

    /// A copy of the message, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is still there.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.try_to_vec()?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        each!(self, Self(message) => message.try_to_vec())
    }

    /// Appends a copy of the message to `vector`, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; nothing was appended.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"lo")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// let mut text = b"hel".to_vec();
    /// message.append_to(&mut text)?;
    /// assert_eq!(text, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn append_to(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        each!(self, Self(message) => message.append_to(vector))
    }

    /// A copy of the message as a `T`: any plain data without padding or invalid values.
    ///
    /// # Errors
    /// [`WrongSize`] if the message is not exactly as long as a `T`.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7_u32.to_le_bytes())?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.read::<u32>()?.to_le(), 7);
    /// assert!(message.read::<u64>().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read<T: FromBytes + IntoBytes>(&self) -> Result<T, WrongSize> {
        each!(self, Self(message) => message.read())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// // SAFETY: the channel is private, and nobody else in this process touches its memory.
    /// let trust = unsafe { memlane::TrustPeers::promise() };
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.as_slice(trust), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_slice(&self, trust: TrustPeers) -> &[u8] {
        each!(self, Self(message) => message.as_slice(trust))
    }

    /// How many messages its lane carried before it. `None` in kinds without lanes.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.sequence(), Some(0)); // the lane's first
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        each!(self, Self(message) => message.known().sequence)
    }

    /// The row of its sender's seat: which of [`Info::participants`](crate::Info::participants) that is or was. `None` in kinds that
    /// do not know it.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpsc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.sender(), Some(tx.row()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sender(&self) -> Option<u32> {
        each!(self, Self(message) => message.known().sender)
    }

    /// Whether it was delivered before, to a receiver that gave it back or died. `None` in kinds that do not know.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv_batch(64)?.nack()?;
    /// assert_eq!(rx.recv_batch(64)?.get(0).unwrap().redelivered(), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn redelivered(&self) -> Option<bool> {
        each!(self, Self(message) => message.known().redelivered)
    }

    /// How often it was delivered, this time included; stays at 65,535. `None` in kinds that do not count.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv_batch(64)?.nack()?;
    /// assert_eq!(rx.recv_batch(64)?.get(0).unwrap().deliveries(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deliveries(&self) -> Option<u16> {
        each!(self, Self(message) => message.known().deliveries)
    }

    /// The priority that its sender gave it; 0 is the most urgent. `None` in kinds without priorities.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).priorities(2).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set_priority(0)?;
    /// tx.send(b"at once")?;
    /// assert_eq!(rx.recv_batch(64)?.get(0).unwrap().priority(), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn priority(&self) -> Option<u8> {
        each!(self, Self(message) => message.known().priority)
    }
}
