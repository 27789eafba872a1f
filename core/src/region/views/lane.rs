//! A lane's words and its ring, in a region.

use super::cursor::RingCursor;
use super::words::View;
use crate::layout::{Gate, LaneControl};
use crate::region::Region;
use crate::region::memory::{PayloadView, TrustPeers, learn_prefetching, prefetch_write};
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::collections::TryReserveError;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

/// The smallest ring, and more than the largest.
const RING_BYTES_MIN: u64 = 4096;
const RING_BYTES_MAX: u64 = 1 << 40;
const LINE: u64 = size_of::<Line>() as u64;

/// One lane: its words and its ring, for one writer or one reader seat. Keeps the region alive.
#[derive(Debug)]
pub(crate) struct LaneView {
    /// The lane's words.
    pub(crate) control: View<LaneControl>,
    /// The reader seat's word.
    pub(crate) gate: View<Gate>,
    base: NonNull<u8>,
    mask: u64,
}

/// The bytes of a lane's ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingView<'a> {
    base: NonNull<u8>,
    /// Ring bytes − 8: what turns a position into the offset of a word.
    mask: u64,
    /// The lane keeps the bytes in place.
    lane: PhantomData<&'a LaneView>,
}

/// The words of a cache line.
#[derive(Debug)]
#[repr(C, align(64))]
struct Line([AtomicU64; 8]);

// SAFETY: the ring pointer stands for shared memory that `control` keeps alive; access to it is atomic or, for payloads,
// ordered by the lane's headers.
unsafe impl Send for LaneView {}

impl LaneView {
    /// Lane `lane` as its writer and the reader in `seat` see it.
    pub(crate) fn new(region: &Arc<Region>, lane: u32, seat: u32) -> Self {
        let capacity = region.geometry().capacity;
        let at = region.map().data_at + u64::from(lane) * capacity;
        assert!(lane < region.geometry().lanes() && at + capacity <= region.bytes().length() as u64);
        assert!(capacity.is_power_of_two() && (RING_BYTES_MIN..=RING_BYTES_MAX).contains(&capacity));
        // SAFETY: the whole ring lies inside the region's memory, as asserted.
        let base = unsafe { region.bytes().base().add(at as usize) };
        learn_prefetching();
        Self {
            control: View::new(region, region.lane_offset(lane)),
            gate: View::new(region, region.gate_offset(lane, seat)),
            base,
            mask: capacity - 8,
        }
    }

    /// A cursor of its own for an end of the lane.
    pub(crate) fn cursor(&self) -> RingCursor {
        // SAFETY: the ring is `mask + 8` bytes, a power of two from 4096 on, and page-aligned, as is every data area; it lies in the
        // region's memory, as `new` asserted.
        unsafe { RingCursor::new(self.control.region(), self.base, self.mask) }
    }

    /// The ring.
    #[inline]
    pub(crate) fn ring(&self) -> RingView<'_> {
        RingView { base: self.base, mask: self.mask, lane: PhantomData }
    }

    /// Borrows bytes of the ring at `position` for writing. The caller holds the reservation, exclusively.
    #[inline]
    pub(crate) fn borrow_mut(&mut self, trust: TrustPeers, position: u64, length: usize) -> &mut [u8] {
        // SAFETY: `&mut self` is the writer's only view.
        unsafe { self.ring().payload(position, length).borrow_mut(trust) }
    }
}

