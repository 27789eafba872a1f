//! The folder that channels stand in: whether it can take one, and what is in it.

use super::names::{Location, SHARED_MEMORY, folder};
use super::refusals::Creation;
use crate::error::{CreateError, Printable};
use crate::region::sys::{self, FileKind};
use std::io;

impl Location {
    /// Makes sure that the folder can take a new channel, and makes the default one if it is missing.
    ///
    /// The default one has to belong to this user alone, since it stands where every user can create folders.
    pub(in crate::region) fn prepare_folder(&self, creation: Creation<'_>) -> Result<(), CreateError> {
        let folder = self.folder();
        let channel = || self.label.clone();
        let named = || folder.display().to_string();
        if self.in_private_folder() {
            match sys::make_private_folder(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(CreateError::UnsuitableFolder {
                        channel: channel(),
                        folder: SHARED_MEMORY.to_owned(),
                        reason: "does not exist, and channels stand there by default; mount a tmpfs there, or set \
                                 MEMLANE_DIR to another folder",
                    });
                }
                other => other.map_err(|source| creation.refused("making the folder", source))?,
            }
        }
        let facts = match sys::look_at(folder, self.in_private_folder()) {
            Ok(facts) => facts,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(CreateError::NoFolder { channel: channel(), folder: named() });
            }
            Err(source) => return Err(creation.refused("looking at the folder", source)),
        };
        let ours_alone = facts.kind == FileKind::Directory && facts.owner == sys::user_id() && facts.mode & 0o077 == 0;
        if self.in_private_folder() && !ours_alone {
            return Err(CreateError::UnsafeFolder { channel: channel(), folder: named() });
        }
        let unsuitable = if facts.kind != FileKind::Directory {
            Some("is not a folder; use another one (MEMLANE_DIR, or a path)")
        } else {
            sys::unsuitable_filesystem(folder)
        };
        match unsuitable {
            Some(reason) => Err(CreateError::UnsuitableFolder { channel: channel(), folder: named(), reason }),
            None => Ok(()),
        }
    }
}

/// Names of the files in the folder of named channels that look like channels, sorted. If the default folder is absent, it
/// has none.
pub(crate) fn list_folder() -> io::Result<Vec<String>> {
    let (folder, is_default) = folder();
    // What the system says names no folder.
    let failed = |error: io::Error| {
        io::Error::new(error.kind(), format!("reading the folder {} failed: {error}", Printable(folder.display())))
    };
    let entries = match sys::read_folder(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_default => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = Printable(folder.display());
            let said = format!("the folder {folder} does not exist; make it first, or correct MEMLANE_DIR");
            return Err(io::Error::new(error.kind(), said));
        }
        other => other.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".lane"));
        names.extend(stem.filter(|stem| Location::of(stem).is_ok()).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}
