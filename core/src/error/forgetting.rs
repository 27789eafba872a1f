//! Errors of forgetting a named receiver.

use super::{JoinError, Printable};
use std::io;

/// Why a named receiver was not forgotten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// No receiver of this name is away, nor there.
    #[error(
        "channel {channel} keeps nothing for a receiver {name}; its info lists the names",
        channel = Printable(.channel), name = Printable(.name)
    )]
    UnknownName {
        /// The channel.
        channel: String,
        /// The receiver's name.
        name: String,
    },
    /// The receiver of this name is there.
    #[error(
        "channel {channel}: its receiver {name} is alive (process {pid}); stop it first",
        channel = Printable(.channel), name = Printable(.name)
    )]
    InUse {
        /// The channel.
        channel: String,
        /// The receiver's name.
        name: String,
        /// The process id of that receiver, as it wrote it: for people, not for decisions.
        pid: u32,
    },
    /// The channel cannot be used: what would keep a receiver from joining it.
    #[error(transparent)]
    Channel(#[from] JoinError),
}

impl From<ForgetError> for io::Error {
    fn from(error: ForgetError) -> Self {
        match error {
            ForgetError::Channel(error) => error.into(),
            ForgetError::UnknownName { .. } => Self::new(io::ErrorKind::NotFound, error),
            ForgetError::InUse { .. } => Self::new(io::ErrorKind::ResourceBusy, error),
        }
    }
}
