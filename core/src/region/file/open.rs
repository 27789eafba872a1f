//! Opening a region that may be another process's, and checking every number in its header.

use super::stale;
use crate::error::{Denied, NotAChannel, OpenError};
use crate::layout::{Backend, FenceMode, HeaderBlock, Kind, MessageType, Policy, Status};
use crate::region::Region;
use crate::region::location::{Location, NamedPlace, Place, not_found, not_opened};
use crate::region::locks::lock_file;
use crate::region::memory::{Bytes, Facts, MemoryOptions, SemaphoreKind, header};
use crate::region::sys::{self, FileFacts, Filesystem, KeptFile, Reach};
use memmap2::{MmapOptions, MmapRaw};
use rustix::fd::{AsFd, OwnedFd};
use std::io;

/// What the opener insists on. What is `None` is taken from the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expectations {
    pub(crate) kind: Option<Kind>,
    /// The capacity as the opener gave it, and as creation would round it up.
    pub(crate) capacity: Option<(u64, u64)>,
    pub(crate) max_message: Option<u64>,
    pub(crate) payload_alignment: Option<u64>,
    pub(crate) record_alignment: Option<u64>,
    pub(crate) slots: Option<u64>,
    pub(crate) permits: Option<u64>,
    pub(crate) max_held: Option<u64>,
    pub(crate) priorities: Option<u8>,
    pub(crate) max_response: Option<u64>,
    pub(crate) repeats: Option<bool>,
    pub(crate) discard_on_death: Option<bool>,
    pub(crate) delivery_limit: Option<u16>,
    pub(crate) policy: Option<Policy>,
    pub(crate) persistent: Option<bool>,
    pub(crate) fence: Option<FenceMode>,
    pub(crate) backend: Option<Backend>,
    /// The opener vouches for its peers.
    pub(crate) trusts_peers: bool,
    pub(crate) type_name: Option<String>,
    /// Accept a file of another user.
    pub(crate) any_owner: bool,
}

/// A channel's file that was opened, and its header read. Nothing of it is mapped.
#[derive(Debug)]
pub(in crate::region) struct Recognised {
    pub(in crate::region) file: OwnedFd,
    pub(in crate::region) file_facts: FileFacts,
    pub(in crate::region) filesystem: Filesystem,
    pub(in crate::region) header: Facts,
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::region) enum Access {
    Read,
    Write,
}

/// Opens the file at `location` and reads its header. With expectations, to take part or to look on; without, to take a look.
pub(in crate::region) fn recognise(
    location: &Location,
    expected: Option<&Expectations>,
    access: Access,
) -> Result<Recognised, OpenError> {
    let label = &location.label;
    let failed = |action: &'static str| move |source: io::Error| not_opened(label, Some(location), action, source);
    let pinned = sys::open_pinned(&location.path).map_err(failed("opening the file"))?;
    let file_facts = sys::look_at_open(&pinned).map_err(failed("looking at the file"))?;
    check_kind_of_file(label, file_facts)?;
    if let Some(expected) = expected {
        check_owner(label, file_facts, expected)?;
    }
    let filesystem = Filesystem::of(&pinned).map_err(failed("looking at the filesystem"))?;
    if let Some(filesystem) = filesystem.refused() {
        return Err(OpenError::UnsupportedFilesystem { channel: label.clone(), filesystem });
    }
    let file = sys::reopen_known(pinned.as_fd(), file_facts.id, access == Access::Write)
        .map_err(failed("opening the file"))?;
    let header = read_header(label, &file, file_facts.length)?;
    Ok(Recognised { file, file_facts, filesystem, header })
}

impl Region {
    /// The kind of the channel at `location`, if there is one that can be looked at.
    pub(crate) fn kind_at(location: &Location) -> Option<Kind> {
        recognise(location, None, Access::Read).ok().map(|recognised| recognised.header.geometry.row.kind)
    }

