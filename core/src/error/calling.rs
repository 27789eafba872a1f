//! Errors of calling, and of answering calls.

use super::transfer::transfer_error;
use super::{Corruption, RecvError};
use std::io;

transfer_error! {
    /// Why a call of an [`rpc`](crate::rpc) channel brought no answer.
    CallError, disconnected
    /// The channel was closed.
    "the channel was closed" {
        /// There was no answer until the deadline. The call is given up: a server may have worked on it, and what it answers reaches nobody.
        Timeout = "there was no answer in time", TimedOut;
        /// No server is there, so nobody works on the call, nor will.
        NoServer = "no server is there: start one, and call again", NotConnected;
        /// The server that had the call died, or dropped it without an answer. It may have done what it was asked for, or a part of that.
        ServerDied = "the server died or dropped the call; it may have done a part of what it was asked for", ConnectionReset;
        /// The call is over: it was cancelled, or it was answered and the answer was taken, or failed and that was told.
        Cancelled = "the call is over already", ConnectionAborted;
        /// The request is longer than the channel allows (both in bytes).
        TooLarge { length: usize, max: usize } = "the request has {length} bytes; this channel takes at most {max}: create it with a larger max_request", InvalidInput;
        /// The answer does not fit into the caller's buffer, which needs `needed` bytes.
        BufferTooSmall { needed: usize } = "the answer needs a buffer of {needed} bytes", InvalidInput;
        /// The call was interrupted. It is given up; one that was [started](crate::rpc::Client::start) goes on, and can be waited for again.
        Interrupted = "the call was interrupted, as the program asked for", Other;
        /// There is no memory for a copy of an answer of `needed` bytes.
        OutOfMemory { needed: usize } = "there is no memory for an answer of {needed} bytes", OutOfMemory;
    }
}

transfer_error! {
    /// Why an answer reached nobody.
    RespondError, disconnected
    /// The channel was closed.
    "the channel was closed" {
        /// The client gave the call up, or died.
        Cancelled = "the client has given the call up", ConnectionAborted;
        /// The answer is longer than the channel allows (both in bytes). The client is told that there is none.
        TooLarge { length: usize, max: usize } = "the answer has {length} bytes; this channel takes at most {max}: create it with a larger max_response", InvalidInput;
    }
}

impl From<RecvError> for CallError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::BufferTooSmall { needed } => Self::BufferTooSmall { needed },
            RecvError::OutOfMemory { needed } => Self::OutOfMemory { needed },
            RecvError::Lagged { .. } | RecvError::Disconnected => Self::Disconnected,
            RecvError::Interrupted => Self::Interrupted,
            RecvError::Corrupted(reason) => Self::Corrupted(reason),
            RecvError::Removed => Self::Removed,
            RecvError::Forked => Self::Forked,
        }
    }
}
