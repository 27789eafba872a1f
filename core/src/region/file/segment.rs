//! Regions in named shared-memory segments of the operating system, through the `shared_memory` crate.
//!
//! The portable way, and the weaker one; off by default:
//! - The segment has its name before it has its content: an opener can come too early. It finds no header yet, a header
//!   whose checksum does not hold yet, or a status that says so, each of which is an error.
//! - A creator that is killed meanwhile leaves the name behind: remove it.
//! - The crate opens a segment by its name, and so does the look whether it has holes and whose it is: should it be replaced in
//!   between, that look was at another one. A file is opened once.
//! - Each handle keeps a descriptor open; permission bits are always 0600.
//! - The crate has had no release since 2022.
//!
//! Which participants are alive is proved by a lock file in the folder of named channels, as for these.

use super::create::{CreateSpec, Lifetime};
use super::open::{self, Expectations};
use super::stale;
use crate::error::{CreateError, NotAChannel, OpenError, RemoveError};
use crate::layout::HeaderBlock;
use crate::region::Region;
use crate::region::location::{InvalidName, Location, NamedPlace, Place, not_opened, not_removed};
use crate::region::locks::{count_processes, lock_file, lock_unless_alive};
use crate::region::memory::{Bytes, Facts, MemoryOptions, header};
use crate::region::sys::{self, Filesystem, LockingFile};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use shared_memory::{Shmem, ShmemConf, ShmemError};
use std::io;

/// What the operating system knows a channel's segment by.
fn segment_of(location: &Location) -> String {
    format!("/memlane-{}-{}", sys::user_id(), location.label)
}

impl Region {
    /// Makes a region in a segment of this name.
    pub(crate) fn create_segment(name: &str, spec: &CreateSpec) -> Result<Self, CreateError> {
        let location =
            Location::of_segment(name).map_err(|InvalidName| CreateError::InvalidName { channel: name.to_owned() })?;
        if spec.mode != 0o600 {
            return Err(CreateError::InvalidOption {
                channel: name.to_owned(),
                option: "mode",
                given: format!("{:#o}", spec.mode),
                wanted: "cannot be chosen for a segment: it is 0o600".to_owned(),
            });
        }
        let mut facts = spec.facts(name, Lifetime::Files)?;
        let size = facts.map.total;
        spec.check_trust(name)?;
        let creation = spec.creation(name, Some(&location), size);
        location.prepare_folder(creation)?;
        let failed = |action: &'static str| move |source: io::Error| creation.refused(action, source);

        let (lock_file, _temporary) = lock_file::build(&location, creation, spec.mode, &facts.instance)?;
        let lock_path = location.lock_path(&facts.instance);
        let lock_id = sys::look_at_open(&lock_file).map_err(failed("looking at the lock file"))?.id;
        facts.lock_inode = lock_id.inode();
        sys::link_into_place(lock_file.as_fd(), &lock_path).map_err(failed("naming the lock file"))?;
        match make_segment(&location, size as usize) {
            Ok(bytes) => {
                let place = NamedPlace { location: location.clone(), id: None, lock_path, lock_id };
                Ok(spec.initialise(name, bytes, facts, Place::Named(place)))
            }
            Err(source) => {
                let _ = sys::unlink(&lock_path);
                Err(failed("making the segment")(source))
            }
        }
    }

    /// Opens the region in the segment of this name.
    pub(crate) fn open_segment(name: &str, expected: &Expectations, memory: MemoryOptions) -> Result<Self, OpenError> {
        let location =
            Location::of_segment(name).map_err(|InvalidName| CreateError::InvalidName { channel: name.to_owned() })?;
        let at = &location;
        let failed = |action: &'static str| move |source: io::Error| not_opened(name, Some(at), action, source);
        let (file, owner) = find_file(name, &location, expected)?;
        let (bytes, facts) = open_bytes(name, &location)?;
        open::check_kind(name, &facts, expected)?;
        if stale::is_stale(&location, &facts, owner).map_err(failed("looking whether it is stale"))? {
            return Err(OpenError::Stale { channel: name.to_owned(), boot: facts.boot_text() });
        }
        open::check_expectations(name, &facts, expected)?;
        let lock_path = location.lock_path(&facts.instance);
        let lock_file = lock_file::open_of(&lock_path, &facts, owner);
        let Some((_, lock_id)) = lock_file.map_err(failed("opening the lock file"))? else {
            return Err(OpenError::LockFile { channel: name.to_owned(), path: lock_path.display().to_string() });
        };
        let file_facts = sys::look_at_open(&file).map_err(failed("looking at the file"))?;
        let filesystem = Filesystem::of(&file).map_err(failed("looking at the filesystem"))?;
        open::check_whole(name, file_facts, filesystem, &facts)?;
        let place = NamedPlace { location: location.clone(), id: None, lock_path, lock_id };
        open::check_status(name, bytes, facts, Place::Named(place), memory)
    }
}

