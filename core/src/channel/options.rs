//! What can be asked for when a channel is created or opened, and the channel that comes of it.
//!
//! Each kind has its own `Options` with the same words; what they share stands here. An option that is not set takes its
//! default when the channel is created, and is taken from the file when it is opened. One that is set has to agree with
//! the file.

use crate::error::{CreateError, OpenError};
use crate::layout::{FenceMode, Geometry, Kind, Limits};
use crate::region::{Access, CreateSpec, Expectations, Location, MemoryOptions, Origin, Region};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Default ring bytes per lane.
const CAPACITY: u64 = 1 << 20;

/// What was asked for, of whatever kind.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    pub(super) kind: Kind,
    pub(super) capacity: Option<u64>,
    pub(super) max_message: Option<u64>,
    pub(super) payload_alignment: Option<u32>,
    pub(super) persistent: Option<bool>,
    pub(super) fence: Option<FenceMode>,
    pub(super) type_name: Option<String>,
    pub(super) mode: Option<u32>,
    pub(super) any_owner: bool,
    pub(super) remove_on_drop: bool,
    pub(super) participant_name: Option<String>,
    pub(super) memory: MemoryOptions,
}

/// A channel in this process, shared by everything that was made from it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) region: Arc<Region>,
    pub(super) participant_name: String,
    pub(super) origin: Origin,
    remove_on_drop: bool,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.remove_on_drop && !self.region.mark().is_foreign() {
            // Somebody else may be using it: then it stays.
            let _ = self.region.remove(false);
        }
    }
}

impl Wishes {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            capacity: None,
            max_message: None,
            payload_alignment: None,
            persistent: None,
            fence: None,
            type_name: None,
            mode: None,
            any_owner: false,
            remove_on_drop: false,
            participant_name: None,
            memory: MemoryOptions::default(),
        }
    }

    /// The capacity that is asked for, rounded up as creation does.
    fn rounded_capacity(&self) -> Option<u64> {
        self.capacity.map(|bytes| bytes.max(Limits::CAPACITY_MIN).checked_next_power_of_two().unwrap_or(u64::MAX))
    }

    fn geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let payload_alignment = self.payload_alignment.unwrap_or(8);
        let too_large = |given: u64| CreateError::InvalidOption {
            channel: channel.to_owned(),
            option: "max_message",
            given: given.to_string(),
            wanted: format!(
                "exceeds the largest, {} bytes",
                Geometry::largest_message(Limits::CAPACITY_MAX, payload_alignment.clamp(8, Limits::ALIGNMENT_MAX))
            ),
        };
        let alignment_is_usable = payload_alignment.is_power_of_two() && payload_alignment <= Limits::ALIGNMENT_MAX;
        let capacity = match (self.rounded_capacity(), self.max_message) {
            (Some(capacity), _) => capacity,
            (None, Some(max)) if alignment_is_usable => {
                let smallest = Geometry::smallest_capacity(max, payload_alignment).ok_or_else(|| too_large(max))?;
                smallest.max(CAPACITY)
            }
            (None, _) => CAPACITY,
        };
        let max_message = match self.max_message {
            Some(max) => max,
            None if capacity.is_power_of_two() && alignment_is_usable => {
                Geometry::largest_message(capacity, payload_alignment.max(8))
            }
            None => 0,
        };
        let (senders, receivers) = match self.kind {
            Kind::Spsc => (1, 1),
        };
        Ok(Geometry { kind: self.kind, senders, receivers, capacity, max_message, payload_alignment })
    }

    fn spec(&self, channel: &str) -> Result<CreateSpec, CreateError> {
        Ok(CreateSpec {
            geometry: self.geometry(channel)?,
            persistent: self.persistent.unwrap_or(false),
            fence: self.fence,
            type_name: self.type_name.clone().unwrap_or_default(),
            mode: self.mode.unwrap_or(0o600),
            memory: self.memory,
        })
    }

    fn expectations(&self) -> Expectations {
        Expectations {
            kind: Some(self.kind),
            capacity: self.rounded_capacity(),
            max_message: self.max_message,
            payload_alignment: self.payload_alignment,
            persistent: self.persistent,
            fence: self.fence,
            type_name: self.type_name.clone(),
            any_owner: self.any_owner,
        }
    }

    fn share(&self, region: Region, origin: Origin) -> Arc<Shared> {
        let remove_on_drop = self.remove_on_drop && origin != Origin::Opened;
        let participant_name = self.participant_name.clone().unwrap_or_else(program_name);
        Arc::new(Shared { region: Arc::new(region), participant_name, origin, remove_on_drop })
    }

    pub(super) fn create(&self, name: &str) -> Result<Arc<Shared>, CreateError> {
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        Ok(self.share(Region::create_named(&location, &self.spec(name)?)?, Origin::Created))
    }

    pub(super) fn open(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        let region = Region::open_named(&location, &self.expectations(), self.memory, Access::Participate)?;
        Ok(self.share(region, Origin::Opened))
    }

    pub(super) fn open_or_create(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        let (region, origin) = Region::open_or_create_named(&location, &self.expectations(), &self.spec(name)?)?;
        Ok(self.share(region, origin))
    }

    pub(super) fn anonymous(&self) -> Result<Arc<Shared>, CreateError> {
        Ok(self.share(Region::create_anonymous(&self.spec("(anonymous)")?)?, Origin::Created))
    }

    pub(super) fn open_descriptors(&self, file: OwnedFd, locks: OwnedFd) -> Result<Arc<Shared>, OpenError> {
        let region = Region::open_anonymous(file, locks, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    pub(super) fn private(&self) -> Result<Arc<Shared>, CreateError> {
        Ok(self.share(Region::create_private(&self.spec("(private)")?)?, Origin::Created))
    }
}

/// What a participant is called that has no name: its program.
fn program_name() -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    let file = std::path::Path::new(&program).file_name().unwrap_or_default();
    file.to_string_lossy().into_owned()
}
