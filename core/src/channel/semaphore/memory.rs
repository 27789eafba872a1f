//! The words of a semaphore where they ship: in a region, or in what was read of its file.

use crate::error::Corruption;
use crate::layout::RowIndex;
use crate::liveness::Dead;
use crate::region::{PermitsLook, PermitsView, Region};
use crate::ring::permits::{PermitMemory, Semaphore};
use crate::sync::AtomicU64;
use std::sync::Arc;

impl PermitMemory for PermitsView {
    #[inline]
    fn places(&self) -> u32 {
        Self::places(self)
    }

    #[inline]
    fn place(&self, index: u32) -> &AtomicU64 {
        Self::place(self, index)
    }

    #[inline]
    fn pool(&self) -> &AtomicU64 {
        Self::pool(self)
    }
}

impl PermitMemory for PermitsLook<'_> {
    fn places(&self) -> u32 {
        PermitsLook::places(self)
    }

    fn place(&self, index: u32) -> &AtomicU64 {
        PermitsLook::place(self, index)
    }

    fn pool(&self) -> &AtomicU64 {
        PermitsLook::pool(self)
    }
}

/// The semaphore in a region, as the participant in this row uses it.
pub(super) fn semaphore(region: &Arc<Region>, row: u32) -> Semaphore<PermitsView> {
    Semaphore::new(PermitsView::new(region), RowIndex(row as u16))
}

/// Frees what these participants held, which are dead or about to leave.
pub(super) fn settle(region: &Arc<Region>, dead: &Dead<'_>) -> Result<(), Corruption> {
    semaphore(region, 0).reap(dead).map(drop)
}
