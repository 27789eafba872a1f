//! The frames where they ship: in a region, or in what was read of its file.

use crate::channel::port::slot_geometry;
use crate::error::Corruption;
use crate::layout::RowIndex;
use crate::liveness::Dead;
use crate::region::{FramesView, Region, Signals};
use crate::ring::frames::{FrameMemory, Frames, Settled};
use crate::ring::slots::SlotMemory;
use crate::sync::{AtomicU32, AtomicU64};
use crate::wait::eventcount;
use std::sync::Arc;

impl SlotMemory for FramesView {
    #[inline]
    fn slot(&self, slot: u16) -> &AtomicU64 {
        self.requests().word(slot)
    }

    #[inline]
    fn slot_header(&self, slot: u16) -> &AtomicU64 {
        self.requests().header(slot)
    }

    #[inline]
    fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        self.requests().cell(ring, index)
    }

    #[inline]
    fn head(&self, ring: u8) -> &AtomicU64 {
        &self.requests().ring(ring).head
    }

    #[inline]
    fn tail(&self, ring: u8) -> &AtomicU64 {
        &self.requests().ring(ring).tail
    }

    #[inline]
    fn returned(&self) -> &AtomicU64 {
        &self.requests().control().returned
    }

    #[inline]
    fn searched(&self) -> &AtomicU64 {
        &self.requests().control().searched
    }
}

impl FrameMemory for FramesView {
    #[inline]
    fn caller(&self, frame: u16) -> &AtomicU64 {
        FramesView::caller(self, frame)
    }

    #[inline]
    fn answer_length(&self, frame: u16) -> &AtomicU32 {
        FramesView::answer_length(self, frame)
    }
}

/// The frames of a region, for the participant in this row.
pub(super) fn frames(region: &Arc<Region>, row: u32) -> Frames<FramesView> {
    Frames::new(FramesView::new(region), slot_geometry(region.geometry()), RowIndex(row as u16))
}

/// Finishes or undoes what these participants hold, which are dead or about to leave, and wakes the clients that get no answer.
///
/// The caller announces the deaths afterwards, and that wakes all others that sleep.
pub(super) fn settle(region: &Arc<Region>, dead: &Dead<'_>) -> Result<(), Corruption> {
    // Nothing is taken here, so no row is needed.
    let frames = frames(region, 0);
    let signals = Signals::of(region, None);
    frames.reap(dead, region.geometry().repeats, region.facts().redelivery.limit, |settled| match settled {
        Settled::Failed(frame) => drop(eventcount::notify(&signals, frames.memory().bell(frame))),
        // Servers look for it when they have the news.
        Settled::Returned(_) => {}
    })
}
