//! A channel in this process.

use crate::liveness::{self, Change, Settle, Watch};
use crate::region::sys::cancel_guard;
use crate::region::{Granted, Origin, Region};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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
    pub(crate) watching: Watching,
}

/// Whether this process's guardian watches for deaths in a channel, as long as a seat of it is taken here.
#[derive(Debug, Default)]
pub(crate) struct Watching {
    is_wanted: bool,
    // As in `CurrentBlock`: a forked child never gets here with its parent's handles.
    current: Mutex<Weak<Watch>>,
}

impl Watching {
    pub(super) fn wanted(is_wanted: bool) -> Self {
        Self { is_wanted, ..Self::default() }
    }

    fn current(&self) -> MutexGuard<'_, Weak<Watch>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// What is to be kept by each seat, so that the guardian watches.
    pub(super) fn watch(&self, settle: Settle) -> Option<Arc<Watch>> {
        if !self.watching.is_wanted {
            return None;
        }
        let mut current = self.watching.current();
        Some(current.upgrade().unwrap_or_else(|| {
            let watch = Arc::new(Watch::start(&self.region, settle));
            *current = Arc::downgrade(&watch);
            watch
        }))
    }

    /// What has become of the wish that the guardian watches.
    pub(super) fn peers_watched(&self) -> Granted {
        let watch = self.watching.current().upgrade();
        watch.map_or(Granted::NotAsked, |watch| watch.granted())
    }

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
