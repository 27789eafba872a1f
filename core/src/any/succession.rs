//! Handing the seat of a sender or a receiver of whatever kind over.

use super::handles::{Receiver, Sender, each};
use crate::error::HandOverError;
use std::time::Duration;

/// Handing over.
impl Sender {
    /// Hands this sender's seat over to a successor: see [`generic::Sender::hand_over`](crate::generic::Sender::hand_over).
    ///
    /// # Errors
    /// A [`HandOverError`], which has the sender: it still has its seat.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::any::Options::default().private()?;
    /// let mut tx = channel.sender()?.hand_over(Duration::ZERO).unwrap_err().into_handle();
    /// tx.send(b"nobody took it over")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        each!(self, Self(sender) => sender.hand_over(timeout).map_err(|error| error.map(Self::from)))
    }
}

/// Handing over.
impl Receiver {
    /// Hands this receiver's seat over to a successor: see [`generic::Receiver::hand_over`](crate::generic::Receiver::hand_over).
    ///
    /// # Errors
    /// A [`HandOverError`], which has the receiver: it still has its seat.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::any::Options::default().private()?;
    /// let rx = channel.receiver()?.hand_over(Duration::ZERO).unwrap_err().into_handle();
    /// assert_eq!(channel.info().participants[0].row, rx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        each!(self, Self(receiver) => receiver.hand_over(timeout).map_err(|error| error.map(Self::from)))
    }
}
