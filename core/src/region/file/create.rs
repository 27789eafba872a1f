//! Making a region.
//!
//! A named region is built in an unnamed file. Once it is complete, it is linked into place, and replaces nothing there: an
//! opener never sees half of one. The lock file gets its name first. The creator holds its lifecycle byte until the region
//! has its name, so that no other process takes the lock file for an orphan.

use super::open::Expectations;
use super::orphans;
use crate::error::{CreateError, OpenError};
use crate::layout::{Backend, FenceMode, Geometry, Kind, MessageType, NAME_MAX, Policy};
use crate::region::Region;
use crate::region::location::{Creation, Location, NamedPlace, Place};
use crate::region::locks::{LIFECYCLE, lock_file};
use crate::region::memory::{Bytes, Facts, MemoryOptions, NO_BOOT, Redelivery, SemaphoreKind};
use crate::region::sys::{self, KeptFile, LockingFile, Reach, TemporaryName};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;
use std::path::PathBuf;
use zerocopy::IntoBytes;

/// Everything that shapes a new region.
#[derive(Debug, Clone)]
pub(crate) struct CreateSpec {
    pub(crate) geometry: Geometry,
    pub(crate) persistent: bool,
    pub(crate) redelivery: Redelivery,
    pub(crate) policy: Policy,
    /// `None`: asymmetric where the system allows it.
    pub(crate) fence: Option<FenceMode>,
    pub(crate) backend: Backend,
    /// The creator vouches for its peers: semaphores in shared memory need that.
    pub(crate) trusts_peers: bool,
    pub(crate) type_name: String,
    /// Permission bits of the file.
    pub(crate) mode: u32,
    pub(crate) memory: MemoryOptions,
}

/// How long a region's memory can last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::region) enum Lifetime {
    /// As long as the process that made it, which no other one can join.
    ThisProcess,
    /// As long as the processes that have it: never beyond a reboot, so that no boot id is needed.
    Processes,
    /// As long as a file with a name.
    Files,
}

impl Lifetime {
    /// Whose threads may take part.
    fn reach(self) -> Reach {
        match self {
            Self::ThisProcess => Reach::ThisProcess,
            Self::Processes | Self::Files => Reach::AllRegistered,
        }
    }
}

impl CreateSpec {
    /// A region of this shape that nothing else was asked of.
    #[cfg(test)]
    pub(crate) fn plain(geometry: Geometry) -> Self {
        Self {
            geometry,
            persistent: false,
            redelivery: Redelivery::default(),
            policy: Policy::default(),
            fence: None,
            backend: Backend::Futex,
            trusts_peers: false,
            type_name: String::new(),
            mode: 0o600,
            memory: MemoryOptions::default(),
        }
    }

    /// Decides what the header will say. `lifetime`: that of the region's memory.
    pub(in crate::region) fn facts(&self, channel: &str, lifetime: Lifetime) -> Result<Facts, CreateError> {
        let invalid = |option, given: String, wanted: String| CreateError::InvalidOption {
            channel: channel.to_owned(),
            option,
            given,
            wanted,
        };
        let map = self
            .geometry
            .map()
            .map_err(|error| invalid(error.field, error.found.to_string(), format!("has to be {}", error.wanted)))?;
        let message_type = MessageType::of(&self.type_name);
        if self.type_name.len() > NAME_MAX || self.type_name.contains('\0') {
            let wanted = format!("has to be at most {NAME_MAX} bytes without a zero byte");
            return Err(invalid("type_name", message_type.to_string(), wanted));
        }
        let membarrier = sys::register_membarrier(lifetime.reach());
        let fence = match self.fence {
            Some(FenceMode::Asymmetric) if !membarrier => {
                let wanted = "needs membarrier, which this system refuses: use symmetric".to_owned();
                return Err(invalid("fence", "asymmetric".to_owned(), wanted));
            }
            Some(mode) => mode,
            None if membarrier => FenceMode::Asymmetric,
            None => FenceMode::Symmetric,
        };
        if self.backend == Backend::Semaphore && !sys::has_semaphores() {
            let wanted = "needs sem_clockwait, which this C library does not have: use futex".to_owned();
            return Err(invalid("backend", "semaphore".to_owned(), wanted));
        }
        let failed = |action, source| CreateError::Io { channel: channel.to_owned(), action, source };
        Ok(Facts {
            geometry: self.geometry,
            map,
            fence,
            backend: self.backend,
            semaphores: (self.backend == Backend::Semaphore).then_some(SemaphoreKind::OURS),
            persistent: self.persistent,
            redelivery: self.redelivery,
            policy: self.policy,
            instance: sys::random_id().map_err(|source| failed("getting random bits", source))?,
            boot: match lifetime {
                Lifetime::ThisProcess | Lifetime::Processes => NO_BOOT,
                Lifetime::Files => sys::boot_id().map_err(|source| failed("reading the boot id", source))?,
            },
            created_unix_ns: sys::unix_time_ns(),
            creator_pid: sys::process_id(),
            lock_inode: 0,
            message_type,
        })
    }

