//! The words of a channel with several lanes where they ship: in a region.

use crate::layout::NewsControl;
use crate::region::{LaneView, Region, View};
use crate::ring::lanes::LanesMemory;
use crate::sync::{AtomicU32, AtomicU64};
use std::sync::Arc;

/// The words of a channel with several lanes.
#[derive(Debug)]
pub(crate) struct LanesView {
    region: Arc<Region>,
    news: View<NewsControl>,
}

impl LanesView {
    pub(super) fn new(region: &Arc<Region>) -> Self {
        Self { region: Arc::clone(region), news: View::news(region) }
    }
}

impl LanesMemory for LanesView {
    type Lane = LaneView;

    fn lanes(&self) -> u32 {
        self.region.geometry().lanes()
    }

    fn row(&self, lane: u32) -> &AtomicU64 {
        &self.region.row(lane).state
    }

    fn changes(&self, group: u32) -> &AtomicU32 {
        &self.news.changes[group as usize]
    }

    fn membership(&self) -> &AtomicU32 {
        &self.news.membership_of_senders
    }

    fn lane(&self, lane: u32) -> LaneView {
        LaneView::new(&self.region, lane, 0)
    }
}
