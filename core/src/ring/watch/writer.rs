//! The writer's side.

use super::memory::{WatchMemory, WatchSlot, begun, complete, possible};
use crate::error::Corruption;
use crate::sync::Ordering::{Relaxed, Release, SeqCst};
use crate::sync::fence;

/// Bytes from which on the C library may copy a value by streaming stores: the GNU one begins at 16 KiB and 64 bytes at the earliest.
/// On x86, these overtake the stores before them, and a Release fence, which is no instruction there, does not hold them back. A full
/// fence does. Behind them the library has a fence of its own.
const STREAMED: u64 = 16 << 10;

/// The one writer of a watch. Its caller makes sure that there is no other one.
#[derive(Debug)]
pub struct Writer<M> {
    memory: M,
    version: u64,
}

impl<M: WatchMemory> Writer<M> {
    /// The first writer, or the successor of one that left or died. It goes on behind the last complete value.
    ///
    /// # Errors
    /// The root is none that a writer stores.
    pub fn resume(memory: M) -> Result<Self, Corruption> {
        // Relaxed: a successor starts after the kernel said that its predecessor is dead, or after that one's row said that it left.
        let version = possible(memory.root().load(Relaxed))?;
        Ok(Self { memory, version })
    }

    /// The words that it writes.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The version of the value that was set last; 0: none was.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Sets the next value, of this length, which the caller has checked. `fill` writes its bytes into the slot that it is told.
    ///
    /// Nobody sees the value before this returns; a writer that dies before that has set nothing.
    #[inline]
    pub fn set(&mut self, length: u64, fill: impl FnOnce(M::Slot<'_>)) {
        let version = self.version.wrapping_add(1);
        let slot = self.memory.slot_of(version);
        let sequence = slot.sequence();
        // EDGE root→begun: pairs with the Acquire in `Reader::begin` and `Reader::is_overtaken`.
        sequence.store(begun(version), Release);
        // EDGE overwrite→recheck: pairs with the fence in `Begun::is_whole`.
        fence(Release);
        if length >= STREAMED {
            fence(SeqCst); // The same edge, for streaming stores.
        }
        slot.length().store(length, Relaxed);
        fill(slot);
        // EDGE set→get: pairs with the Acquire in `Reader::begin` and `Reader::is_overtaken`.
        sequence.store(complete(version), Release);
        self.memory.root().store(version, Release);
        self.version = version;
    }
}
