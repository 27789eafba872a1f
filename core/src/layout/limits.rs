//! How large a channel can be.

/// The documented limits of a channel.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Smallest ring of a lane in bytes: one page of the smallest size.
    pub const CAPACITY_MIN: u64 = 4096;
    /// Largest ring of a lane in bytes: 2 GiB (see [`super::record`] for the reason).
    pub const CAPACITY_MAX: u64 = 1 << 31;
    /// Smallest payload alignment in bytes.
    pub const ALIGNMENT_MIN: u32 = 8;
    /// Largest payload alignment in bytes.
    pub const ALIGNMENT_MAX: u32 = 64;
    /// Largest alignment of a lane's records in bytes: a pair of lines.
    pub const RECORD_ALIGNMENT_MAX: u32 = 128;
    /// Most slots.
    pub const SLOTS_MAX: u32 = 1 << 16;
    /// Most priorities.
    pub const PRIORITIES_MAX: u16 = 8;
    /// Largest message or value of a slot in bytes: 1 GiB.
    pub const SLOT_MESSAGE_MAX: u64 = 1 << 30;
    /// Most gates of a broadcast: one for each receiver in each sender's lane.
    pub const GATES_MAX: u64 = 1 << 14;
    /// Most seats, senders' and receivers' together.
    pub const SEATS_MAX: u32 = 1024;
}
