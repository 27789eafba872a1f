//! Errors of waiting for several things.

use std::io;

/// Why a wait for several handles found none of them ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitSetError {
    /// None was ready until the deadline.
    #[error("nothing came until the deadline")]
    Timeout,
    /// A [`Waker`](crate::Waker) of this set ended the call. The next one waits again.
    #[error("the wait was ended, as the program asked for")]
    Woken,
}

impl From<WaitSetError> for io::Error {
    fn from(error: WaitSetError) -> Self {
        let kind = match error {
            WaitSetError::Timeout => io::ErrorKind::TimedOut,
            WaitSetError::Woken => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
