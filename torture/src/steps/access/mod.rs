//! Which memory the next instruction of a process touches that stands still.
//!
//! A store shows in the file, a load does not; but what a load saw may be outdated when its process goes on. `decoded` knows the
//! instructions of x86-64; elsewhere, by `unknown`, no access is known, and only what changed the file shows.

#[cfg(target_arch = "x86_64")]
mod decoded;
#[cfg(not(target_arch = "x86_64"))]
mod unknown;

#[cfg(target_arch = "x86_64")]
pub use decoded::Accesses;
#[cfg(not(target_arch = "x86_64"))]
pub use unknown::Accesses;
