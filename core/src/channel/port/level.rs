//! How full the lanes or the queue of a region are.

use super::broadcast::BroadcastView;
use super::lane::lane_geometry;
use super::slots::slot_geometry;
use crate::liveness::slowest_receiver;
use crate::region::{LaneView, Region, SlotsView};
use crate::ring;
use crate::ring::log::Level;
use crate::ring::slots::SlotGeometry;
use std::ops::Range;
use std::sync::Arc;

/// What a handle is asked about: the queue of its channel, or some of its lanes.
#[derive(Debug)]
pub(in crate::channel) struct Stores<'a> {
    region: &'a Arc<Region>,
    lanes: Range<u32>,
    /// The receiver that asks, where each has its own place in the lane.
    receiver: Option<u32>,
}

impl<'a> Stores<'a> {
    /// The queue, or all lanes.
    pub(in crate::channel) fn of_channel(region: &'a Arc<Region>) -> Self {
        Self { region, lanes: 0..region.geometry().lanes(), receiver: None }
    }

    /// The queue, or all lanes, as the receiver in this row sees them.
    pub(in crate::channel) fn of_receiver(region: &'a Arc<Region>, row: u32) -> Self {
        Self { receiver: region.geometry().row.is_broadcast().then_some(row), ..Self::of_channel(region) }
    }

    /// The queue, or the lane of the sender in this row.
    pub(in crate::channel) fn of_sender(region: &'a Arc<Region>, row: u32) -> Self {
        Self { lanes: row..row.saturating_add(1), ..Self::of_channel(region) }
    }

    /// The queue, in kinds that have one.
    fn queue(&self) -> Option<(SlotsView, SlotGeometry)> {
        let geometry = self.region.geometry();
        geometry.has_slots().then(|| (SlotsView::new(self.region), slot_geometry(geometry)))
    }

    fn levels(&self) -> impl Iterator<Item = Level> {
        self.lanes.clone().map(|lane| match self.region.geometry().row.is_broadcast() {
            true => self.level_for(lane, self.receiver.or_else(|| slowest_receiver(self.region, lane))),
            false => self.level_at(lane, 0),
        })
    }

    /// How full a lane is for the receiver in this seat.
    fn level_at(&self, lane: u32, seat: u32) -> Level {
        Level::of(&LaneView::new(self.region, lane, seat), &lane_geometry(self.region.geometry()))
    }

    /// How full a broadcast's lane is for the receiver in this row; without one, it is empty.
    fn level_for(&self, lane: u32, row: Option<u32>) -> Level {
        let geometry = lane_geometry(self.region.geometry());
        let empty =
            Level { messages: 0, room: geometry.capacity().saturating_sub(geometry.header_bytes()), is_full: false };
        let seat = row.map(|row| row.saturating_sub(self.region.geometry().senders));
        match seat {
            // There is always room, however far a receiver lags.
            Some(seat) if self.region.facts().policy.is_lossy() => {
                let view = BroadcastView::new(self.region, lane, seat);
                let messages = ring::broadcast::ahead_of(&view, &geometry, seat);
                Level { messages, ..empty }
            }
            Some(seat) => self.level_at(lane, seat),
            None => empty,
        }
    }

    /// Messages that no receiver has taken; in lanes, that none has given back.
    pub(in crate::channel) fn messages(&self) -> usize {
        let messages = match self.queue() {
            Some((slots, geometry)) => ring::slots::queued(&slots, &geometry),
            None => self.levels().map(|level| level.messages).fold(0, u64::saturating_add),
        };
        messages as usize
    }

    /// Free slots, or free bytes of the fullest lane.
    pub(in crate::channel) fn room(&self) -> usize {
        let room = match self.queue() {
            Some((slots, geometry)) => ring::slots::free(&slots, &geometry),
            None => self.levels().map(|level| level.room).min().unwrap_or(0),
        };
        room as usize
    }

    /// Whether the largest message finds no room; in one of the lanes.
    pub(in crate::channel) fn is_full(&self) -> bool {
        match self.queue() {
            Some((slots, geometry)) => ring::slots::is_full(&slots, &geometry),
            None => self.levels().any(|level| level.is_full),
        }
    }

    /// Slots, or bytes of each lane's ring.
    pub(in crate::channel) fn capacity(&self) -> usize {
        let geometry = self.region.geometry();
        if geometry.has_slots() { geometry.slots as usize } else { geometry.capacity as usize }
    }
}
