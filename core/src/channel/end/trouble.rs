//! What keeps a handle from going on.

use crate::error::{Corruption, RecvError, SendError};

/// What keeps a handle from going on.
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

impl From<Trouble> for RecvError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}
