//! A lane as a port: a log that one sender writes and one receiver reads. And its words where they ship: in a region, mapped or
//! only read.

use super::outlet::{Effort, Outlet};
use crate::channel::end::{Seated, Trouble};
use crate::error::{Corruption, SendError};
use crate::layout::Geometry;
use crate::liveness::{Dead, Settle};
use crate::region::{LaneLook, LaneView, Region, RingLook, RingView, TrustPeers};
use crate::ring::log::{LaneGeometry, LaneMemory, Position, Refusal, Reservation, Ring, Warmed, Writer};
use crate::sync::{AtomicU32, AtomicU64};
use crate::wait::eventcount::Wakes;
use std::sync::Arc;

impl Ring for RingView<'_> {
    #[inline]
    fn header(&self, position: Position) -> &AtomicU64 {
        self.word(position.0)
    }
}

impl LaneMemory for LaneView {
    type Ring<'a> = RingView<'a>;

    #[inline]
    fn ring(&self) -> RingView<'_> {
        LaneView::ring(self)
    }

    #[inline]
    fn committed(&self) -> &AtomicU64 {
        &self.control.committed
    }

    #[inline]
    fn count(&self) -> &AtomicU64 {
        &self.control.count
    }

    #[inline]
    fn consumed(&self) -> &AtomicU64 {
        &self.gate.consumed
    }
}

impl Ring for RingLook<'_> {
    fn header(&self, position: Position) -> &AtomicU64 {
        self.word(position.0)
    }
}

impl LaneMemory for LaneLook<'_> {
    type Ring<'a>
        = RingLook<'a>
    where
        Self: 'a;

    fn ring(&self) -> RingLook<'_> {
        LaneLook::ring(self)
    }

    fn committed(&self) -> &AtomicU64 {
        LaneLook::committed(self)
    }

    fn count(&self) -> &AtomicU64 {
        LaneLook::count(self)
    }

    fn consumed(&self) -> &AtomicU64 {
        LaneLook::consumed(self)
    }
}

/// The shape of every lane of a channel.
pub(in crate::channel) fn lane_geometry(geometry: &Geometry) -> LaneGeometry {
    LaneGeometry::new(geometry.capacity, geometry.payload_alignment.into(), geometry.max_message)
}

/// A dead participant of a lane holds nothing that has to be undone: an uncommitted record does not exist, and what a
/// receiver had not given back is still there.
pub(in crate::channel) fn settle_nothing(_: &Arc<Region>, _: &Dead<'_>) -> Result<(), Corruption> {
    Ok(())
}

/// A lane's writing end.
#[derive(Debug)]
pub(crate) struct LaneOutlet {
    writer: Writer<LaneView>,
    resumed_at: u64,
    /// Searches for room since it joined.
    searches: u32,
}

impl LaneOutlet {
    /// How many messages the lane had carried before.
    pub(in crate::channel) fn resumed_at(&self) -> u64 {
        self.resumed_at
    }

    /// How many messages the lane has carried by now.
    pub(in crate::channel) fn sent(&self) -> u64 {
        self.writer.count()
    }

    /// Tells observers what was sent so far.
    fn publish(&mut self, end: &mut Seated) {
        self.writer.publish();
        self.count_published(end);
    }

    /// The writer published how far it has come: so does its row.
    fn count_published(&self, end: &mut Seated) {
        end.tally.messages_in_all(self.writer.messages(), self.writer.bytes());
    }

    #[inline(always)]
    fn fill_and_commit(&mut self, reservation: Reservation, message: &[u8]) {
        let length = message.len() as u64;
        self.writer.fill_and_commit(reservation, length, |ring, payload| ring.write(payload.0, 0, message));
    }

    #[cold]
    fn refused(&self, end: &Seated, refusal: Refusal, length: usize) -> Result<Option<Reservation>, SendError> {
        match refusal {
            Refusal::Full => Ok(None),
            Refusal::TooLarge => Err(SendError::TooLarge { length, max: self.max_message() }),
            Refusal::Corrupted(reason) => Err(SendError::Corrupted(end.poison(reason))),
        }
    }
}

impl Outlet for LaneOutlet {
    type Claim = Reservation;
    type Undo = Warmed;
    type Run = ();

