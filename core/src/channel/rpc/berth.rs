//! Where a thread sleeps that waits for a call beside other things.

use crate::channel::waitable::WokenAt;
use crate::region::{Region, Signals};
use std::sync::Arc;

/// The word of a frame, and how to sleep there, apart from the client's handle, which other calls use meanwhile.
#[derive(Debug)]
pub(super) struct Berth {
    signals: Signals,
    region: Arc<Region>,
    frame: u16,
}

impl Berth {
    /// That of the call in this frame, for the client in this row.
    pub(super) fn new(region: &Arc<Region>, row: u32, frame: u16) -> Self {
        Self { signals: Signals::of(region, Some(row)), region: Arc::clone(region), frame }
    }

    pub(super) fn woken_at(&self) -> WokenAt<'_> {
        WokenAt { signals: &self.signals, word: self.region.bell(self.frame.into()) }
    }
}
