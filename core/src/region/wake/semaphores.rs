//! The participants' semaphores, and the bitmaps of those that sleep on theirs.

use crate::region::Region;
use crate::region::sys::{self, Moment};
use crate::sync::{AtomicU32, AtomicU64};
use std::ops::Range;
use std::sync::Arc;

/// The semaphores of a channel that has them, as one participant uses them. Keeps the region alive.
///
/// Invariant: the region is private, or the caller that opened it promised that its peers are correct participants
/// ([`TrustPeers`](crate::region::TrustPeers)). Creating and opening a channel with semaphores refuse anything else, except
/// for removing it, which makes no such view.
#[derive(Debug, Clone)]
pub(crate) struct SemaphoresView {
    region: Arc<Region>,
    /// Whose semaphore it sleeps on; `None`: it only wakes.
    row: Option<u32>,
}

impl SemaphoresView {
    pub(in crate::region) fn new(region: &Arc<Region>, row: Option<u32>) -> Self {
        Self { region: Arc::clone(region), row }
    }

    /// Whose semaphore this one sleeps on.
    pub(crate) fn row(&self) -> Option<u32> {
        self.row
    }

    /// The rows of the participants that may sleep on `word`. The word's place in the region tells which.
    pub(crate) fn rows_on(&self, word: &AtomicU32) -> Range<u32> {
        let geometry = self.region.geometry();
        if std::ptr::eq(word, &self.region.control().data) {
            return geometry.senders..geometry.participants();
        }
        // Either role waits for the other.
        if std::ptr::eq(word, &self.region.control().arrivals) {
            return 0..geometry.participants();
        }
        if let Some(client) = self.region.caller_at(word) {
            return client..client + 1;
        }
        self.region.lane_of(word).map_or(0..geometry.senders, |lane| lane..lane + 1)
    }

    /// A word of the bitmap of sleepers that take any wake-up.
    pub(crate) fn sleepers(&self, index: usize) -> &AtomicU64 {
        &self.region.control().sleepers[index]
    }

    /// A word of the bitmap of sleepers that take only wake-ups of all.
    pub(crate) fn sleepers_for_all(&self, index: usize) -> &AtomicU64 {
        &self.region.control().sleepers_for_all[index]
    }

    /// Waits on a participant's semaphore.
    pub(crate) fn wait(&self, row: u32, until: Moment) {
        // SAFETY: made at creation; by this type's invariant only participants write to it, by these functions.
        unsafe { sys::semaphore_wait(&self.region.row(row).semaphore, until) }
    }

    /// Posts a participant's semaphore.
    pub(crate) fn post(&self, row: u32) {
        // SAFETY: as in `wait`.
        unsafe { sys::semaphore_post(&self.region.row(row).semaphore) }
    }
}

impl Region {
    /// Makes every participant's semaphore. At creation, before anybody else sees the region.
    pub(in crate::region) fn make_semaphores(&self, process_private: bool) {
        for row in 0..self.geometry().participants() {
            // SAFETY: nobody else has the region yet.
            unsafe { sys::semaphore_init(&self.row(row).semaphore, !process_private) }
        }
    }
}