    /// Opens the channel at `location`.
    pub(crate) fn open_named(
        location: &Location,
        expected: &Expectations,
        memory: MemoryOptions,
    ) -> Result<Self, OpenError> {
        let label = &location.label;
        let failed = |action: &'static str| move |source: io::Error| not_opened(label, Some(location), action, source);
        let Recognised { file, file_facts, filesystem, header } = recognise(location, Some(expected), Access::Write)?;
        check_kind(label, &header, expected)?;
        if stale::is_stale(location, &header, file_facts.owner).map_err(failed("looking whether it is stale"))? {
            return Err(OpenError::Stale { channel: label.clone(), boot: header.boot_text() });
        }
        check_expectations(label, &header, expected)?;

        let lock_path = location.lock_path(&header.instance);
        let lock_id = match lock_file::open_of(&lock_path, &header, file_facts.owner) {
            Ok(Some((_, id))) => id,
            // Between reading the header and here somebody may have removed the channel.
            Ok(None) if sys::look_at(&location.path, true).is_ok_and(|now| now.id == file_facts.id) => {
                return Err(OpenError::LockFile { channel: label.clone(), path: lock_path.display().to_string() });
            }
            Ok(None) => return Err(not_found(location)),
            // Out of descriptors, for example: that tells nothing about the lock file.
            Err(source) => return Err(failed("opening the lock file")(source)),
        };
        let place = NamedPlace { location: location.clone(), id: Some(file_facts.id), lock_path, lock_id };
        check_whole(label, file_facts, filesystem, &header)?;
        map_and_check(label, &file, header, Place::Named(place), memory)
    }

    /// Opens the channel at `location` and maps it for reading alone: every store to it is the end of the process, so its words are only
    /// shown to what only loads. It has no lock file, and no life can begin in it.
    pub(crate) fn open_read_only(location: &Location, expected: &Expectations) -> Result<Self, OpenError> {
        let label = &location.label;
        let failed = |action: &'static str| move |source: io::Error| not_opened(label, Some(location), action, source);
        let Recognised { file, file_facts, filesystem, header } = recognise(location, Some(expected), Access::Read)?;
        check_kind(label, &header, expected)?;
        if stale::is_stale(location, &header, file_facts.owner).map_err(failed("looking whether it is stale"))? {
            return Err(OpenError::Stale { channel: label.clone(), boot: header.boot_text() });
        }
        check_choices(label, &header, expected)?;
        check_whole(label, file_facts, filesystem, &header)?;
        // Those who may only read the channel may not read its lock file: nothing is asked of it.
        let lock_path = location.lock_path(&header.instance);
        let place =
            NamedPlace { location: location.clone(), id: Some(file_facts.id), lock_path, lock_id: file_facts.id };
        let mapping = MmapOptions::new().len(header.map.total as usize).map_raw_read_only(&file);
        let bytes = Bytes::mapped(mapping.map_err(failed("mapping the file"))?);
        check_status(label, bytes, header, Place::Named(place), MemoryOptions::default())
    }

    /// Opens an anonymous channel from the two descriptors that its creator handed over.
    pub(crate) fn open_anonymous(
        file: OwnedFd,
        locks: OwnedFd,
        expected: &Expectations,
        memory: MemoryOptions,
    ) -> Result<Self, OpenError> {
        let failed = |action: &'static str| move |source: io::Error| not_opened(ANONYMOUS, None, action, source);
        let pair = Pair::recognise(file, locks)?;
        check_kind(ANONYMOUS, &pair.header, expected)?;
        check_expectations(ANONYMOUS, &pair.header, expected)?;
        if sys::is_one_way(&pair.file).map_err(failed("looking at the seals"))? {
            return Err(OpenError::Permission { channel: ANONYMOUS.to_owned(), denied: Denied::OneWay });
        }
        let mapping = MmapOptions::new().len(pair.header.map.total as usize).map_raw(&pair.file);
        pair.check(mapping, memory)
    }

    /// Opens an anonymous channel and maps it for reading alone: see [`Region::open_read_only`]. Its descriptors need be open for no more
    /// than reading.
    pub(crate) fn open_anonymous_read_only(
        file: OwnedFd,
        locks: OwnedFd,
        expected: &Expectations,
    ) -> Result<Self, OpenError> {
        let pair = Pair::recognise(file, locks)?;
        check_kind(ANONYMOUS, &pair.header, expected)?;
        check_choices(ANONYMOUS, &pair.header, expected)?;
        let mapping = MmapOptions::new().len(pair.header.map.total as usize).map_raw_read_only(&pair.file);
        pair.check(mapping, MemoryOptions::default())
    }
}

/// What people call an anonymous channel.
pub(super) const ANONYMOUS: &str = "(anonymous)";

/// The two files of an anonymous channel, and what the first one's header says. Nothing of it is mapped.
#[derive(Debug)]
struct Pair {
    file: OwnedFd,
    locks: OwnedFd,
    header: Facts,
}

