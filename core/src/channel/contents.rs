//! What can be done with the bytes of a message, whatever kind it is of.
//!
//! It stands at [`BatchMessage`], which is no more than where the bytes are. A message that is received alone has the same calls,
//! and hands them on: by dereferencing to it, it would have them, too, but not on the pages of the kinds' aliases, where they are
//! looked for.

use super::kind::{ChannelKind, Ports};
use super::port::Inlet;
use crate::error::{BufferTooSmall, OutOfMemory};
use crate::region::TrustPeers;
use zerocopy::{FromBytes, IntoBytes};

pub(super) type EntryOf<K> = <<K as Ports>::Inlet as Inlet>::Entry;
pub(super) type BytesOf<'a, K> = <<K as Ports>::Inlet as Inlet>::Bytes<'a>;

/// A typed read of a message that has another length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message has {found} bytes; the type has {expected}")]
pub struct WrongSize {
    /// The type's size in bytes.
    pub expected: usize,
    /// The message's length in bytes.
    pub found: usize,
}

/// Copies a message. Takes everything by value: so a message that a caller copies in a loop, if it is as long as the buffer, stays in
/// registers.
#[inline(never)]
fn read_slow<K: ChannelKind>(bytes: BytesOf<'_, K>, entry: EntryOf<K>, buffer: &mut [u8]) {
    K::Inlet::read(bytes, &entry, buffer);
}

/// One message of a [`Batch`](crate::generic::Batch): what can be read of it while the batch is there.
#[derive(Debug, Clone, Copy)]
pub struct BatchMessage<'b, K: ChannelKind> {
    bytes: BytesOf<'b, K>,
    entry: EntryOf<K>,
}

impl<'b, K: ChannelKind> BatchMessage<'b, K> {
    /// The message at `entry`, which nobody gives up while this is there.
    #[inline(always)]
    pub(super) fn of(bytes: BytesOf<'b, K>, entry: EntryOf<K>) -> Self {
        Self { bytes, entry }
    }

    #[inline(always)]
    pub(super) fn bytes(&self) -> BytesOf<'b, K> {
        self.bytes
    }

    #[inline(always)]
    pub(super) fn entry(&self) -> EntryOf<K> {
        self.entry
    }

    /// Length in bytes.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
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
        K::Inlet::length(&self.entry)
    }

    /// Whether it has length 0: such messages arrive like any other.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert!(message.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the message to the start of `buffer` and returns its length in bytes.
    ///
    /// # Errors
    /// [`BufferTooSmall`]; nothing was copied.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// let mut buffer = [0; 64];
    /// let length = message.copy_to(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        if self.len() == buffer.len() {
            // In line, so that the compiler knows the length of a message that has a fixed one.
            K::Inlet::read(self.bytes, &self.entry, buffer);
            return Ok(buffer.len());
        }
        let length = self.len();
        let target = buffer.get_mut(..length).ok_or(BufferTooSmall { needed: length })?;
        read_slow::<K>(self.bytes, self.entry, target);
        Ok(length)
    }

    /// A copy of the message. Where there is no memory for it, that ends the process, as it does for every `Vec`. A peer
    /// chooses how long its messages are, up to the channel's largest: for messages of peers that are not trusted, take
    /// `try_to_vec`.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut copy = Vec::with_capacity(self.len());
        let _ = self.append_to(&mut copy);
        copy
    }

    /// A copy of the message, if there is memory for it: unlike `to_vec`, it never ends the process.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is still there.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// let message = batch.get(0).expect("it has one");
    /// assert_eq!(message.try_to_vec()?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        let mut copy = Vec::new();
        self.append_to(&mut copy)?;
        Ok(copy)
    }

    /// Appends a copy of the message to `vector`, if there is memory for it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; nothing was appended.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
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
        K::Inlet::append(self.bytes, &self.entry, vector).map_err(|_| OutOfMemory { needed: self.len() })
    }

    /// A copy of the message as a `T`: any plain data without padding or invalid values.
    ///
    /// # Errors
    /// [`WrongSize`] if the message is not exactly as long as a `T`.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
    ///
    /// #[derive(FromBytes, IntoBytes, Immutable)]
    /// #[repr(C)]
    /// struct Quote {
    ///     price: f64,
    ///     quantity: u64,
    /// }
    /// tx.send(Quote { price: 61_496.5, quantity: 7 }.as_bytes())?;
    /// let batch = rx.recv_batch(64)?;
    /// let quote: Quote = batch.get(0).expect("it has one").read()?;
    /// assert_eq!((quote.price, quote.quantity), (61_496.5, 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read<T: FromBytes + IntoBytes>(&self) -> Result<T, WrongSize> {
        let mut value = T::new_zeroed();
        if self.len() != size_of::<T>() {
            return Err(WrongSize { expected: size_of::<T>(), found: self.len() });
        }
        K::Inlet::read(self.bytes, &self.entry, value.as_mut_bytes());
        Ok(value)
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    ///
    /// ```
    /// # use memlane::{TrustPeers, spsc};
    /// // SAFETY: a private channel is this process's alone, and nothing in it writes to a message that was sent.
    /// let trust = unsafe { TrustPeers::promise() };
    /// let channel = spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let batch = rx.recv_batch(64)?;
    /// assert_eq!(batch.get(0).expect("it has one").as_slice(trust), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn as_slice(&self, trust: TrustPeers) -> &[u8] {
        K::Inlet::borrow(self.bytes, &self.entry, trust)
    }
}
