//! What the first word of a participant's row says: whose it is, and what became of that participant.

/// What a participant does in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Sends.
    Sender,
    /// Receives.
    Receiver,
}

impl Role {
    /// The role's name, lower case.
    ///
    /// ```
    /// assert_eq!(memlane::Role::Sender.name(), "sender");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
        }
    }
}

/// What a row says about its participant.
///
/// ```text
/// Vacant ──join──► Live ──leave──► Closed ──join──► Live
///                   └────reap────► Dead ────join──► Live
///                  Live ──offer──► Live, offered ──take over──► Live, with another life
///
/// of a named receiver:
///                  Live ──leave, reap──► Away ──come back──► Live
///                                          └────forget─────► Closed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParticipantState {
    /// Nobody has used this row yet.
    Vacant,
    /// Joined. Whether it is still alive, the lock file tells: its life stands for a byte there. It may have offered its seat to a successor;
    /// it is there until that one is.
    Live,
    /// Left in good order.
    Closed,
    /// Died and was reaped; its seat is open for a successor.
    Dead,
    /// A named receiver that left or died: its seat is kept until it comes back by its name, or is forgotten
    /// ([`Channel::forget`](crate::broadcast::Channel::forget)).
    Away,
}

/// Whether a row is kept for the name that stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Naming {
    /// It is not.
    Unnamed,
    /// Its participant is about to have it kept, unless another one has the name.
    Claimed,
    /// It is: when its participant leaves or dies, it is away.
    Named,
}

/// The first word of a row: `life:56 | role:1 | state:7`, the state lowest.
///
/// A **life** is a number that a participant has from its joining to its end, and that no other ever has; 0 in a row that
/// nobody has used. So a word that was replaced never comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowState {
    /// The life that took the row last.
    pub life: u64,
    /// What the participant does.
    pub role: Role,
    /// What became of it.
    pub state: ParticipantState,
    /// Whether the row is kept for its name.
    pub naming: Naming,
    /// Whether its participant, which is there, offers it to a successor.
    pub offered: bool,
}

impl RowState {
    /// A participant without a name that is kept, which is there.
    pub fn live(life: u64, role: Role) -> Self {
        Self { life, role, state: ParticipantState::Live, naming: Naming::Unnamed, offered: false }
    }

    /// Whether a participant is there, or the row is kept for it: nobody else takes the row.
    pub fn is_somebodys(self) -> bool {
        matches!(self.state, ParticipantState::Live | ParticipantState::Away)
    }

    /// The word to store.
    pub fn bits(self) -> u64 {
        let state = match (self.state, self.naming, self.offered) {
            (ParticipantState::Vacant, ..) => 0,
            (ParticipantState::Live, Naming::Unnamed, false) => 1,
            (ParticipantState::Closed, ..) => 2,
            (ParticipantState::Dead, ..) => 3,
            (ParticipantState::Away, ..) => 4,
            (ParticipantState::Live, Naming::Claimed, _) => 5,
            (ParticipantState::Live, Naming::Named, false) => 6,
            (ParticipantState::Live, Naming::Unnamed, true) => 7,
            (ParticipantState::Live, Naming::Named, true) => 8,
        };
        let role = match self.role {
            Role::Sender => 0,
            Role::Receiver => 1,
        };
        self.life << 8 | role << 7 | state
    }

    /// Reads a word that anybody may have written; `None` if no participant writes such a word.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let (state, naming) = match bits & 0x7f {
            // As if they were not offered.
            7 => (ParticipantState::Live, Naming::Unnamed),
            8 => (ParticipantState::Live, Naming::Named),
            0 => (ParticipantState::Vacant, Naming::Unnamed),
            1 => (ParticipantState::Live, Naming::Unnamed),
            2 => (ParticipantState::Closed, Naming::Unnamed),
            3 => (ParticipantState::Dead, Naming::Unnamed),
            4 => (ParticipantState::Away, Naming::Named),
            5 => (ParticipantState::Live, Naming::Claimed),
            6 => (ParticipantState::Live, Naming::Named),
            _ => return None,
        };
        let role = if bits & 0x80 == 0 { Role::Sender } else { Role::Receiver };
        let offered = matches!(bits & 0x7f, 7 | 8);
        // No sender has a row kept.
        let is_possible = role == Role::Receiver || naming == Naming::Unnamed;
        is_possible.then_some(Self { life: bits >> 8, role, state, naming, offered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_state_survives_its_word() {
        let unnamed =
            [ParticipantState::Vacant, ParticipantState::Live, ParticipantState::Closed, ParticipantState::Dead]
                .map(|state| (state, Naming::Unnamed));
        let named = [
            (ParticipantState::Away, Naming::Named),
            (ParticipantState::Live, Naming::Claimed),
            (ParticipantState::Live, Naming::Named),
        ];
        for role in [Role::Sender, Role::Receiver] {
            let all = unnamed.into_iter().map(|part| (part, true));
            for ((state, naming), is_possible) in all.chain(named.map(|part| (part, role == Role::Receiver))) {
                let row = RowState { life: u64::MAX >> 8, role, state, naming, offered: false };
                assert_eq!(RowState::from_bits(row.bits()), is_possible.then_some(row));
                if state == ParticipantState::Live && naming != Naming::Claimed {
                    let offered = RowState { offered: true, ..row };
                    assert_eq!(RowState::from_bits(offered.bits()), is_possible.then_some(offered));
                }
            }
        }
        for unknown in (9..0x80).flat_map(|state| [state, state | 0x80]) {
            assert_eq!(RowState::from_bits(unknown), None);
        }
    }
}
