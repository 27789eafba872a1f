//! What `any` asks of handles of any kind: what only some kinds have, which give it a name on their own pages; and hot calls that
//! stand in line for one kind alone.

use super::at_once::AtOnce;
use super::batch::Batch;
use super::contents::BatchMessage;
use super::kind::{ChannelKind, Ports};
use super::message::Message;
use super::port::{Inlet, Known, Outlet};
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;
use crate::error::{AckAtError, NoSuchPriority, RecvError, SendError, TryRecvError};
use std::sync::Arc;

impl<K: ChannelKind> Sender<K> {
    /// [`Sender::send`], in line for the kind that is fastest.
    #[inline(always)]
    pub(crate) fn send_of_kind(&mut self, message: &[u8]) -> Result<(), SendError> {
        if K::IN_LINE { self.send(message) } else { self.send_called(message) }
    }

    /// [`Sender::send_at_once`], with the wake-up. False: it was not sent.
    #[inline(never)]
    pub(crate) fn sent_at_once(&mut self, message: &[u8]) -> bool {
        let at_once = self.send_at_once(message);
        if at_once == AtOnce::SentToSleeper {
            self.wake_receiver();
        }
        at_once != AtOnce::Not
    }

    #[inline(never)]
    fn send_called(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.send(message)
    }

    /// The priority of what this sender sends from now on.
    pub(crate) fn choose_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        self.port.set_priority(priority)
    }

    /// The channel that it is of, as all that was made from it share it.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.end.shared()
    }

    /// How many messages its lane had carried when it joined, and how many it has by now.
    pub(crate) fn carried(&self) -> Option<(u64, u64)> {
        self.port.carried()
    }
}

impl<K: ChannelKind> Receiver<K> {
    /// The channel that it is of, as all that was made from it share it.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.end.shared()
    }

    /// [`Receiver::recv_into`], in line for the kind that is fastest.
    #[inline(always)]
    pub(crate) fn recv_into_of_kind(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        if K::IN_LINE { self.recv_into(buffer) } else { self.recv_into_called(buffer) }
    }

    /// [`Receiver::try_recv_into`], in line for the kind that is fastest.
    #[inline(always)]
    pub(crate) fn try_recv_into_of_kind(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        if K::IN_LINE { self.try_recv_into(buffer) } else { self.try_recv_into_called(buffer) }
    }

    /// [`Receiver::recv_at_once`], as a call.
    #[inline(never)]
    pub(crate) fn received_at_once(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, RecvError> {
        self.recv_at_once(buffer)
    }

    #[inline(never)]
    fn try_recv_into_called(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        self.try_recv_into(buffer)
    }

    #[inline(never)]
    fn recv_into_called(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.recv_into(buffer)
    }

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
        self.contents().known()
    }
}

impl<K: ChannelKind> Batch<'_, K> {
    /// The message at `index` is done with.
    pub(crate) fn finish_at(&mut self, index: usize) -> Result<(), AckAtError> {
        let (port, end) = self.port();
        port.finish_at(end, index)
    }

    /// The message at `index` comes again, to any receiver.
    pub(crate) fn give_back_at(&mut self, index: usize) -> Result<(), AckAtError> {
        let (port, end) = self.port();
        port.give_back_at(end, index)
    }

    /// The message at `index` comes again, unread.
    pub(crate) fn return_at(&mut self, index: usize) -> Result<(), AckAtError> {
        let (port, end) = self.port();
        port.hand_back_at(end, index)
    }
}

impl<K: ChannelKind> BatchMessage<'_, K> {
    /// What is known of it besides its bytes.
    #[inline]
    pub(crate) fn known(&self) -> Known {
        <K as Ports>::Inlet::known(self.bytes(), &self.entry())
    }
}
