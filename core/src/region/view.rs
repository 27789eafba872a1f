//! Typed windows into a region, and the one routine that copies payload bytes in and out.
//!
//! Another process can write to any byte at any moment. So payloads are copied through raw pointers, each byte read
//! once, and never borrowed as `&[u8]`, unless the caller holds a [`TrustPeers`].

use super::Region;
use super::bytes::SharedWords;
use super::copy::PayloadView;
use crate::layout::{ChannelControl, Gate, LaneControl, ParticipantRow, QueueControl};
use crate::sync::AtomicU64;
use std::collections::TryReserveError;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

/// The caller's word that no peer writes to messages while they are borrowed.
///
/// A shared region can be written by every process that mapped it. Rust's `&[u8]` promises that nobody writes to the
/// bytes while the reference lives, so borrowing a message in place is a promise about *other processes*, which no type
/// can check. This token is that promise, made once; the methods that take it are then safe to call.
///
/// Without it, messages are copied: always sound, and for messages of up to a few hundred bytes just as fast.
#[derive(Debug, Clone, Copy)]
pub struct TrustPeers(());

impl TrustPeers {
    /// Promises that the peers of every channel on which this token is used are correct memlane participants.
    ///
    /// # Safety
    /// For as long as a slice obtained with this token lives, no other process or thread writes to the bytes that it
    /// covers, nor (for a mutable one) reads them. Every correct memlane participant obeys this: a sender writes only to
    /// what no receiver holds. A process that maps the file by other means, or a memlane participant with a memory
    /// error, may not.
    ///
    /// And, for a channel whose backend is [`Semaphore`](crate::Backend::Semaphore): for as long as this process takes part in
    /// it, nobody writes to its semaphores but participants, by the functions of the C library.
    #[must_use]
    pub const unsafe fn promise() -> Self {
        Self(())
    }
}

/// A window onto one struct of a region, which it keeps alive.
#[derive(Debug)]
pub(crate) struct View<T> {
    pointer: NonNull<T>,
    _region: Arc<Region>,
}

// SAFETY: a `View` is a shared reference to atomics (`T: SharedWords` at construction) plus an `Arc`.
unsafe impl<T> Send for View<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for View<T> {}

impl<T> View<T> {
    fn new(region: &Arc<Region>, at: u64) -> Self
    where
        T: SharedWords,
    {
        Self { pointer: NonNull::from(region.bytes.shared::<T>(at)), _region: Arc::clone(region) }
    }
}

impl<T> Deref for View<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: made from a valid reference into the region's memory, which `_region` keeps alive and in place.
        unsafe { self.pointer.as_ref() }
    }
}

impl View<ChannelControl> {
    pub(crate) fn control(region: &Arc<Region>) -> Self {
        Self::new(region, region.map().control_at)
    }
}

impl View<ParticipantRow> {
    pub(crate) fn participant(region: &Arc<Region>, row: u32) -> Self {
        Self::new(region, region.row_offset(row))
    }
}

impl View<QueueControl> {
    pub(crate) fn queue(region: &Arc<Region>) -> Self {
        Self::new(region, region.queue_offset())
    }
}

impl Region {
    fn queue_offset(&self) -> u64 {
        assert!(self.geometry().has_slots());
        self.map().queue_at
    }

    /// The words of the slot queue.
    pub(crate) fn queue(&self) -> &QueueControl {
        self.bytes.shared(self.queue_offset())
    }

    fn row_offset(&self, row: u32) -> u64 {
        assert!(row < self.geometry().participants());
        self.map().participants_at + u64::from(row) * size_of::<ParticipantRow>() as u64
    }

    /// One row of the participant table.
    pub(crate) fn row(&self, row: u32) -> &ParticipantRow {
        self.bytes.shared(self.row_offset(row))
    }

    /// The channel's own words.
    pub(crate) fn control(&self) -> &ChannelControl {
        self.bytes.shared(self.map().control_at)
    }

    /// A lane's words.
    pub(crate) fn lane(&self, lane: u32) -> &LaneControl {
        self.bytes.shared(self.lane_offset(lane))
    }

    fn lane_offset(&self, lane: u32) -> u64 {
        assert!(lane < self.geometry().lanes());
        self.map().lanes_at + u64::from(lane) * size_of::<LaneControl>() as u64
    }

    fn gate_offset(&self, lane: u32, seat: u32) -> u64 {
        let geometry = self.geometry();
        assert!(lane < geometry.lanes() && seat < geometry.receivers);
        self.map().gates_at
            + (u64::from(lane) * u64::from(geometry.receivers) + u64::from(seat)) * size_of::<Gate>() as u64
    }
}

/// The smallest ring, and more than the largest.
const RING_BYTES_MIN: u64 = 4096;
const RING_BYTES_MAX: u64 = 1 << 40;

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

// SAFETY: the ring pointer stands for shared memory that `control` keeps alive; access to it is atomic or, for payloads,
// ordered by the lane's headers.
unsafe impl Send for LaneView {}

impl LaneView {
    /// Lane `lane` as its writer and the reader in `seat` see it.
    pub(crate) fn new(region: &Arc<Region>, lane: u32, seat: u32) -> Self {
        let capacity = region.geometry().capacity;
        let at = region.map().data_at + u64::from(lane) * capacity;
        assert!(lane < region.geometry().lanes() && at + capacity <= region.bytes.length() as u64);
        assert!(capacity.is_power_of_two() && (RING_BYTES_MIN..=RING_BYTES_MAX).contains(&capacity));
        // SAFETY: the whole ring lies inside the region's memory, as asserted.
        let base = unsafe { region.bytes.base().add(at as usize) };
        Self {
            control: View::new(region, region.lane_offset(lane)),
            gate: View::new(region, region.gate_offset(lane, seat)),
            base,
            mask: capacity - 8,
        }
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
    #[inline]
    pub(crate) fn read(self, position: u64, buffer: &mut [u8]) {
        self.payload(position, buffer.len()).read(buffer);
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

#[cold]
#[inline(never)]
fn beyond_the_ring() -> ! {
    panic!("a payload reaches beyond the end of the ring");
}