/// A new segment, whose name stays.
fn make_segment(location: &Location, size: usize) -> io::Result<Bytes> {
    let segment =
        sys::above_standard(|| ShmemConf::new().os_id(segment_of(location)).size(size).create().map_err(io_error))?;
    let mut bytes = Bytes::segment(segment);
    // The crate reserves nothing: without this, a full disk would be a signal at the first write.
    sys::prefault(bytes.base(), bytes.length())?;
    bytes.keep_segment();
    Ok(bytes)
}

/// The file that the segment is on Linux, and its owner. Any user can take a name first, since the folder of segments is
/// everybody's.
fn find_file(name: &str, location: &Location, expected: &Expectations) -> Result<(OwnedFd, u32), OpenError> {
    let failed = |source: io::Error| not_opened(name, Some(location), "looking at the segment", source);
    let file = sys::open_pinned(&sys::segment_file(&segment_of(location))).map_err(failed)?;
    let facts = sys::look_at_open(&file).map_err(failed)?;
    open::check_owner(name, facts, expected)?;
    Ok((file, facts.owner))
}

fn open_segment(location: &Location) -> io::Result<Shmem> {
    sys::above_standard(|| ShmemConf::new().os_id(segment_of(location)).open().map_err(io_error))
}

/// The segment's memory, and what its header says.
fn open_bytes(name: &str, location: &Location) -> Result<(Bytes, Facts), OpenError> {
    let failed = |source: io::Error| not_opened(name, Some(location), "opening the segment", source);
    let not_a_channel = |found| OpenError::NotAChannel { channel: name.to_owned(), found };
    let segment = open_segment(location);
    let bytes = match segment {
        // It has no memory yet.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(not_a_channel(NotAChannel::Unfinished));
        }
        other => Bytes::segment(other.map_err(failed)?),
    };
    let mut start = [0; HeaderBlock::BYTES];
    let start = &mut start[..HeaderBlock::BYTES.min(bytes.length())];
    bytes.read(start);
    if start.iter().all(|&byte| byte == 0) {
        return Err(not_a_channel(NotAChannel::Unfinished));
    }
    let facts = header::parse(name, start, bytes.length() as u64)?;
    Ok((bytes, facts))
}

/// Removes the segment of this name and its lock file, also one that was never finished. Unless `force`, only if nobody
/// alive uses it.
pub(crate) fn remove_segment(name: &str, force: bool) -> Result<(), RemoveError> {
    let location =
        Location::of_segment(name).map_err(|InvalidName| RemoveError::InvalidName { channel: name.to_owned() })?;
    let at = &location;
    let failed = |action: &'static str| move |source: io::Error| not_removed(at, action, source);
    let mut segment = open_segment(&location).map_err(failed("opening the segment"))?;
    let mut lock_files = Vec::new();
    for path in location.lock_files().map_err(failed("looking for lock files"))? {
        let file = lock_file::open(&path).map_err(failed("opening the lock file"))?;
        lock_files.extend(file.map(|file| (LockingFile::new(file), path)));
    }
    // Held until both are gone.
    for (lock_file, path) in lock_files.iter().filter(|_| !force) {
        let count = || count_processes(lock_file);
        let locked = lock_unless_alive(lock_file, count).map_err(failed("locking the lock file"))?;
        locked.map_err(|in_use| in_use.refusal(name, path))?;
    }
    segment.set_owner(true);
    drop(segment);
    for (_, path) in &lock_files {
        let _ = sys::unlink(path);
    }
    Ok(())
}

/// What the operating system said, in as far as the crate tells.
fn io_error(error: ShmemError) -> io::Error {
    match error {
        ShmemError::MappingIdExists => Errno::EXIST.into(),
        ShmemError::MapCreateFailed(code) | ShmemError::MapOpenFailed(code) | ShmemError::UnknownOsError(code) => {
            io::Error::from_raw_os_error(code as i32)
        }
        other => io::Error::other(other.to_string()),
    }
}
