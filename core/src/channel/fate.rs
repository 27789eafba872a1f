//! What became of the sender, for a receiver that has to know whether it left or died.

use super::kind::Spsc;
use super::receiver::Receiver;
use crate::error::RecvError;
use crate::layout::{ParticipantState, Role, Status};
use crate::liveness::{last_of, living};
use crate::region::sys::cancel_guard;

/// What became of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there.
    Alive,
    /// It left in good order, or never came.
    Left,
    /// It died.
    Died,
}

impl Receiver<Spsc> {
    /// What became of the last sender, for a receiver that was told that the channel has ended. Alive: it goes on, and so does the
    /// channel.
    pub(super) fn fate_of_sender(&self) -> Result<Fate, RecvError> {
        let _guard = cancel_guard();
        let region = self.end.region();
        let said = last_of(region, Role::Sender).map_err(|reason| RecvError::Corrupted(self.end.poison(reason)))?;
        Ok(match said {
            // No sender's row is kept.
            ParticipantState::Dead | ParticipantState::Away => Fate::Died,
            ParticipantState::Closed | ParticipantState::Vacant => Fate::Left,
            ParticipantState::Live if region.status() == Status::Live => Fate::Alive,
            // The channel was closed, and so it is over for the sender, too: if that one was still there.
            ParticipantState::Live if living(region, Role::Sender).next().is_some() => Fate::Left,
            ParticipantState::Live => Fate::Died,
        })
    }
}
