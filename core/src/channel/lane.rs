//! The lane's words where they ship: in a region.

use crate::layout::Geometry;
use crate::region::LaneView;
use crate::ring::log::{LaneGeometry, LaneMemory, Position};
use crate::sync::AtomicU64;

impl LaneMemory for LaneView {
    #[inline]
    fn header(&self, position: Position) -> &AtomicU64 {
        self.word(position.0)
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

/// The shape of every lane of a channel.
pub(super) fn lane_geometry(geometry: &Geometry) -> LaneGeometry {
    LaneGeometry::new(geometry.capacity, geometry.payload_alignment.into(), geometry.max_message)
}