    /// What errors tell of it.
    pub(in crate::region) fn creation<'a>(
        &self,
        label: &'a str,
        location: Option<&'a Location>,
        bytes: u64,
    ) -> Creation<'a> {
        Creation { label, location, kind: self.geometry.row.kind, bytes }
    }

    /// Refuses semaphores in memory that others can write to, unless the creator vouches for its peers.
    pub(in crate::region) fn check_trust(&self, label: &str) -> Result<(), CreateError> {
        if self.backend == Backend::Semaphore && !self.trusts_peers {
            return Err(CreateError::InvalidOption {
                channel: label.to_owned(),
                option: "backend",
                given: "semaphore".to_owned(),
                wanted: "needs trust_peers: a faulty peer could crash this process through the C library".to_owned(),
            });
        }
        Ok(())
    }

    /// Checks the permission bits that are asked for.
    fn check_mode(&self, location: &Location) -> Result<(), CreateError> {
        let invalid = |wanted: &str| CreateError::InvalidOption {
            channel: location.label.clone(),
            option: "mode",
            given: format!("{:#o}", self.mode),
            wanted: wanted.to_owned(),
        };
        if self.mode & !0o666 != 0 || self.mode & 0o600 != 0o600 {
            return Err(invalid(
                "has to be read and write for the owner, and at most read and write for group and others",
            ));
        }
        if location.in_private_folder() && self.mode & 0o077 != 0 {
            return Err(invalid("is for others, who cannot enter the private folder: give a path, or set MEMLANE_DIR"));
        }
        Ok(())
    }

    /// Fills fresh, zeroed memory. The memory becomes a channel by its last store.
    pub(in crate::region) fn initialise(&self, label: &str, mut bytes: Bytes, facts: Facts, place: Place) -> Region {
        bytes.write_unshared(0, facts.to_block().as_bytes());
        let region = Region::new(label, bytes, facts, place, self.memory);
        region.start_lanes();
        region.fill_pool();
        if self.backend == Backend::Semaphore {
            region.make_semaphores(matches!(region.place(), Place::Private));
        }
        region.publish_status();
        region
    }
}

impl Region {
    /// Makes a region in this process's memory.
    pub(crate) fn create_private(spec: &CreateSpec) -> Result<Self, CreateError> {
        const LABEL: &str = "(private)";
        let facts = spec.facts(LABEL, Lifetime::ThisProcess)?;
        let creation = spec.creation(LABEL, None, facts.map.total);
        creation.check_memory(facts.map.total)?;
        let bytes = Bytes::anonymous(facts.map.total as usize)
            .map_err(|source| creation.refused("mapping the region", source))?;
        Ok(spec.initialise(LABEL, bytes, facts, Place::Private))
    }

    /// Makes a region in a sealed memfd, with a second one for the locks.
    pub(crate) fn create_anonymous(spec: &CreateSpec) -> Result<Self, CreateError> {
        Self::create_sealed(spec, false)
    }

    /// As [`Region::create_anonymous`], and nobody but this process ever writes to either file.
    pub(crate) fn create_one_way(spec: &CreateSpec) -> Result<Self, CreateError> {
        Self::create_sealed(spec, true)
    }

    fn create_sealed(spec: &CreateSpec, is_one_way: bool) -> Result<Self, CreateError> {
        const LABEL: &str = "(anonymous)";
        spec.check_trust(LABEL)?;
        let mut facts = spec.facts(LABEL, Lifetime::Processes)?;
        let creation = spec.creation(LABEL, None, facts.map.total);
        let failed = |action: &'static str| move |source: io::Error| creation.refused(action, source);
        sys::check_file_size_limit(facts.map.total).map_err(failed("asking for the limit of file sizes"))?;
        let file = sys::anonymous_file("memlane").map_err(failed("memfd_create"))?;
        creation.back(&file)?;
        let locks = sys::anonymous_file("memlane-locks").map_err(failed("memfd_create"))?;
        lock_file::write_instance(&locks, &facts.instance).map_err(failed("writing the lock file"))?;
        facts.lock_inode = sys::look_at_open(&locks).map_err(failed("looking at the lock file"))?.id.inode();
        let bytes = map(&file, &facts).map_err(failed("mapping the region"))?;
        // What is mapped stays writable: the seal is about mappings that come later.
        let seal = |file: &OwnedFd| if is_one_way { sys::seal_writing(file) } else { sys::seal_size(file) };
        seal(&file).map_err(failed("sealing the region"))?;
        seal(&locks).map_err(failed("sealing the lock file"))?;
        let kept = |file| KeptFile::new(file).map_err(failed("looking at the region"));
        let place = Place::Anonymous { file: kept(file)?, locks: kept(locks)? };
        Ok(spec.initialise(LABEL, bytes, facts, place))
    }

