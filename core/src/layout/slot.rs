//! The packed words of a slot queue.
//!
//! ```text
//! slot word   63                        19 18      16 15                0
//!             ┌───────────────────────────┬──────────┬──────────────────┐
//!             │ generation, 45 bits       │ state, 3 │ owner's row, 16  │
//!             └───────────────────────────┴──────────┴──────────────────┘
//! cell        63                             16 15                      0
//!             ┌────────────────────────────────┬────────────────────────┐
//!             │ stamp = lap + 1, 48 bits       │ slot index, 16         │
//!             └────────────────────────────────┴────────────────────────┘
//! ```
//!
//! Every word that a CAS replaces carries a generation or a lap, so that a word which came back to an earlier state is
//! not taken for the earlier one. 2⁴⁵ generations of one slot, at 10 million a second, last for 40 days of that slot
//! alone; 2⁴⁸ laps outlast the machine.

/// A row of the participant table, as slot words name their owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowIndex(pub u16);

/// Whose a slot is, and what may happen to it next.
///
/// ```text
/// Free ──alloc──► Produced ──(commit: a cell names it)──take──► Consumed ──ack──► Free
///                    └──abort──► Free                               ├──nack──► Redeliver ──(commit)──take──► Consumed
///                                                                   └──reap──► Returned ──take──► Consumed
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// No participant has it.
    Free = 0,
    /// A sender has it: on loan, or queued if a cell names it.
    Produced = 1,
    /// A receiver has it: delivered, not acknowledged.
    Consumed = 2,
    /// A receiver gave it back: about to be queued again, or queued if a cell names it.
    Redeliver = 3,
    /// A dead receiver held it, and no cell names it. The next receiver that looks takes it.
    Returned = 4,
}

/// The word that says which participant has a slot, and in which state: the only truth about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotWord(u64);

const OWNER_BITS: u32 = 16;
const STATE_BITS: u32 = 3;
const GENERATION_SHIFT: u32 = OWNER_BITS + STATE_BITS;

impl SlotWord {
    /// A slot of a fresh file.
    #[cfg(any(test, loom))]
    pub const FRESH: Self = Self(0);

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

    /// What may happen to it; `None` if no participant writes such a state.
    #[inline]
    pub fn state(self) -> Option<SlotState> {
        match self.0 >> OWNER_BITS & ((1 << STATE_BITS) - 1) {
            0 => Some(SlotState::Free),
            1 => Some(SlotState::Produced),
            2 => Some(SlotState::Consumed),
            3 => Some(SlotState::Redeliver),
            4 => Some(SlotState::Returned),
            _ => None,
        }
    }

    /// Whose it is; meaningless while it is free or returned.
    #[inline]
    pub fn owner(self) -> RowIndex {
        RowIndex(self.0 as u16)
    }

    /// The next generation of this slot, in this state, of this owner.
    #[inline]
    pub fn next(self, state: SlotState, owner: RowIndex) -> Self {
        let generation = (self.0 >> GENERATION_SHIFT).wrapping_add(1);
        Self(generation << GENERATION_SHIFT | (state as u64) << OWNER_BITS | u64::from(owner.0))
    }

    /// The next generation of this slot, in this state, of the same owner.
    #[inline]
    pub fn next_of_owner(self, state: SlotState) -> Self {
        const STATE: u64 = ((1 << STATE_BITS) - 1) << OWNER_BITS;
        Self((self.0 & !STATE).wrapping_add(1 << GENERATION_SHIFT) | (state as u64) << OWNER_BITS)
    }
}

/// The word between a slot's word and its payload: `priority:8 | deliveries:16 | length:32`, the length lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotHeader(u64);

impl SlotHeader {
    /// The header of a new message of `length` bytes in the ring of this priority, 0 being the highest.
    #[inline]
    pub fn new(length: u32, priority: u8) -> Self {
        Self(u64::from(priority) << 48 | u64::from(length))
    }

    /// The header with these bits, whatever they are.
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word to store.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Payload bytes.
    #[inline]
    pub fn length(self) -> u32 {
        self.0 as u32
    }

