//! Errors of removing a channel.

use super::into_io::into_io_error;
use super::sentences::{locked, named_by};
use super::{Denied, NotAChannel, Printable};
use std::io;

/// Why a channel was not removed. It is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// The name is not 1 to 100 of `A-Z a-z 0-9 . _ -` without a leading dot, and not a path (with a `/`) either, whose last
    /// part leaves room for the lock file's name.
    #[error(
        "`{channel}` is not a channel name: use 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with a / whose \
         last part has at most 217 bytes",
        channel = Printable(.channel)
    )]
    InvalidName {
        /// What was given.
        channel: String,
    },
    /// No channel has this name.
    #[error("channel {channel} does not exist; nothing was removed", channel = Printable(.channel))]
    NotFound {
        /// The channel.
        channel: String,
    },
    /// The folder that `MEMLANE_DIR` names does not exist.
    #[error(
        "channel {channel}: the folder {folder} does not exist; make it first, or correct {}",
        named_by(.channel), channel = Printable(.channel), folder = Printable(.folder)
    )]
    NoFolder {
        /// The channel.
        channel: String,
        /// The missing folder.
        folder: String,
    },
    /// There is something of this name, but it is not a channel; it is left alone. Removal by force takes files and links.
    #[error("{channel} is not a channel but {found}; {}", found.what_to_do(), channel = Printable(.channel))]
    NotAChannel {
        /// The channel.
        channel: String,
        /// What it is.
        found: NotAChannel,
    },
    /// Somebody alive uses the channel.
    #[error(
        "channel {channel} is in use by {participants} live participant(s); stop them, or remove it by force",
        channel = Printable(.channel)
    )]
    InUse {
        /// The channel.
        channel: String,
        /// How many live participants there are; of a channel that cannot be read, how many processes take part.
        participants: usize,
    },
    /// A network, overlay or user-space filesystem, through which it cannot be seen whether somebody alive uses the channel.
    #[error(
        "channel {channel}: through {filesystem} it cannot be seen whether somebody uses it; remove it where it was made, or \
         by force",
        channel = Printable(.channel)
    )]
    UnsupportedFilesystem {
        /// The channel.
        channel: String,
        /// The filesystem's name.
        filesystem: &'static str,
    },
    /// Another program, which takes no part in the channel, holds a lock on its lock file: a backup, for example.
    #[error("{}", locked(.channel, .path, *.process))]
    Locked {
        /// The channel.
        channel: String,
        /// The lock file.
        path: String,
        /// The process that the kernel names, 0 being one of another PID namespace; `None`: it names none, since the lock is
        /// an open file description's.
        process: Option<u32>,
    },
    /// This user may not remove the channel.
    #[error("channel {channel}: no permission to remove it: {denied}", channel = Printable(.channel))]
    Permission {
        /// The channel.
        channel: String,
        /// What refuses it.
        denied: Denied,
    },
    /// Any other refusal by the operating system.
    #[error("channel {channel}: {action} failed: {source}", channel = Printable(.channel))]
    Io {
        /// The channel.
        channel: String,
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

into_io_error!(RemoveError {
    InvalidName { .. } => InvalidInput,
    NotFound { .. } | NoFolder { .. } => NotFound,
    NotAChannel { .. } => InvalidData,
    InUse { .. } | Locked { .. } => ResourceBusy,
    Permission { .. } => PermissionDenied,
    UnsupportedFilesystem { .. } => Unsupported,
});
