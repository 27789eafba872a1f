//! What a receiver of several lanes takes at once.

use super::memory::LanesView;
use crate::channel::batch::room_for_more;
use crate::region::LaneView;
use crate::ring::lanes::Lanes;
use crate::ring::log::{Payload, ReaderMark, Record, RecordPlace};

/// A message, and the lane that it stands in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneEntry {
    /// The row of its sender, and so its lane.
    pub(in crate::channel) row: u32,
    pub(super) payload: Payload,
}

impl LaneEntry {
    /// How many messages its lane carried before it.
    pub(in crate::channel) fn sequence(&self) -> u64 {
        self.payload.sequence
    }
}

/// The messages of a batch, which goes on round the lanes, and where the readers of these stood before.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) entries: Vec<LaneEntry>,
    /// One for each visit, in the order of the visits.
    visits: Vec<(u32, ReaderMark)>,
    /// What one visit gathers. Kept for its allocation.
    places: Vec<RecordPlace>,
}

impl Run {
    /// Whether there is memory for another visit and for as many messages as it can take. A batch that has none ends in front of it.
    fn has_room_for_a_visit(&mut self, messages: usize) -> bool {
        self.visits.try_reserve(1).is_ok() && self.places.try_reserve(messages).is_ok()
    }

    /// Takes up to `max` messages in all from the visited lane, the first of which is this record. Returns how many.
    pub(super) fn take_visit(&mut self, lanes: &mut Lanes<LanesView>, record: Record, max: usize) -> usize {
        let messages = room_for_more(&mut self.entries, max).min(lanes.messages_left(record.length));
        if messages == 0 || !self.has_room_for_a_visit(messages) {
            return 0;
        }
        let Some((row, lane)) = lanes.visited() else { return 0 };
        let mark = lane.reader.mark();
        self.visits.push((row, mark));
        self.places.clear();
        self.places.push(mark.place(&record));
        lane.reader.advance(record);
        // As many as the visit may take if they are as long as this one.
        lane.reader.gather(mark, messages.saturating_sub(1), &mut self.places);
        for (index, place) in self.places.iter().enumerate() {
            let payload = mark.payload(*place, index);
            lanes.spend(payload.length);
            self.entries.push(LaneEntry { row, payload });
        }
        self.places.len()
    }

    /// Every lane goes back to where it stood, and it is the first one's turn again.
    pub(super) fn rewind(&mut self, lanes: &mut Lanes<LanesView>) {
        for &(row, mark) in self.visits.iter().rev() {
            if let Some(lane) = lanes.get_mut(row) {
                lane.reader.rewind(mark);
            }
            lanes.turn_to(row);
        }
        self.clear();
    }

    /// The lanes that something was taken from. One that was visited several times comes as often.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.visits.iter().map(|(row, _)| *row)
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.visits.clear();
    }
}

/// A lane of a receiver.
pub(super) type Attached = crate::ring::lanes::Attached<LaneView>;
