//! Errors of semaphores and events.

use super::Corruption;
use super::transfer::{transfer_error, widen};
use std::io;

transfer_error! {
    /// Why no permit of a [`semaphore`](crate::semaphore) was acquired or added. Nothing changed.
    AcquireError, disconnected
    /// The semaphore was closed.
    "the semaphore was closed" {
        /// That many can never be there: held at once, if they were to be acquired; in all, if they were to be added.
        TooMany { wanted: u64, max: u64 } = "{wanted} permits are too many: there can be {max}", InvalidInput;
        /// An [`Interrupter`](crate::Interrupter) of this handle ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; nothing was acquired", Other;
    }
}

transfer_error! {
    /// Why a call that does not wait acquired no permit of a [`semaphore`](crate::semaphore). Nothing changed.
    TryAcquireError, disconnected
    /// The semaphore was closed.
    "the semaphore was closed" {
        /// There are fewer now.
        NoPermits = "there are not enough permits now", WouldBlock;
        /// That many can never be held at once.
        TooMany { wanted: u64, max: u64 } = "{wanted} permits are too many: there can be {max}", InvalidInput;
    }
}

transfer_error! {
    /// Why a call with a deadline acquired no permit of a [`semaphore`](crate::semaphore). Nothing changed.
    AcquireTimeoutError, disconnected
    /// The semaphore was closed.
    "the semaphore was closed" {
        /// There were fewer until the deadline.
        Timeout = "there were not enough permits until the deadline", TimedOut;
        /// That many can never be held at once.
        TooMany { wanted: u64, max: u64 } = "{wanted} permits are too many: there can be {max}", InvalidInput;
        /// An [`Interrupter`](crate::Interrupter) of this handle ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; nothing was acquired", Other;
    }
}

// A call that does not wait is not interrupted: it says what it found.
widen!(AcquireError => TryAcquireError { TooMany { wanted, max } } Interrupted => NoPermits);
widen!(AcquireError => AcquireTimeoutError { TooMany { wanted, max }, Interrupted });

/// Why permits could not be given back or used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// They were inherited through `fork`. They belong to the parent.
    #[error("these permits belong to the parent process; open the semaphore again after a fork")]
    Forked,
    /// The semaphore holds something that no correct participant writes. It is poisoned: nobody can use it any more.
    #[error("the channel is corrupted: {0}; remove it and create it again")]
    Corrupted(Corruption),
}

impl From<ReleaseError> for io::Error {
    fn from(error: ReleaseError) -> Self {
        let kind = match error {
            ReleaseError::Forked => io::ErrorKind::PermissionDenied,
            ReleaseError::Corrupted(_) => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

transfer_error! {
    /// Why nothing of an [`event`](crate::event) was set, cleared or returned.
    EventError, disconnected
    /// The event was closed.
    "the event was closed" {
        /// An [`Interrupter`](crate::Interrupter) of this handle ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; nothing was taken", Other;
    }
}

transfer_error! {
    /// Why a call that does not wait returned nothing of an [`event`](crate::event).
    TryEventError, disconnected
    /// The event was closed.
    "the event was closed" {
        /// What the call looks for has not happened.
        NotSet = "the event is not set", WouldBlock;
    }
}

transfer_error! {
    /// Why a call with a deadline returned nothing of an [`event`](crate::event).
    EventTimeoutError, disconnected
    /// The event was closed.
    "the event was closed" {
        /// What the call waits for did not happen until the deadline.
        Timeout = "the event was not set until the deadline", TimedOut;
        /// An [`Interrupter`](crate::Interrupter) of this handle ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; nothing was taken", Other;
    }
}

widen!(EventError => TryEventError {} Interrupted => NotSet);
widen!(EventError => EventTimeoutError { Interrupted });