impl Pair {
    /// Makes the descriptors this channel's own, and looks whether they are a region's and its lock file's.
    fn recognise(file: OwnedFd, locks: OwnedFd) -> Result<Self, OpenError> {
        let failed = |action: &'static str| move |source: io::Error| not_opened(ANONYMOUS, None, action, source);
        let ours = |descriptor| sys::moved_above_standard(descriptor).map_err(failed("moving the descriptor"));
        let (file, locks) = (ours(file)?, ours(locks)?);
        for descriptor in [&file, &locks] {
            sys::close_on_exec(descriptor).map_err(failed("having the descriptor closed on exec"))?;
            check_kind_of_file(ANONYMOUS, sys::look_at_open(descriptor).map_err(failed("looking at the file"))?)?;
            if !sys::has_seals(descriptor).map_err(failed("looking at the seals"))? {
                return Err(OpenError::NotAChannel { channel: ANONYMOUS.to_owned(), found: NotAChannel::Unsealed });
            }
        }
        let facts = sys::look_at_open(&file).map_err(failed("looking at the file"))?;
        let header = read_header(ANONYMOUS, &file, facts.length)?;
        if !lock_file::is_lock_file_of(&locks, &header).map_err(failed("reading the lock file"))? {
            let path = "(the second descriptor)".to_owned();
            return Err(OpenError::LockFile { channel: ANONYMOUS.to_owned(), path });
        }
        let filesystem = Filesystem::of(&file).map_err(failed("looking at the filesystem"))?;
        check_whole(ANONYMOUS, facts, filesystem, &header)?;
        Ok(Self { file, locks, header })
    }

    /// The region, if it could be mapped.
    fn check(self, mapping: io::Result<MmapRaw>, memory: MemoryOptions) -> Result<Region, OpenError> {
        let failed = |action: &'static str| move |source: io::Error| not_opened(ANONYMOUS, None, action, source);
        let bytes = Bytes::mapped(mapping.map_err(failed("mapping the file"))?);
        let kept = |file| KeptFile::new(file).map_err(failed("looking at the file"));
        let place = Place::Anonymous { file: kept(self.file)?, locks: kept(self.locks)? };
        check_status(ANONYMOUS, bytes, self.header, place, memory)
    }
}

fn check_kind_of_file(label: &str, facts: FileFacts) -> Result<(), OpenError> {
    match facts.kind.not_a_channel() {
        Some(found) => Err(OpenError::NotAChannel { channel: label.to_owned(), found }),
        None => Ok(()),
    }
}

/// Refuses another user's file, unless the opener accepts these. Root's are always accepted.
pub(in crate::region) fn check_owner(label: &str, file: FileFacts, expected: &Expectations) -> Result<(), OpenError> {
    if [sys::user_id(), 0].contains(&file.owner) || expected.any_owner {
        return Ok(());
    }
    Err(OpenError::ForeignOwner { channel: label.to_owned(), owner: file.owner })
}

fn read_header(label: &str, file: &OwnedFd, length: u64) -> Result<Facts, OpenError> {
    let mut start = [0; HeaderBlock::BYTES];
    let read =
        sys::read_at(file, &mut start, 0).map_err(|source| not_opened(label, None, "reading the header", source))?;
    header::parse(label, &start[..read], length)
}

/// The checks that come before the one for staleness: a stale channel of another kind is not replaced.
pub(in crate::region) fn check_kind(label: &str, facts: &Facts, expected: &Expectations) -> Result<(), OpenError> {
    match expected.kind.filter(|&kind| kind != facts.geometry.row.kind) {
        None => Ok(()),
        Some(kind) => Err(OpenError::WrongKind {
            channel: label.to_owned(),
            file: facts.geometry.row.kind.to_string(),
            ours: kind.to_string(),
        }),
    }
}

pub(in crate::region) fn check_expectations(
    label: &str,
    facts: &Facts,
    expected: &Expectations,
) -> Result<(), OpenError> {
    let channel = || label.to_owned();
    check_choices(label, facts, expected)?;
    if facts.fence == FenceMode::Asymmetric && !sys::register_membarrier(Reach::AllRegistered) {
        return Err(OpenError::FenceUnavailable { channel: channel() });
    }
    match facts.semaphores {
        None => Ok(()),
        Some(theirs) if theirs != SemaphoreKind::OURS || !sys::has_semaphores() => Err(OpenError::ForeignSemaphores {
            channel: channel(),
            file: theirs.to_string(),
            ours: SemaphoreKind::OURS.to_string(),
        }),
        Some(_) if !expected.trusts_peers => Err(OpenError::TrustNeeded { channel: channel() }),
        Some(_) => Ok(()),
    }
}

