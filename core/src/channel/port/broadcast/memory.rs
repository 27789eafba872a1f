//! The words of one lane of a broadcast where they ship: in a region.

use crate::channel::end::Seated;
use crate::channel::port::inlet::NoPort;
use crate::channel::port::lane::{InRegion, ReadingEnd, lane_geometry};
use crate::region::{LaneView, Region, RingCursor, RingView};
use crate::ring::broadcast::{BroadcastMemory, GateLane, JoinError, OwnLane, Start, is_blocker, join};
use crate::ring::log::Reader;
use crate::sync::{AtomicU32, AtomicU64};
use std::sync::Arc;

/// The words of one lane of a broadcast, for its sender, for the receiver in one of the seats, or for one without a seat.
#[derive(Debug)]
pub(crate) struct BroadcastView {
    region: Arc<Region>,
    /// Which lane it is, as its sender has the row of this number.
    number: u32,
    /// With the gate of that seat.
    lane: LaneView,
    seat: u32,
}

impl BroadcastView {
    /// Of the lane of this number, as the receiver in this seat sees them, or the sender.
    pub(in crate::channel::port) fn new(region: &Arc<Region>, number: u32, seat: u32) -> Self {
        Self { region: Arc::clone(region), number, lane: LaneView::new(region, number, seat), seat }
    }

    /// As a receiver without a seat sees them, whose memory is read-only. A [`LossyReader`](crate::ring::broadcast::LossyReader) that tells
    /// nobody where it stands stores nothing in them.
    pub(in crate::channel) fn to_read(region: &Arc<Region>, number: u32) -> Self {
        Self::new(region, number, 0)
    }

    /// Where the receiver in this seat keeps the number of its next message.
    pub(super) fn next(&self) -> &AtomicU64 {
        &self.lane.gate.next
    }

    pub(super) fn lane(&self) -> &LaneView {
        &self.lane
    }

    pub(super) fn lane_mut(&mut self) -> &mut LaneView {
        &mut self.lane
    }
}

/// Which of the receivers has this seat.
pub(super) fn seat_of(end: &Seated) -> u32 {
    end.seat().row().saturating_sub(end.region().geometry().senders)
}

impl Clone for BroadcastView {
    fn clone(&self) -> Self {
        Self::new(&self.region, self.number, self.seat)
    }
}

impl BroadcastMemory for BroadcastView {
    type Ring<'a> = RingView<'a>;
    type Cursor = RingCursor;

    #[inline]
    fn ring(&self) -> RingView<'_> {
        self.lane.ring()
    }

    fn cursor(&self) -> RingCursor {
        self.lane.cursor()
    }

    #[inline]
    fn committed(&self) -> &AtomicU64 {
        &self.lane.control.committed
    }

    #[inline]
    fn count(&self) -> &AtomicU64 {
        &self.lane.control.count
    }

    #[inline]
    fn reserved(&self) -> &AtomicU64 {
        &self.lane.control.reserved
    }

    fn boundary(&self, part: u32) -> &AtomicU64 {
        let parts = &self.lane.control.boundaries;
        &parts[part as usize % parts.len()]
    }

    fn joins(&self) -> &AtomicU32 {
        &self.lane.control.joins
    }

    fn blocker(&self) -> &AtomicU32 {
        &self.lane.control.blocker
    }

    fn readers(&self) -> u32 {
        self.region.geometry().receivers
    }

    fn row(&self, reader: u32) -> &AtomicU64 {
        &self.region.row(self.region.geometry().senders.saturating_add(reader)).state
    }

    #[inline]
    fn gate(&self, reader: u32) -> &AtomicU64 {
        if reader == self.seat { &self.lane.gate.consumed } else { &self.region.gate(self.number, reader).consumed }
    }
}

impl InRegion for OwnLane<BroadcastView> {
    #[inline]
    fn view(&self) -> &LaneView {
        self.memory().lane()
    }

    #[inline]
    fn view_mut(&mut self) -> &mut LaneView {
        self.memory_mut().lane_mut()
    }
}

impl InRegion for GateLane<BroadcastView> {
    #[inline]
    fn view(&self) -> &LaneView {
        self.memory().lane()
    }

    #[inline]
    fn view_mut(&mut self) -> &mut LaneView {
        self.memory_mut().lane_mut()
    }
}

impl ReadingEnd for GateLane<BroadcastView> {
    fn resume(end: &Seated) -> Result<Reader<Self>, NoPort> {
        let (seat, region) = (seat_of(end), end.region());
        let joined = join(BroadcastView::new(region, 0, seat), lane_geometry(region.geometry()), seat, Start::Now)?;
        Ok(joined.reader)
    }

    /// Only if it waits for this receiver: so the sender of many receivers is woken once.
    #[inline]
    fn wake_sender(&self, end: &mut Seated) {
        let memory = self.memory();
        end.notify_senders_if(&memory.lane().control.space, || is_blocker(memory, self.reader()));
    }
}

impl From<JoinError> for NoPort {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Busy => Self::Busy,
            JoinError::NotThere { number, sent } => Self::NotThere { number, sent },
            JoinError::Corrupted(reason) => Self::Corrupted(reason),
        }
    }
}
