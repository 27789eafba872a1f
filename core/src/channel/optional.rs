//! What only some kinds have, asked of a channel of any kind: for programs that learn the kind at run time. The kinds that have it
//! give it a name on their own pages.

use super::contents::BatchMessage;
use super::kind::{ChannelKind, Ports};
use super::message::Message;
use super::port::{Inlet, Known, Outlet};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::error::NoSuchPriority;

impl<K: ChannelKind> Sender<K> {
    /// The priority of what this sender sends from now on.
    pub(crate) fn choose_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        self.port.set_priority(priority)
    }

    /// How many messages its lane had carried when it joined, and how many it has by now.
    pub(crate) fn carried(&self) -> Option<(u64, u64)> {
        self.port.carried()
    }
}

impl<K: ChannelKind> Receiver<K> {
    /// Wakes senders that wait for room, if they do not know of all that was released.
    pub(crate) fn tell_released(&mut self) {
        if !self.end.is_foreign() {
            self.port.found_nothing(&mut self.end);
        }
    }
}

impl<K: ChannelKind> Message<'_, K> {
    /// What is known of it besides its bytes.
    #[inline]
    pub(crate) fn known(&self) -> Known {
        <K as Ports>::Inlet::known(&self.entry())
    }
}

impl<K: ChannelKind> BatchMessage<'_, K> {
    /// What is known of it besides its bytes.
    #[inline]
    pub(crate) fn known(&self) -> Known {
        <K as Ports>::Inlet::known(&self.entry())
    }
}