    /// Makes a region in a file with a name.
    pub(crate) fn create_named(location: &Location, spec: &CreateSpec) -> Result<Self, CreateError> {
        let unnamed = Unnamed::build(location, spec)?;
        let named = unnamed.name(location, |file| sys::link_into_place(file, &location.path));
        let region = named.map_err(|error| match error {
            CreateError::AlreadyExists { channel, .. } => {
                CreateError::AlreadyExists { channel, refusal: refusal_to_open(location, spec) }
            }
            other => other,
        })?;
        orphans::sweep_some(location, &region);
        Ok(region)
    }
}

/// Why the file that is in the way cannot be opened instead. `None`: it can, or it has gone meanwhile.
fn refusal_to_open(location: &Location, spec: &CreateSpec) -> Option<Box<OpenError>> {
    let expected =
        Expectations { kind: Some(spec.geometry.row.kind), trusts_peers: spec.trusts_peers, ..Expectations::default() };
    match Region::open_named(location, &expected, MemoryOptions::default()) {
        Ok(_) | Err(OpenError::NotFound { .. }) => None,
        Err(error) => Some(Box::new(error)),
    }
}

/// A complete region and its lock file, both without their names yet. Dropping it leaves nothing behind.
#[derive(Debug)]
pub(in crate::region) struct Unnamed {
    region: Region,
    file: OwnedFd,
    lock_file: OwnedFd,
    lock_path: PathBuf,
    bytes: u64,
    kind: Kind,
    _temporary: [Option<TemporaryName>; 2],
}

impl Unnamed {
    pub(in crate::region) fn build(location: &Location, spec: &CreateSpec) -> Result<Self, CreateError> {
        let label = &location.label;
        spec.check_trust(label)?;
        let mut facts = spec.facts(label, Lifetime::Files)?;
        let size = facts.map.total;
        spec.check_mode(location)?;
        let creation = spec.creation(label, Some(location), size);
        location.prepare_folder(creation)?;
        let failed = |action: &'static str| move |source: io::Error| creation.refused(action, source);
        sys::check_file_size_limit(size).map_err(failed("asking for the limit of file sizes"))?;

        let (lock_file, lock_temporary) = lock_file::build(location, creation, spec.mode, &facts.instance)?;
        let lock_id = sys::look_at_open(&lock_file).map_err(failed("looking at the lock file"))?.id;
        facts.lock_inode = lock_id.inode();

        let (file, temporary) = sys::create_unnamed(location.folder()).map_err(failed("creating the file"))?;
        sys::set_mode(&file, spec.mode).map_err(failed("setting the file's mode"))?;
        creation.back(&file)?;
        let bytes = map(&file, &facts).map_err(failed("mapping the file"))?;

        let lock_path = location.lock_path(&facts.instance);
        let place = NamedPlace {
            location: location.clone(),
            id: Some(sys::look_at_open(&file).map_err(failed("looking at the file"))?.id),
            lock_path: lock_path.clone(),
            lock_id,
        };
        let region = spec.initialise(label, bytes, facts, Place::Named(place));
        let kind = spec.geometry.row.kind;
        Ok(Self { region, file, lock_file, lock_path, bytes: size, kind, _temporary: [temporary, lock_temporary] })
    }

    /// What tells it from every other region.
    pub(in crate::region) fn instance(&self) -> &[u8; 16] {
        &self.region.facts().instance
    }

    /// Gives both files their names; `name_region` gives the region its.
    pub(in crate::region) fn name(
        self,
        location: &Location,
        name_region: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
    ) -> Result<Region, CreateError> {
        let creation =
            Creation { label: &location.label, location: Some(location), kind: self.kind, bytes: self.bytes };
        let failed = |action: &'static str| move |source: io::Error| creation.refused(action, source);
        let lifecycle = sys::reopen(self.lock_file.as_fd(), true).map_err(failed("opening the lock file"))?;
        let lifecycle = LockingFile::new(lifecycle);
        sys::try_write_lock(&lifecycle, LIFECYCLE, 1).map_err(failed("locking the lock file"))?;
        sys::link_into_place(self.lock_file.as_fd(), &self.lock_path).map_err(failed("naming the lock file"))?;
        if let Err(source) = name_region(self.file.as_fd()) {
            let _ = sys::unlink(&self.lock_path);
            return Err(failed("naming the file")(source));
        }
        Ok(self.region)
    }
}

fn map(file: &OwnedFd, facts: &Facts) -> io::Result<Bytes> {
    let mapping = memmap2::MmapOptions::new().len(facts.map.total as usize).map_raw(file)?;
    Ok(Bytes::mapped(mapping))
}
