//! Page 0: the immutable header, and the status word behind it.

use super::message_type::NAME_BYTES;
use crate::error::Corruption;
use crate::sync::AtomicU64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The first eight bytes of every channel. Not ASCII on purpose, so that no text file starts so.
pub const MAGIC: [u8; 8] = *b"\x89memlane";

/// Bytes of the header page.
pub const HEADER_BYTES: u64 = 4096;

/// Offset of the status word.
pub const STATUS_AT: u64 = 1024;

/// [`HeaderBlock::options`]: the channel never disconnects.
pub const OPTION_PERSISTENT: u64 = 1;

/// [`HeaderBlock::options`]: what a dead receiver had not acknowledged is not delivered again.
pub const OPTION_DISCARD: u64 = 2;

/// [`HeaderBlock::options`]: a call whose server died goes to another one, and its answer has an area of its own.
pub const OPTION_REPEAT: u64 = 1 << 4;

/// [`HeaderBlock::options`]: the bits of a broadcast's [`Policy`].
pub(super) const OPTION_POLICY: u64 = 3 << POLICY_AT;
const POLICY_AT: u32 = 2;

/// What the sender of a [`broadcast`](crate::broadcast) does where a receiver has not come as far as it wants to write. Chosen at
/// creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Policy {
    /// It waits. Every receiver gets every message from the one on with which it joined.
    #[default]
    Block,
    /// The call fails at once with `Full`. Receivers get every message that was sent.
    Fail,
    /// It overwrites the oldest messages, and never waits. A receiver that was overtaken is told how many it lost.
    Overwrite,
    /// It goes on without that receiver, and never waits either. It overwrites a message that a receiver has not passed only where the lane
    /// has no other room: so a receiver loses nothing as long as it lags behind by less than the lane. One that was left behind is told how
    /// many it lost.
    Evict,
}

impl Policy {
    /// Every policy that this version knows.
    pub const ALL: &[Self] = &[Self::Block, Self::Fail, Self::Overwrite, Self::Evict];

    /// The name that people write: in commands, and in what tools print.
    ///
    /// ```
    /// assert_eq!(memlane::broadcast::Policy::Overwrite.name(), "overwrite");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Fail => "fail",
            Self::Overwrite => "overwrite",
            Self::Evict => "evict",
        }
    }

    /// Whether a receiver may lose messages, of which it is told.
    ///
    /// ```
    /// use memlane::broadcast::Policy;
    /// assert!(Policy::Evict.is_lossy() && !Policy::Fail.is_lossy());
    /// ```
    pub fn is_lossy(self) -> bool {
        match self {
            Self::Block | Self::Fail => false,
            Self::Overwrite | Self::Evict => true,
        }
    }

    /// The bits of the header's options.
    pub(crate) fn option_bits(self) -> u64 {
        let number = match self {
            Self::Block => 0,
            Self::Fail => 1,
            Self::Overwrite => 2,
            Self::Evict => 3,
        };
        number << POLICY_AT
    }

    /// What these options say, if this version knows it.
    pub(crate) fn from_options(options: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|policy| policy.option_bits() == options & OPTION_POLICY)
    }
}

/// Version of the file layout. An opener reads its own major version and any minor version up to its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Changes when an older reader cannot read the file.
    pub major: u16,
    /// Changes when an older reader still can.
    pub minor: u16,
}

/// The version that this build writes.
pub const VERSION: Version = Version { major: 1, minor: 0 };

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// How sleepers of a channel are woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Linux futexes. The default.
    Futex,
    /// POSIX semaphores, one a participant.
    Semaphore,
}

impl Backend {
    /// Every backend that this version knows.
    pub const ALL: &[Self] = &[Self::Futex, Self::Semaphore];

    /// The name that people write: in commands, and in what tools print.
    ///
    /// ```
    /// assert_eq!(memlane::Backend::Futex.name(), "futex");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Futex => "futex",
            Self::Semaphore => "semaphore",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Futex => 1,
            Self::Semaphore => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|backend| backend.code() == code)
    }
}

