//! Waiting for handles of whatever kind, together with other things.

use super::handles::{Receiver, Sender, each};
use crate::channel::waitable::{Awaited, Waitable, Waited};

/// For its next message.
impl Waitable for Receiver {}

impl Waited for Receiver {
    fn awaited(&mut self) -> &mut dyn Awaited {
        each!(self, Self(receiver) => receiver)
    }
}

/// For room for the longest message.
impl Waitable for Sender {}

impl Waited for Sender {
    fn awaited(&mut self) -> &mut dyn Awaited {
        each!(self, Self(sender) => sender)
    }
}
