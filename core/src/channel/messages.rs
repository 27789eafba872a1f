//! Messages one after the other.

use super::kind::ChannelKind;
use super::message::Message;
use super::receiver::Receiver;
use crate::error::RecvError;

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
