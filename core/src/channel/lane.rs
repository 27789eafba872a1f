//! The lane's words where they ship: in a region, mapped or only read.

use crate::error::Corruption;
use crate::layout::Geometry;
use crate::liveness::Dead;
use crate::region::{LaneLook, LaneView, Region, RingLook, RingView};
use crate::ring::log::{LaneGeometry, LaneMemory, Position, Ring};
use crate::sync::AtomicU64;
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
pub(super) fn lane_geometry(geometry: &Geometry) -> LaneGeometry {
    LaneGeometry::new(geometry.capacity, geometry.payload_alignment.into(), geometry.max_message)
}

/// A dead participant of a lane holds nothing that has to be undone: an uncommitted record does not exist, and what a
/// receiver had not given back is still there.
pub(super) fn settle_nothing(_: &Arc<Region>, _: &Dead<'_>) -> Result<(), Corruption> {
    Ok(())
}
