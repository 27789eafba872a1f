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
    /// The number of the last slot: all bits that the number of a slot can have.
    last_slot: u64,
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
            last_slot: u64::from(geometry.slots) - 1,
            slot_bytes: geometry.slot_bytes() as usize,
            payload_at: geometry.slot_payload_at() as usize,
            payload_max: geometry.max_message as usize,
        }
    }

    /// How many versions have a slot: a power of two.
    #[inline]
    pub(crate) fn slots(&self) -> u64 {
        self.last_slot + 1
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

    /// The slot of this version.
    #[inline(always)]
    pub(crate) fn slot_of(&self, version: u64) -> ValueSlot<'_> {
        let slot = (version & self.last_slot) as usize;
        // SAFETY: there are `last_slot + 1` slots, a power of two, so the remainder is the number of one; all lie inside the region, as
        // asserted in `new`.
        let start = unsafe { self.base.add(slot * self.slot_bytes) };
        ValueSlot { start, values: self }
    }
}

/// A slot of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueSlot<'a> {
    start: NonNull<u8>,
    values: &'a ValuesView,
}

impl ValueSlot<'_> {
    /// Its sequence.
    #[inline(always)]
    pub(crate) fn sequence(&self) -> &AtomicU64 {
        // SAFETY: slots are whole lines, and start with an atomic; any content is valid for it. `values` keeps the memory.
        unsafe { self.start.cast().as_ref() }
    }

    /// The length of its value.
    #[inline(always)]
    pub(crate) fn length(&self) -> &AtomicU64 {
        // SAFETY: as in `sequence`; the length is the second word.
        unsafe { self.start.add(8).cast().as_ref() }
    }

    /// Copies a value into the slot. The caller is the value's only writer.
    #[inline]
    pub(crate) fn write(&self, value: &[u8]) {
        self.payload(value.len()).write(0, value);
    }

    /// Copies the start of the slot's value, filling `buffer`.
    #[inline(always)]
    pub(crate) fn read(&self, buffer: &mut [u8]) {
        // A number, which is what many values are, is one load and one store.
        if let Ok(word) = <&mut [u8; 8]>::try_from(&mut *buffer) {
            return self.payload(word.len()).read(word);
        }
        self.payload(buffer.len()).read(buffer);
    }

    /// Copies the first `length` bytes of the slot's value to the end of `vector`, which grows by them.
    pub(crate) fn append_to(&self, length: usize, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        self.payload(length).append_to(vector)
    }

    /// The place of `length` bytes of the value.
    ///
    /// # Panics
    /// If they do not fit: lengths are compared with the longest value before, so that is a bug in the engine.
    #[inline(always)]
    fn payload(&self, length: usize) -> PayloadView<'_> {
        if length > self.values.payload_max {
            beyond_the_slot();
        }
        // SAFETY: a slot has room for its two words and for `payload_max` bytes; slots are whole lines, and payloads are aligned to
        // 8 in them.
        unsafe { PayloadView::new(self.start.add(self.values.payload_at), length) }
    }
}

#[cold]
#[inline(never)]
fn beyond_the_slot() -> ! {
    panic!("a value does not fit into its slot");
}
