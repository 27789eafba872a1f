//! Copying messages that have one length, for typed receivers of whatever kind.

use super::handles::{Receiver, each};
use crate::channel::exact::OtherLength;
use crate::error::{RecvError, TryRecvError};

impl Receiver {
    /// Copies the next message into `buffer`, if it fills that exactly, and acknowledges it. Blocks while there is none.
    #[inline]
    pub(crate) fn recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, RecvError> {
        each!(self, Self(receiver) => receiver.recv_exact(buffer))
    }

    /// As [`Receiver::recv_exact`], if there is a message now. Never blocks.
    #[inline]
    pub(crate) fn try_recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, TryRecvError> {
        each!(self, Self(receiver) => receiver.try_recv_exact(buffer))
    }
}