impl<'a> RingView<'a> {
    /// The ring's word at this position, which wraps, and is rounded down to a multiple of 8.
    #[inline]
    pub(crate) fn word(self, position: u64) -> &'a AtomicU64 {
        let at = (position & self.mask) as usize;
        // SAFETY: `at` is a multiple of 8 below the capacity, a power of two ≥ 4096, so the word lies inside the ring,
        // which the lane keeps alive; the ring is page-aligned; any content is valid for an atomic.
        unsafe { self.base.add(at).cast::<AtomicU64>().as_ref() }
    }

    /// The lines of so many bytes from this position on, which wraps, and is rounded down to a line: those before the end of the ring.
    #[inline]
    fn lines(self, position: u64, bytes: u64) -> &'a [Line] {
        let first = position & self.mask & !(LINE - 1);
        let end = self.mask.saturating_add(8).min(first.saturating_add(bytes));
        // SAFETY: they begin at a multiple of a line below the capacity, a power of two from a page on, and end there at the latest,
        // so they lie inside the ring, which the lane keeps alive; the ring is page-aligned; any content is valid for atomics.
        unsafe {
            let lines = self.base.add(first as usize).cast::<Line>();
            std::slice::from_raw_parts(lines.as_ptr(), (end.saturating_sub(first) / LINE) as usize)
        }
    }

    /// Stores 0 at the starts of the lines of so many bytes from this position on.
    #[inline]
    pub(crate) fn zero_lines(self, position: u64, bytes: u64) {
        for line in self.lines(position, bytes) {
            line.start().store(0, Relaxed);
        }
    }

    /// Takes these lines to this core, for writing, some time soon.
    #[inline]
    pub(crate) fn prefetch_write(self, position: u64, bytes: u64) {
        prefetch_write(self.lines(position, bytes).iter().map(Line::start));
    }

    /// The place of `length` payload bytes at `position`, which wraps, and is rounded down to a multiple of 8.
    ///
    /// # Panics
    /// If they reach beyond the end of the ring: the lane's algorithm validates every length, so that is a bug in the
    /// engine.
    #[inline]
    fn payload(self, position: u64, length: usize) -> PayloadView<'a> {
        let at = position & self.mask;
        // SAFETY: a ring has a size in between (`LaneView::new`). Said here, so that of the checks below only the second is left
        // for a short message whose length the compiler knows.
        unsafe { std::hint::assert_unchecked(self.mask >= RING_BYTES_MIN - 8 && self.mask < RING_BYTES_MAX) };
        let capacity = self.mask + 8;
        if length as u64 > capacity || at > capacity - length as u64 {
            beyond_the_ring();
        }
        // SAFETY: as checked, the bytes lie inside the ring, which the lane keeps alive; `at` is a multiple of 8, and the ring
        // page-aligned.
        unsafe { PayloadView::new(self.base.add(at as usize), length) }
    }

    /// Copies `bytes` into the ring at `position`, `skip` bytes further on.
    #[inline]
    pub(crate) fn write(self, position: u64, skip: usize, bytes: &[u8]) {
        self.payload(position, skip + bytes.len()).write(skip, bytes);
    }

    /// Copies bytes out of the ring at `position`, filling `buffer`.
    #[inline(always)]
    pub(crate) fn read(self, position: u64, buffer: &mut [u8]) {
        self.payload(position, buffer.len()).read(buffer);
    }

    /// Copies bytes out of the ring at `position`, `skip` bytes further on, filling `buffer`.
    #[inline]
    pub(crate) fn read_behind(self, position: u64, skip: usize, buffer: &mut [u8]) {
        self.payload(position, skip.saturating_add(buffer.len())).read_behind(skip, buffer);
    }

    /// Copies `length` bytes out of the ring at `position` to the end of `vector`, which grows by them.
    pub(crate) fn append_to(self, position: u64, length: usize, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        self.payload(position, length).append_to(vector)
    }

    /// Borrows bytes of the ring at `position`. The caller holds the record.
    #[inline]
    pub(crate) fn borrow(self, trust: TrustPeers, position: u64, length: usize) -> &'a [u8] {
        self.payload(position, length).borrow(trust)
    }
}

impl Line {
    #[inline]
    fn start(&self) -> &AtomicU64 {
        let [start, ..] = &self.0;
        start
    }
}

#[cold]
#[inline(never)]
fn beyond_the_ring() -> ! {
    panic!("a payload reaches beyond the end of the ring");
}
