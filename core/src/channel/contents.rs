//! What can be done with the bytes of a message, whatever kind it is of.

use super::kind::ChannelKind;
use super::port::Inlet;

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
pub(super) fn read_slow<K: ChannelKind>(
    bytes: <K::Inlet as Inlet>::Bytes<'_>,
    entry: <K::Inlet as Inlet>::Entry,
    buffer: &mut [u8],
) {
    K::Inlet::read(bytes, &entry, buffer);
}

/// What can be done with the bytes of a message of kind `K`. The type has a private `entry`, which knows where they are, and
/// `bytes`, the memory that they are in.
macro_rules! message_contents {
    () => {
        /// Length in bytes.
        #[must_use]
        #[inline]
        pub fn len(&self) -> usize {
            K::Inlet::length(&self.entry())
        }

        #[inline]
        fn read_start(&self, buffer: &mut [u8]) {
            K::Inlet::read(self.bytes(), &self.entry(), buffer);
        }

        /// Whether it has length 0.
        #[must_use]
        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }

        /// Copies the message to the start of `buffer` and returns its length.
        ///
        /// # Errors
        /// [`BufferTooSmall`](crate::BufferTooSmall); nothing was copied.
        #[inline(always)]
        pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, crate::error::BufferTooSmall> {
            if self.len() == buffer.len() {
                // In line, so that the compiler knows the length of a message that has a fixed one.
                self.read_start(buffer);
                return Ok(buffer.len());
            }
            let length = self.len();
            let target = buffer.get_mut(..length).ok_or(crate::error::BufferTooSmall { needed: length })?;
            crate::channel::contents::read_slow::<K>(self.bytes(), self.entry(), target);
            Ok(length)
        }

        /// A copy of the message. Where there is no memory for it, that ends the process, as it does for every `Vec`. A peer
        /// chooses how long its messages are, up to the channel's largest: for messages of peers that are not trusted, take
        /// `try_to_vec`.
        #[must_use]
        pub fn to_vec(&self) -> Vec<u8> {
            let mut copy = Vec::with_capacity(self.len());
            let _ = self.append_to(&mut copy);
            copy
        }

        /// A copy of the message, if there is memory for it: unlike `to_vec`, it never ends the process.
        ///
        /// # Errors
        /// [`OutOfMemory`](crate::OutOfMemory); the message is still there.
        ///
        /// ```
        /// # let channel = memlane::spsc::Options::new().private()?;
        /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
        /// tx.send(b"hello")?;
        /// assert_eq!(rx.recv()?.try_to_vec()?, b"hello");
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn try_to_vec(&self) -> Result<Vec<u8>, crate::error::OutOfMemory> {
            let mut copy = Vec::new();
            self.append_to(&mut copy)?;
            Ok(copy)
        }

        /// Appends a copy of the message to `vector`, if there is memory for it.
        ///
        /// # Errors
        /// [`OutOfMemory`](crate::OutOfMemory); nothing was appended.
        pub fn append_to(&self, vector: &mut Vec<u8>) -> Result<(), crate::error::OutOfMemory> {
            K::Inlet::append(self.bytes(), &self.entry(), vector)
                .map_err(|_| crate::error::OutOfMemory { needed: self.len() })
        }

        /// A copy of the message as a `T`: any plain data without padding or invalid values.
        ///
        /// # Errors
        /// [`WrongSize`](crate::WrongSize) if the message is not exactly as long as a `T`.
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
        /// let quote: Quote = rx.recv()?.read()?;
        /// assert_eq!((quote.price, quote.quantity), (61_496.5, 7));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[inline]
        pub fn read<T: zerocopy::FromBytes + zerocopy::IntoBytes>(
            &self,
        ) -> Result<T, crate::channel::contents::WrongSize> {
            let mut value = T::new_zeroed();
            if self.len() != size_of::<T>() {
                return Err(crate::channel::contents::WrongSize { expected: size_of::<T>(), found: self.len() });
            }
            self.read_start(value.as_mut_bytes());
            Ok(value)
        }

        /// The message's bytes in place. See [`TrustPeers`](crate::TrustPeers) for what the caller promised.
        #[must_use]
        #[inline]
        pub fn as_slice(&self, trust: crate::region::TrustPeers) -> &[u8] {
            K::Inlet::borrow(self.bytes(), &self.entry(), trust)
        }
    };
}

pub(super) use message_contents;
