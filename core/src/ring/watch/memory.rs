//! The words of a watch, in a mapped file or in memory.

use crate::error::Corruption;
use crate::sync::AtomicU64;

/// The words of a watch. The bytes of its values are the caller's business: it copies them where it is told to.
pub trait WatchMemory {
    /// One of its slots.
    type Slot<'a>: WatchSlot
    where
        Self: 'a;

    /// How many slots there are: a power of two, at least 2.
    fn slots(&self) -> u64;
    /// Bytes of the longest value.
    fn length_max(&self) -> u64;
    /// The version of the latest value; 0: there is none yet.
    fn root(&self) -> &AtomicU64;
    /// The slot of this version, whatever number that is: the one whose number is the remainder.
    fn slot_of(&self, version: u64) -> Self::Slot<'_>;
}

/// The words of a slot.
pub trait WatchSlot: Copy {
    /// Its sequence: twice its version, less one while it is being written.
    fn sequence(&self) -> &AtomicU64;
    /// The length of its value in bytes.
    fn length(&self) -> &AtomicU64;
}

/// More versions than any watch ever has; twice as many still fit into a sequence.
pub(super) const VERSIONS: u64 = 1 << 62;

/// The sequence of a slot that holds this version.
pub(super) fn complete(version: u64) -> u64 {
    version.wrapping_mul(2)
}

/// The sequence of a slot that is being written with this version.
pub(super) fn begun(version: u64) -> u64 {
    complete(version).wrapping_sub(1)
}

/// A version that anybody may have written.
pub(super) fn possible(version: u64) -> Result<u64, Corruption> {
    if version < VERSIONS { Ok(version) } else { Err(Corruption::Version) }
}
