//! A lane's words in a region: mapped, or read from the file by an observer.

use crate::error::Corruption;
use crate::layout::Geometry;
use crate::liveness::Dead;
use crate::region::{LaneLook, LaneView, Region, RingCursor, RingLook, RingSpot, RingView, RingWay};
use crate::ring::log::{Cursor, LaneEnd, LaneGeometry, LaneMemory, Position, Ring, Spot, Way};
use crate::sync::AtomicU64;
use std::sync::Arc;

impl Ring for RingView<'_> {
    #[inline]
    fn header(&self, position: Position) -> &AtomicU64 {
        self.word(position.0)
    }

    #[inline]
    fn zero_lines(&self, from: Position, bytes: u64) {
        RingView::zero_lines(*self, from.0, bytes);
    }

    #[inline]
    fn prefetch_write(&self, from: Position, bytes: u64) {
        RingView::prefetch_write(*self, from.0, bytes);
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

impl LaneEnd for LaneView {
    type Cursor = RingCursor;

    fn cursor(&self) -> RingCursor {
        LaneView::cursor(self)
    }
}

impl Cursor for RingCursor {
    type Way<'a> = RingWay<'a>;

    #[inline]
    fn position(&self) -> Position {
        Position(RingCursor::position(self))
    }

    #[inline]
    fn seek(&mut self, position: Position) {
        RingCursor::seek(self, position.0);
    }

    #[inline]
    fn allow(&mut self, limit: Position) {
        RingCursor::allow(self, limit.0);
    }

    #[inline]
    fn stop(&mut self) {
        RingCursor::stop(self);
    }

    #[inline(always)]
    fn way(&mut self) -> RingWay<'_> {
        RingCursor::way(self)
    }
}

impl<'a> Way for RingWay<'a> {
    type Spot = RingSpot<'a>;

    #[inline(always)]
    fn here(&self) -> RingSpot<'a> {
        RingWay::here(self)
    }

    #[inline(always)]
    fn ahead(&mut self, bytes: u64) -> Option<RingSpot<'a>> {
        RingWay::ahead(self, bytes)
    }

    #[inline(always)]
    fn go(&mut self) {
        RingWay::go(self);
    }

    #[inline(always)]
    fn position(&self) -> Position {
        Position(RingWay::position(self))
    }
}

impl Spot for RingSpot<'_> {
    #[inline(always)]
    fn header(&self) -> &AtomicU64 {
        self.first()
    }

    #[inline(always)]
    fn next_header(&self) -> &AtomicU64 {
        self.behind()
    }

    #[inline(always)]
    fn ends_a_line(&self, line: u64) -> bool {
        RingSpot::ends_a_line(*self, line)
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
        .with_record_alignment(geometry.record_alignment.into())
}

