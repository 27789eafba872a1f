//! An event: bits that stay set until somebody clears them, and a count of how often any were set.
//!
//! ```text
//! set(bits)     CAS {bits, count} → {bits | more, count + 1} · wake all
//! a waiter      count seen ≠ count, or a bit that it waits for is set → done
//! clear(bits)   CAS {bits, count seen} → {bits & !gone, count seen}: fails if any were set since
//! ```
//!
//! Invariants:
//! 1. *Nothing is consumed.* A waiter writes nothing: each remembers by itself which count it saw. So a waiter that dies, and one that is
//!    slow, takes nothing from the others, and no death leaves anything to be settled.
//! 2. *Bits and count are one word*, which changes by one CAS: a set has happened, or it has not. A setter that dies before the CAS has set
//!    nothing; one that dies behind it, all.
//! 3. *What was seen is what is cleared.* A clear succeeds only from a word with the count that the waiter saw last. A set in between
//!    makes it fail, so no set is cleared that nobody has seen.
//!
//! Orderings: *set→fired*. The CAS of a set is a Release, a waiter's look an Acquire: what was done before the set is seen by the waiter
//! that it wakes, and, as each change of the word is a CAS, by those that see a later word.

use crate::layout::EventWord;
use crate::sync::AtomicU64;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed};

/// Sets these bits, and counts that. Returns the word as it became.
pub fn set(word: &AtomicU64, bits: u32) -> EventWord {
    let mut seen = EventWord::from_bits(word.load(Relaxed));
    loop {
        let next = seen.set(bits);
        // EDGE set→fired: pairs with the Acquire in `look`. A failure is another participant's progress.
        match word.compare_exchange(seen.bits(), next.bits(), AcqRel, Relaxed) {
            Ok(_) => return next,
            Err(found) => seen = EventWord::from_bits(found),
        }
    }
}

/// What is set, and how often any were.
#[inline]
pub fn look(word: &AtomicU64) -> EventWord {
    // EDGE set→fired: pairs with the Release in `set` and `clear`.
    EventWord::from_bits(word.load(Acquire))
}

/// Clears these bits, unless any were set since the count was this. Returns whether it did.
pub fn clear(word: &AtomicU64, bits: u32, seen_count: u32) -> bool {
    let mut seen = EventWord::from_bits(word.load(Relaxed));
    // Others may clear some at the same time: each time that happens, there is one bit less at least.
    for _ in 0..=u32::BITS {
        if seen.count() != seen_count {
            return false;
        }
        if seen.set_bits() & bits == 0 {
            return true;
        }
        // EDGE set→fired: pairs with the Acquire in `look`.
        match word.compare_exchange(seen.bits(), seen.clear(bits).bits(), AcqRel, Relaxed) {
            Ok(_) => return true,
            Err(found) => seen = EventWord::from_bits(found),
        }
    }
    false
}