/// Whose semaphores a channel has: each C library understands its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CLibrary {
    /// The GNU C library.
    Gnu,
    /// musl.
    Musl,
    /// One that this version does not tell apart.
    Other,
}

impl CLibrary {
    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gnu => "glibc",
            Self::Musl => "musl",
            Self::Other => "another C library",
        }
    }

    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Gnu => 1,
            Self::Musl => 2,
            Self::Other => 3,
        }
    }

    pub(crate) fn from_code(code: u32) -> Option<Self> {
        [Self::Gnu, Self::Musl, Self::Other].into_iter().find(|library| library.code() == code)
    }
}

/// Which side pays for the store→load fence between committing a message and looking for sleepers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FenceMode {
    /// A participant that goes to sleep, by `membarrier`. The default.
    Asymmetric,
    /// Both sides, by a full fence per message. For systems that refuse `membarrier`.
    Symmetric,
}

impl FenceMode {
    /// The name that people write: in what tools print.
    ///
    /// ```
    /// assert_eq!(memlane::FenceMode::Symmetric.name(), "symmetric");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Asymmetric => "asymmetric",
            Self::Symmetric => "symmetric",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Asymmetric => 1,
            Self::Symmetric => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Asymmetric),
            2 => Some(Self::Symmetric),
            _ => None,
        }
    }
}

/// The immutable part of the header: written once before the file gets its name, then only read.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct HeaderBlock {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`Version::major`].
    pub major: u16,
    /// [`Version::minor`].
    pub minor: u16,
    /// [`super::Kind`].
    pub kind: u16,
    /// [`Backend`].
    pub backend: u8,
    /// [`FenceMode`].
    pub fence: u8,
    /// 128 random bits: which channel this is, whatever its name.
    pub instance: [u8; 16],
    /// The kernel's boot id when the file was created.
    pub boot: [u8; 16],
    /// When it was created, in nanoseconds of the Unix epoch.
    pub created_unix_ns: u64,
    /// Length of the file in bytes.
    pub total_bytes: u64,
    /// `OPTION_*` bits.
    pub options: u64,
    /// Ring bytes per lane, a power of two; 0 without lanes.
    pub capacity: u64,
    /// Largest message in bytes.
    pub max_message: u64,
    /// Rows of the participant table.
    pub participants: u32,
    /// Seats for senders, from row 0.
    pub senders: u32,
    /// Seats for receivers, behind the senders'.
    pub receivers: u32,
    /// Lanes.
    pub lanes: u32,
    /// Alignment of every payload in bytes, a power of two from 8.
    pub payload_alignment: u32,
    /// Process id of the creator: for people.
    pub creator_pid: u32,
    /// Offset of the participant table.
    pub participants_at: u64,
    /// Offset of [`super::ChannelControl`].
    pub control_at: u64,
    /// Offset of the lanes' control words.
    pub lanes_at: u64,
    /// Offset of the gates.
    pub gates_at: u64,
    /// Offset of the first lane's ring, or of the first slot.
    pub data_at: u64,
    /// [`super::MessageType::hash`].
    pub type_hash: u64,
    /// [`super::MessageType::size`].
    pub type_size: u32,
    /// [`super::MessageType::alignment`].
    pub type_alignment: u32,
    /// [`super::MessageType::name_bytes`].
    pub type_name_bytes: u32,
    /// [`super::TypeForm`].
    pub type_form: u32,
    /// Slots; 0 for kinds without them.
    pub slots: u32,
    /// Rings of cells, one a priority; 0 without slots.
    pub priorities: u16,
    /// A message that was delivered so often in vain is given up; 0: never.
    pub delivery_limit: u16,
    /// Offset of [`super::QueueControl`], with the rings' control words behind it; 0 without slots.
    pub queue_at: u64,
    /// Offset of the first ring's cells; 0 without slots.
    pub cells_at: u64,
    /// Bytes of one semaphore of the creator's C library; 0 where the backend is another.
    pub semaphore_bytes: u32,
    /// [`CLibrary`] of the creator; 0 where the backend is another.
    pub c_library: u32,
    /// Inode number of the lock file: a copy of it proves nothing. 0 where there is none.
    pub lock_inode: u64,
    /// Offset of [`super::NewsControl`]; 0 in kinds that have one lane at most.
    pub news_at: u64,
    /// Every record of a lane starts at a multiple of so many bytes, a power of two from `payload_alignment`; 0 without lanes.
    pub record_alignment: u32,
    /// [`super::MessageType::name`], padded with zeros.
    pub type_name: [u8; NAME_BYTES],
    /// Largest answer in bytes; 0 in kinds without calls.
    pub max_response: u32,
    /// Zero.
    pub reserved: [u8; 276],
    /// CRC-32C of everything above.
    pub crc: u32,
}

