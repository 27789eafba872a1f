//! Handing the seat of a typed sender or receiver over to a successor.

use super::channel::Channel;
use super::codec::Codec;
use super::ends::{Carrier, Receiving, Sending};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::error::{HandOverError, TakeOverError};
use std::time::Duration;

/// Handing over.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Sender<T, K, C> {
    /// Hands this sender's seat over to a successor: see [`generic::Sender::hand_over`](crate::generic::Sender::hand_over).
    ///
    /// # Errors
    /// A [`HandOverError`], which has the sender: it still has its seat.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&7)?;
    /// std::thread::scope(|scope| {
    ///     let successor = scope.spawn(|| channel.take_over_sender(Duration::MAX).unwrap().send(&8).unwrap());
    ///     tx.hand_over(Duration::MAX).unwrap();
    ///     successor.join().unwrap();
    /// });
    /// assert_eq!((rx.recv()?, rx.recv()?), (7, 8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        self.under.hand_over(timeout).map_err(|error| error.map(Self::new))
    }
}

/// Handing over.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Receiver<T, K, C> {
    /// Hands this receiver's seat over to a successor: see [`generic::Receiver::hand_over`](crate::generic::Receiver::hand_over).
    ///
    /// # Errors
    /// A [`HandOverError`], which has the receiver: it still has its seat.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let rx = channel.receiver()?.hand_over(Duration::ZERO).unwrap_err().into_handle();
    /// assert!(channel.receiver().is_err(), "it still has its seat");
    /// # drop(rx);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        self.under.hand_over(timeout).map_err(|error| error.map(Self::new))
    }
}

/// Taking over.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Channel<T, K, C> {
    /// Takes over a sender's seat that is handed over: see [`generic::Channel::take_over_sender`](crate::generic::Channel::take_over_sender).
    ///
    /// # Errors
    /// [`TakeOverError::Timeout`]; [`TakeOverError::Channel`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// assert!(channel.take_over_sender(Duration::ZERO).is_err(), "nobody hands it over");
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn take_over_sender(&self, timeout: Duration) -> Result<Sender<T, K, C>, TakeOverError> {
        K::next_sender_of(self.untyped(), timeout).map(Sender::new)
    }

    /// Takes over a receiver's seat that is handed over: see
    /// [`generic::Channel::take_over_receiver`](crate::generic::Channel::take_over_receiver).
    ///
    /// # Errors
    /// As [`Channel::take_over_sender`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// assert!(channel.take_over_receiver(Duration::ZERO).is_err(), "nobody hands it over");
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn take_over_receiver(&self, timeout: Duration) -> Result<Receiver<T, K, C>, TakeOverError> {
        K::next_receiver_of(self.untyped(), timeout).map(Receiver::new)
    }
}
