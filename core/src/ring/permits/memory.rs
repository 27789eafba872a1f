//! The words of a semaphore, in a mapped file or in memory.

use crate::sync::AtomicU64;

/// The words of a semaphore.
pub trait PermitMemory {
    /// How many places there are: from 1 to [`PoolWord::PLACES_MAX`](crate::layout::PoolWord::PLACES_MAX).
    fn places(&self) -> u32;
    /// The word of a place. The caller has checked that there is such a place.
    fn place(&self, index: u32) -> &AtomicU64;
    /// The pool's word.
    fn pool(&self) -> &AtomicU64;
}
