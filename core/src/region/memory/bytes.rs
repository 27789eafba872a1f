//! The memory of a region: mapped from a file, or of this process alone.

use crate::layout::{
    ChannelControl, EventControl, Gate, LaneControl, NewsControl, ParticipantRow, PermitControl, QueueControl,
    StatusCell, ValueControl,
};
use crate::sync::{AtomicU32, AtomicU64};
use memmap2::{MmapOptions, MmapRaw};
use std::io;
use std::ptr::NonNull;

/// Types that may be shared in place with other processes.
///
/// # Safety
/// Every field is an atomic (so writes by others are what it is for), every bit pattern is valid, and the type has no
/// drop glue.
pub(in crate::region) unsafe trait SharedWords {}

// SAFETY: all fields are atomics of the shim; see `layout`, where sizes and offsets are asserted.
unsafe impl SharedWords for StatusCell {}
// SAFETY: as above.
unsafe impl SharedWords for ParticipantRow {}
// SAFETY: as above.
unsafe impl SharedWords for ChannelControl {}
// SAFETY: as above.
unsafe impl SharedWords for NewsControl {}
// SAFETY: as above.
unsafe impl SharedWords for LaneControl {}
// SAFETY: as above.
unsafe impl SharedWords for Gate {}
// SAFETY: as above.
unsafe impl SharedWords for QueueControl {}
// SAFETY: as above.
unsafe impl SharedWords for ValueControl {}
// SAFETY: as above.
unsafe impl SharedWords for PermitControl {}
// SAFETY: as above.
unsafe impl SharedWords for EventControl {}
// SAFETY: an atomic.
unsafe impl SharedWords for AtomicU32 {}
// SAFETY: an atomic.
unsafe impl SharedWords for AtomicU64 {}

/// A stretch of memory at a fixed address, readable in full for as long as this value lives.
pub(in crate::region) struct Bytes {
    base: NonNull<u8>,
    length: usize,
    #[cfg_attr(not(feature = "named-segments"), expect(dead_code, reason = "it is there to be dropped"))]
    backing: Backing,
}

/// The owner of the memory, which keeps it in place.
enum Backing {
    Mapping {
        _mapping: MmapRaw,
    },
    #[cfg(feature = "named-segments")]
    Segment(shared_memory::Shmem),
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bytes").field("base", &self.base).field("length", &self.length).finish_non_exhaustive()
    }
}

// SAFETY: `Bytes` hands out references to atomics and raw pointers only; nothing in it is tied to a thread.
unsafe impl Send for Bytes {}
// SAFETY: as above; all access through a shared `Bytes` is atomic, or copying through `copy`, which is ordered by atomics.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// Takes over a mapping.
    pub(in crate::region) fn mapped(mapping: MmapRaw) -> Self {
        let length = mapping.len();
        let base = NonNull::new(mapping.as_mut_ptr()).expect("a mapping never starts at address 0");
        Self { base, length, backing: Backing::Mapping { _mapping: mapping } }
    }

    /// Takes over a segment.
    #[cfg(feature = "named-segments")]
    pub(in crate::region) fn segment(segment: shared_memory::Shmem) -> Self {
        let base = NonNull::new(segment.as_ptr()).expect("a mapping never starts at address 0");
        Self { base, length: segment.len(), backing: Backing::Segment(segment) }
    }

    /// From now on the segment's name outlives this value.
    #[cfg(feature = "named-segments")]
    pub(in crate::region) fn keep_segment(&mut self) {
        if let Backing::Segment(segment) = &mut self.backing {
            segment.set_owner(false);
        }
    }

    /// Copies the start of the memory, filling `buffer`.
    #[cfg(feature = "named-segments")]
    pub(in crate::region) fn read(&self, buffer: &mut [u8]) {
        assert!(buffer.len() <= self.length);
        // SAFETY: page-aligned and valid for `length` bytes, as long as `self` lives.
        unsafe { super::copy::copy_out(self.base, buffer) }
    }

    /// `length` zeroed bytes of this process alone, backed by memory as they are touched.
    pub(in crate::region) fn anonymous(length: usize) -> io::Result<Self> {
        Ok(Self::mapped(MmapOptions::new().len(length).map_anon()?.into()))
    }

    /// Bytes in all.
    pub(in crate::region) fn length(&self) -> usize {
        self.length
    }

    /// Address of the first byte.
    pub(in crate::region) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The words at offset `at`, in place.
    ///
    /// # Panics
    /// If they do not lie inside: offsets come from the private, validated geometry, so that is a bug in the engine.
    pub(in crate::region) fn shared<T: SharedWords>(&self, at: u64) -> &T {
        let at = usize::try_from(at).expect("64-bit");
        assert!(
            at.checked_add(size_of::<T>()).is_some_and(|end| end <= self.length) && at.is_multiple_of(align_of::<T>())
        );
        // SAFETY: the range lies inside the memory, which lives as long as `self`; the base is page-aligned, so the
        // address is aligned; `T: SharedWords` makes any content valid and concurrent writes allowed.
        unsafe { self.base.add(at).cast::<T>().as_ref() }
    }

    /// At which offset this one stands, if it is in here.
    pub(in crate::region) fn offset_of<T: SharedWords>(&self, shared: &T) -> Option<u64> {
        let at = std::ptr::from_ref(shared).addr().checked_sub(self.base.addr().get())?;
        let is_inside = at.checked_add(size_of::<T>()).is_some_and(|end| end <= self.length);
        is_inside.then_some(at as u64)
    }

    /// Copies `bytes` to offset `at`. For creation, before another process sees the memory.
    pub(in crate::region) fn write_unshared(&mut self, at: usize, bytes: &[u8]) {
        assert!(at.checked_add(bytes.len()).is_some_and(|end| end <= self.length));
        // SAFETY: the range lies inside the memory; `&mut self` at creation means that nobody else has it yet.
        unsafe { self.base.add(at).copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) }
    }
}
