//! A channel in this process.

use crate::liveness::{self, Change};
use crate::region::sys::cancel_guard;
use crate::region::{Origin, Region};
use std::sync::Arc;

/// A channel in this process. The `Channel`s, senders and receivers that were made from it share it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) region: Arc<Region>,
    pub(crate) participant_name: String,
    pub(crate) origin: Origin,
    /// Whether the channel is removed when this is dropped, unless another process uses it.
    pub(crate) remove_on_drop: bool,
    /// Whether a receiver counts the senders since the channel was created, instead of those since it joined.
    pub(crate) ends_when_drained: bool,
}

impl Shared {
    /// Ends the channel for all, and tells them. In a forked child, it does nothing.
    pub(super) fn close(&self) {
        if !self.region.mark().is_foreign() {
            self.region.set_closed();
            liveness::announce(&self.region, Change::Anything);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.remove_on_drop && !self.region.mark().is_foreign() {
            let _guard = cancel_guard();
            // If another process uses it, it stays.
            let _ = self.region.remove(false);
        }
    }
}
