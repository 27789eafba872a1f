//! The words of a semaphore and of an event, in a region.

use super::words::View;
use crate::layout::{EventControl, PermitControl, Store};
use crate::region::Region;
use crate::sync::AtomicU64;
use std::ptr::NonNull;
use std::sync::Arc;

/// The permits of a region that has some, which it keeps alive.
#[derive(Debug)]
pub(crate) struct PermitsView {
    control: View<PermitControl>,
    base: NonNull<u8>,
    places: u32,
    place_bytes: usize,
}

// SAFETY: the pointer stands for shared memory that `control` keeps alive; access to it is atomic.
unsafe impl Send for PermitsView {}
// SAFETY: as above.
unsafe impl Sync for PermitsView {}

impl PermitsView {
    /// The permits of a region of a kind that has some.
    pub(crate) fn new(region: &Arc<Region>) -> Self {
        let (geometry, map) = (region.geometry(), region.map());
        let end = map.data_at + u64::from(geometry.slots) * geometry.slot_bytes();
        assert!(geometry.row.store == Store::Permits && end <= region.bytes().length() as u64);
        Self {
            control: View::new(region, map.queue_at),
            // SAFETY: all places lie inside the region's memory, as asserted.
            base: unsafe { region.bytes().base().add(map.data_at as usize) },
            places: geometry.slots,
            place_bytes: geometry.slot_bytes() as usize,
        }
    }

    /// How many places there are.
    #[inline]
    pub(crate) fn places(&self) -> u32 {
        self.places
    }

    /// The word of a place.
    ///
    /// # Panics
    /// If there is no such place: the engine checks what it finds in shared words before, so that is a bug in it.
    #[inline]
    pub(crate) fn place(&self, index: u32) -> &AtomicU64 {
        assert!(index < self.places, "there is no such place");
        // SAFETY: there are `places` places, whole lines each, all inside the region, as asserted in `new`; each begins with an atomic,
        // for which any content is valid. `control` keeps the memory.
        unsafe { self.base.add(index as usize * self.place_bytes).cast().as_ref() }
    }

    /// The pool's word.
    #[inline]
    pub(crate) fn pool(&self) -> &AtomicU64 {
        &self.control.pool
    }
}

impl View<EventControl> {
    pub(crate) fn event(region: &Arc<Region>) -> Self {
        assert!(region.geometry().row.store == Store::Event);
        Self::new(region, region.map().queue_at)
    }
}

impl Region {
    /// Stores how many permits there are at first. For creation, before another process sees the region.
    pub(in crate::region) fn fill_pool(&self) {
        if self.geometry().row.store == Store::Permits {
            let control: &PermitControl = self.bytes().shared(self.map().queue_at);
            let word = crate::layout::PoolWord::fresh(self.geometry().capacity);
            control.pool.store(word.bits(), crate::sync::Ordering::Relaxed);
        }
    }
}