/// Does nothing. A dead participant of a lane holds nothing that has to be undone: an uncommitted record does not exist, and
/// what a receiver had not released is still there.
pub(in crate::channel::port) fn settle_nothing(_: &Arc<Region>, _: &Dead<'_>) -> Result<(), Corruption> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Kind;
    use crate::region::CreateSpec;
    use crate::ring::log::{Reader, Refusal, Writer};
    use crate::sync::Ordering::Relaxed;

    /// So many lanes of so many bytes, each with one receiver.
    fn geometry_of(lanes: u32, capacity: u64, payload_alignment: u32, record_alignment: u32) -> Geometry {
        Geometry {
            row: if lanes == 1 { Kind::Spsc.row() } else { Kind::Mpsc.row() },
            senders: lanes,
            receivers: 1,
            capacity,
            max_message: 300,
            payload_alignment,
            record_alignment,
            slots: 0,
            priorities: 0,
            max_response: 0,
            repeats: false,
        }
    }

    fn region_of(geometry: Geometry) -> Arc<Region> {
        Arc::new(Region::create_private(&CreateSpec::plain(geometry)).unwrap())
    }

    #[test]
    fn every_lane_carries_messages_from_its_own_beginning_over_the_end_of_its_ring() {
        for (lanes, payloads, records, step, fits) in
            [(1, 64, 64, 192, 31), (30, 64, 64, 192, 31), (30, 8, 64, 192, 63), (30, 8, 128, 384, 31)]
        {
            let region = region_of(geometry_of(lanes, 4096, payloads, records));
            for lane in 0..lanes {
                let view = || LaneView::new(&region, lane, 0);
                let start = u64::from(lane) * step % 4096;
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
                assert_eq!(writer.count(), 200 + fits, "a full ring less one header, lane {lane}");
            }
        }
    }

    #[test]
    fn whatever_a_peer_writes_the_ends_of_a_lane_stay_in_its_ring() {
        const CAPACITY: u64 = 4096;
        let region = region_of(geometry_of(3, CAPACITY, 8, 8));
        let geometry = lane_geometry(region.geometry());
        let [before, lane, behind] = [0, 1, 2].map(|lane| LaneView::new(&region, lane, 0));
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut fast = 0;
        for _ in 0..300 {
            let view = || LaneView::new(&region, 1, 0);
            // Most of them come to the end of the ring before the peer has stopped them.
            let start = random(CAPACITY / 8) * 8;
            for word in [view().committed(), view().consumed()] {
                word.store(start, Relaxed);
            }
            view().count().store(0, Relaxed);
            (0..CAPACITY).step_by(8).for_each(|at| lane.ring().header(Position(at)).store(0, Relaxed));
            let mut writer = Writer::resume(view(), geometry).unwrap();
            let mut reader = Reader::resume(view(), geometry).unwrap();
            let mut places = Vec::new();
            for _ in 0..200 {
                let length = random(48);
                match random(8) {
                    0..=2 => fast += u32::from(writer.append(length, |spot| spot.write(&vec![7; length as usize]))),
                    3 => {
                        let mut run = writer.run();
                        while random(9) > 0 && run.append(length, |spot| spot.write(&vec![7; length as usize])) {}
                    }
                    4 => {
                        if let Ok(reservation) = writer.reserve(length) {
                            let warmed = writer.forget_warmed();
                            writer.commit_in_place(warmed, reservation, random(length + 2));
                            writer.warm_after(&reservation);
                        }
                    }
                    5 => {
                        let mut buffer = vec![0; length as usize];
                        fast += u32::from(reader.take_exact(length, |spot| spot.read(&mut buffer)));
                    }
                    6 => {
                        let mark = reader.mark();
                        reader.gather(mark, 5, &mut places);
                        while let Ok(Some(record)) = reader.poll() {
                            reader.advance(record);
                        }
                        if random(2) == 0 {
                            reader.rewind(mark)
                        } else {
                            let _ = reader.publish();
                        }
                    }
                    // The peer: mostly a word that is nearly right.
                    _ => {
                        let ring = lane.ring();
                        let word = match random(4) {
                            0 => lane.committed(),
                            1 => lane.consumed(),
                            _ => ring.header(Position(random(CAPACITY))),
                        };
                        let change = [8, 64, 1 << 34, u64::MAX - 7, 1 << 63][random(5) as usize];
                        word.store(word.load(Relaxed).wrapping_add(change), Relaxed);
                    }
                }
            }
        }
        assert!(fast > 1000, "the shortest way was taken {fast} times");
        for neighbour in [before, behind] {
            let is_zero = |at| neighbour.ring().header(Position(at)).load(Relaxed) == 0;
            assert!((0..CAPACITY).step_by(8).all(is_zero), "a lane's neighbour was written to");
        }
    }

    #[test]
    fn what_is_not_published_is_an_eighth_of_the_ring_at_most() {
        for (capacity, length) in [(4096, 8), (4096, 300), (1 << 16, 8), (1 << 16, 300), (1 << 20, 8), (1 << 20, 300)] {
            let region = region_of(geometry_of(1, capacity, 8, 8));
            let geometry = lane_geometry(region.geometry());
            let mut writer = Writer::resume(LaneView::new(&region, 0, 0), geometry).unwrap();
            let (mut end, mut furthest) = (0, 0);
            while let Ok(reservation) = writer.reserve(length) {
                writer.commit(reservation, length);
                end += geometry.record_bytes(length);
                furthest = furthest.max(end - writer.memory().committed().load(Relaxed));
            }
            let stretch = (capacity / 8).min(if length == 8 { 2048 } else { 8192 });
            assert!(furthest <= stretch.max(geometry.record_bytes(length)), "{furthest} of {capacity}, {length}");
            assert!(furthest > stretch / 2, "and not much less: {furthest} of {capacity}, {length}");
        }
    }
}
