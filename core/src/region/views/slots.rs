//! The slot queue's words and payloads, in a region.

use super::words::View;
use crate::layout::{QueueControl, RingControl};
use crate::region::Region;
use crate::region::memory::{PayloadView, TrustPeers};
use crate::sync::AtomicU64;
use std::collections::TryReserveError;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

/// The slot queue of a region, which it keeps alive.
#[derive(Debug)]
pub(crate) struct SlotsView {
    /// Its words as a whole.
    pub(crate) control: View<QueueControl>,
    places: Places,
}

/// Where its rings, cells and slots are.
#[derive(Debug, Clone, Copy)]
struct Places {
    rings: NonNull<RingControl>,
    cells: NonNull<AtomicU64>,
    slots: NonNull<u8>,
    ring_count: u8,
    /// Cells of each ring, a power of two.
    cells_per_ring: u64,
    slot_count: u32,
    slot_bytes: usize,
    payload_at: usize,
    payload_max: usize,
}

/// The queue's words and its slots, by value.
///
/// A function that has it in a variable of its own computes and checks an address once. Behind a reference, it would load
/// the base and the sizes again after each atomic operation, since the compiler does not know that nobody changes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotWords<'a> {
    control: &'a QueueControl,
    places: Places,
    /// The view keeps them in place.
    view: PhantomData<&'a SlotsView>,
}

// SAFETY: the pointers stand for shared memory that `control` keeps alive; access to it is atomic or, for payloads,
// ordered by the slots' words.
unsafe impl Send for SlotsView {}
// SAFETY: as above: the slots' words decide who copies a payload in or out, among the threads of a process as among processes.
// Borrowing a payload for writing takes `&mut self`.
unsafe impl Sync for SlotsView {}

impl SlotsView {
    /// The queue of a region that has one.
    pub(crate) fn new(region: &Arc<Region>) -> Self {
        let (geometry, map) = (region.geometry(), region.map());
        let (rings, cells, slots) = (u64::from(geometry.priorities), geometry.cells(), u64::from(geometry.slots));
        let rings_at = map.queue_at + size_of::<QueueControl>() as u64;
        let length = region.bytes().length() as u64;
        assert!(geometry.row.has_cells() && slots >= 1 && rings >= 1);
        assert!(rings_at + rings * size_of::<RingControl>() as u64 <= map.cells_at);
        assert!(
            map.cells_at + rings * cells * 8 <= map.data_at && map.data_at + slots * geometry.slot_bytes() <= length
        );
        // SAFETY: all three lie inside the region's memory, as asserted, and are aligned: the offsets are multiples of
        // 128, 8 and 4096, and the memory is page-aligned.
        let at = |offset: u64| unsafe { region.bytes().base().add(offset as usize) };
        Self {
            control: View::queue(region),
            places: Places {
                rings: at(rings_at).cast(),
                cells: at(map.cells_at).cast(),
                slots: at(map.data_at),
                ring_count: geometry.priorities as u8,
                cells_per_ring: cells,
                slot_count: geometry.slots,
                slot_bytes: geometry.slot_bytes() as usize,
                payload_at: geometry.slot_payload_at() as usize,
                payload_max: geometry.max_message as usize,
            },
        }
    }

    /// Its words and slots, for a function that uses them more than once.
    #[inline(always)]
    pub(crate) fn words(&self) -> SlotWords<'_> {
        SlotWords { control: &self.control, places: self.places, view: PhantomData }
    }

    /// Its words and frames, with the answers for payloads.
    #[inline(always)]
    pub(super) fn answers(&self, answer_at: usize, answer_max: usize) -> SlotWords<'_> {
        let places = Places { payload_at: answer_at, payload_max: answer_max, ..self.places };
        SlotWords { control: &self.control, places, view: PhantomData }
    }

    /// Borrows the first `length` bytes of the slot's payload for writing. The caller owns the slot.
    #[inline]
    pub(crate) fn borrow_mut(&mut self, trust: TrustPeers, slot: u16, length: usize) -> &mut [u8] {
        // SAFETY: `&mut self` is the owner's only view.
        unsafe { self.words().payload(slot, length).borrow_mut(trust) }
    }
}

