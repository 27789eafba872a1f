//! A message of whatever kind that was received alone.

use super::handles::{Message, each};
use crate::channel::contents::WrongSize;
use crate::error::{AckError, BufferTooSmall, OutOfMemory};
use crate::region::TrustPeers;
use zerocopy::{FromBytes, IntoBytes};

/// What messages of every kind have: see [`generic::Message`](crate::generic::Message), call by call.
impl Message<'_> {
    /// The message is done with: acknowledged, as by dropping it.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// rx.recv()?.ack()?;
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn ack(self) -> Result<(), AckError> {
        each!(self, Self(message) => message.ack())
    }

    /// Gives the message back: it is delivered again.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?; // cannot do it now
    /// assert_eq!(rx.recv()?.deliveries(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn nack(self) -> Result<(), AckError> {
        each!(self, Self(message) => message.nack())
    }

    /// Gives the message back unread: it comes again, to this receiver's next call.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.hand_back();
    /// assert_eq!(rx.recv()?.deliveries(), Some(1)); // as if for the first time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn hand_back(self) {
        each!(self, Self(message) => message.hand_back());
    }

    /// Length in bytes.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
    /// let mut buffer = [0; 64];
    /// let length = message.copy_to(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        each!(self, Self(message) => message.copy_to(buffer))
    }

    /// A copy of the message. Where there is no memory for it, that ends the process: see [`Message::try_to_vec`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
    /// assert_eq!(message.sequence(), Some(0)); // the lane's first
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
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
    /// let message = rx.recv()?;
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
    /// rx.recv()?.nack()?;
    /// assert_eq!(rx.recv()?.redelivered(), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn redelivered(&self) -> Option<bool> {
        each!(self, Self(message) => message.known().redelivered)
    }

    /// How often it was delivered, this time included; stays at 65,535. `None` in kinds that do not count.
    ///
    /// ```
    /// # let channel = memlane::any::Options::new(memlane::Kind::Mpmc).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?;
    /// assert_eq!(rx.recv()?.deliveries(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
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
    /// assert_eq!(rx.recv()?.priority(), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn priority(&self) -> Option<u8> {
        each!(self, Self(message) => message.known().priority)
    }
}
