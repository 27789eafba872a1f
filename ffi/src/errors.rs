//! The errors of the Rust interface as C programs get them: each becomes a status, and a sentence of the calling thread's.

use crate::detail::{self, Failed};
use crate::status::{Status, Status as S};
use memlane::{
    AckAtError, AckError, CallError, CreateError, ForgetError, GetError, GrantError, JoinError, NoSuchPriority,
    NotTakenOver, OpenError, PassError, PipeError, RecvError, RecvTimeoutError, RemoveError, RespondError, SendError,
    SendTimeoutError, TakeOverError, TryRecvError, TrySendError, WaitForPeerError, WaitSetError,
};
use std::fmt::Display;
use std::sync::Arc;

/// An error of the Rust interface, as C programs get it.
pub(crate) trait Coded: Display {
    /// Its number.
    fn status(&self) -> Status;

    /// Bytes that the message needs, if the caller's buffer was too small for it.
    fn needed(&self) -> Option<usize> {
        None
    }

    /// What says its sentence, if that is the same every time: what pollers get all the time.
    fn plain(&self) -> Option<fn() -> String> {
        None
    }

    /// Records it as this thread's last error.
    #[cold]
    fn fail(&self) -> Failed {
        detail::record(self.status(), self.to_string())
    }

    /// The same for an error that does not name the channel.
    #[cold]
    fn fail_on(&self, channel: &Arc<str>) -> Failed {
        match self.plain() {
            Some(say) => detail::record_plain(self.status(), say, channel),
            None => detail::record(self.status(), format!("channel {channel}: {self}")),
        }
    }
}

impl Coded for SendError {
    fn status(&self) -> Status {
        SendTimeoutError::from(*self).status()
    }
}

impl Coded for TrySendError {
    fn status(&self) -> Status {
        match self {
            Self::Full => S::MEMLANE_FULL,
            Self::TooLarge { .. } => S::MEMLANE_TOO_LARGE,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Full).then_some(|| Self::Full.to_string())
    }
}

impl Coded for SendTimeoutError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            Self::Full => S::MEMLANE_FULL,
            Self::TooLarge { .. } => S::MEMLANE_TOO_LARGE,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Timeout).then_some(|| Self::Timeout.to_string())
    }
}

impl Coded for RecvError {
    fn status(&self) -> Status {
        RecvTimeoutError::from(*self).status()
    }

    fn needed(&self) -> Option<usize> {
        RecvTimeoutError::from(*self).needed()
    }
}

impl Coded for TryRecvError {
    fn status(&self) -> Status {
        match self {
            Self::Empty => S::MEMLANE_EMPTY,
            Self::BufferTooSmall { .. } => S::MEMLANE_BUFFER_TOO_SMALL,
            Self::Lagged { .. } => S::MEMLANE_LAGGED,
            Self::OutOfMemory { .. } => S::MEMLANE_OUT_OF_MEMORY,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn needed(&self) -> Option<usize> {
        if let Self::BufferTooSmall { needed } = *self { Some(needed) } else { None }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Empty).then_some(|| Self::Empty.to_string())
    }
}

impl Coded for RecvTimeoutError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            Self::BufferTooSmall { .. } => S::MEMLANE_BUFFER_TOO_SMALL,
            Self::Lagged { .. } => S::MEMLANE_LAGGED,
            Self::OutOfMemory { .. } => S::MEMLANE_OUT_OF_MEMORY,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn needed(&self) -> Option<usize> {
        if let Self::BufferTooSmall { needed } = *self { Some(needed) } else { None }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Timeout).then_some(|| Self::Timeout.to_string())
    }
}

