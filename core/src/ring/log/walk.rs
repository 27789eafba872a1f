//! Walking over the headers that a writer committed, to where it stands.

use super::memory::LONG_STRETCH;
use super::{LaneGeometry, LaneMemory, Position, Ring};
use crate::error::Corruption;
use crate::layout::{RecordHeader, RecordKind};
use crate::sync::Ordering::{Acquire, Relaxed};

/// What was found behind a published position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walk {
    /// Where the first header stands that is not committed.
    pub(super) end: Position,
    /// The number of the message that will be committed there.
    pub(super) count: u64,
    /// Messages walked over, and their payload bytes.
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

/// A bound of the records that a writer commits without publishing: those of a stretch, its first record, which may be longer,
/// and the padding in front of that.
const UNPUBLISHED_MAX: u64 = LONG_STRETCH / RecordHeader::BYTES + 2;

/// Walks from `start`, where a record starts, over all that is committed: at most what one stretch holds.
///
/// `count` is what the word of that name says: at least the number of the record at `start`, and at most that of the place
/// behind the last record.
///
/// # Errors
/// A header is not one that a writer writes there, or there are more than a writer leaves unpublished.
pub(super) fn walk<M: LaneMemory>(
    memory: &M,
    geometry: &LaneGeometry,
    start: Position,
    count: u64,
) -> Result<Walk, Corruption> {
    let mut walk = Walk { end: start, count, messages: 0, bytes: 0 };
    let mut is_first = true;
    for _ in 0..=UNPUBLISHED_MAX {
        // EDGE commit→poll: a successor or observer sees what was committed by `commit_record` and `Writer::fill_and_commit`.
        let header = RecordHeader::from_bits(memory.ring().header(walk.end).load(Acquire));
        let until_end = geometry.until_end(walk.end);
        let kind = header.kind();
        if is_first && matches!(kind, RecordKind::Message | RecordKind::Padding) {
            walk.count = header.sequence_not_above(count);
            if count.wrapping_sub(walk.count) > geometry.records_max() {
                return Err(Corruption::RecordHeader);
            }
            is_first = false;
        }
        let length = u64::from(header.length());
        let record = match kind {
            RecordKind::Empty => return Ok(walk),
            RecordKind::Unknown => return Err(Corruption::RecordHeader),
            RecordKind::Padding if length.wrapping_add(geometry.header_bytes()) != until_end => {
                return Err(Corruption::RecordLength);
            }
            RecordKind::Padding if header != RecordHeader::padding(header.length(), walk.count) => {
                return Err(Corruption::RecordHeader);
            }
            RecordKind::Padding => until_end,
            RecordKind::Message if !header.is_message(walk.count) => return Err(Corruption::RecordHeader),
            RecordKind::Message => {
                let record = geometry.record_bytes(length);
                if length > geometry.max_message() || record > until_end {
                    return Err(Corruption::RecordLength);
                }
                walk.count = walk.count.wrapping_add(1);
                walk.messages = walk.messages.wrapping_add(1);
                walk.bytes = walk.bytes.wrapping_add(length);
                record
            }
        };
        walk.end = walk.end.plus(record);
        if walk.end.since(start) > geometry.capacity() {
            break;
        }
    }
    Err(Corruption::Positions)
}

/// What a lane carried, for an observer that takes no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// End of the last committed record.
    pub committed: Position,
    /// Messages committed.
    pub count: u64,
    /// Messages among these that the writer has not published yet.
    pub unpublished_messages: u64,
    /// Bytes of payload of these.
    pub unpublished_bytes: u64,
}

impl Survey {
    /// Looks at a lane whose writer goes on meanwhile: reads what is published, and walks on from there.
    ///
    /// If the writer is faster than the walk every time, or the lane is damaged, it is what was published.
    pub fn of<M: LaneMemory>(memory: &M, geometry: &LaneGeometry) -> Self {
        const TURNS: usize = 16;
        for _ in 0..TURNS {
            // EDGE published→observe, of both words: a count that is ahead of the position comes with its records.
            let committed = memory.committed().load(Acquire);
            let count = memory.count().load(Acquire);
            if !geometry.is_possible(Position(committed)) {
                break;
            }
            let walk = walk(memory, geometry, Position(committed), count);
            // EDGE published→observe: pairs with the fence in `Writer::publish`. The walk's loads are Acquire: this one
            // comes after them.
            if memory.committed().load(Relaxed) != committed {
                continue;
            }
            match walk {
                Ok(Walk { end, count, messages, bytes }) => {
                    return Self { committed: end, count, unpublished_messages: messages, unpublished_bytes: bytes };
                }
                Err(_) => break,
            }
        }
        let (committed, count) = (Position(memory.committed().load(Acquire)), memory.count().load(Acquire));
        Self { committed, count, unpublished_messages: 0, unpublished_bytes: 0 }
    }

