//! The slot queue's words in a region: mapped, or read from the file by an observer.

use crate::error::Corruption;
use crate::layout::{Geometry, RowIndex};
use crate::liveness::Dead;
use crate::region::{Region, SlotWords, SlotsLook, SlotsView};
use crate::ring::slots::{OnDeath, Queue, SlotGeometry, SlotMemory};
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::sync::Arc;

/// What has a queue's words mapped.
trait Mapped {
    /// The words, by value.
    fn words(&self) -> SlotWords<'_>;
}

impl Mapped for SlotsView {
    #[inline(always)]
    fn words(&self) -> SlotWords<'_> {
        SlotsView::words(self)
    }
}

impl Mapped for SlotWords<'_> {
    #[inline(always)]
    fn words(&self) -> SlotWords<'_> {
        *self
    }
}

impl<T: Mapped> SlotMemory for T {
    #[inline]
    fn slot(&self, slot: u16) -> &AtomicU64 {
        self.words().word(slot)
    }

    #[inline]
    fn slot_header(&self, slot: u16) -> &AtomicU64 {
        self.words().header(slot)
    }

    #[inline]
    fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        self.words().cell(ring, index)
    }

    #[inline]
    fn head(&self, ring: u8) -> &AtomicU64 {
        &self.words().ring(ring).head
    }

    #[inline]
    fn tail(&self, ring: u8) -> &AtomicU64 {
        &self.words().ring(ring).tail
    }

    #[inline]
    fn returned(&self) -> &AtomicU64 {
        &self.words().control().returned
    }

    #[inline]
    fn searched(&self) -> &AtomicU64 {
        &self.words().control().searched
    }
}

impl SlotMemory for SlotsLook<'_> {
    fn slot(&self, slot: u16) -> &AtomicU64 {
        self.word(slot)
    }

    fn slot_header(&self, slot: u16) -> &AtomicU64 {
        self.header(slot)
    }

    fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        SlotsLook::cell(self, ring, index)
    }

    fn head(&self, ring: u8) -> &AtomicU64 {
        SlotsLook::head(self, ring)
    }

    fn tail(&self, ring: u8) -> &AtomicU64 {
        SlotsLook::tail(self, ring)
    }

    fn returned(&self) -> &AtomicU64 {
        &self.control().returned
    }

    fn searched(&self) -> &AtomicU64 {
        &self.control().searched
    }
}

pub(in crate::channel) fn slot_geometry(geometry: &Geometry) -> SlotGeometry {
    SlotGeometry::new(geometry.slots, geometry.cells(), geometry.priorities as u8)
}

/// The queue of a region, for the participant in this row.
pub(super) fn queue(region: &Arc<Region>, row: u32) -> Queue<SlotsView> {
    Queue::new(SlotsView::new(region), slot_geometry(region.geometry()), RowIndex(row as u16))
}

/// Finishes or undoes what these participants hold, which are dead or about to leave.
///
/// It wakes nobody: the caller announces the deaths afterwards, and that wakes every sleeper.
pub(super) fn settle(region: &Arc<Region>, dead: &Dead<'_>) -> Result<(), Corruption> {
    let redelivery = region.facts().redelivery;
    let policy = if redelivery.discard_on_death { OnDeath::Discard } else { OnDeath::Redeliver };
    // The queue only reaps here, and takes no slot, so it needs no row of its own.
    let queue = queue(region, 0);
    let report = queue.reap(dead, policy, redelivery.limit)?;
    let control = &queue.memory().control;
    control.discarded.fetch_add(report.discarded.into(), Relaxed);
    control.dead_letters.fetch_add(report.given_up.into(), Relaxed);
    Ok(())
}