/// Compares what the opener chose with what the header says.
fn check_choices(label: &str, facts: &Facts, expected: &Expectations) -> Result<(), OpenError> {
    let channel = || label.to_owned();
    if let Some(ours) = expected.type_name.as_deref().map(MessageType::of).filter(|ours| *ours != facts.message_type) {
        return Err(OpenError::TypeMismatch {
            channel: channel(),
            file: facts.message_type.to_string(),
            ours: ours.to_string(),
        });
    }
    let geometry = &facts.geometry;
    if let Some((given, rounded)) = expected.capacity.filter(|&(_, rounded)| rounded != geometry.capacity) {
        let ours =
            if given == rounded { given.to_string() } else { format!("{given}, which is rounded up to {rounded}") };
        let file = geometry.capacity.to_string();
        return Err(OpenError::OptionsMismatch { channel: channel(), field: "capacity", file, ours });
    }
    let comparisons = [
        ("max_message", geometry.max_message.to_string(), expected.max_message.map(|value| value.to_string())),
        (
            "payload_alignment",
            geometry.payload_alignment.to_string(),
            expected.payload_alignment.map(|value| value.to_string()),
        ),
        (
            "record_alignment",
            geometry.record_alignment.to_string(),
            expected.record_alignment.map(|value| value.to_string()),
        ),
        ("slots", geometry.slots.to_string(), expected.slots.map(|value| value.to_string())),
        ("permits", geometry.capacity.to_string(), expected.permits.map(|value| value.to_string())),
        ("max_held", geometry.slots.to_string(), expected.max_held.map(|value| value.to_string())),
        ("priorities", geometry.priorities.to_string(), expected.priorities.map(|value| value.to_string())),
        ("max_response", geometry.max_response.to_string(), expected.max_response.map(|value| value.to_string())),
        ("retry", geometry.repeats.to_string(), expected.repeats.map(|value| value.to_string())),
        ("on_death", on_death_text(facts.redelivery.discard_on_death), expected.discard_on_death.map(on_death_text)),
        ("delivery_limit", facts.redelivery.limit.to_string(), expected.delivery_limit.map(|value| value.to_string())),
        ("policy", facts.policy.name().to_owned(), expected.policy.map(|value| value.name().to_owned())),
        ("persistent", facts.persistent.to_string(), expected.persistent.map(|value| value.to_string())),
        ("fence", facts.fence.name().to_owned(), expected.fence.map(|value| value.name().to_owned())),
        ("backend", facts.backend.name().to_owned(), expected.backend.map(|value| value.name().to_owned())),
    ];
    for (field, file, ours) in comparisons {
        if let Some(ours) = ours.filter(|ours| *ours != file) {
            return Err(OpenError::OptionsMismatch { channel: channel(), field, file, ours });
        }
    }
    Ok(())
}

fn map_and_check(
    label: &str,
    file: &OwnedFd,
    facts: Facts,
    place: Place,
    memory: MemoryOptions,
) -> Result<Region, OpenError> {
    let mapping = MmapOptions::new().len(facts.map.total as usize).map_raw(file);
    let bytes = Bytes::mapped(mapping.map_err(|source| not_opened(label, None, "mapping the file", source))?);
    check_status(label, bytes, facts, place, memory)
}

/// Refuses a file with holes. A channel is created with all of its bytes, so such a file is a copy, or a forgery that claims
/// more bytes than are there.
pub(in crate::region) fn check_whole(
    label: &str,
    file: FileFacts,
    filesystem: Filesystem,
    facts: &Facts,
) -> Result<(), OpenError> {
    if filesystem.has_holes(file, facts.map.total) {
        return Err(OpenError::NotAChannel { channel: label.to_owned(), found: NotAChannel::Sparse });
    }
    Ok(())
}

/// The last steps of opening.
pub(in crate::region) fn check_status(
    label: &str,
    bytes: Bytes,
    facts: Facts,
    place: Place,
    memory: MemoryOptions,
) -> Result<Region, OpenError> {
    let region = Region::new(label, bytes, facts, place, memory);
    match region.status() {
        Status::Live => Ok(region),
        Status::Closed => Err(OpenError::Closed { channel: label.to_owned() }),
        Status::Poisoned(reason) => Err(OpenError::Corrupted { channel: label.to_owned(), reason }),
        Status::Initialising => Err(OpenError::BadHeader {
            channel: label.to_owned(),
            field: "status",
            found: "initialising".to_owned(),
            wanted: "live: a file with a name is complete".to_owned(),
        }),
    }
}

fn on_death_text(discard: bool) -> String {
    if discard { "discard" } else { "redeliver" }.to_owned()
}
