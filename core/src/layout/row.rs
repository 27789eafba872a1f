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
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParticipantState {
    /// Nobody has used this row yet.
    Vacant,
    /// Joined. Whether it is still alive, the lock file tells: its life stands for a byte there.
    Live,
    /// Left in good order.
    Closed,
    /// Died and was reaped; its seat is open for a successor.
    Dead,
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
}

impl RowState {
    /// The word to store.
    pub fn bits(self) -> u64 {
        let state = match self.state {
            ParticipantState::Vacant => 0,
            ParticipantState::Live => 1,
            ParticipantState::Closed => 2,
            ParticipantState::Dead => 3,
        };
        let role = match self.role {
            Role::Sender => 0,
            Role::Receiver => 1,
        };
        self.life << 8 | role << 7 | state
    }

    /// Reads a word that anybody may have written; `None` if no participant writes such a word.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let state = match bits & 0x7f {
            0 => ParticipantState::Vacant,
            1 => ParticipantState::Live,
            2 => ParticipantState::Closed,
            3 => ParticipantState::Dead,
            _ => return None,
        };
        let role = if bits & 0x80 == 0 { Role::Sender } else { Role::Receiver };
        Some(Self { life: bits >> 8, role, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_state_survives_its_word() {
        for state in
            [ParticipantState::Vacant, ParticipantState::Live, ParticipantState::Closed, ParticipantState::Dead]
        {
            for role in [Role::Sender, Role::Receiver] {
                let row = RowState { life: u64::MAX >> 8, role, state };
                assert_eq!(RowState::from_bits(row.bits()), Some(row));
            }
        }
        for unknown in 4..0x80 {
            assert_eq!(RowState::from_bits(unknown), None);
        }
    }
}
