//! Messages one after the other.

use super::kind::ChannelKind;
use super::message::Message;
use super::receiver::Receiver;
use crate::error::RecvError;
use crate::wait::Calls;

/// Copies of messages, each acknowledged as it is copied.
///
/// Ends when the channel is drained and its senders have gone; any other error comes once, then it ends. A message for
/// whose copy there is no memory ([`RecvError::OutOfMemory`]) comes again, to this receiver's next call.
#[derive(Debug)]
pub struct Messages<'a, K: ChannelKind> {
    receiver: &'a mut Receiver<K>,
    ended: bool,
}

impl<'a, K: ChannelKind> Messages<'a, K> {
    pub(super) fn new(receiver: &'a mut Receiver<K>) -> Self {
        Self { receiver, ended: false }
    }

    /// The next message in place, without a copy. Blocks while there is none. Dropping the message means what the receiver's
    /// [`on_drop`](Receiver::on_drop) says. `None` where the iterator ends; an error comes once, then it has ended.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
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
    pub fn next_message(&mut self) -> Option<Result<Message<'_, K>, RecvError>> {
        if self.ended {
            return None;
        }
        match self.receiver.next() {
            Ok(item) => Some(Ok(Message::new(self.receiver, item))),
            Err(error) => {
                self.ended = true;
                (error != RecvError::Disconnected).then_some(Err(error))
            }
        }
    }
}

impl<K: ChannelKind> Iterator for Messages<'_, K> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let copied = self.receiver.next().and_then(|item| copy(Message::new(self.receiver, item)));
        self.ended = copied.is_err();
        match copied {
            Err(RecvError::Disconnected) => None,
            copied => Some(copied),
        }
    }
}

/// Copies and acknowledges a message. One for whose copy there is no memory comes again.
fn copy<K: ChannelKind>(message: Message<'_, K>) -> Result<Vec<u8>, RecvError> {
    match message.try_to_vec() {
        Ok(copy) => {
            message.ack()?;
            Ok(copy)
        }
        Err(error) => {
            message.hand_back();
            Err(error.into())
        }
    }
}

impl<K: ChannelKind> std::iter::FusedIterator for Messages<'_, K> {}

/// Copies of the messages that are there, each acknowledged as it is copied: see [`Receiver::try_iter`] and [`Receiver::drain`].
///
/// Ends when there is none now, or when the channel is drained and its senders have gone; any other error comes once, then it
/// ends. A message for whose copy there is no memory ([`RecvError::OutOfMemory`]) comes again, to this receiver's next call.
#[derive(Debug)]
pub struct TryIter<'a, K: ChannelKind> {
    receiver: &'a mut Receiver<K>,
    /// How many more there are at most.
    left: usize,
}

impl<'a, K: ChannelKind> TryIter<'a, K> {
    pub(super) fn new(receiver: &'a mut Receiver<K>, max: usize) -> Self {
        Self { receiver, left: max }
    }
}

impl<K: ChannelKind> Iterator for TryIter<'_, K> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = std::mem::take(&mut self.left).checked_sub(1)?;
        let copied = match self.receiver.now() {
            Ok(Some(item)) => copy(Message::new(self.receiver, item)),
            Ok(None) | Err(RecvError::Disconnected) => return None,
            Err(error) => Err(error),
        };
        if copied.is_ok() {
            self.left = left;
        }
        Some(copied)
    }
}

impl<K: ChannelKind> std::iter::FusedIterator for TryIter<'_, K> {}

/// As [`Receiver::messages`].
impl<'a, K: ChannelKind> IntoIterator for &'a mut Receiver<K> {
    type Item = Result<Vec<u8>, RecvError>;
    type IntoIter = Messages<'a, K>;

    fn into_iter(self) -> Messages<'a, K> {
        Messages::new(self)
    }
}

/// Copies of messages, by a receiver that goes with the iterator: see [`Messages`].
///
/// ```
/// # let channel = memlane::spsc::Options::new().private()?;
/// # let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
/// tx.send_batch(["one", "two"])?;
/// drop(tx);
/// let texts: Vec<_> = rx.into_iter().collect::<Result<_, _>>()?; // in a thread that has nothing else to do, for example
/// assert_eq!(texts, [b"one", b"two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IntoMessages<K: ChannelKind> {
    receiver: Receiver<K>,
    ended: bool,
}

impl<K: ChannelKind> Iterator for IntoMessages<K> {
    type Item = Result<Vec<u8>, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut messages = Messages { receiver: &mut self.receiver, ended: self.ended };
        let next = messages.next();
        self.ended = messages.ended;
        next
    }
}

impl<K: ChannelKind> std::iter::FusedIterator for IntoMessages<K> {}

/// As [`Receiver::messages`]. The receiver leaves when the iterator is dropped.
impl<K: ChannelKind> IntoIterator for Receiver<K> {
    type Item = Result<Vec<u8>, RecvError>;
    type IntoIter = IntoMessages<K>;

    fn into_iter(self) -> IntoMessages<K> {
        IntoMessages { receiver: self, ended: false }
    }
}
