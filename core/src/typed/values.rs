//! Values one after the other.

use super::codec::Codec;
use super::ends::Carrier;
use super::error::RecvError;
use super::plain::Plain;
use super::receiver::Receiver;
use crate::error;
use std::fmt;

/// The values of a channel, each acknowledged as it is copied: see [`Receiver::values`].
///
/// Ends when the channel is drained and its senders have gone; any other error comes once, then it ends.
pub struct Values<'a, T: ?Sized, K: Carrier, C = Plain> {
    receiver: &'a mut Receiver<T, K, C>,
    ended: bool,
}

/// Receiving values one after the other.
impl<T: ?Sized, K: Carrier, C: Codec<T>> Receiver<T, K, C> {
    /// The values, each acknowledged as it is copied, until the channel is drained and its senders have gone. Blocks while there
    /// is none.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2, 3])?;
    /// drop(tx);
    /// assert_eq!(rx.values().collect::<Result<Vec<_>, _>>()?, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&mut self) -> Values<'_, T, K, C> {
        Values { receiver: self, ended: false }
    }
}

impl<T: ?Sized, K: Carrier, C: Codec<T>> Iterator for Values<'_, T, K, C> {
    type Item = Result<C::Owned, RecvError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let value = self.receiver.recv();
        self.ended = value.is_err();
        match value {
            Err(RecvError::Channel(error::RecvError::Disconnected)) => None,
            value => Some(value),
        }
    }
}

impl<T: ?Sized, K: Carrier, C: Codec<T>> std::iter::FusedIterator for Values<'_, T, K, C> {}

impl<T: ?Sized, K: Carrier, C> fmt::Debug for Values<'_, T, K, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Values").field("receiver", &self.receiver).field("ended", &self.ended).finish()
    }
}
