//! The one place that names the standard library's atomics.
//!
//! Everything else in the engine imports [`AtomicU32`], [`AtomicU64`], [`fence`] from here, so that the very code that
//! ships is the code that loom explores: under `cfg(loom)` the same names are loom's, wrapped with a **crash fuse**
//! (`sync::fuse`) that ends the calling thread right before its k-th shared operation, as SIGKILL would.
//!
//! Where a store has to be ordered before a later load, the engine writes `fence(SeqCst)` between them, and never SeqCst
//! *accesses*: loom (0.7) treats those as AcqRel.

#[cfg(not(loom))]
mod std_shim;
#[cfg(not(loom))]
pub use std_shim::*;

#[cfg(loom)]
mod loom_shim;
#[cfg(loom)]
pub use loom_shim::*;
