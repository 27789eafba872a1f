//! The numbers of the errors of semaphores and events.

use crate::errors::Coded;
use crate::status::{Status, Status as S};
use memlane::{
    AcquireError, AcquireTimeoutError, EventError, EventTimeoutError, ReleaseError, TryAcquireError, TryEventError,
};

impl Coded for AcquireError {
    fn status(&self) -> Status {
        AcquireTimeoutError::from(*self).status()
    }
}

impl Coded for TryAcquireError {
    fn status(&self) -> Status {
        match self {
            Self::NoPermits => S::MEMLANE_EMPTY,
            Self::TooMany { .. } => S::MEMLANE_INVALID_ARGUMENT,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::NoPermits).then_some(|| Self::NoPermits.to_string())
    }
}

impl Coded for AcquireTimeoutError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::TooMany { .. } => S::MEMLANE_INVALID_ARGUMENT,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Timeout).then_some(|| Self::Timeout.to_string())
    }
}

impl Coded for ReleaseError {
    fn status(&self) -> Status {
        match self {
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }
}

impl Coded for EventError {
    fn status(&self) -> Status {
        EventTimeoutError::from(*self).status()
    }
}

impl Coded for TryEventError {
    fn status(&self) -> Status {
        match self {
            Self::NotSet => S::MEMLANE_EMPTY,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::NotSet).then_some(|| Self::NotSet.to_string())
    }
}

impl Coded for EventTimeoutError {
    fn status(&self) -> Status {
        match self {
            Self::Timeout => S::MEMLANE_TIMEOUT,
            Self::Disconnected => S::MEMLANE_DISCONNECTED,
            Self::Corrupted(_) => S::MEMLANE_CORRUPTED,
            Self::Removed => S::MEMLANE_REMOVED,
            Self::Forked => S::MEMLANE_FORKED,
            Self::Interrupted => S::MEMLANE_INTERRUPTED,
            _ => S::MEMLANE_UNKNOWN_ERROR,
        }
    }

    fn plain(&self) -> Option<fn() -> String> {
        matches!(self, Self::Timeout).then_some(|| Self::Timeout.to_string())
    }
}
