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

/// What a handle's trouble is in the errors of calls.
macro_rules! from_trouble {
    ($($error:ident),*) => {$(
        impl From<Trouble> for $error {
            fn from(trouble: Trouble) -> Self {
                match trouble {
                    Trouble::Corrupted(reason) => Self::Corrupted(reason),
                    Trouble::Closed => Self::Disconnected,
                    Trouble::Removed => Self::Removed,
                }
            }
        }
    )*};
}

/// What an interruption is in the errors of calls that wait.
macro_rules! from_interrupted {
    ($($error:ident),*) => {$(
        impl From<Interrupted> for $error {
            fn from(_: Interrupted) -> Self {
                Self::Interrupted
            }
        }
    )*};
}

from_trouble!(AcquireError, CallError, EventError, GrantError, RecvError, SendError, WaitForPeerError);
from_interrupted!(AcquireError, CallError, EventError, RecvError, SendError, WaitForPeerError);