impl Coded for PipeError {
    fn status(&self) -> Status {
        match self {
            Self::ReaderGone => S::MEMLANE_DISCONNECTED,
            Self::WriterDied => S::MEMLANE_WRITER_DIED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for GetError {
    fn status(&self) -> Status {
        match self {
            Self::NoValue => S::MEMLANE_EMPTY,
            Self::Busy => S::MEMLANE_OVERTAKEN,
            Self::BufferTooSmall { .. } => S::MEMLANE_BUFFER_TOO_SMALL,
            Self::OutOfMemory { .. } => S::MEMLANE_OUT_OF_MEMORY,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn needed(&self) -> Option<usize> {
        if let Self::BufferTooSmall { needed } = *self { Some(needed) } else { None }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::NoValue).then_some(|| Self::NoValue.to_string())
    }
}

impl Coded for CallError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::NoServer => S::MEMLANE_NO_SERVER,
            Self::ServerDied => S::MEMLANE_SERVER_DIED,
            Self::Cancelled => S::MEMLANE_CANCELLED,
            Self::TooLarge { .. } => S::MEMLANE_TOO_LARGE,
            Self::BufferTooSmall { .. } => S::MEMLANE_BUFFER_TOO_SMALL,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            Self::OutOfMemory { .. } => S::MEMLANE_OUT_OF_MEMORY,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn needed(&self) -> Option<usize> {
        if let Self::BufferTooSmall { needed } = *self { Some(needed) } else { None }
    }
}

impl Coded for RespondError {
    fn status(&self) -> Status {
        match self {
            Self::Cancelled => S::MEMLANE_CANCELLED,
            Self::TooLarge { .. } => S::MEMLANE_TOO_LARGE,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for WaitForPeerError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Timeout).then_some(|| Self::Timeout.to_string())
    }
}

impl Coded for WaitSetError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::Woken => S::MEMLANE_INTERRUPTED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for GrantError {
    fn status(&self) -> Status {
        match self {
            Self::OutOfBounds { .. } => S::MEMLANE_OUT_OF_BOUNDS,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for AckError {
    fn status(&self) -> Status {
        match self {
            Self::Forked => S::MEMLANE_FORKED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for AckAtError {
    fn status(&self) -> Status {
        match self {
            Self::NotLeft { .. } => S::MEMLANE_OUT_OF_BOUNDS,
            Self::InOrder => S::MEMLANE_IN_ORDER,
            Self::Forked => S::MEMLANE_FORKED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for NoSuchPriority {
    fn status(&self) -> Status {
        S::MEMLANE_NO_SUCH_PRIORITY
    }
}

impl Coded for CreateError {
    fn status(&self) -> Status {
        match self {
            Self::InvalidName { .. } => S::MEMLANE_INVALID_NAME,
            Self::InvalidOption { .. } | Self::NoSuchOption { .. } => S::MEMLANE_INVALID_OPTION,
            Self::AlreadyExists { .. } => S::MEMLANE_ALREADY_EXISTS,
            Self::NoFolder { .. } => S::MEMLANE_NO_FOLDER,
            Self::UnsuitableFolder { .. } => S::MEMLANE_UNSUPPORTED_FILESYSTEM,
            Self::UnsafeFolder { .. } => S::MEMLANE_UNSAFE_FOLDER,
            Self::NoSpace { .. } => S::MEMLANE_NO_SPACE,
            Self::Permission { .. } => S::MEMLANE_PERMISSION,
            Self::UnsupportedFilesystem { .. } => S::MEMLANE_UNSUPPORTED_FILESYSTEM,
            Self::Io { .. } => S::MEMLANE_IO,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for OpenError {
    fn status(&self) -> Status {
        match self {
            Self::Create(error) => error.status(),
            Self::NotFound { .. } => S::MEMLANE_NOT_FOUND,
            Self::NoFolder { .. } => S::MEMLANE_NO_FOLDER,
            Self::NotAChannel { .. } => S::MEMLANE_NOT_A_CHANNEL,
            Self::WrongVersion { .. } => S::MEMLANE_WRONG_VERSION,
            Self::WrongKind { .. } => S::MEMLANE_WRONG_KIND,
            Self::TypeMismatch { .. } => S::MEMLANE_TYPE_MISMATCH,
            Self::Stale { .. } => S::MEMLANE_STALE,
            Self::Truncated { .. } => S::MEMLANE_TRUNCATED,
            Self::BadHeader { .. } => S::MEMLANE_BAD_HEADER,
            Self::Corrupted { .. } => S::MEMLANE_CORRUPTED,
            Self::Closed { .. } => S::MEMLANE_CLOSED,
            Self::OptionsMismatch { .. } => S::MEMLANE_OPTIONS_MISMATCH,
            Self::FenceUnavailable { .. } => S::MEMLANE_FENCE_UNAVAILABLE,
            Self::TrustNeeded { .. } => S::MEMLANE_TRUST_NEEDED,
            Self::ForeignSemaphores { .. } => S::MEMLANE_FOREIGN_SEMAPHORES,
            Self::Permission { .. } => S::MEMLANE_PERMISSION,
            Self::ForeignOwner { .. } => S::MEMLANE_FOREIGN_OWNER,
            Self::LockFile { .. } => S::MEMLANE_LOCK_FILE,
            Self::UnsupportedFilesystem { .. } => S::MEMLANE_UNSUPPORTED_FILESYSTEM,
            Self::Busy { .. } => S::MEMLANE_OVERTAKEN,
            Self::NoSuchMessage { .. } | Self::SeveralSenders { .. } => S::MEMLANE_INVALID_ARGUMENT,
            Self::NotHandedOver { .. } => S::MEMLANE_NOT_HANDED_OVER,
            Self::Io { .. } => S::MEMLANE_IO,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for PassError {
    fn status(&self) -> Status {
        match self {
            Self::NotAnonymous { .. } | Self::OneWay { .. } | Self::NotAUnixSocket { .. } | Self::Variable { .. } => {
                S::MEMLANE_INVALID_ARGUMENT
            }
            Self::NoReadOnly { .. } => S::MEMLANE_WRONG_KIND,
            Self::Io { .. } => S::MEMLANE_IO,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for NotTakenOver {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            Self::Holding => S::MEMLANE_HELD,
            Self::Closed => S::MEMLANE_DISCONNECTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for TakeOverError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout { .. } => S::MEMLANE_TIMEOUT,
            Self::Channel(error) => error.status(),
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for JoinError {
    fn status(&self) -> Status {
        match self {
            Self::RoleTaken { .. } => S::MEMLANE_ROLE_TAKEN,
            Self::NameTaken { .. } => S::MEMLANE_NAME_TAKEN,
            Self::InvalidReaderName { .. } => S::MEMLANE_INVALID_NAME,
            Self::Locked { .. } => S::MEMLANE_LOCKED,
            Self::Busy { .. } => S::MEMLANE_OVERTAKEN,
            Self::NoSuchMessage { .. } | Self::SeveralSenders { .. } => S::MEMLANE_INVALID_ARGUMENT,
            Self::Closed { .. } => S::MEMLANE_CLOSED,
            Self::Removed { .. } => S::MEMLANE_REMOVED,
            Self::Corrupted { .. } => S::MEMLANE_CORRUPTED,
            Self::Truncated { .. } => S::MEMLANE_TRUNCATED,
            Self::LockFile { .. } => S::MEMLANE_LOCK_FILE,
            Self::Forked { .. } => S::MEMLANE_FORKED,
            Self::NoMessages { .. } => S::MEMLANE_WRONG_KIND,
            Self::Io { .. } => S::MEMLANE_IO,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for ForgetError {
    fn status(&self) -> Status {
        match self {
            Self::UnknownName { .. } => S::MEMLANE_UNKNOWN_NAME,
            Self::InUse { .. } => S::MEMLANE_IN_USE,
            Self::Channel(error) => error.status(),
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for RemoveError {
    fn status(&self) -> Status {
        match self {
            Self::InvalidName { .. } => S::MEMLANE_INVALID_NAME,
            Self::NotFound { .. } => S::MEMLANE_NOT_FOUND,
            Self::NoFolder { .. } => S::MEMLANE_NO_FOLDER,
            Self::NotAChannel { .. } => S::MEMLANE_NOT_A_CHANNEL,
            Self::InUse { .. } => S::MEMLANE_IN_USE,
            Self::Locked { .. } => S::MEMLANE_LOCKED,
            Self::UnsupportedFilesystem { .. } => S::MEMLANE_UNSUPPORTED_FILESYSTEM,
            Self::Permission { .. } => S::MEMLANE_PERMISSION,
            Self::Io { .. } => S::MEMLANE_IO,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}
