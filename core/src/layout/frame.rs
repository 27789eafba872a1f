//! The packed words of a call frame: whose it is, and who called until when.
//!
//! ```text
//! frame word  63                     16 15      12 11            0
//!             ┌────────────────────────┬──────────┬───────────────┐
//!             │ generation, 48 bits    │ state, 4 │ owner's row   │
//!             └────────────────────────┴──────────┴───────────────┘
//! caller      63                              12 11              0
//!             ┌─────────────────────────────────┬─────────────────┐
//!             │ deadline in µs of the host, 52  │ client's row    │
//!             └─────────────────────────────────┴─────────────────┘
//! ```
//!
//! A frame begins with its word, the header of its request (as a slot's), who called, and the answer's length with the word on which the client sleeps.
//!
//! Every step of a frame takes a new generation. 2⁴⁸ of them, at ten million steps a second in one frame, last for most of a year, and a word
//! that comes back then matters only to one that stood still between two of its instructions all that time.

use super::slot::RowIndex;

/// Bytes from the start of a frame to [`Caller`].
pub const CALLER_AT: u64 = 16;
/// Bytes from the start of a frame to the length of its answer, 4 bytes.
pub const ANSWER_LENGTH_AT: u64 = 24;
/// Bytes from the start of a frame to the futex word on which its client sleeps, an eventcount.
pub const BELL_AT: u64 = 28;

/// Whose a frame is, and what may happen to it next.
///
/// ```text
/// Free ──alloc──► Asked ──(commit: a cell names it)──take──► Taken ──answer──► Answered ──► Free
///                   │                                          ├──drop, died──► Failed ───► Free
///                   │                                          ├──died, where calls are repeated──► Returned ──take──► Taken
///                   └──cancel──► Cancelled ──take──┐           └──cancel──► Abandoned ──answer──► Free
///                                                  └──► Abandoned ──► Free
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameState {
    /// No participant has it.
    Free = 0,
    /// The owner, a client, fills it, or waits: then a cell names it.
    Asked = 1,
    /// The owner, a server, works on it.
    Taken = 2,
    /// A dead server had it, and no cell names it: the next server that looks takes it. The owner is the client.
    Returned = 3,
    /// The client gave up before any server took it. A cell still names it.
    Cancelled = 4,
    /// The client gave up while the owner, a server, worked on it, or the owner takes a cancelled one off the queue.
    Abandoned = 5,
    /// The answer is there. The owner is the client.
    Answered = 6,
    /// No answer will come. The owner is the client.
    Failed = 7,
}

/// The word that says which participant has a frame, and in which state: the only truth about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameWord(u64);

const ROW_BITS: u32 = 12;
const ROW_MASK: u64 = (1 << ROW_BITS) - 1;
const STATE_BITS: u32 = 4;
const GENERATION_SHIFT: u32 = ROW_BITS + STATE_BITS;

impl FrameWord {
    /// A frame of a fresh file.
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
    pub fn state(self) -> Option<FrameState> {
        match self.0 >> ROW_BITS & ((1 << STATE_BITS) - 1) {
            0 => Some(FrameState::Free),
            1 => Some(FrameState::Asked),
            2 => Some(FrameState::Taken),
            3 => Some(FrameState::Returned),
            4 => Some(FrameState::Cancelled),
            5 => Some(FrameState::Abandoned),
            6 => Some(FrameState::Answered),
            7 => Some(FrameState::Failed),
            _ => None,
        }
    }

    /// Whose it is; meaningless while it is free.
    #[inline]
    pub fn owner(self) -> RowIndex {
        RowIndex((self.0 & ROW_MASK) as u16)
    }

    /// The next generation of this frame, in this state, of this owner.
    #[inline]
    pub fn next(self, state: FrameState, owner: RowIndex) -> Self {
        let generation = (self.0 >> GENERATION_SHIFT).wrapping_add(1);
        Self(generation << GENERATION_SHIFT | (state as u64) << ROW_BITS | u64::from(owner.0) & ROW_MASK)
    }
}

/// Who called, and until when the answer is wanted. Written before the call exists, and as it is until the frame is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(u64);

impl Caller {
    /// No deadline.
    const NEVER: u64 = u64::MAX >> ROW_BITS;

    /// The client in this row, which waits until so many microseconds of the host's clock; `None`: without end.
    #[inline]
    pub fn new(row: RowIndex, deadline_us: Option<u64>) -> Self {
        let deadline = deadline_us.map_or(Self::NEVER, |us| us.min(Self::NEVER - 1));
        Self(deadline << ROW_BITS | u64::from(row.0) & ROW_MASK)
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

    /// The client's row.
    #[inline]
    pub fn row(self) -> RowIndex {
        RowIndex((self.0 & ROW_MASK) as u16)
    }

    /// When the client stops waiting, in microseconds of the host's clock; `None`: it does not.
    #[inline]
    pub fn deadline_us(self) -> Option<u64> {
        let deadline = self.0 >> ROW_BITS;
        (deadline != Self::NEVER).then_some(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_word_changes_generation_with_every_step() {
        let mut word = FrameWord::FRESH;
        assert_eq!(word.state(), Some(FrameState::Free));
        for state in [
            FrameState::Asked,
            FrameState::Taken,
            FrameState::Returned,
            FrameState::Cancelled,
            FrameState::Abandoned,
            FrameState::Answered,
            FrameState::Failed,
            FrameState::Free,
        ] {
            let next = word.next(state, RowIndex(1023));
            assert_ne!(next, word);
            assert_eq!((next.state(), next.owner()), (Some(state), RowIndex(1023)));
            word = next;
        }
        assert_eq!(FrameWord::from_bits(8 << 12).state(), None);
        let last = FrameWord::from_bits(u64::MAX).next(FrameState::Free, RowIndex(0));
        assert_eq!(last, FrameWord::FRESH, "the generation wraps, and nothing else is touched");
    }

    #[test]
    fn a_caller_says_who_and_until_when() {
        for deadline in [None, Some(0), Some(1 << 50)] {
            let caller = Caller::from_bits(Caller::new(RowIndex(1022), deadline).bits());
            assert_eq!((caller.row(), caller.deadline_us()), (RowIndex(1022), deadline));
        }
        let far = Caller::new(RowIndex(7), Some(u64::MAX));
        assert_eq!(far.row(), RowIndex(7));
        assert!(far.deadline_us().is_some(), "it stays a deadline, however far it is");
    }
}
