//! The word of an event.
//!
//! ```text
//! 63                             32 31                              0
//! ┌────────────────────────────────┬────────────────────────────────┐
//! │ count of sets, 32 bits         │ bits                           │
//! └────────────────────────────────┴────────────────────────────────┘
//! ```
//!
//! The count wraps. Each waiter remembers where it stood, and takes the difference.

/// Which bits of an event are set, and how often any were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventWord(u64);

const COUNT_SHIFT: u32 = 32;

impl EventWord {
    /// The word with these bits, whatever they are.
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word to store.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The event's bits that are set.
    #[inline]
    pub fn set_bits(self) -> u32 {
        self.0 as u32
    }

    /// How often any were set, modulo 2³².
    #[inline]
    pub fn count(self) -> u32 {
        (self.0 >> COUNT_SHIFT) as u32
    }

    /// With these bits set, and counted.
    #[inline]
    #[must_use]
    pub fn set(self, bits: u32) -> Self {
        Self(self.0.wrapping_add(1 << COUNT_SHIFT) | u64::from(bits))
    }

    /// Without these bits. The count stays.
    #[inline]
    #[must_use]
    pub fn clear(self, bits: u32) -> Self {
        Self(self.0 & !u64::from(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_sets_and_keeps_bits() {
        let parts = |word: EventWord| (word.set_bits(), word.count());
        let word = EventWord::from_bits(0).set(5).set(0x8000_0002);
        assert_eq!(parts(word), (0x8000_0007, 2));
        assert_eq!(parts(word.clear(3)), (0x8000_0004, 2));
        assert_eq!(parts(EventWord::from_bits(u64::MAX).set(0)), (u32::MAX, 0), "the count wraps, and touches no bit");
    }
}
