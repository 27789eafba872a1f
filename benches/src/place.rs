//! Where the ends of contests meet: a folder on tmpfs. Some libraries put what they share elsewhere in `/dev/shm`; their files bear
//! the folder's name in front, and go with it.

use anyhow::Result;
use std::path::Path;
use tempfile::TempDir;

/// Named shared memory lies here, and the folder, too.
const SHARED_MEMORY: &str = "/dev/shm";

/// The folder, until it is dropped.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// A new one.
    pub fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix("memlane-benches-").tempdir_in(SHARED_MEMORY)? })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left: some of a library's files are there to stay, and who is killed cleans nothing up.
        let Some(name) = self.folder.path().file_name().map(|name| name.to_string_lossy().into_owned()) else { return };
        for entry in std::fs::read_dir(SHARED_MEMORY).into_iter().flatten().flatten() {
            let belongs = entry.file_name().to_string_lossy().starts_with(&name);
            if belongs && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                // Nobody can do anything about it if it fails.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bears_the_places_name_goes_with_it() {
        let (place, other) = (Place::new().unwrap(), Place::new().unwrap());
        let named_after = |place: &Place| {
            let path = place.path().with_extension("segment");
            std::fs::write(&path, "").unwrap();
            path
        };
        let (own, others) = (named_after(&place), named_after(&other));
        let folder = place.path().to_owned();
        drop(place);
        assert!(!own.exists() && !folder.exists());
        assert!(others.exists() && other.path().exists());
    }
}
