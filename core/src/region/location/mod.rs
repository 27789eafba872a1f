//! Where regions are, and what the operating system says of these places.
//!
//! ```text
//! /dev/shm/memlane-1000/            the folder: private, and made where it is missing, by default
//! ├── prices.lane                   the region
//! └── prices.lane.<instance>.lock   its lock file
//! ```
//!
//! - `names`: from a channel's name to its path.
//! - `folder`: whether the folder can take a channel, and which channels it has.
//! - `place`: where an open region is; not every one has a name.
//! - `refusals`: from the numbers of the operating system to what the caller can do.
//!
//! What holds: *a name leads to the same path in every process of a user* that has the same `MEMLANE_DIR`; *a lock file's name
//! carries its region's instance*, so it belongs to one region and is never used again.
//!
//! It opens and maps nothing: it needs `sys` alone.

mod folder;
mod names;
mod place;
mod refusals;

pub use self::names::channel_path;
pub(crate) use self::{folder::list_folder, names::Location};
pub(in crate::region) use self::{
    names::InvalidName,
    place::{NamedPlace, Place},
    refusals::{Creation, UNLINKING, not_found, not_opened, not_removed},
};
