//! A value's words and the bytes of its versions, in a region.

use super::words::View;
use crate::layout::{Store, ValueControl};
use crate::region::Region;
use crate::region::memory::PayloadView;
use crate::sync::AtomicU64;
use std::collections::TryReserveError;
use std::ptr::NonNull;
use std::sync::Arc;

/// The value of a region that holds one, which it keeps alive.
#[derive(Debug)]
pub(crate) struct ValuesView {
    control: View<ValueControl>,
    base: NonNull<u8>,
    slots: u32,
    slot_bytes: usize,
    payload_at: usize,
    payload_max: usize,
}

// SAFETY: the pointer stands for shared memory that `control` keeps alive; access to it is atomic or copies payload bytes, of which
// the sequence around them decides whether they count.
unsafe impl Send for ValuesView {}

impl ValuesView {
    /// The value of a region of a kind that has one.
    pub(crate) fn new(region: &Arc<Region>) -> Self {
        let (geometry, map) = (region.geometry(), region.map());
        let end = map.data_at + u64::from(geometry.slots) * geometry.slot_bytes();
        assert!(geometry.row.store == Store::Value && geometry.slots.is_power_of_two());
        assert!(end <= region.bytes().length() as u64);
        Self {
            control: View::value(region),
            // SAFETY: all slots lie inside the region's memory, as asserted.
            base: unsafe { region.bytes().base().add(map.data_at as usize) },
            slots: geometry.slots,
            slot_bytes: geometry.slot_bytes() as usize,
            payload_at: geometry.slot_payload_at() as usize,
            payload_max: geometry.max_message as usize,
        }
    }

    /// How many versions have a slot: a power of two.
    #[inline]
    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    /// The longest value in bytes.
    #[inline]
    pub(crate) fn length_max(&self) -> usize {
        self.payload_max
    }

    /// Which version is the latest.
    #[inline]
    pub(crate) fn root(&self) -> &AtomicU64 {
        &self.control.root
    }

    /// A slot's sequence.
    #[inline]
    pub(crate) fn sequence(&self, slot: u64) -> &AtomicU64 {
        // SAFETY: slots are whole lines, and start with an atomic; any content is valid for it.
        unsafe { self.slot_at(slot).cast().as_ref() }
    }

    /// The length of a slot's value.
    #[inline]
    pub(crate) fn length(&self, slot: u64) -> &AtomicU64 {
        // SAFETY: as in `sequence`; the length is the second word.
        unsafe { self.slot_at(slot).add(8).cast().as_ref() }
    }

    /// Copies a value into the slot. The caller is the value's only writer.
    #[inline]
    pub(crate) fn write(&self, slot: u64, value: &[u8]) {
        self.payload(slot, value.len()).write(0, value);
    }

    /// Copies the start of the slot's value, filling `buffer`.
    #[inline(always)]
    pub(crate) fn read(&self, slot: u64, buffer: &mut [u8]) {
        self.payload(slot, buffer.len()).read(buffer);
    }

    /// Copies the first `length` bytes of the slot's value to the end of `vector`, which grows by them.
    pub(crate) fn append_to(&self, slot: u64, length: usize, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        self.payload(slot, length).append_to(vector)
    }

    #[inline]
    fn slot_at(&self, slot: u64) -> NonNull<u8> {
        assert!(slot < u64::from(self.slots));
        // SAFETY: as asserted here and in `new`, inside the region.
        unsafe { self.base.add(slot as usize * self.slot_bytes) }
    }

    /// The place of `length` bytes of a slot's value.
    ///
    /// # Panics
    /// If they do not fit: lengths are compared with the longest value before, so that is a bug in the engine.
    #[inline]
    fn payload(&self, slot: u64, length: usize) -> PayloadView<'_> {
        if length > self.payload_max {
            beyond_the_slot();
        }
        // SAFETY: a slot has room for its two words and for `payload_max` bytes; slots are whole lines, and payloads are aligned to
        // 8 in them.
        unsafe { PayloadView::new(self.slot_at(slot).add(self.payload_at), length) }
    }
}

#[cold]
#[inline(never)]
fn beyond_the_slot() -> ! {
    panic!("a value does not fit into its slot");
}
