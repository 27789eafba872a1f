//! What a receiver of several lanes takes at once.

use super::memory::LanesView;
use crate::channel::places::Places;
use crate::region::LaneView;
use crate::ring::lanes::Lanes;
use crate::ring::log::{Payload, ReaderMark, Record, RecordPlace};

/// A message, and the lane that it stands in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneEntry {
    /// The row of its sender, and so its lane.
    pub(in crate::channel) row: u32,
    pub(in crate::channel::port) payload: Payload,
}

impl LaneEntry {
    /// How many messages its lane carried before it.
    pub(in crate::channel) fn sequence(&self) -> u64 {
        self.payload.sequence
    }
}

/// A lane that a batch took messages from.
#[derive(Debug)]
struct Visit {
    row: u32,
    /// Where those of its messages begin that are left.
    rest: ReaderMark,
    /// The index behind its last message.
    end: usize,
}

/// The messages of a batch, which goes on round the lanes, and where the readers of these go back to.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) entries: Places<LaneEntry>,
    /// One for each visit, in the order of the visits.
    visits: Vec<Visit>,
    /// All messages of so many visits are done with.
    visits_done: usize,
    /// What one visit gathers. Kept for its allocation.
    places: Vec<RecordPlace>,
}

impl Run {
    pub(super) const fn new() -> Self {
        Self { entries: Places::new(), visits: Vec::new(), visits_done: 0, places: Vec::new() }
    }

    /// Whether there is memory for another visit and for as many messages as it can take. A batch that has none ends in front of it.
    fn has_room_for_a_visit(&mut self, messages: usize) -> bool {
        self.visits.try_reserve(1).is_ok() && self.places.try_reserve(messages).is_ok()
    }

    /// Takes up to `max` messages in all from the visited lane, the first of which is this record. Returns how many.
    pub(super) fn take_visit(&mut self, lanes: &mut Lanes<LanesView>, record: Record, max: usize) -> usize {
        let messages = self.entries.room_for_more(max).min(lanes.messages_left(record.length));
        if messages == 0 || !self.has_room_for_a_visit(messages) {
            return 0;
        }
        let Some((row, lane)) = lanes.visited() else { return 0 };
        lane.in_batch = true;
        let mark = lane.reader.mark();
        self.places.clear();
        self.places.push(mark.place(&record));
        lane.reader.advance(record);
        // As many as the visit may take if they are as long as this one.
        lane.reader.gather(mark, messages.saturating_sub(1), &mut self.places);
        let (mut taken, mut carried) = (0, 0u64);
        for (index, place) in self.places.iter().enumerate() {
            let payload = mark.payload(*place, index);
            lanes.spend(payload.length);
            self.entries.all_mut().push(LaneEntry { row, payload });
            (taken, carried) = (index + 1, carried.saturating_add(payload.length));
            if lanes.messages_left(1) == 0
                && taken < self.places.len()
                && let Some(lane) = lanes.get_mut(row)
            {
                // Those behind were longer than the first one: they are left for the lane's next turn.
                lane.reader.rewind(lane.reader.mark_behind(&mark, taken as u64, carried, &payload));
                break;
            }
        }
        self.visits.push(Visit { row, rest: mark, end: self.entries.len() });
        taken
    }

    /// Up to `count` messages of one lane, the first that are left, are done with. Returns how many, the lane, and up to where it is
    /// released.
    pub(super) fn pass(&mut self, lanes: &mut Lanes<LanesView>, count: usize) -> Option<(usize, u32, ReaderMark)> {
        let visit = self.visits.get_mut(self.visits_done)?;
        let (first, rest) = self.entries.rest();
        let passed = &rest[..count.min(visit.end - first)];
        if let Some(last) = passed.last()
            && let Some(lane) = lanes.get_mut(visit.row)
        {
            let carried = passed.iter().map(|entry| entry.payload.length).sum();
            visit.rest = lane.reader.mark_behind(&visit.rest, passed.len() as u64, carried, &last.payload);
        }
        let (count, row, rest) = (passed.len(), visit.row, visit.rest);
        self.visits_done += usize::from(first + count == visit.end);
        self.entries.pass(count, 0);
        Some((count, row, rest))
    }

    /// Keeps the fast paths away from the lanes: a batch that is forgotten is noticed by the slow path.
    pub(super) fn pause(&self, lanes: &mut Lanes<LanesView>) {
        for visit in &self.visits {
            if let Some(lane) = lanes.get_mut(visit.row) {
                lane.reader.pause();
            }
        }
        // Its turn may be that of a lane in which the batch found nothing.
        if let Some((_, lane)) = lanes.visited() {
            lane.reader.pause();
        }
    }

    /// Every lane goes back to where it stood, or to behind what is done with, and it is the first one's turn again.
    pub(super) fn rewind(&mut self, lanes: &mut Lanes<LanesView>) {
        for row in self.rows() {
            if let Some(lane) = lanes.get_mut(row) {
                lane.in_batch = false;
            }
        }
        for visit in self.visits[self.visits_done..].iter().rev() {
            if let Some(lane) = lanes.get_mut(visit.row) {
                lane.reader.rewind(visit.rest);
            }
            lanes.turn_to(visit.row);
        }
        self.clear();
    }

    /// The lanes that something was taken from. One that was visited several times comes as often.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.visits.iter().map(|visit| visit.row)
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.visits.clear();
        self.visits_done = 0;
    }
}

/// A lane of a receiver.
pub(super) type Attached = crate::ring::lanes::Attached<LaneView>;