    /// How often the message was delivered, its present delivery included.
    #[inline]
    pub fn deliveries(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// This header with one more delivery, by the receiver that has just taken the message.
    #[inline]
    pub fn delivered_once_more(self) -> Self {
        const ONE: u64 = 1 << 32;
        let more = Self(self.0.wrapping_add(ONE));
        // A count that is full stays so, and the priority behind it as it is.
        if more.deliveries() == 0 { self } else { more }
    }

    /// Whether this is the first delivery of a message of `length` bytes.
    #[inline]
    pub fn is_first_of(self, length: usize) -> bool {
        const PRIORITY_AT: u32 = 48;
        length <= u32::MAX as usize && self.0 << (64 - PRIORITY_AT) == (1 << 32 | length as u64) << (64 - PRIORITY_AT)
    }

    /// This header with one more delivery, and with two at least: the last receiver may have died before it counted its own.
    pub fn delivered_again(self) -> Self {
        self.delivered(self.deliveries().max(1).saturating_add(1))
    }

    fn delivered(self, deliveries: u16) -> Self {
        Self(self.0 & !(0xffff << 32) | u64::from(deliveries) << 32)
    }

    /// Its priority, 0 being the highest, and what exceeds `lowest` taken for that.
    #[inline]
    pub fn priority(self, lowest: u8) -> u8 {
        ((self.0 >> 48) as u8).min(lowest)
    }
}

/// One cell of the ring that gives the slots their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell(u64);

/// Bits of the slot index.
const INDEX_BITS: u32 = 16;

impl Cell {
    /// The cell for `position` of a ring of `cells` cells (a power of two), naming `slot`.
    #[inline]
    pub fn new(position: u64, cells: u64, slot: u16) -> Self {
        Self(Self::stamp_of(position, cells) << INDEX_BITS | u64::from(slot))
    }

    /// The cell with these bits, whatever they are.
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word to store.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The stamp that a filled cell has at `position`.
    #[inline]
    pub fn stamp_of(position: u64, cells: u64) -> u64 {
        (position >> cells.trailing_zeros()).wrapping_add(1)
    }

    /// Its own stamp: 0 in a fresh file.
    #[inline]
    pub fn stamp(self) -> u64 {
        self.0 >> INDEX_BITS
    }

    /// The slot that it names.
    #[inline]
    pub fn slot(self) -> u16 {
        self.0 as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_word_changes_generation_with_every_step() {
        let mut word = SlotWord::FRESH;
        assert_eq!(word.state(), Some(SlotState::Free));
        for state in
            [SlotState::Produced, SlotState::Consumed, SlotState::Redeliver, SlotState::Returned, SlotState::Free]
        {
            let next = word.next(state, RowIndex(1023));
            assert_ne!(next, word);
            assert_eq!((next.state(), next.owner()), (Some(state), RowIndex(1023)));
            word = next;
        }
        assert_eq!(SlotWord::from_bits(7 << 16).state(), None);
        let (word, row) = (word.next(SlotState::Consumed, RowIndex(1023)), RowIndex(1023));
        assert_eq!(word.next_of_owner(SlotState::Free), word.next(SlotState::Free, row));
        let last = SlotWord::from_bits(u64::MAX).next_of_owner(SlotState::Free);
        assert_eq!(last, SlotWord::from_bits(u64::MAX).next(SlotState::Free, RowIndex(u16::MAX)));
        let last = SlotWord::from_bits(u64::MAX).next(SlotState::Free, RowIndex(0));
        assert_eq!(last, SlotWord::FRESH, "the generation wraps, and nothing else is touched");
    }

    #[test]
    fn a_slot_header_counts_deliveries_and_nothing_else() {
        let header = SlotHeader::new(u32::MAX, 3).delivered_once_more().delivered_once_more();
        assert_eq!((header.length(), header.deliveries(), header.priority(7)), (u32::MAX, 2, 3));
        assert_eq!(header.priority(1), 1, "a priority that does not exist is the lowest");
        let first = SlotHeader::new(48, 3).delivered_once_more();
        assert!(first.is_first_of(48) && !first.is_first_of(47) && !first.is_first_of(48 + (1 << 32)));
        assert!(!first.delivered_once_more().is_first_of(48) && !SlotHeader::new(48, 3).is_first_of(48));
        let worn = SlotHeader::from_bits(7 << 48 | 0xffff << 32 | 5);
        assert_eq!(worn.delivered_once_more(), worn, "the count saturates");
    }

    #[test]
    fn a_cell_tells_its_lap() {
        let cell = Cell::new(64 * 5 + 3, 64, 77);
        assert_eq!((cell.stamp(), cell.slot()), (6, 77));
        assert_eq!(Cell::from_bits(0).stamp(), 0);
        assert_eq!(Cell::stamp_of(0, 64), 1, "a fresh cell is older than every position");
    }
}