    /// Looks at a lane and its reader: where that stood, and what the lane carried at the time.
    ///
    /// If the reader moves during every look, its position is the one from before the last look.
    pub fn with_consumed<M: LaneMemory>(memory: &M, geometry: &LaneGeometry) -> (Position, Self) {
        const LOOKS_AGAIN: u32 = 15;
        let look = || {
            // Acquire only for its place, before the others: so the reader's position is not ahead of what is committed then.
            let consumed = memory.consumed().load(Acquire);
            (Position(consumed), Self::of(memory, geometry))
        };
        let mut seen = look();
        for _ in 0..LOOKS_AGAIN {
            if memory.consumed().load(Relaxed) == seen.0.0 {
                break;
            }
            seen = look();
        }
        seen
    }
}

/// The number of the message that stands at this position of a reader, or will stand there: how many the lane carried before it. Nobody
/// overwrites what stands there.
///
/// # Errors
/// No reader stands there.
pub fn number_at<M: LaneMemory>(memory: &M, geometry: &LaneGeometry, position: Position) -> Result<u64, Corruption> {
    /// How often it looks again, because the writer passed the position between two looks: that it does once.
    const TURNS: usize = 16;
    if !geometry.is_possible(position) {
        return Err(Corruption::Positions);
    }
    for _ in 0..TURNS {
        // EDGE commit→poll: pairs with the Release in `commit_record` and its siblings: with the header comes a count that is less than a
        // ring's records behind it.
        let header = RecordHeader::from_bits(memory.ring().header(position).load(Acquire));
        match header.kind() {
            RecordKind::Message | RecordKind::Padding => {
                let not_above = memory.count().load(Relaxed).wrapping_add(geometry.records_max());
                return Ok(header.sequence_not_above(not_above));
            }
            RecordKind::Unknown => return Err(Corruption::RecordHeader),
            // The lane ends here, perhaps behind what is published: what stands in front of it tells.
            RecordKind::Empty => {
                let survey = Survey::of(memory, geometry);
                if survey.committed == position {
                    return Ok(survey.count);
                }
            }
        }
    }
    Err(Corruption::Positions)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::AtomicU64;
    use std::cell::Cell;

    /// A lane of empty messages, a whole ring of which passes whenever somebody looks at a header: so often.
    #[derive(Debug)]
    struct Passing {
        words: [AtomicU64; 4],
        passes: Cell<u64>,
        geometry: LaneGeometry,
    }

    impl Ring for &Passing {
        fn header(&self, _: Position) -> &AtomicU64 {
            if self.passes.get() > 0 {
                self.passes.set(self.passes.get() - 1);
                for word in &self.words[..3] {
                    word.fetch_add(self.geometry.capacity(), Relaxed);
                }
            }
            &self.words[3]
        }
    }

    impl LaneMemory for Passing {
        type Ring<'a> = &'a Self;

        fn ring(&self) -> &Self {
            self
        }

        fn committed(&self) -> &AtomicU64 {
            &self.words[0]
        }

        fn count(&self) -> &AtomicU64 {
            &self.words[1]
        }

        fn consumed(&self) -> &AtomicU64 {
            &self.words[2]
        }
    }

    #[test]
    fn a_survey_that_was_overtaken_by_whole_rings_is_made_again() {
        let geometry = LaneGeometry::new(4096, 8, 100);
        let words = [800, 100, 400, 0].map(AtomicU64::new);
        let lane = Passing { words, passes: Cell::new(5), geometry };
        let (consumed, survey) = Survey::with_consumed(&lane, &geometry);
        assert_eq!(survey.committed.since(consumed), 400, "as much as there ever was in it at once");
    }
}
