//! Copying messages that have one length, as typed receivers do. One of another length stays where it is.

use super::kind::ChannelKind;
use super::port::{Exact, Inlet};
use super::receiver::{ItemOf, Look, Receiver};
use crate::error::{RecvError, TryRecvError};
use crate::wait::Calls;

/// The length in bytes of a message that was not copied: it stays with its receiver, which gets it with its next call.
pub(crate) type OtherLength = usize;

impl<K: ChannelKind> Receiver<K> {
    /// Copies the next message into `buffer`, if it fills that exactly, and acknowledges it. Blocks while there is none.
    #[inline(always)]
    pub(crate) fn recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, RecvError> {
        match self.copy_exact(buffer)? {
            Exact::Copied => return Ok(Ok(())),
            Exact::Other(item) => return Ok(Err(self.keep_other(item))),
            Exact::Undecided => {}
        }
        let mut look = Look::Unusual;
        if K::Inlet::LOOKS_AHEAD {
            look = self.look_for_next();
            if look == Look::Found
                && let Exact::Copied = self.copy_exact(buffer)?
            {
                return Ok(Ok(()));
            }
        }
        self.recv_exact_slow(buffer, look)
    }

    /// As [`Receiver::recv_exact`], if there is a message now. Never blocks.
    #[inline(always)]
    pub(crate) fn try_recv_exact(&mut self, buffer: &mut [u8]) -> Result<Result<(), OtherLength>, TryRecvError> {
        let item = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(self.copy_and_finish_exact(item, buffer)?)
    }

    #[inline(never)]
    fn recv_exact_slow(&mut self, buffer: &mut [u8], look: Look) -> Result<Result<(), OtherLength>, RecvError> {
        let item = match self.take_fast()? {
            Some(item) => item,
            None => self.wait_after(look)?,
        };
        self.copy_and_finish_exact(item, buffer)
    }

    #[inline(always)]
    fn copy_and_finish_exact(
        &mut self,
        item: ItemOf<K>,
        buffer: &mut [u8],
    ) -> Result<Result<(), OtherLength>, RecvError> {
        let entry = self.port.entry(&item);
        if K::Inlet::length(&entry) != buffer.len() {
            return Ok(Err(self.keep_other(item)));
        }
        K::Inlet::read(self.port.bytes(), &entry, buffer);
        self.port.finish(&mut self.end, item)?;
        Ok(Ok(()))
    }

    #[cold]
    #[inline(never)]
    fn keep_other(&mut self, item: ItemOf<K>) -> OtherLength {
        let length = K::Inlet::length(&self.port.entry(&item));
        self.port.keep(item);
        length
    }
}
