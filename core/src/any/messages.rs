//! Messages of whatever kind, one after the other.

use super::handles::{IntoMessages, Message, Messages, Receiver, TryIter, each};
use crate::error::RecvError;
use std::iter::FusedIterator;

/// What it has besides: see [`generic::Messages`](crate::generic::Messages).
impl Messages<'_> {
    /// The next message in place, without a copy. Blocks while there is none. `None` where the iterator ends; an error comes once,
    /// then it has ended.
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "three"])?;
    /// drop(tx);
    /// let (mut messages, mut bytes) = (rx.messages(), 0);
    /// while let Some(message) = messages.next_message() {
    ///     bytes += message?.len();
    /// }
    /// assert_eq!(bytes, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_message(&mut self) -> Option<Result<Message<'_>, RecvError>> {
        each!(self, Self(messages) => messages.next_message().map(|next| next.map(Message::from)))
    }
}

impl Iterator for Messages<'_> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        each!(self, Self(messages) => messages.next())
    }
}

impl FusedIterator for Messages<'_> {}

impl Iterator for TryIter<'_> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        each!(self, Self(messages) => messages.next())
    }
}

impl FusedIterator for TryIter<'_> {}

impl Iterator for IntoMessages {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        each!(self, Self(messages) => messages.next())
    }
}

impl FusedIterator for IntoMessages {}

/// As [`Receiver::messages`].
impl<'a> IntoIterator for &'a mut Receiver {
    type Item = Result<Vec<u8>, RecvError>;
    type IntoIter = Messages<'a>;

    fn into_iter(self) -> Messages<'a> {
        self.messages()
    }
}

/// As [`Receiver::messages`]. The receiver leaves when the iterator is dropped.
impl IntoIterator for Receiver {
    type Item = Result<Vec<u8>, RecvError>;
    type IntoIter = IntoMessages;

    fn into_iter(self) -> IntoMessages {
        each!(self, Self(receiver) => receiver.into_iter().into())
    }
}