    const SETTLE: Settle = settle_nothing;
    /// What was released may not be room enough.
    const WAKES: Wakes = Wakes::All;

    fn join(end: &Seated) -> Result<Self, Corruption> {
        let lane = LaneView::new(end.region(), end.seat().row(), 0);
        let writer = Writer::resume(lane, lane_geometry(end.region().geometry()))?;
        let resumed_at = writer.count();
        Ok(Self { writer, resumed_at, searches: 0 })
    }

    #[inline]
    fn max_message(&self) -> usize {
        self.writer.geometry().max_message() as usize
    }

    #[inline(always)]
    fn claim_fast(&mut self, length: usize) -> Option<Reservation> {
        self.writer.reserve_fast(length as u64)
    }

    #[inline(always)]
    fn claim_fast_plain(&mut self, length: usize) -> Option<Reservation> {
        self.writer.reserve_fast_plain(length as u64)
    }

    /// Every few stretches, and while it waits: a sender that is busy notices, too, that the file is gone.
    #[inline(always)]
    fn look_around(&mut self, end: &mut Seated) -> Result<(), Trouble> {
        self.searches = self.searches.wrapping_add(1);
        if self.searches.is_multiple_of(8) { end.pass_slice() } else { Ok(()) }
    }

    #[inline(always)]
    fn claim(&mut self, end: &mut Seated, length: usize, effort: Effort) -> Result<Option<Reservation>, SendError> {
        let reservation = match effort {
            Effort::Quick => self.writer.reserve_if_plenty(length as u64),
            Effort::Once | Effort::Full => self.writer.reserve(length as u64),
        };
        if self.writer.is_published() {
            self.count_published(end);
        }
        match reservation {
            Ok(reservation) => Ok(Some(reservation)),
            Err(refusal) => self.refused(end, refusal, length),
        }
    }

    #[inline]
    fn has_room_hint(&self) -> bool {
        self.writer.glance()
    }

    #[inline]
    fn space(&self) -> &AtomicU32 {
        &self.writer.memory().control.space
    }

    #[inline(always)]
    fn commit_copy(&mut self, _: &mut Seated, reservation: Reservation, message: &[u8]) -> Result<(), Corruption> {
        self.fill_and_commit(reservation, message);
        Ok(())
    }

    #[inline(always)]
    fn wake(&self, end: &mut Seated) {
        end.notify_receivers();
    }

    /// Lines are warmed once the receiver knows of the message.
    #[inline(always)]
    fn after_wake(&mut self, reservation: &Reservation) {
        self.writer.warm_after(reservation);
    }

    #[inline]
    fn hold(&mut self) -> Warmed {
        self.writer.forget_warmed()
    }

    #[inline]
    fn write(&self, reservation: &Reservation, skip: usize, bytes: &[u8]) {
        self.writer.memory().ring().write(reservation.payload.0, skip, bytes);
    }

    fn slice(&mut self, reservation: &Reservation, trust: TrustPeers, length: usize) -> &mut [u8] {
        self.writer.memory_mut().borrow_mut(trust, reservation.payload.0, length)
    }

    #[inline(always)]
    fn commit(
        &mut self,
        _: &mut Seated,
        reservation: Reservation,
        warmed: Warmed,
        used: usize,
    ) -> Result<(), Corruption> {
        self.writer.commit_in_place(warmed, reservation, used as u64);
        Ok(())
    }

    /// A reservation that was not committed does not exist.
    #[inline(always)]
    fn abandon(&mut self, _: &mut Seated, _: Reservation) {}

    #[inline(always)]
    fn begin_run(&mut self) {}

    #[inline(always)]
    fn send_run_fast<I: Iterator>(
        &mut self,
        end: &mut Seated,
        (): &mut (),
        messages: &mut I,
        sent: &mut usize,
    ) -> Result<Option<I::Item>, Corruption>
    where
        I::Item: AsRef<[u8]>,
    {
        let mut run = self.writer.run();
        loop {
            let Some(message) = messages.next() else { return Ok(None) };
            let bytes = message.as_ref();
            let appended = |ring: RingView<'_>, payload: Position| ring.write(payload.0, 0, bytes);
            // The iterator may have forked, or taken its time.
            if end.is_foreign() || end.has_news() || !run.append(bytes.len() as u64, appended) {
                return Ok(Some(message));
            }
            *sent += 1;
        }
    }