impl<'a> SlotWords<'a> {
    /// The queue's words as a whole.
    #[inline]
    pub(crate) fn control(self) -> &'a QueueControl {
        self.control
    }

    /// The priority of the least urgent messages.
    pub(crate) fn lowest_priority(self) -> u8 {
        self.places.ring_count.saturating_sub(1)
    }

    /// A ring's positions.
    #[inline]
    pub(crate) fn ring(self, ring: u8) -> &'a RingControl {
        assert!(ring < self.places.ring_count);
        // SAFETY: inside the region, which the view keeps alive; atomics, for which any content is valid.
        unsafe { self.places.rings.add(ring.into()).as_ref() }
    }

    /// A cell of a ring; the index wraps.
    #[inline]
    pub(crate) fn cell(self, ring: u8, index: u64) -> &'a AtomicU64 {
        assert!(ring < self.places.ring_count);
        let at = u64::from(ring) * self.places.cells_per_ring + (index & (self.places.cells_per_ring - 1));
        // SAFETY: as in `ring`.
        unsafe { self.places.cells.add(at as usize).as_ref() }
    }

    #[inline]
    pub(super) fn slot_at(self, slot: u16) -> NonNull<u8> {
        assert!(u32::from(slot) < self.places.slot_count);
        // SAFETY: as asserted, inside the region.
        unsafe { self.places.slots.add(usize::from(slot) * self.places.slot_bytes) }
    }

    /// A slot's word.
    #[inline]
    pub(crate) fn word(self, slot: u16) -> &'a AtomicU64 {
        // SAFETY: slots are whole lines, and start with an atomic; any content is valid for it.
        unsafe { self.slot_at(slot).cast().as_ref() }
    }

    /// A slot's header.
    #[inline]
    pub(crate) fn header(self, slot: u16) -> &'a AtomicU64 {
        // SAFETY: as in `word`; the header is the second word.
        unsafe { self.slot_at(slot).add(8).cast().as_ref() }
    }

    /// Whether a slot has room for so many bytes of payload.
    #[inline(always)]
    pub(crate) fn has_room_for(self, length: usize) -> bool {
        length <= self.places.payload_max
    }

    /// The place of `length` payload bytes of a slot.
    ///
    /// # Panics
    /// If they do not fit: lengths are validated against private geometry, so that is a bug in the engine.
    #[inline]
    fn payload(self, slot: u16, length: usize) -> PayloadView<'a> {
        if !self.has_room_for(length) {
            beyond_the_slot();
        }
        // SAFETY: a slot has room for its header and for `payload_max` bytes; slots are whole lines, and payloads are aligned
        // to 8 in them.
        unsafe { PayloadView::new(self.slot_at(slot).add(self.places.payload_at), length) }
    }

    /// Copies `bytes` into the slot, `skip` bytes from its payload's start. The caller owns the slot.
    #[inline]
    pub(crate) fn write(self, slot: u16, skip: usize, bytes: &[u8]) {
        self.payload(slot, skip.saturating_add(bytes.len())).write(skip, bytes);
    }

    /// Copies the start of the slot's payload, filling `buffer`.
    #[inline]
    pub(crate) fn read(self, slot: u16, buffer: &mut [u8]) {
        self.payload(slot, buffer.len()).read(buffer);
    }

    /// Copies the first `length` bytes of the slot's payload to the end of `vector`, which grows by them.
    pub(crate) fn append_to(self, slot: u16, length: usize, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        self.payload(slot, length).append_to(vector)
    }

    /// Borrows the first `length` bytes of the slot's payload. The caller owns the slot.
    #[inline]
    pub(crate) fn borrow(self, trust: TrustPeers, slot: u16, length: usize) -> &'a [u8] {
        self.payload(slot, length).borrow(trust)
    }
}

#[cold]
#[inline(never)]
fn beyond_the_slot() -> ! {
    panic!("a payload does not fit into its slot");
}
