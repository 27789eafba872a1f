//! The memory of a region: its bytes, its header page, and how messages are copied in and out.
//!
//! Another process can write to any byte at any moment. So this room hands out references to atomics and raw places that are
//! copied from, each byte once, and nothing else. A `&[u8]` it hands out only to callers that hold a [`TrustPeers`].
//!
//! - `bytes`: the mapped memory, and the marker trait of what may be shared in place.
//! - `header`: building the header page, and checking one.
//! - `copy`: the routines that copy payloads.
//! - `prefetch`: cache lines that are asked for before they are written to.
//! - `trust`: the promise by which payloads may be borrowed.
//! - `wishes`: prefaulting, locking, huge pages.
//!
//! What holds:
//! - *A mapping is exactly as long as the validated geometry says*, and the file was at least that long.
//! - *An offset is checked against that length* before it becomes a reference.
//!
//! It knows nothing of names, files and locks: it needs `sys` alone.

mod bytes;
mod copy;
pub(in crate::region) mod header;
mod prefetch;
mod trust;
mod wishes;

pub(in crate::region) use self::{
    bytes::{Bytes, SharedWords},
    copy::PayloadView,
    header::{NO_BOOT, SemaphoreKind},
    prefetch::{learn_prefetching, prefetch_write},
};
pub(crate) use self::{
    header::{Facts, Redelivery},
    wishes::MemoryOptions,
};
pub use self::{
    trust::TrustPeers,
    wishes::{Granted, MemoryReport},
};