    #[inline(always)]
    fn commit_in_run(
        &mut self,
        _: &mut Seated,
        (): &mut (),
        reservation: Reservation,
        message: &[u8],
    ) -> Result<(), Corruption> {
        self.fill_and_commit(reservation, message);
        self.writer.warm_after(&reservation);
        Ok(())
    }

    #[inline]
    fn tell_of_run(&mut self, end: &mut Seated, (): &mut (), is_over: bool) {
        end.notify_receivers();
        if is_over {
            self.publish(end);
        }
    }

    fn leave(&mut self, end: &mut Seated) {
        self.publish(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Backend, Kind, SEVERAL_LANES};
    use crate::region::{CreateSpec, MemoryOptions, Redelivery};
    use crate::ring::log::{Reader, Refusal, Writer};
    use crate::sync::Ordering::Relaxed;

    /// So many lanes of so many bytes, each with one receiver.
    fn geometry_of(lanes: u32, capacity: u64, payload_alignment: u32) -> Geometry {
        Geometry {
            row: if lanes == 1 { Kind::Spsc.row() } else { &SEVERAL_LANES },
            senders: lanes,
            receivers: 1,
            capacity,
            max_message: 300,
            payload_alignment,
            slots: 0,
            priorities: 0,
        }
    }

    fn region_of(geometry: Geometry) -> Arc<Region> {
        let spec = CreateSpec {
            geometry,
            persistent: false,
            redelivery: Redelivery::default(),
            fence: None,
            backend: Backend::Futex,
            trusts_peers: false,
            type_name: String::new(),
            mode: 0o600,
            memory: MemoryOptions::default(),
        };
        Arc::new(Region::create_private(&spec).unwrap())
    }

    #[test]
    fn every_lane_carries_messages_from_its_own_beginning_over_the_end_of_its_ring() {
        for lanes in [1, 30] {
            let region = region_of(geometry_of(lanes, 4096, 64));
            for lane in 0..lanes {
                let view = || LaneView::new(&region, lane, 0);
                let start = u64::from(lane) * 192 % 4096;
                let begins = [view().committed().load(Relaxed), view().consumed().load(Relaxed)];
                assert_eq!(begins, [start; 2], "lane {lane}");
                let geometry = lane_geometry(region.geometry());
                let mut writer = Writer::resume(view(), geometry).unwrap();
                let mut reader = Reader::resume(view(), geometry).unwrap();
                for number in 0..200 {
                    let reservation = writer.reserve(8).unwrap();
                    writer.fill_and_commit(reservation, 8, |ring, at| ring.header(at).store(number, Relaxed));
                    let record = reader.poll().unwrap().expect("just committed");
                    assert_eq!(view().ring().header(record.payload).load(Relaxed), number, "lane {lane}");
                    reader.release(record);
                }
                while let Ok(reservation) = writer.reserve(8) {
                    writer.commit(reservation, 8);
                }
                assert_eq!(writer.reserve(8).unwrap_err(), Refusal::Full);
                writer.publish();
                assert_eq!(writer.count(), 200 + 31, "a full ring less one header, lane {lane}");
            }
        }
    }

    #[test]
    fn what_is_not_published_is_a_sixteenth_of_the_ring_at_most() {
        for (capacity, length) in [(4096, 8), (4096, 300), (1 << 16, 8), (1 << 16, 300), (1 << 20, 8), (1 << 20, 300)] {
            let region = region_of(geometry_of(1, capacity, 8));
            let geometry = lane_geometry(region.geometry());
            let mut writer = Writer::resume(LaneView::new(&region, 0, 0), geometry).unwrap();
            let (mut end, mut furthest) = (0, 0);
            while let Ok(reservation) = writer.reserve(length) {
                writer.commit(reservation, length);
                end += geometry.record_bytes(length);
                furthest = furthest.max(end - writer.memory().committed().load(Relaxed));
            }
            let stretch = (capacity / 16).min(if length == 8 { 2048 } else { 8192 });
            assert!(furthest <= stretch.max(geometry.record_bytes(length)), "{furthest} of {capacity}, {length}");
            assert!(furthest > stretch / 2, "and not much less: {furthest} of {capacity}, {length}");
        }
    }
}
