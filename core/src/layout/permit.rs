//! The packed words of a semaphore's permits.
//!
//! ```text
//! permit word  63                             18 17     16 15                0
//!              ┌────────────────────────────────┬─────────┬──────────────────┐
//!              │ generation, 46 bits            │ state,2 │ owner's row, 16  │
//!              └────────────────────────────────┴─────────┴──────────────────┘
//! pool word    63                  40 39                 15 14    13         0
//!              ┌─────────────────────┬─────────────────────┬───────┬─────────┐
//!              │ count, 24 bits      │ tag, 25             │ on way│ place,14│
//!              └─────────────────────┴─────────────────────┴───────┴─────────┘
//! ```
//!
//! A **place** is where a permit stands that a participant can hold: it has a word that names its owner. The **pool** counts the
//! permits that stand in no place: nobody owns them, and no death concerns them.

use super::RowIndex;

/// What a place holds.
///
/// ```text
/// Vacant ──refill──► Free ──acquire──► Held ──release, reap──► Free
///                                       └────forget──────────► Vacant
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitState {
    /// No permit.
    Vacant = 0,
    /// A permit that anybody may acquire.
    Free = 1,
    /// A permit that a participant has.
    Held = 2,
}

/// The word of a place: the only truth about the permit in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitWord(u64);

const OWNER_BITS: u32 = 16;
const STATE_BITS: u32 = 2;
const GENERATION_SHIFT: u32 = OWNER_BITS + STATE_BITS;

impl PermitWord {
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

    /// What the place holds; `None` if no participant writes such a state.
    #[inline]
    pub fn state(self) -> Option<PermitState> {
        match self.0 >> OWNER_BITS & ((1 << STATE_BITS) - 1) {
            0 => Some(PermitState::Vacant),
            1 => Some(PermitState::Free),
            2 => Some(PermitState::Held),
            _ => None,
        }
    }

    /// Whose permit it is; meaningless unless it is held.
    #[inline]
    pub fn owner(self) -> RowIndex {
        RowIndex(self.0 as u16)
    }

    /// The next generation of this place, in this state, of this owner.
    #[inline]
    #[must_use]
    pub fn next(self, state: PermitState, owner: RowIndex) -> Self {
        let generation = (self.0 >> GENERATION_SHIFT).wrapping_add(1);
        Self(generation << GENERATION_SHIFT | (state as u64) << OWNER_BITS | u64::from(owner.0))
    }

    /// The part of its next generation that a pool's word has room for.
    #[inline]
    pub fn next_tag(self) -> u32 {
        ((self.0 >> GENERATION_SHIFT) as u32).wrapping_add(1) & TAG_MAX
    }
}

/// The word of the pool: how many permits stand in no place, and which place one of them is on its way to, or came to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolWord(u64);

const PLACE_BITS: u32 = 14;
const ON_WAY: u64 = 1 << PLACE_BITS;
const TAG_SHIFT: u32 = PLACE_BITS + 1;
const TAG_BITS: u32 = 25;
const TAG_MAX: u32 = (1 << TAG_BITS) - 1;
const COUNT_SHIFT: u32 = TAG_SHIFT + TAG_BITS;

impl PoolWord {
    /// Most permits that a pool counts.
    pub const COUNT_MAX: u64 = (1 << (u64::BITS - COUNT_SHIFT)) - 1;
    /// Most places.
    pub const PLACES_MAX: u64 = 1 << PLACE_BITS;

    /// A fresh pool of so many permits.
    pub fn fresh(count: u64) -> Self {
        Self(count << COUNT_SHIFT)
    }

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

    /// Permits that stand in no place, without the one that is on its way.
    #[inline]
    pub fn count(self) -> u64 {
        self.0 >> COUNT_SHIFT
    }

    /// Whether a permit has left the count, and may not have come to its place yet.
    #[inline]
    pub fn is_one_on_way(self) -> bool {
        self.0 & ON_WAY != 0
    }

    /// The place to which a permit is on its way, or to which one came last.
    #[inline]
    pub fn place(self) -> u32 {
        (self.0 & (ON_WAY - 1)) as u32
    }

    /// The [tag](PermitWord::next_tag) of that place before the permit came. So it is none that a fresh pool has, to which none came yet.
    #[inline]
    pub fn tag(self) -> u32 {
        (self.0 >> TAG_SHIFT) as u32 & TAG_MAX
    }

    /// With so many permits more; `None`: they are too many.
    #[inline]
    pub fn and(self, permits: u64) -> Option<Self> {
        let fits = permits <= Self::COUNT_MAX.wrapping_sub(self.count());
        fits.then(|| Self(self.0.wrapping_add(permits << COUNT_SHIFT)))
    }

    /// With one permit less, which is on its way to this place. There has to be one.
    #[inline]
    #[must_use]
    pub fn send(self, place: u32, vacant: PermitWord) -> Self {
        let count = self.count().wrapping_sub(1);
        Self(count << COUNT_SHIFT | u64::from(vacant.next_tag()) << TAG_SHIFT | ON_WAY | u64::from(place))
    }

    /// The permit that was on its way has come. It still says where to, so that the word is none that it was before.
    #[inline]
    #[must_use]
    pub fn arrived(self) -> Self {
        Self(self.0 & !ON_WAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_word_changes_generation_with_every_step() {
        let mut word = PermitWord::from_bits(0);
        assert_eq!(word.state(), Some(PermitState::Vacant), "as in a fresh file");
        for state in [PermitState::Free, PermitState::Held, PermitState::Vacant] {
            let next = word.next(state, RowIndex(1023));
            assert_ne!(next, word);
            assert_eq!(
                (next.state(), next.owner(), next.next_tag()),
                (Some(state), RowIndex(1023), word.next_tag() + 1)
            );
            word = next;
        }
        assert_eq!(PermitWord::from_bits(3 << 16).state(), None);
        let last = PermitWord::from_bits(u64::MAX).next(PermitState::Vacant, RowIndex(0));
        assert_eq!(last, PermitWord::from_bits(0), "the generation wraps, and nothing else is touched");
    }

    #[test]
    fn a_pool_word_keeps_its_parts_apart() {
        let vacant = PermitWord::from_bits((u64::MAX - 1) << GENERATION_SHIFT);
        let last_place = (PoolWord::PLACES_MAX - 1) as u32;
        let sent = PoolWord::fresh(PoolWord::COUNT_MAX).send(last_place, vacant);
        let parts = |word: PoolWord| (word.count(), word.is_one_on_way(), word.place(), word.tag());
        assert_eq!(parts(sent), (PoolWord::COUNT_MAX - 1, true, last_place, TAG_MAX));
        assert_eq!(parts(sent.arrived()), (PoolWord::COUNT_MAX - 1, false, last_place, TAG_MAX));
        assert_eq!(sent.and(1).map(parts), Some((PoolWord::COUNT_MAX, true, last_place, TAG_MAX)));
        assert_eq!(sent.and(2), None);
        assert_eq!(PoolWord::fresh(3).and(u64::MAX), None);
    }
}
