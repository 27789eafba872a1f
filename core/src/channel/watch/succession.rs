//! Handing the sender's or a receiver's seat of a watch over to a successor, usually in another process.

use super::{Channel, Receiver, Sender};
use crate::channel::end::Seated;
use crate::error::{HandOverError, TakeOverError};
use crate::layout::Role;
use std::time::Duration;

/// Handing over.
impl Sender {
    /// Hands this sender's seat over to a successor, as [`generic::Sender::hand_over`](crate::generic::Sender::hand_over) does. Its versions go on
    /// behind the last one of this sender.
    ///
    /// # Errors
    /// A [`HandOverError`], which has the sender: it still has its seat, and goes on as before.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.set(b"one")?;
    /// std::thread::scope(|scope| {
    ///     let successor = scope.spawn(|| channel.take_over_sender(Duration::MAX).unwrap().set(b"two"));
    ///     tx.hand_over(Duration::MAX).unwrap();
    ///     assert_eq!(successor.join().unwrap(), Ok(2));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(mut self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        match self.end.hand_over(timeout, (0, false), |_| {}) {
            Ok(()) => Ok(()),
            Err(reason) => Err(HandOverError::new(self, reason)),
        }
    }
}

/// Handing over.
impl Receiver {
    /// Hands this receiver's seat over to a successor, as [`generic::Receiver::hand_over`](crate::generic::Receiver::hand_over) does. What this one
    /// has returned is no change for its successor.
    ///
    /// # Errors
    /// A [`HandOverError`], which has the receiver: it still has its seat, and goes on as before.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.set(b"one")?;
    /// assert_eq!(rx.changed()?, b"one");
    /// std::thread::scope(|scope| {
    ///     let successor = scope.spawn(|| channel.take_over_receiver(Duration::MAX).unwrap().has_changed());
    ///     rx.hand_over(Duration::MAX).unwrap();
    ///     assert!(!successor.join().unwrap());
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(mut self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        self.count();
        let seen = self.reader.seen();
        match self.end.hand_over(timeout, (seen, seen != 0), |_| {}) {
            Ok(()) => Ok(()),
            Err(reason) => Err(HandOverError::new(self, reason)),
        }
    }
}

/// Taking over.
impl Channel {
    /// Takes over the seat of the sender that [hands it over](Sender::hand_over): as
    /// [`generic::Channel::take_over_sender`](crate::generic::Channel::take_over_sender).
    ///
    /// # Errors
    /// [`TakeOverError::Timeout`]; [`TakeOverError::Channel`] with what would keep the caller from joining.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// assert!(matches!(channel.take_over_sender(Duration::ZERO), Err(memlane::TakeOverError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_over_sender(&self, timeout: Duration) -> Result<Sender, TakeOverError> {
        Ok(Sender::seated(Seated::take_over(&self.shared, Role::Sender, |_, _| Ok(()), timeout)?)?)
    }

    /// Takes over the seat of a receiver that [hands it over](Receiver::hand_over): as
    /// [`generic::Channel::take_over_receiver`](crate::generic::Channel::take_over_receiver).
    ///
    /// # Errors
    /// As [`Channel::take_over_sender`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::watch::Options::new().private()?;
    /// assert!(matches!(channel.take_over_receiver(Duration::ZERO), Err(memlane::TakeOverError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_over_receiver(&self, timeout: Duration) -> Result<Receiver, TakeOverError> {
        let end = Seated::take_over(&self.shared, Role::Receiver, |_, _| Ok(()), timeout)?;
        let seen = end.handed_version();
        Ok(Receiver::seated(end, seen))
    }
}
