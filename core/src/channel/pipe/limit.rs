//! How long a call of a pipe may take.

use std::io;
use std::time::Duration;

/// What the caller set, as it sets it for a socket.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limit {
    nonblocking: bool,
    timeout: Option<Duration>,
}

/// How a call waits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wait {
    /// Not at all.
    Never,
    /// For so long at most.
    For(Duration),
    /// For as long as it takes.
    Endless,
}

impl Limit {
    #[inline]
    pub(super) fn wait(self) -> Wait {
        match self {
            Self { nonblocking: true, .. } => Wait::Never,
            Self { timeout: Some(timeout), .. } => Wait::For(timeout),
            Self { timeout: None, .. } => Wait::Endless,
        }
    }

    pub(super) fn timeout(self) -> Option<Duration> {
        self.timeout
    }

    /// # Errors
    /// Of kind `InvalidInput`, as a socket's: a timeout of zero. Nothing changed.
    pub(super) fn set_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if timeout == Some(Duration::ZERO) {
            let instead = "a timeout of zero: use set_nonblocking to wait not at all, or None to wait for ever";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, instead));
        }
        self.timeout = timeout;
        Ok(())
    }

    pub(super) fn set_nonblocking(&mut self, nonblocking: bool) {
        self.nonblocking = nonblocking;
    }
}
