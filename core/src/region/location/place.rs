//! Where an open region is.

use super::names::Location;
use crate::region::sys::{FileId, KeptFile};
use std::path::PathBuf;

/// Where a region is, and with it its lock file.
#[derive(Debug)]
pub(in crate::region) enum Place {
    /// A file with a name, found again by it. No descriptor stays open.
    Named(NamedPlace),
    /// Two memfds.
    Anonymous { file: KeptFile, locks: KeptFile },
    /// This process's memory.
    Private,
}

/// See [`Place::Named`].
#[derive(Debug)]
pub(in crate::region) struct NamedPlace {
    pub(in crate::region) location: Location,
    /// The file; `None` for a segment, which is none.
    pub(in crate::region) id: Option<FileId>,
    pub(in crate::region) lock_path: PathBuf,
    pub(in crate::region) lock_id: FileId,
}
