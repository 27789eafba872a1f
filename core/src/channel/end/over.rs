//! Why nothing more comes from a channel.

use super::trouble::Trouble;
use crate::error::{GetError, RecvError};

/// Why nothing more comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The senders that there were have gone. Another one may come.
    Gone,
    /// The channel was closed.
    Closed,
    /// The channel was removed.
    Removed,
}

impl Over {
    /// What a look at the news tells: whether the senders have gone, or what the trouble is.
    ///
    /// # Errors
    /// The channel is corrupted: nothing of it counts any more.
    pub(in crate::channel) fn of(look: Result<bool, Trouble>) -> Result<Option<Self>, RecvError> {
        match look {
            Ok(are_gone) => Ok(are_gone.then_some(Self::Gone)),
            Err(Trouble::Closed) => Ok(Some(Self::Closed)),
            Err(Trouble::Removed) => Ok(Some(Self::Removed)),
            Err(trouble @ Trouble::Corrupted(_)) => Err(trouble.into()),
        }
    }
}

impl From<Over> for RecvError {
    fn from(over: Over) -> Self {
        match over {
            Over::Gone | Over::Closed => Self::Disconnected,
            Over::Removed => Self::Removed,
        }
    }
}

impl From<Over> for GetError {
    fn from(over: Over) -> Self {
        RecvError::from(over).into()
    }
}
