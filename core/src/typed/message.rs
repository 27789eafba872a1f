//! A message that was received as it is, and is a value of a type.

use super::codec::{Codec, Of};
use super::ends::{Carrier, Held, Receiving};
use super::error::Unreadable;
use super::plain::{Plain, wrong_length};
use super::schema::{Schema, schema_of};
use crate::error::AckError;
use crate::layout::MessageType;
use crate::region::TrustPeers;
use std::fmt;
use std::marker::PhantomData;
use zerocopy::{CastError, KnownLayout};

/// What an untyped receiver of `K` lends.
type Under<'a, K> = <<K as Carrier>::Receiver as Receiving>::Message<'a>;

/// A message that is this receiver's alone, to be read as a value. It is acknowledged when dropped, or given back, as the untyped
/// receiver's [`on_drop`](crate::generic::Receiver::on_drop) says. If a panic drops it, it comes again in any case.
///
/// Whether it is a value of the type shows when it is read.
pub struct Message<'a, T: ?Sized, K: Carrier, C = Plain> {
    under: Under<'a, K>,
    of: Of<T, C>,
}

impl<'a, T: ?Sized, K: Carrier, C: Codec<T>> Message<'a, T, K, C> {
    pub(super) fn new(under: Under<'a, K>) -> Self {
        Self { under, of: PhantomData }
    }

    /// A copy of the value.
    ///
    /// # Errors
    /// See [`Unreadable`]. The message is still there.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// let message = rx.recv_message()?;
    /// assert_eq!(message.value()?, 7);
    /// message.ack()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value(&self) -> Result<C::Owned, Unreadable> {
        C::read(&self.under, &mut Vec::new())
    }

    /// The message is done with: it does not come again.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// rx.recv_message()?.ack()?;
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack(self) -> Result<(), AckError> {
        self.under.ack()
    }

    /// Gives the message back: it is delivered again, as [`generic::Message::nack`](crate::generic::Message::nack) says.
    ///
    /// # Errors
    /// See [`AckError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// rx.recv_message()?.nack()?; // cannot do it now
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nack(self) -> Result<(), AckError> {
        self.under.nack()
    }

    /// Gives the message back unread, as [`generic::Message::hand_back`](crate::generic::Message::hand_back) says.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// rx.recv_message()?.hand_back();
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_back(self) {
        self.under.hand_back();
    }

    /// This message as bytes, for what a typed one does not have: its number, its sender, how often it was delivered.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// assert_eq!(rx.recv_message()?.untyped().deliveries(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn untyped(&self) -> &Under<'a, K> {
        &self.under
    }

    /// This message as bytes, for what consumes it: [`hold`](crate::mpmc::Message::hold), for example.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([7, 8])?;
    /// let held = rx.recv_message()?.into_untyped().hold(); // and receive the next one meanwhile
    /// assert_eq!(rx.recv()?, 8);
    /// assert_eq!(held.read::<u64>()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_untyped(self) -> Under<'a, K> {
        self.under
    }
}

impl<T: Schema + KnownLayout + ?Sized, K: Carrier> Message<'_, T, K> {
    /// The value in place, where it was sent. See [`TrustPeers`] for what the caller promised. `T` derives zerocopy's `KnownLayout`,
    /// too.
    ///
    /// # Errors
    /// [`Unreadable::WrongLength`], [`Unreadable::NoMultiple`]; [`Unreadable::Misaligned`] if the channel's payloads are aligned to less than `T` needs: a typed
    /// creator chooses enough.
    ///
    /// ```
    /// use memlane::TrustPeers;
    /// let channel = memlane::spsc::Options::new().of::<[f64]>().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&[1.0; 1000])?;
    /// // SAFETY: the channel is private, and nothing else in this process touches its memory.
    /// let trust = unsafe { TrustPeers::promise() };
    /// assert_eq!(rx.recv_message()?.in_place(trust)?.iter().sum::<f64>(), 1000.0); // not copied
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_place(&self, trust: TrustPeers) -> Result<&T, Unreadable> {
        let bytes = self.under.slice(trust);
        T::ref_from_bytes(bytes).map_err(|error| match error {
            CastError::Alignment(_) => Unreadable::Misaligned { alignment: needed_alignment::<T>() },
            _ => wrong_length::<T>(bytes.len()),
        })
    }
}

#[cold]
fn needed_alignment<T: Schema + ?Sized>() -> usize {
    MessageType::of(&schema_of::<T>()).alignment as usize
}

impl<T: ?Sized, K: Carrier, C> fmt::Debug for Message<'_, T, K, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.under.fmt(formatter)
    }
}
