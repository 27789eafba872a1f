//! Ending the calls of handles of whatever kind.

use super::handles::{Receiver, Sender, each};
use crate::channel::Interrupter;

/// Ending a call that waits.
impl Receiver {
    /// What ends a call of this receiver that waits: see [`Interrupter`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let mut rx = channel.receiver()?;
    /// rx.interrupter().interrupt();
    /// assert_eq!(rx.recv().err(), Some(memlane::RecvError::Interrupted));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        each!(self, Self(receiver) => receiver.interrupter())
    }
}

/// Ending a call that waits.
impl Sender {
    /// What ends a call of this sender that waits: see [`Interrupter`].
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.interrupter().interrupt();
    /// let waited = tx.wait_for_peer(std::time::Duration::MAX);
    /// assert_eq!(waited, Err(memlane::WaitForPeerError::Interrupted));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        each!(self, Self(sender) => sender.interrupter())
    }
}
