//! Errors of handing a seat over to a successor, and of taking it over.

use super::{Corruption, JoinError, Printable};
use std::fmt;
use std::io;

/// Why nobody has taken a seat over. Its holder still has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTakenOver {
    /// No successor came in time.
    #[error("no successor took the seat over in time; start one, or wait for longer")]
    Timeout,
    /// The call was interrupted, as the program asked for by the handle's [`Interrupter`](crate::Interrupter).
    #[error("the call was interrupted, as the program asked for; the seat was kept")]
    Interrupted,
    /// Messages of this receiver are still held on their own: they would be its successor's to acknowledge.
    #[error("messages of this receiver are still held; acknowledge them, or give them back, first")]
    Holding,
    /// The channel was closed.
    #[error("the channel was closed, and nobody joins it any more")]
    Closed,
    /// The channel was removed.
    #[error("the channel was removed, and nobody joins it any more")]
    Removed,
    /// The channel is beyond use.
    #[error("the channel is corrupted: {0}; remove it and create it again")]
    Corrupted(Corruption),
    /// The handle was inherited by `fork`: it is the parent's.
    #[error("this handle was inherited by fork and is the parent's; open the channel anew in the child")]
    Forked,
}

impl From<NotTakenOver> for io::Error {
    fn from(error: NotTakenOver) -> Self {
        let kind = match error {
            NotTakenOver::Timeout => io::ErrorKind::TimedOut,
            NotTakenOver::Interrupted => io::ErrorKind::Other,
            NotTakenOver::Holding => io::ErrorKind::ResourceBusy,
            NotTakenOver::Closed => io::ErrorKind::BrokenPipe,
            NotTakenOver::Removed => io::ErrorKind::NotFound,
            NotTakenOver::Corrupted(_) => io::ErrorKind::InvalidData,
            NotTakenOver::Forked => io::ErrorKind::Unsupported,
        };
        Self::new(kind, error)
    }
}

/// A handle whose seat nobody has taken over, and why. It goes on as before.
pub struct HandOverError<H> {
    /// Large, and seldom here.
    handle: Box<H>,
    reason: NotTakenOver,
}

#[cfg_attr(loom, allow(dead_code, reason = "the models know no handles"))]
impl<H> HandOverError<H> {
    pub(crate) fn new(handle: H, reason: NotTakenOver) -> Self {
        Self { handle: Box::new(handle), reason }
    }

    /// Why.
    ///
    /// ```
    /// use std::time::Duration;
    /// let tx = memlane::spsc::Options::new().private()?.sender()?;
    /// let error = tx.hand_over(Duration::ZERO).unwrap_err();
    /// assert_eq!(error.reason(), memlane::NotTakenOver::Timeout);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reason(&self) -> NotTakenOver {
        self.reason
    }

    /// The handle, which still has its seat.
    ///
    /// ```
    /// use std::time::Duration;
    /// let tx = memlane::spsc::Options::new().private()?.sender()?;
    /// let mut tx = tx.hand_over(Duration::ZERO).unwrap_err().into_handle();
    /// tx.send(b"it goes on")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_handle(self) -> H {
        *self.handle
    }

    /// The same, of another handle that is made of this one.
    pub(crate) fn map<J>(self, into: impl FnOnce(H) -> J) -> HandOverError<J> {
        HandOverError::new(into(*self.handle), self.reason)
    }
}

impl<H> fmt::Debug for HandOverError<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HandOverError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<H> fmt::Display for HandOverError<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(formatter)
    }
}

impl<H> std::error::Error for HandOverError<H> {}

impl<H> From<HandOverError<H>> for io::Error {
    fn from(error: HandOverError<H>) -> Self {
        error.reason.into()
    }
}

/// Why no seat was taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeOverError {
    /// Nobody offered a seat of this role in time.
    #[error("channel {channel}: no {role} offered its seat in time; have one hand over", channel = Printable(.channel))]
    Timeout {
        /// The channel.
        channel: String,
        /// The role that was asked for.
        role: &'static str,
    },
    /// What would keep the caller from joining the channel.
    #[error(transparent)]
    Channel(#[from] JoinError),
}

impl From<TakeOverError> for io::Error {
    fn from(error: TakeOverError) -> Self {
        match error {
            TakeOverError::Channel(error) => error.into(),
            TakeOverError::Timeout { .. } => Self::new(io::ErrorKind::TimedOut, error),
        }
    }
}
