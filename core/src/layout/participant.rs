//! The participant table: one row per seat.
//!
//! A row is written by the participant that holds its byte in the lock file, and by the reaper that holds that byte
//! after the participant's death. Everybody may read it.

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
    /// Joined. Whether it is still alive, its byte in the lock file tells.
    Live,
    /// Left in good order.
    Closed,
    /// Died and was reaped; its seat is open for a successor.
    Dead,
}

/// The state word of a row: `epoch:32 | role:8 | state:8`, the epoch in the upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowState {
    /// Grows each time the row is taken.
    pub epoch: u32,
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
        u64::from(self.epoch) << 32 | role << 8 | state
    }

    /// Reads a word that anybody may have written; `None` if no participant writes such a word.
    pub fn from_bits(bits: u64) -> Option<Self> {
        let state = match bits & 0xff {
            0 => ParticipantState::Vacant,
            1 => ParticipantState::Live,
            2 => ParticipantState::Closed,
            3 => ParticipantState::Dead,
            _ => return None,
        };
        let role = match bits >> 8 & 0xff_ffff {
            0 => Role::Sender,
            1 => Role::Receiver,
            _ => return None,
        };
        Some(Self { epoch: (bits >> 32) as u32, role, state })
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
    /// Process id of whoever is reaping it now, or 0.
    pub reaper_pid: AtomicU64,
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
    assert!(offset_of!(ParticipantRow, reaper_pid) == 24);
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
                let row = RowState { epoch: u32::MAX, role, state };
                assert_eq!(RowState::from_bits(row.bits()), Some(row));
            }
        }
        assert_eq!(RowState::from_bits(4), None);
        assert_eq!(RowState::from_bits(2 << 8), None);
        assert_eq!(RowState::from_bits(1 << 16), None);
    }
}
