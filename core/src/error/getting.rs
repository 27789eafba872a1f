//! Errors of looking at a value.

use super::Corruption;
use super::RecvError;
use super::transfer::transfer_error;
use std::io;

transfer_error! {
    /// Why a look at the latest value of a [`watch`](crate::watch) returned none.
    GetError, disconnected
    /// No value was ever set, and the channel was closed: none will be.
    "no value was ever set, and the channel was closed" {
        /// No value was set yet. Wait for the first one with [`changed`](crate::watch::Receiver::changed).
        NoValue = "no value was set yet", WouldBlock;
        /// The sender overwrote each value while it was being copied, 64 times or more. Try again.
        Busy = "the sender overwrote each value while it was being copied; try again", WouldBlock;
        /// The value does not fit into the caller's buffer: look again with at least `needed` bytes. The next value may be longer.
        BufferTooSmall { needed: usize } = "the value needs a buffer of {needed} bytes", InvalidInput;
        /// There is no memory for a copy of `needed` bytes.
        OutOfMemory { needed: usize } = "there is no memory for a value of {needed} bytes", OutOfMemory;
    }
}

impl From<RecvError> for GetError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::BufferTooSmall { needed } => Self::BufferTooSmall { needed },
            RecvError::OutOfMemory { needed } => Self::OutOfMemory { needed },
            // A look does not wait, and loses no value: neither comes of one.
            RecvError::Lagged { .. } | RecvError::Interrupted => Self::Busy,
            RecvError::Disconnected => Self::Disconnected,
            RecvError::Corrupted(reason) => Self::Corrupted(reason),
            RecvError::Removed => Self::Removed,
            RecvError::Forked => Self::Forked,
        }
    }
}
