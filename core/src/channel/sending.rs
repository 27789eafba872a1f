//! Sending copies of messages, one at a time.

use super::kind::ChannelKind;
use super::port::Outlet;
use super::sender::{ClaimOf, Sender};
use crate::error::{SendError, SendTimeoutError, TrySendError};
use crate::wait::{Calls, Waiting};
use std::time::{Duration, Instant};

/// Sending copies.
impl<K: ChannelKind> Sender<K> {
    /// Sends a copy of `message`, of 0 to [`Sender::max_message`] bytes. Blocks while the channel is full.
    ///
    /// Once it returns, the message is in the channel, whatever becomes of this process. While it waits, receivers come and go:
    /// one that dies leaves room when it is replaced or, in a queue, reaped; once all have left in good order, the call ends with
    /// [`SendError::Disconnected`].
    ///
    /// # Errors
    /// See [`SendError`]. The message was not sent.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline(always)]
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        // In line, so that the compiler knows the length of a message that has a fixed one.
        if self.may_send_fast() && self.send_fast(message)? {
            self.port.wake(&mut self.end);
            return Ok(());
        }
        self.send_slow(message)
    }

    /// Whether nothing has to be looked at before the port's [fast way](Outlet::send_fast).
    #[inline(always)]
    pub(super) fn may_send_fast(&self) -> bool {
        (K::Outlet::STOPS_IN_A_CHILD || !self.end.is_foreign()) && !self.end.has_news()
    }

    #[inline(always)]
    fn send_fast(&mut self, message: &[u8]) -> Result<bool, SendError> {
        match self.port.send_fast(&mut self.end, message) {
            Ok(is_sent) => Ok(is_sent),
            Err(reason) => Err(self.corrupted(reason)),
        }
    }

    #[cold]
    #[inline(never)]
    fn send_slow(&mut self, message: &[u8]) -> Result<(), SendError> {
        // The usual way where records are not packed.
        if let Some(claim) = self.room_for(message.len()).attempt_fast()? {
            self.commit_copy(claim, message)?;
            self.port.wake(&mut self.end);
            return Ok(());
        }
        let claim = self.room_for(message.len()).wait_slow()?;
        self.send_into(claim, message)
    }

    /// Sends a copy of `message` if there is room now. Never blocks. After `Full`, a receiver may have made room before the caller
    /// looks at the result.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`]. The message was not sent. A queue of more than 128 slots, of
    /// which others hold some, is looked at in 128 places that are evenly apart, and in others the next time: it may be called full
    /// though a few slots are free.
    ///
    /// ```
    /// # use memlane::TrySendError;
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.try_send(b"one")?;
    /// assert_eq!(tx.try_send(b"two"), Err(TrySendError::Full));
    /// rx.recv()?.ack()?;
    /// tx.try_send(b"two")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        let claim = self.room_for(message.len()).now()?.ok_or(TrySendError::Full)?;
        Ok(self.send_into(claim, message)?)
    }

    /// As [`Sender::send`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock
    /// has no end.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    ///
    /// ```
    /// # use memlane::SendTimeoutError;
    /// # use std::time::Duration;
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send_timeout(b"one", Duration::from_secs(1))?; // there is room: it does not wait
    /// assert_eq!(tx.send_timeout(b"two", Duration::from_millis(1)), Err(SendTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        let claim = self.room_for(message.len()).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(self.send_into(claim, message)?)
    }

    /// As [`Sender::send`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Sender::send_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::mpmc::Options::new().slots(3).private()?;
    /// let mut tx = channel.sender()?;
    /// let deadline = Instant::now() + Duration::from_millis(1); // for as many as find room until then
    /// let mut sent = 0;
    /// while tx.send_deadline(b"tick", deadline).is_ok() {
    ///     sent += 1;
    /// }
    /// assert_eq!(sent, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn send_deadline(&mut self, message: &[u8], deadline: Instant) -> Result<(), SendTimeoutError> {
        let claim = self.room_for(message.len()).by(deadline)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(self.send_into(claim, message)?)
    }

    #[inline(always)]
    pub(super) fn send_into(&mut self, claim: ClaimOf<K>, message: &[u8]) -> Result<(), SendError> {
        self.commit_copy(claim, message)?;
        self.port.wake(&mut self.end);
        self.port.after_wake(&claim);
        Ok(())
    }

    #[inline(always)]
    fn commit_copy(&mut self, claim: ClaimOf<K>, message: &[u8]) -> Result<(), SendError> {
        match self.port.commit_copy(&mut self.end, claim, message) {
            Ok(()) => Ok(()),
            Err(reason) => Err(self.corrupted(reason)),
        }
    }
}
