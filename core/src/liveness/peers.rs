//! The participants of the other role: whether any is there, and whether any was.

use super::rows::used_rows;
use crate::error::Corruption;
use crate::layout::{ParticipantState, Role};
use crate::region::Region;
use std::iter;

/// What is known about the participants of the other role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// None has been there since this participant joined.
    NoneYet,
    /// At least one is there, as far as its row tells, or will come back by its name.
    Alive,
    /// There were some since this participant joined; all have left in good order.
    AllClosed,
    /// There were some since this participant joined; none is left, and at least one died.
    SomeDied,
    /// None was seen, but somebody came or went during the look: another look tells. Else one that joined behind the look and one
    /// that left in front of it were both missed.
    Unsettled,
}

/// Watches the rows of the other role from the moment of joining.
#[derive(Debug, Clone)]
pub(crate) struct PeerWatch {
    role: Role,
    /// By row: the life that was over when this participant joined, 0 where one was going on, or its row was kept. Every other life was there since. It
    /// ends with the rows that were in use then.
    baseline: Vec<u64>,
}

impl PeerWatch {
    /// Starts watching. The dead have been reaped just before, so a participant whose row says `Live` is there.
    pub(crate) fn start(region: &Region, role: Role) -> Result<Self, Corruption> {
        let baseline = used_rows(region, role)
            .map(|used| used.map(|(_, state, _)| if state.is_somebodys() { 0 } else { state.life }));
        Ok(Self { role, baseline: baseline.collect::<Result<_, _>>()? })
    }

    /// Watches as one that has been there since the channel was created.
    pub(crate) fn since_creation(role: Role) -> Self {
        Self { role, baseline: Vec::new() }
    }

    /// The role of those that it watches.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Looks at the rows. Believes a row that says `Live`: whether it lies, [`super::reap_dead`] finds out.
    pub(crate) fn presence(&self, region: &Region) -> Result<Presence, Corruption> {
        self.presence_if(region, |_| true)
    }

    /// As [`PeerWatch::presence`], but asks the kernel about each row that says `Live`, for one that takes no part and so marks nobody.
    /// Where the kernel cannot tell, it is believed.
    pub(crate) fn presence_of_the_living(&self, region: &Region) -> Result<Presence, Corruption> {
        let mut query = region.lock_query();
        self.presence_if(region, |life| !query.is_over(life).unwrap_or(false))
    }

    fn presence_if(&self, region: &Region, mut lives: impl FnMut(u64) -> bool) -> Result<Presence, Corruption> {
        let mut presence = Presence::NoneYet;
        for (used, baseline) in used_rows(region, self.role).zip(self.baseline.iter().copied().chain(iter::repeat(0))) {
            let (_, state, _) = used?;
            match state.state {
                ParticipantState::Away => return Ok(Presence::Alive),
                ParticipantState::Live if lives(state.life) => return Ok(Presence::Alive),
                ParticipantState::Live => presence = Presence::SomeDied,
                _ if state.life == baseline => {}
                ParticipantState::Closed if presence == Presence::NoneYet => presence = Presence::AllClosed,
                ParticipantState::Dead => presence = Presence::SomeDied,
                ParticipantState::Closed | ParticipantState::Vacant => {}
            }
        }
        Ok(presence)
    }
}