impl HeaderBlock {
    /// Bytes of the block.
    pub const BYTES: usize = size_of::<Self>();

    /// The checksum over everything but the checksum.
    pub fn checksum(&self) -> u32 {
        crc32c::crc32c(&self.as_bytes()[..Self::BYTES - 4])
    }
}

const _: () = {
    use std::mem::offset_of;
    assert!(HeaderBlock::BYTES == 1024 && HeaderBlock::BYTES <= STATUS_AT as usize);
    assert!(offset_of!(HeaderBlock, major) == 8);
    assert!(offset_of!(HeaderBlock, instance) == 16);
    assert!(offset_of!(HeaderBlock, boot) == 32);
    assert!(offset_of!(HeaderBlock, capacity) == 72);
    assert!(offset_of!(HeaderBlock, participants) == 88);
    assert!(offset_of!(HeaderBlock, participants_at) == 112);
    assert!(offset_of!(HeaderBlock, type_hash) == 152);
    assert!(offset_of!(HeaderBlock, type_form) == 172);
    assert!(offset_of!(HeaderBlock, slots) == 176);
    assert!(offset_of!(HeaderBlock, queue_at) == 184);
    assert!(offset_of!(HeaderBlock, semaphore_bytes) == 200);
    assert!(offset_of!(HeaderBlock, c_library) == 204);
    assert!(offset_of!(HeaderBlock, lock_inode) == 208);
    assert!(offset_of!(HeaderBlock, news_at) == 216);
    assert!(offset_of!(HeaderBlock, record_alignment) == 224);
    assert!(offset_of!(HeaderBlock, type_name) == 228);
    assert!(offset_of!(HeaderBlock, max_response) == 740);
    assert!(offset_of!(HeaderBlock, reserved) == 744);
    assert!(offset_of!(HeaderBlock, crc) == 1020);
};

/// The mutable word of the header page.
#[repr(C)]
#[derive(Debug)]
pub struct StatusCell {
    /// [`Status`].
    pub word: AtomicU64,
}

/// What the status word says: `reason:16 | state:8`, the reason above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Being made; nobody but its creator sees it.
    Initialising,
    /// In use.
    Live,
    /// Closed for good: receivers drain it, senders are refused.
    Closed,
    /// Beyond use.
    Poisoned(Corruption),
}

impl Status {
    /// The word to store.
    pub fn bits(self) -> u64 {
        match self {
            Self::Initialising => 0,
            Self::Live => 1,
            Self::Closed => 2,
            Self::Poisoned(reason) => 3 | (reason as u64) << 8,
        }
    }

    /// Reads a word that anybody may have written.
    pub fn from_bits(bits: u64) -> Self {
        match (bits & 0xff, bits >> 8) {
            (0, 0) => Self::Initialising,
            (1, 0) => Self::Live,
            (2, 0) => Self::Closed,
            (3, reason @ 0..=0xffff) => Self::Poisoned(Corruption::from_code(reason as u16)),
            _ => Self::Poisoned(Corruption::Status),
        }
    }
}
