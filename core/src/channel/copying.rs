//! The calls that copy a message into the caller's buffer, and are done with it when they return.
//!
//! A message that is exactly as long as the buffer has a way of its own, in line at the caller's.

use super::kind::ChannelKind;
use super::port::{Exact, Inlet};
use super::receiver::{ItemOf, Look, Receiver};
use crate::error::{RecvError, RecvTimeoutError, TryRecvError};
use crate::wait::Calls;
use std::time::{Duration, Instant};

/// Receiving copies of messages.
impl<K: ChannelKind> Receiver<K> {
    /// Copies the next message to the start of `buffer`, acknowledges it, and returns its length in bytes. Blocks while there is none.
    ///
    /// A sender that dies takes nothing of what it had sent with it. Once the last sender has gone, and nothing is left that may come,
    /// the call ends with [`RecvError::Disconnected`].
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`] leaves the message with this receiver, which gets it with its next call; see
    /// [`RecvError`].
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let mut buffer = [0; 64];
    /// let length = rx.recv_into(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        // In line, so that the compiler knows the length of a message that has a fixed one.
        let mut has_looked = false;
        loop {
            match self.copy_exact(buffer)? {
                Exact::Copied => return Ok(buffer.len()),
                Exact::Other(item) => return self.copy_and_finish_slow(item, buffer),
                Exact::Undecided => {}
            }
            if !K::Inlet::LOOKS_AHEAD {
                return self.recv_into_slow(buffer, Look::Unusual);
            }
            if has_looked {
                return self.recv_into_slow(buffer, Look::Found);
            }
            match self.look_for_next() {
                // Once more the same way.
                Look::Found => has_looked = true,
                vain => return self.recv_into_slow(buffer, vain),
            }
        }
    }

    /// Takes and copies a message as long as the buffer, if one is at hand.
    #[inline(always)]
    pub(super) fn copy_exact(&mut self, buffer: &mut [u8]) -> Result<Exact<ItemOf<K>>, RecvError> {
        if !K::Inlet::STOPS_IN_A_CHILD && self.end.is_foreign() {
            return Ok(Exact::Undecided);
        }
        self.port.copy_exact(&mut self.end, buffer)
    }

    #[inline(never)]
    fn recv_into_slow(&mut self, buffer: &mut [u8], look: Look) -> Result<usize, RecvError> {
        // Probably just shorter than the buffer.
        let item = match self.take_fast()? {
            Some(item) => item,
            None => self.wait_after(look)?,
        };
        self.copy_and_finish(item, buffer)
    }

    /// Copies the next message to the start of `buffer`, if there is one now, acknowledges it, and returns its length in bytes.
    /// Never blocks. After `Empty`, a message may have come before the caller looks at the result.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]; `BufferTooSmall` leaves the message with this receiver; see [`TryRecvError`].
    ///
    /// ```
    /// # use memlane::TryRecvError;
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut buffer = [0; 64];
    /// assert_eq!(rx.try_recv_into(&mut buffer), Err(TryRecvError::Empty));
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.try_recv_into(&mut buffer[..3]), Err(TryRecvError::BufferTooSmall { needed: 5 }));
    /// assert_eq!(rx.try_recv_into(&mut buffer), Ok(5)); // it was left
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        let item = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(self.copy_and_finish(item, buffer)?)
    }

    /// As [`Receiver::recv_into`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock
    /// has no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`]; `BufferTooSmall` leaves the message with this receiver; see [`RecvTimeoutError`].
    ///
    /// ```
    /// # use memlane::RecvTimeoutError;
    /// # use std::time::Duration;
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut buffer = [0; 64];
    /// assert_eq!(rx.recv_into_timeout(&mut buffer, Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv_into_timeout(&mut buffer, Duration::from_millis(1)), Ok(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_into_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, RecvTimeoutError> {
        let item = self.within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(self.copy_and_finish(item, buffer)?)
    }

    /// As [`Receiver::recv_into`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Receiver::recv_into_timeout`].
    ///
    /// ```
    /// # use memlane::RecvTimeoutError;
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let (mut buffer, deadline) = ([0; 64], Instant::now() + Duration::from_millis(1)); // for both calls
    /// assert_eq!(rx.recv_into_deadline(&mut buffer, deadline), Ok(5));
    /// assert_eq!(rx.recv_into_deadline(&mut buffer, deadline), Err(RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn recv_into_deadline(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, RecvTimeoutError> {
        let item = self.by(deadline)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(self.copy_and_finish(item, buffer)?)
    }

    /// Copies and finishes a message that does not fill the buffer: apart from the calls that have a way for one that does.
    #[inline(never)]
    pub(super) fn copy_and_finish_slow(&mut self, item: ItemOf<K>, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.copy_and_finish(item, buffer)
    }

    #[inline(always)]
    pub(super) fn copy_and_finish(&mut self, item: ItemOf<K>, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let entry = self.port.entry(&item);
        let length = K::Inlet::length(&entry);
        let Some(target) = buffer.get_mut(..length) else {
            self.port.keep(item);
            return Err(RecvError::BufferTooSmall { needed: length });
        };
        K::Inlet::read(self.port.bytes(), &entry, target);
        self.port.finish(&mut self.end, item)?;
        Ok(length)
    }
}
