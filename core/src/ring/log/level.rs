//! How full a lane is, as anybody sees it who has its words: its writer, its reader, or neither.

use super::{LaneGeometry, LaneMemory, Position, Ring, Survey};
use crate::layout::RecordHeader;
use crate::sync::Ordering::{Acquire, Relaxed};

/// How full a lane was at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Messages that the reader has not given back.
    pub messages: u64,
    /// Bytes of the ring that a writer may write to, headers and padding included.
    pub room: u64,
    /// Whether the largest message finds no room.
    pub is_full: bool,
}

impl Level {
    /// Looks at a lane whose writer and reader go on meanwhile.
    ///
    /// It is exact for one moment of the look, unless the reader moves during every one of 16 looks, or the words contradict each
    /// other: then it is something within the lane's bounds.
    pub fn of<M: LaneMemory>(memory: &M, geometry: &LaneGeometry) -> Self {
        const LOOKS: u32 = 16;
        let mut level = Self::at(memory, geometry);
        for _ in 1..LOOKS {
            let (seen, now) = (level.1, memory.consumed().load(Relaxed));
            if now == seen.0 {
                break;
            }
            level = Self::at(memory, geometry);
        }
        level.0
    }

    /// One look, and where the reader stood.
    fn at<M: LaneMemory>(memory: &M, geometry: &LaneGeometry) -> (Self, Position) {
        // Acquire only for its place, before the others: so the reader is not ahead of what is committed then.
        let consumed = Position(memory.consumed().load(Acquire));
        let Survey { committed, count, .. } = Survey::of(memory, geometry);
        // While the reader stands there, nothing is written over this header.
        // EDGE commit→poll: as in `walk`.
        let header = RecordHeader::from_bits(memory.ring().header(consumed).load(Acquire));
        let used = committed.since(consumed);
        if used > geometry.capacity() || !geometry.is_possible(consumed) {
            return (Self { messages: 0, room: 0, is_full: true }, consumed);
        }
        // A record or padding stands there, with the number of the next message.
        let messages = if used == 0 { 0 } else { count.wrapping_sub(header.sequence_not_above(count)) };
        let messages = messages.min(geometry.records_max());
        // The header behind the last record stays free.
        let room = geometry.capacity().wrapping_sub(used).saturating_sub(geometry.header_bytes());
        let (largest, until_end) = (geometry.record_bytes(geometry.max_message()), geometry.until_end(committed));
        let needed = if largest > until_end { until_end.saturating_add(largest) } else { largest };
        (Self { messages, room, is_full: needed > room }, consumed)
    }
}
