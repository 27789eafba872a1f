//! The straight way of one message: for a caller that has a way of its own for everything else, as the C interface has.
//!
//! Either a call does all that there is to do, or the message is where it was, and the caller makes the full call, which also says
//! what is wrong. So nothing here waits, and a lane's calls that copy a length which the compiler knows have no error and no panic: a
//! function that does nothing else needs no frame.

use super::kind::ChannelKind;
use super::port::{Exact, Inlet, Outlet};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::error::{Corruption, RecvError};

/// What became of a message that was to be sent at once.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "where a receiver sleeps, it is still to be woken"]
pub enum AtOnce {
    /// It was sent.
    Sent,
    /// It was sent, and a receiver sleeps: [`Sender::wake_receiver`] is due.
    SentToSleeper,
    /// It was not sent: [`Sender::send`] tells why, or waits.
    Not,
}

/// Sending by the straight way.
impl<K: ChannelKind> Sender<K> {
    /// [`Sender::send`], if that is the straight way, but for the wake-up.
    ///
    /// ```
    /// # use memlane::generic::AtOnce;
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// match tx.send_at_once(b"hello") {
    ///     AtOnce::Sent => {}
    ///     AtOnce::SentToSleeper => tx.wake_receiver(),
    ///     AtOnce::Not => tx.send(b"hello")?,
    /// }
    /// assert_eq!(rx.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(hidden)]
    #[inline(always)]
    pub fn send_at_once(&mut self, message: &[u8]) -> AtOnce {
        if !self.may_send_fast() {
            return AtOnce::Not;
        }
        match self.port.send_fast(&mut self.end, message) {
            Ok(true) if self.end.receivers_are_awake() => AtOnce::Sent,
            Ok(true) => AtOnce::SentToSleeper,
            Ok(false) => AtOnce::Not,
            Err(reason) => self.not_sent(reason),
        }
    }

    /// The channel is beyond use: the full call says so.
    #[cold]
    fn not_sent(&mut self, reason: Corruption) -> AtOnce {
        self.end.poison(reason);
        AtOnce::Not
    }

    /// The wake-up that is due after [`AtOnce::SentToSleeper`]. Harmless otherwise.
    ///
    /// ```
    /// # use memlane::generic::AtOnce;
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// if tx.send_at_once(b"hello") == AtOnce::SentToSleeper {
    ///     tx.wake_receiver();
    /// }
    /// # let _ = &mut rx;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(hidden)]
    pub fn wake_receiver(&mut self) {
        self.port.wake(&mut self.end);
    }
}

/// Receiving by the straight way.
impl<K: ChannelKind> Receiver<K> {
    /// [`Receiver::recv_into`] of a message that is as long as the buffer, if that is the straight way. False: nothing was received.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&[7; 8])?;
    /// let mut word = [0; 8];
    /// if !rx.fill_at_once(&mut word) {
    ///     rx.recv_into(&mut word)?;
    /// }
    /// assert_eq!(word, [7; 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(hidden)]
    #[inline(always)]
    pub fn fill_at_once(&mut self, buffer: &mut [u8]) -> bool {
        match self.copy_exact(buffer) {
            Ok(Exact::Copied) => true,
            Ok(Exact::Other(item)) => {
                self.port.keep(item);
                false
            }
            Ok(Exact::Undecided) | Err(_) => false,
        }
    }

    /// [`Receiver::recv_into`], if that is the straight way. `None`: nothing was received.
    ///
    /// # Errors
    /// As [`Receiver::recv_into`], of a message that was at hand.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let mut buffer = [0; 64];
    /// let length = match rx.recv_at_once(&mut buffer)? {
    ///     Some(length) => length,
    ///     None => rx.recv_into(&mut buffer)?,
    /// };
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(hidden)]
    #[inline(always)]
    pub fn recv_at_once(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, RecvError> {
        match self.copy_exact(buffer)? {
            Exact::Copied => Ok(Some(buffer.len())),
            Exact::Other(item) => self.copy_and_finish_slow(item, buffer).map(Some),
            Exact::Undecided => self.recv_other_at_once(buffer),
        }
    }

    /// [`Receiver::recv_at_once`] for a message that probably does not fill the buffer.
    #[inline(never)]
    fn recv_other_at_once(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, RecvError> {
        match self.take_fast()? {
            Some(item) => self.copy_and_finish(item, buffer).map(Some),
            None => Ok(None),
        }
    }
}
