//! Why a handle cannot go on.

use crate::error::{
    AcquireError, CallError, Corruption, EventError, GrantError, RecvError, SendError, WaitForPeerError,
};
use crate::wait::interrupt::Interrupted;

/// Why a handle cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Corrupted(Corruption),
    Closed,
    Removed,
}

impl From<Trouble> for SendError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Trouble> for GrantError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Trouble> for RecvError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Trouble> for WaitForPeerError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Interrupted> for SendError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<Interrupted> for RecvError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<Interrupted> for WaitForPeerError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<Interrupted> for CallError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<Trouble> for CallError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Trouble> for AcquireError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Interrupted> for AcquireError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<Trouble> for EventError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Interrupted> for EventError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}
