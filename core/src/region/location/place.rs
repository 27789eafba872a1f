//! Where an open region is.

use super::names::Location;
use crate::region::sys::{FileId, KeptFile, Reach};
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

impl Place {
    /// Whose threads may take part in the region.
    ///
    /// A private region is a private mapping, so a forked child has a copy, and nothing that it does there reaches this process; its
    /// inherited handles refuse all calls besides. A child that shares this process's memory is within reach.
    pub(in crate::region) fn reach(&self) -> Reach {
        match self {
            Self::Private => Reach::ThisProcess,
            Self::Named(_) | Self::Anonymous { .. } => Reach::AllRegistered,
        }
    }
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
