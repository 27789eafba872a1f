//! What a peer, or a damaged file, can have written that no correct participant writes.

/// Why the bytes of a channel cannot be trusted any more.
///
/// The reason is stored in the channel's status word when the channel is poisoned, so that everybody reports the same
/// one. The numbers are part of the file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
#[repr(u16)]
pub enum Corruption {
    /// A record header is neither empty, nor the next message, nor padding.
    #[error("a record header is not one that a sender writes")]
    RecordHeader = 1,
    /// A record claims a length that does not fit into the ring or exceeds the channel's largest message.
    #[error("a record is longer than the channel allows")]
    RecordLength = 2,
    /// The sender's committed position and the receiver's consumed position contradict each other.
    #[error("the positions of sender and receiver contradict each other")]
    Positions = 3,
    /// The status word holds a value that does not exist.
    #[error("the status word holds an unknown value")]
    Status = 4,
    /// A participant's row holds a value that does not exist.
    #[error("a participant row holds an unknown value")]
    Participant = 5,
    /// A cell of the queue names a slot that does not exist.
    #[error("a cell of the queue names a slot that does not exist")]
    SlotIndex = 6,
    /// A slot's state does not go with its place: a free slot is queued, for example.
    #[error("a slot is in a state that contradicts the queue")]
    SlotState = 7,
    /// The channel's file is shorter than it was: somebody truncated it while it was in use.
    #[error("its file was truncated")]
    FileLength = 8,
    /// The latest version of a watch and its slot contradict each other.
    #[error("the latest value is not where its version says")]
    Version = 9,
    /// A permit of a semaphore is in a state that does not exist, or not where its word says.
    #[error("a permit is in a state that contradicts the semaphore")]
    Permit = 11,
    /// A reason that this version of memlane does not know.
    #[error("for a reason that this version does not know")]
    Unknown = u16::MAX,
}

impl Corruption {
    /// The reason with this number in the file format.
    #[cfg(not(loom))]
    pub(crate) fn from_code(code: u16) -> Self {
        match code {
            1 => Self::RecordHeader,
            2 => Self::RecordLength,
            3 => Self::Positions,
            4 => Self::Status,
            5 => Self::Participant,
            6 => Self::SlotIndex,
            7 => Self::SlotState,
            8 => Self::FileLength,
            9 => Self::Version,
            11 => Self::Permit,
            _ => Self::Unknown,
        }
    }
}
