//! Errors of joining a channel.

use super::into_io::into_io_error;
use super::sentences::{locked, no_such_message, several_senders, taken};
use super::{Corruption, Printable};
use std::io;

/// Why a sender or a receiver did not get its place in a channel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// Every seat of this role is held by a live participant, or kept for a receiver that is away.
    #[error("{}", taken(.channel, .role, *.seats, *.away, *.pid))]
    RoleTaken {
        /// The channel.
        channel: String,
        /// The role that was asked for.
        role: &'static str,
        /// How many of this role the channel takes.
        seats: usize,
        /// How many of these are kept for named receivers of a [`broadcast`](crate::broadcast) that are away.
        away: usize,
        /// The process id of the holder, as it wrote it: for people, not for decisions.
        pid: u32,
    },
    /// A receiver's name that cannot stand in its row as it is.
    #[error(
        "channel {channel}: the receiver's name `{name}` {reason}; use 1 to 64 bytes, none of them zero",
        channel = Printable(.channel), name = Printable(.name)
    )]
    InvalidReaderName {
        /// The channel.
        channel: String,
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A receiver of this name is there, or about to be.
    #[error(
        "channel {channel} has its receiver {name} already (process {pid}); stop that one first, or use another name",
        channel = Printable(.channel), name = Printable(.name)
    )]
    NameTaken {
        /// The channel.
        channel: String,
        /// The receiver's name.
        name: String,
        /// The process id of that receiver, as it wrote it: for people, not for decisions.
        pid: u32,
    },
    /// Another program, which takes no part in the channel, holds a lock on its lock file: a backup, for example. Nobody can
    /// prove to be alive meanwhile.
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
    /// The channel carries no messages: it holds a value, which is set and looked at ([`watch`](crate::watch)), or is called
    /// ([`rpc`](crate::rpc)).
    #[error(
        "channel {channel} is of kind {kind}, which carries no messages; use that kind's own calls instead",
        channel = Printable(.channel)
    )]
    NoMessages {
        /// The channel.
        channel: String,
        /// Its kind.
        kind: &'static str,
    },
    /// The sender of a [`broadcast`](crate::broadcast) overwrote what this receiver was about to begin with, many times in a row.
    #[error("channel {channel}: its sender is too fast for a receiver to join; try again", channel = Printable(.channel))]
    Busy {
        /// The channel.
        channel: String,
    },
    /// The message to begin with was never sent in this channel: its number is from another one, or from before this one was
    /// created anew.
    #[error("{}", no_such_message(.channel, *.number, *.sent))]
    NoSuchMessage {
        /// The channel.
        channel: String,
        /// What was asked for.
        number: u64,
        /// How many messages were sent.
        sent: u64,
    },
    /// A message was to be begun with by its number, which says where it stands among those of one sender, and the channel has seats for
    /// several.
    #[error("{}", several_senders(.channel, *.senders))]
    SeveralSenders {
        /// The channel.
        channel: String,
        /// Seats for senders.
        senders: u32,
    },
    /// The channel was closed for good.
    #[error("channel {channel} was closed; remove it and create it again", channel = Printable(.channel))]
    Closed {
        /// The channel.
        channel: String,
    },
    /// The channel's file was unlinked.
    #[error(
        "channel {channel} was removed, by a program or by the system (logind at its user's last logout: RemoveIPC); open or \
         create it again",
        channel = Printable(.channel)
    )]
    Removed {
        /// The channel.
        channel: String,
    },
    /// The channel holds something that no correct participant writes.
    #[error("channel {channel} is corrupted: {reason}; remove it and create it again", channel = Printable(.channel))]
    Corrupted {
        /// The channel.
        channel: String,
        /// What was found.
        reason: Corruption,
    },
    /// The channel's file was truncated since it was opened.
    #[error(
        "channel {channel} is truncated: it has {length} bytes and needs {needed}; remove it and create it again",
        channel = Printable(.channel)
    )]
    Truncated {
        /// The channel.
        channel: String,
        /// The file's length in bytes.
        length: u64,
        /// What it needs, in bytes.
        needed: u64,
    },
    /// The lock file that proves which participants are alive is gone, or another file stands there, since the channel was opened.
    #[error(
        "channel {channel}: its lock file {path} is missing or was replaced; remove the channel and create it again",
        channel = Printable(.channel), path = Printable(.path)
    )]
    LockFile {
        /// The channel.
        channel: String,
        /// The lock file's path.
        path: String,
    },
    /// The channel was opened in the parent process; open it anew after a fork.
    #[error(
        "channel {channel} was opened by the parent process; open it again after a fork",
        channel = Printable(.channel)
    )]
    Forked {
        /// The channel.
        channel: String,
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

into_io_error!(JoinError {
    RoleTaken { .. } | NameTaken { .. } | Locked { .. } | Busy { .. } => ResourceBusy,
    NoSuchMessage { .. } | SeveralSenders { .. } | InvalidReaderName { .. } => InvalidInput,
    Closed { .. } => BrokenPipe,
    Removed { .. } => NotFound,
    Corrupted { .. } | Truncated { .. } | LockFile { .. } => InvalidData,
    Forked { .. } => PermissionDenied,
    NoMessages { .. } => InvalidInput,
});
