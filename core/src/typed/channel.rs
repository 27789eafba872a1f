//! An open channel of typed messages.

use super::codec::{Codec, Of};
use super::ends::Carrier;
use super::plain::Plain;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::channel::opened;
use crate::error::JoinError;
use std::fmt;
use std::marker::PhantomData;

/// An open channel of values of type `T`, which codec `C` writes: makes senders and receivers. Cheap to clone.
pub struct Channel<T: ?Sized, K, C = Plain> {
    under: opened::Channel<K>,
    of: Of<T, C>,
}

impl<T: ?Sized, K, C> Channel<T, K, C> {
    pub(super) fn new(under: opened::Channel<K>) -> Self {
        Self { under, of: PhantomData }
    }

    /// This channel as one of bytes, for what a typed one does not have.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// assert_eq!(channel.untyped().origin(), memlane::Origin::Created);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    #[must_use]
    pub fn untyped(&self) -> &opened::Channel<K> {
        &self.under
    }
}

impl<T: ?Sized, K: Carrier, C: Codec<T>> Channel<T, K, C> {
    /// Takes a sender's seat: see [`generic::Channel::sender`](crate::generic::Channel::sender).
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// channel.sender()?.send(&7)?;
    /// assert_eq!(channel.receiver()?.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sender(&self) -> Result<Sender<T, K, C>, JoinError> {
        K::sender_of(&self.under).map(Sender::new)
    }

    /// Takes a receiver's seat: see [`generic::Channel::receiver`](crate::generic::Channel::receiver).
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let rx = channel.receiver()?;
    /// assert!(channel.receiver().is_err(), "there is one receiver at a time");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver(&self) -> Result<Receiver<T, K, C>, JoinError> {
        K::receiver_of(&self.under).map(Receiver::new)
    }
}

impl<T: ?Sized, K, C> Clone for Channel<T, K, C>
where
    opened::Channel<K>: Clone,
{
    fn clone(&self) -> Self {
        Self::new(self.under.clone())
    }
}

impl<T: ?Sized, K, C> fmt::Debug for Channel<T, K, C>
where
    opened::Channel<K>: fmt::Debug,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.under.fmt(formatter)
    }
}
