//! The participant table: one row per seat.
//!
//! A row's first word says whose it is. It is replaced by a CAS alone: by a participant that takes the seat, by the
//! participant that leaves it, and, once that one's death is proved, by any other. The other words of a row are its
//! participant's own. Everybody may read all of it.

use crate::sync::AtomicU64;

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
    /// Who took the row last.
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

/// Bytes of a participant's name.
pub const NAME_BYTES: usize = 64;

/// One row of the table.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct ParticipantRow {
    /// [`RowState`].
    pub state: AtomicU64,
    /// Process id as its owner sees it: for people, never for decisions.
    pub pid: AtomicU64,
    /// When it joined, in nanoseconds of the Unix epoch.
    pub started_unix_ns: AtomicU64,
    /// Which PID namespace that id belongs to: its inode number, 0 if unknown.
    pub pid_namespace: AtomicU64,
    /// The participant's name, UTF-8, padded with zeros.
    pub name: [AtomicU64; NAME_BYTES / 8],
    /// One semaphore of the C library, where sleepers are woken by them.
    pub semaphore: [AtomicU64; 4],
    /// Messages sent or received.
    pub messages: AtomicU64,
    /// Payload bytes sent or received.
    pub bytes: AtomicU64,
    /// Sends that found no room.
    pub full: AtomicU64,
    /// Receives that found nothing.
    pub empty: AtomicU64,
    /// Times it went to sleep.
    pub parks: AtomicU64,
    /// Times it woke somebody.
    pub wakes: AtomicU64,
    /// Messages that were overwritten before it read them (lossy kinds).
    pub lost: AtomicU64,
    /// Messages that it got a second time.
    pub redelivered: AtomicU64,
    /// Dead participants that it reaped.
    pub reaped: AtomicU64,
    counters: [AtomicU64; 7],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<ParticipantRow>() == 256 && align_of::<ParticipantRow>() == 128);
    assert!(offset_of!(ParticipantRow, state) == 0);
    assert!(offset_of!(ParticipantRow, pid) == 8);
    assert!(offset_of!(ParticipantRow, started_unix_ns) == 16);
    assert!(offset_of!(ParticipantRow, pid_namespace) == 24);
    assert!(offset_of!(ParticipantRow, name) == 32);
    assert!(offset_of!(ParticipantRow, semaphore) == 96);
    assert!(offset_of!(ParticipantRow, messages) == 128);
    assert!(offset_of!(ParticipantRow, reaped) == 192);
};

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
