//! Typed windows onto the words of a region.

use crate::layout::{
    BELL_AT, CALLER_AT, Caller, ChannelControl, Gate, LaneControl, NewsControl, ParticipantRow, QueueControl, Role,
    Store, ValueControl,
};
use crate::region::Region;
use crate::region::memory::SharedWords;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::{AtomicU32, AtomicU64, fence};
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

/// A window onto one struct of a region, which it keeps alive.
#[derive(Debug)]
pub(crate) struct View<T> {
    pointer: NonNull<T>,
    region: Arc<Region>,
}

// SAFETY: a `View` is a shared reference to atomics (`T: SharedWords` at construction) plus an `Arc`.
unsafe impl<T> Send for View<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for View<T> {}

impl<T> View<T> {
    pub(super) fn new(region: &Arc<Region>, at: u64) -> Self
    where
        T: SharedWords,
    {
        Self { pointer: NonNull::from(region.bytes().shared::<T>(at)), region: Arc::clone(region) }
    }

    /// The region.
    pub(super) fn region(&self) -> &Arc<Region> {
        &self.region
    }
}

impl<T> Deref for View<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: made from a valid reference into the region's memory, which `region` keeps alive and in place.
        unsafe { self.pointer.as_ref() }
    }
}

impl View<ChannelControl> {
    pub(crate) fn control(region: &Arc<Region>) -> Self {
        Self::new(region, region.map().control_at)
    }
}

impl View<AtomicU32> {
    /// The word that moves when a participant of this role comes or goes, or the status changes.
    pub(crate) fn membership(region: &Arc<Region>, of: Role) -> Self {
        Self::new(region, region.map().membership_of(of))
    }

    /// This word of the region, for longer than the reference lasts. `None`: it is no word of this region.
    pub(crate) fn of_word(region: &Arc<Region>, word: &AtomicU32) -> Option<Self> {
        region.bytes().offset_of(word).map(|at| Self::new(region, at))
    }
}

impl View<NewsControl> {
    pub(crate) fn news(region: &Arc<Region>) -> Self {
        assert!(region.geometry().row.has_several_lanes());
        Self::new(region, region.map().news_at)
    }
}

impl View<ParticipantRow> {
    pub(crate) fn participant(region: &Arc<Region>, row: u32) -> Self {
        Self::new(region, region.row_offset(row))
    }
}

impl View<QueueControl> {
    pub(crate) fn queue(region: &Arc<Region>) -> Self {
        Self::new(region, region.queue_offset())
    }
}

impl View<ValueControl> {
    pub(crate) fn value(region: &Arc<Region>) -> Self {
        assert!(region.geometry().row.store == Store::Value);
        Self::new(region, region.map().queue_at)
    }
}

impl Region {
    fn queue_offset(&self) -> u64 {
        assert!(self.geometry().row.has_cells());
        self.map().queue_at
    }

    /// The words of the slot queue.
    pub(crate) fn queue(&self) -> &QueueControl {
        self.bytes().shared(self.queue_offset())
    }

    fn row_offset(&self, row: u32) -> u64 {
        assert!(row < self.geometry().participants());
        self.map().participants_at + u64::from(row) * size_of::<ParticipantRow>() as u64
    }

    /// One row of the participant table.
    pub(crate) fn row(&self, row: u32) -> &ParticipantRow {
        self.bytes().shared(self.row_offset(row))
    }

    /// The channel's own words.
    pub(crate) fn control(&self) -> &ChannelControl {
        self.bytes().shared(self.map().control_at)
    }

    /// The words by which participants learn which others came and went, in kinds that can have several lanes.
    pub(crate) fn news(&self) -> Option<&NewsControl> {
        let at = self.map().news_at;
        (at != 0).then(|| self.bytes().shared(at))
    }

    /// Stores at which position each lane begins. For creation, before another process sees the region.
    pub(in crate::region) fn start_lanes(&self) {
        for lane in 0..self.geometry().lanes() {
            let start = self.geometry().lane_start(lane);
            self.lane(lane).committed.store(start, Relaxed);
            for seat in 0..self.geometry().receivers {
                self.gate(lane, seat).consumed.store(start, Relaxed);
            }
        }
    }

    /// The gate of the receiver in this seat, in a lane.
    pub(crate) fn gate(&self, lane: u32, seat: u32) -> &Gate {
        self.bytes().shared(self.gate_offset(lane, seat))
    }

    /// The lane whose senders sleep on this word, if it is such a word. Its place in the region tells.
    pub(in crate::region) fn lane_of(&self, space: &AtomicU32) -> Option<u32> {
        let lanes = self.geometry().lanes();
        let first = (lanes > 0).then(|| std::ptr::from_ref(self.lane(0)).addr())?;
        let lane = std::ptr::from_ref(space).addr().checked_sub(first)? / size_of::<LaneControl>();
        let lane = u32::try_from(lane).ok().filter(|&lane| lane < lanes)?;
        std::ptr::eq(space, &self.lane(lane).space).then_some(lane)
    }

    /// The word on which the client of the call in this frame sleeps.
    pub(crate) fn bell(&self, frame: u32) -> &AtomicU32 {
        self.bytes().shared(self.frame_offset(frame) + BELL_AT)
    }

    /// Who called in the frame on whose word a client sleeps, if it is such a word. Its place in the region tells.
    pub(in crate::region) fn caller_at(&self, bell: &AtomicU32) -> Option<u32> {
        let geometry = self.geometry();
        if geometry.row.store != Store::Frames {
            return None;
        }
        let first = std::ptr::from_ref(self.bell(0)).addr();
        let frame = std::ptr::from_ref(bell).addr().checked_sub(first)? as u64 / geometry.slot_bytes();
        let frame = u32::try_from(frame).ok().filter(|&frame| frame < geometry.slots)?;
        if !std::ptr::eq(bell, self.bell(frame)) {
            return None;
        }
        // EDGE asleep→caller: behind the waker's look at the flag; pairs with the fence in `Answer::before_park`.
        fence(Acquire);
        let caller: &AtomicU64 = self.bytes().shared(self.frame_offset(frame) + CALLER_AT);
        let row = u32::from(Caller::from_bits(caller.load(Relaxed)).row().0);
        (row < geometry.senders).then_some(row)
    }

    fn frame_offset(&self, frame: u32) -> u64 {
        let geometry = self.geometry();
        assert!(geometry.row.store == Store::Frames && frame < geometry.slots);
        self.map().data_at + u64::from(frame) * geometry.slot_bytes()
    }

    /// The gate of the receiver in this row, in this lane, in a kind in which all of them read it. `None`: there is none.
    pub(crate) fn gate_of(&self, lane: u32, row: u32) -> Option<&Gate> {
        let seat = row.wrapping_sub(self.geometry().senders);
        let has_gate = lane < self.geometry().lanes() && seat < self.geometry().receivers;
        has_gate.then(|| self.gate(lane, seat))
    }

    /// A lane's words.
    pub(crate) fn lane(&self, lane: u32) -> &LaneControl {
        self.bytes().shared(self.lane_offset(lane))
    }

    pub(super) fn lane_offset(&self, lane: u32) -> u64 {
        assert!(lane < self.geometry().lanes());
        self.map().lanes_at + u64::from(lane) * size_of::<LaneControl>() as u64
    }

    pub(super) fn gate_offset(&self, lane: u32, seat: u32) -> u64 {
        let geometry = self.geometry();
        assert!(lane < geometry.lanes() && seat < geometry.receivers);
        self.map().gates_at
            + (u64::from(lane) * u64::from(geometry.receivers) + u64::from(seat)) * size_of::<Gate>() as u64
    }
}
