//! A message that was received alone, and what becomes of it.

use super::contents::{BatchMessage, EntryOf, WrongSize};
use super::kind::ChannelKind;
use super::on_drop::OnDrop;
use super::port::Inlet;
use super::receiver::{ItemOf, Receiver};
use crate::error::{AckError, BufferTooSmall, OutOfMemory};
use crate::region::TrustPeers;
use std::mem::ManuallyDrop;
use zerocopy::{FromBytes, IntoBytes};

/// A message that is this receiver's alone. It is copied out, and acknowledged when dropped, or given back, as its receiver's
/// [`on_drop`](Receiver::on_drop) says. If a panic drops it, it is given back in any case, and comes again.
///
/// Nobody else changes it while it is held, unless a peer breaks the rules: then the bytes are whatever that peer wrote.
/// If this process dies while it is held, it comes again.
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
        receiver.port.lend();
        Self { receiver, item, in_panic: std::thread::panicking() }
    }

    /// What can be read of it.
    #[inline(always)]
    pub(super) fn contents(&self) -> BatchMessage<'_, K> {
        BatchMessage::of(self.receiver.port.bytes(), self.entry())
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
        message.receiver.port.take_back();
        take(message.receiver, item)
    }

    #[inline(always)]
    fn finish(&mut self) -> Result<(), AckError> {
        self.receiver.port.take_back();
        self.receiver.port.finish(&mut self.receiver.end, self.item)
    }

    fn give_back(&mut self) -> Result<(), AckError> {
        self.receiver.port.take_back();
        self.receiver.port.give_back(&mut self.receiver.end, self.item)
    }

    /// Length in bytes.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let message = rx.recv()?;
    /// assert_eq!(message.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.contents().len()
    }

    /// Whether it has length 0: such messages arrive like any other.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"")?;
    /// let message = rx.recv()?;
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
    /// let message = rx.recv()?;
    /// let mut buffer = [0; 64];
    /// let length = message.copy_to(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        self.contents().copy_to(buffer)
    }

    /// A copy of the message. Where there is no memory for it, that ends the process, as it does for every `Vec`. A peer
    /// chooses how long its messages are, up to the channel's largest: for messages of peers that are not trusted, take
    /// `try_to_vec`.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let message = rx.recv()?;
    /// assert_eq!(message.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.contents().to_vec()
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
    /// let message = rx.recv()?;
    /// assert_eq!(message.try_to_vec()?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        self.contents().try_to_vec()
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
    /// let message = rx.recv()?;
    /// let mut text = b"hel".to_vec();
    /// message.append_to(&mut text)?;
    /// assert_eq!(text, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn append_to(&self, vector: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        self.contents().append_to(vector)
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
    /// let quote: Quote = rx.recv()?.read()?;
    /// assert_eq!((quote.price, quote.quantity), (61_496.5, 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read<T: FromBytes + IntoBytes>(&self) -> Result<T, WrongSize> {
        self.contents().read()
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
    /// assert_eq!(rx.recv()?.as_slice(trust), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn as_slice(&self, trust: TrustPeers) -> &[u8] {
        let port = &self.receiver.port;
        K::Inlet::borrow(port.bytes(), &port.entry(&self.item), trust)
    }
}

impl<K: ChannelKind> Drop for Message<'_, K> {
    #[inline(always)]
    fn drop(&mut self) {
        let comes_again = self.receiver.on_drop == OnDrop::GiveBack || std::thread::panicking() && !self.in_panic;
        // What fails here is a forked child's, or a poisoned channel's: there is nobody to tell that it could matter to.
        let _ = if comes_again { self.give_back() } else { self.finish() };
    }
}
