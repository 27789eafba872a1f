//! What a caller asks for when it creates or opens a channel, and the region that comes of it.
//!
//! A wish that is not set has its default when the channel is created, and is taken from the file when the channel is opened. A
//! wish that is set has to agree with the file.

use super::shared::{Shared, Watching};
use crate::error::{CreateError, OpenError};
use crate::layout::{
    Backend, FenceMode, Geometry, Handed, Kind, KindRow, Limits, MessageType, Policy, PoolWord, Seats, Store, TypeForm,
};
use crate::region::sys::cancel_guard;
use crate::region::{CreateSpec, Expectations, Location, MemoryOptions, Origin, Redelivery, Region};
use std::ops::RangeInclusive;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// In kinds with slots, the default is as many slots as fit into this many bytes, a quarter of a container's /dev/shm, rounded
/// down to a power of two, and within the bounds below.
const SLOTS_BYTES: u64 = 16 << 20;
const SLOTS: RangeInclusive<u64> = 4..=1024;

/// The default number of frames: so many calls at a time.
const FRAMES: u32 = 256;

/// What a caller asks for, of a channel of any kind.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    /// Of a channel that is created.
    kind: Kind,
    /// A channel that is opened may be of any kind.
    takes_any_kind: bool,
    pub(crate) capacity: Option<usize>,
    pub(crate) max_message: Option<usize>,
    pub(crate) payload_alignment: Option<usize>,
    pub(crate) record_alignment: Option<usize>,
    pub(crate) slots: Option<usize>,
    pub(crate) priorities: Option<u8>,
    pub(crate) max_response: Option<usize>,
    pub(crate) repeats: Option<bool>,
    pub(crate) senders: Option<usize>,
    pub(crate) receivers: Option<usize>,
    pub(crate) discard_on_death: Option<bool>,
    pub(crate) delivery_limit: Option<u16>,
    pub(crate) policy: Option<Policy>,
    pub(crate) permits: Option<usize>,
    pub(crate) max_held: Option<usize>,
    pub(crate) persistent: Option<bool>,
    pub(crate) fence: Option<FenceMode>,
    pub(crate) backend: Option<Backend>,
    pub(crate) trusts_peers: bool,
    pub(crate) type_name: Option<String>,
    pub(crate) mode: Option<u32>,
    pub(crate) any_owner: bool,
    pub(crate) remove_on_drop: bool,
    pub(crate) participant_name: Option<String>,
    pub(crate) ends_when_drained: bool,
    pub(crate) watch_peers: bool,
    pub(crate) memory: MemoryOptions,
}

/// How a channel comes to this process.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way<'a> {
    /// Over this Unix socket.
    Socket(BorrowedFd<'a>),
    /// By inheritance, as this environment variable says.
    Variable(&'a str),
}

impl Wishes {
    /// Wishes for a channel of this kind. `None`: of the kind that stands in the file, or the default one if it is created.
    pub(crate) fn new(kind: Option<Kind>) -> Self {
        Self {
            kind: kind.unwrap_or_default(),
            takes_any_kind: kind.is_none(),
            capacity: None,
            max_message: None,
            payload_alignment: None,
            record_alignment: None,
            slots: None,
            priorities: None,
            max_response: None,
            repeats: None,
            senders: None,
            receivers: None,
            discard_on_death: None,
            delivery_limit: None,
            policy: None,
            permits: None,
            max_held: None,
            persistent: None,
            fence: None,
            backend: None,
            trusts_peers: false,
            type_name: None,
            mode: None,
            any_owner: false,
            remove_on_drop: false,
            participant_name: None,
            ends_when_drained: false,
            watch_peers: false,
            memory: MemoryOptions::default(),
        }
    }

    /// The same, of a channel of this kind, if it may be of this kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> Option<Self> {
        let may_be = self.takes_any_kind || self.kind == kind;
        may_be.then(|| Self { kind, takes_any_kind: false, ..self.clone() })
    }

    /// The wishes for what stands at `location`: of its kind, if any will do.
    fn at(&self, location: &Location) -> Self {
        let found = if self.takes_any_kind { Region::kind_at(location) } else { None };
        Self { kind: found.unwrap_or(self.kind), ..self.clone() }
    }

    /// Refuses a wish that a channel of this kind cannot fulfil.
    fn check_kind(&self, channel: &str) -> Result<(), CreateError> {
        let only_of_some = [
            ("capacity", self.capacity.is_some()),
            ("record_alignment", self.record_alignment.is_some()),
            ("slots", self.slots.is_some()),
            ("priorities", self.priorities.is_some()),
            ("max_response", self.max_response.is_some()),
            ("retry", self.repeats.is_some()),
            ("senders", self.senders.is_some()),
            ("receivers", self.receivers.is_some()),
            ("on_death", self.discard_on_death.is_some()),
            ("delivery_limit", self.delivery_limit.is_some()),
            ("policy", self.policy.is_some()),
            ("permits", self.permits.is_some()),
            ("max_held", self.max_held.is_some()),
        ];
        match only_of_some.into_iter().find(|&(option, is_set)| is_set && !self.kind.has_option(option)) {
            Some((option, _)) => {
                Err(CreateError::NoSuchOption { channel: channel.to_owned(), option, kind: self.kind.name() })
            }
            None => Ok(()),
        }
    }

    /// The capacity that is asked for, rounded up as creation does.
    fn rounded_capacity(&self) -> Option<u64> {
        self.capacity
            .map(|bytes| (bytes as u64).max(Limits::CAPACITY_MIN).checked_next_power_of_two().unwrap_or(u64::MAX))
    }

    fn geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        match self.kind.row().store {
            Store::Lanes => self.lane_geometry(channel),
            Store::Slots => self.slot_geometry(channel),
            Store::Value => self.value_geometry(channel),
            Store::Frames => self.frame_geometry(channel),
            Store::Permits => self.permit_geometry(channel),
            Store::Event => self.bare_geometry(channel),
        }
    }

    /// How many seats there are for senders and for receivers. Their sum has a limit. If only one of the two is chosen, the
    /// default of the other is lowered so that both fit.
    fn seats(&self, channel: &str) -> Result<(u32, u32), CreateError> {
        let KindRow { senders, receivers, .. } = self.kind.row();
        let chosen_senders = word(channel, "senders", self.senders, Limits::SEATS_MAX)?;
        let chosen_receivers = word(channel, "receivers", self.receivers, Limits::SEATS_MAX)?;
        let beside = |seats: &Seats, chosen: Option<u32>| {
            let left = Limits::SEATS_MAX.saturating_sub(chosen.unwrap_or(0));
            seats.default.min(left).max(seats.max.min(1))
        };
        Ok((
            chosen_senders.unwrap_or_else(|| beside(senders, chosen_receivers)),
            chosen_receivers.unwrap_or_else(|| beside(receivers, chosen_senders)),
        ))
    }

    /// What messages are, as the name of their type says.
    fn message_type(&self) -> MessageType {
        MessageType::of(self.type_name.as_deref().unwrap_or_default())
    }

    /// The alignment of payloads that is asked for. By default, that of the messages' type.
    fn payload_alignment(&self, channel: &str) -> Result<u32, CreateError> {
        let chosen = word(channel, "payload_alignment", self.payload_alignment, Limits::ALIGNMENT_MAX)?;
        let of_type = || self.message_type().alignment.clamp(Limits::ALIGNMENT_MIN, Limits::ALIGNMENT_MAX);
        Ok(chosen.unwrap_or_else(of_type))
    }

    /// The largest message that is asked for. By default, where all messages have one length, that length.
    fn max_message(&self) -> Option<u64> {
        let of_type = || {
            let message_type = self.message_type();
            (message_type.form == TypeForm::One).then_some(message_type.size.into())
        };
        self.max_message.map(|bytes| bytes as u64).or_else(of_type)
    }

    /// The alignment of records that is asked for. By default, they follow each other as closely as their payloads' alignment allows.
    fn record_alignment(&self, channel: &str, payload_alignment: u32) -> Result<u32, CreateError> {
        let chosen = word(channel, "record_alignment", self.record_alignment, Limits::RECORD_ALIGNMENT_MAX)?;
        Ok(chosen.unwrap_or(payload_alignment))
    }

    /// Seats and an alignment, and nothing else: what each store adds to, but an event.
    fn bare_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let (senders, receivers) = self.seats(channel)?;
        Ok(Geometry {
            row: self.kind.row(),
            senders,
            receivers,
            capacity: 0,
            max_message: 0,
            payload_alignment: self.payload_alignment(channel)?,
            record_alignment: 0,
            slots: 0,
            priorities: 0,
            max_response: 0,
            repeats: false,
        })
    }

    fn slot_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let geometry = Geometry {
            max_message: self.max_message().unwrap_or(self.kind.row().max_message),
            priorities: self.priorities.unwrap_or(1).into(),
            ..self.bare_geometry(channel)?
        };
        let slots = word(channel, "slots", self.slots, Limits::SLOTS_MAX)?.unwrap_or_else(|| {
            // A larger one is refused later, before anything is made.
            let max_message = geometry.max_message.min(Limits::SLOT_MESSAGE_MAX);
            let fit = SLOTS_BYTES.checked_div(Geometry { max_message, ..geometry }.slot_bytes()).unwrap_or(0);
            let power_of_two = 1 << fit.max(1).ilog2();
            power_of_two.clamp(*SLOTS.start(), *SLOTS.end()) as u32
        });
        Ok(Geometry { slots, ..geometry })
    }

    fn value_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let max_message = self.max_message().unwrap_or(self.kind.row().max_message);
        Ok(Geometry { max_message, slots: Geometry::value_slots(max_message), ..self.bare_geometry(channel)? })
    }

    fn frame_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let geometry = self.bare_geometry(channel)?;
        let row = geometry.row;
        Ok(Geometry {
            max_message: self.max_message().unwrap_or(row.max_message),
            slots: word(channel, "slots", self.slots, Limits::SLOTS_MAX)?.unwrap_or(FRAMES),
            priorities: 1,
            max_response: self.max_response.map_or(row.max_response, |bytes| bytes as u64),
            repeats: self.repeats.unwrap_or(false),
            ..geometry
        })
    }

    /// By default, as many permits can be held at once as there are at first, and some that are added.
    fn permit_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        const HELD: u64 = 64;
        let geometry = self.bare_geometry(channel)?;
        let permits = self.permits.map_or(geometry.row.capacity, |permits| permits as u64);
        let held = permits.clamp(HELD, PoolWord::PLACES_MAX) as u32;
        let chosen = word(channel, "max_held", self.max_held, PoolWord::PLACES_MAX as u32)?;
        Ok(Geometry { capacity: permits, slots: chosen.unwrap_or(held), ..geometry })
    }

    fn lane_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let geometry = self.bare_geometry(channel)?;
        let Geometry { row, payload_alignment, .. } = geometry;
        let record_alignment = self.record_alignment(channel, payload_alignment)?;
        let largest = |capacity| Geometry::largest_message(capacity, payload_alignment, record_alignment);
        let too_large = |given: u64| CreateError::InvalidOption {
            channel: channel.to_owned(),
            option: "max_message",
            given: given.to_string(),
            wanted: format!("exceeds the largest, {} bytes", largest(Limits::CAPACITY_MAX)),
        };
        if let Some(given) = self.capacity.filter(|&given| given as u64 > Limits::CAPACITY_MAX) {
            // Shows what the caller gave, not what it would have been rounded up to.
            return Err(CreateError::InvalidOption {
                channel: channel.to_owned(),
                option: "capacity",
                given: given.to_string(),
                wanted: format!("has to be at most {} bytes", Limits::CAPACITY_MAX),
            });
        }
        // Others are refused later, before anything is made.
        let is_usable = |alignment: u32, max: u32| alignment.is_power_of_two() && alignment <= max;
        let alignments_are_usable = is_usable(payload_alignment, Limits::ALIGNMENT_MAX)
            && is_usable(record_alignment, Limits::RECORD_ALIGNMENT_MAX);
        let max_message = self.max_message();
        let capacity = match (self.rounded_capacity(), max_message) {
            (Some(capacity), _) => capacity,
            (None, Some(max)) if alignments_are_usable => {
                let smallest = Geometry::smallest_capacity(max, payload_alignment, record_alignment)
                    .ok_or_else(|| too_large(max))?;
                smallest.max(row.capacity)
            }
            (None, _) => row.capacity,
        };
        let max_message = match max_message {
            Some(max) => max,
            None if capacity.is_power_of_two() && alignments_are_usable => largest(capacity),
            None => 0,
        };
        Ok(Geometry { capacity, max_message, record_alignment, ..geometry })
    }

    fn spec(&self, channel: &str) -> Result<CreateSpec, CreateError> {
        self.check_kind(channel)?;
        Ok(CreateSpec {
            geometry: self.geometry(channel)?,
            persistent: self.persistent.unwrap_or(false),
            redelivery: Redelivery {
                discard_on_death: self.discard_on_death.unwrap_or(false),
                limit: self.delivery_limit.unwrap_or(0),
            },
            policy: self.policy.unwrap_or_default(),
            fence: self.fence,
            backend: self.backend.unwrap_or(Backend::Futex),
            trusts_peers: self.trusts_peers,
            type_name: self.type_name.clone().unwrap_or_default(),
            mode: self.mode.unwrap_or(0o600),
            memory: self.memory,
        })
    }

    fn expectations(&self) -> Expectations {
        Expectations {
            kind: (!self.takes_any_kind).then_some(self.kind),
            capacity: self.capacity.map(|bytes| bytes as u64).zip(self.rounded_capacity()),
            max_message: self.max_message.map(|bytes| bytes as u64),
            payload_alignment: self.payload_alignment.map(|bytes| bytes as u64),
            record_alignment: self.record_alignment.map(|bytes| bytes as u64),
            slots: self.slots.map(|slots| slots as u64),
            priorities: self.priorities,
            max_response: self.max_response.map(|bytes| bytes as u64),
            repeats: self.repeats,
            discard_on_death: self.discard_on_death,
            delivery_limit: self.delivery_limit,
            policy: self.policy,
            permits: self.permits.map(|permits| permits as u64),
            max_held: self.max_held.map(|held| held as u64),
            persistent: self.persistent,
            fence: self.fence,
            backend: self.backend,
            trusts_peers: self.trusts_peers,
            type_name: self.type_name.clone(),
            any_owner: self.any_owner,
        }
    }

    fn share(&self, region: Region, origin: Origin) -> Arc<Shared> {
        let remove_on_drop = self.remove_on_drop && origin != Origin::Opened;
        let participant_name = self.participant_name.clone().unwrap_or_else(program_name);
        let ends_when_drained = self.ends_when_drained;
        let watching = Watching::wanted(self.watch_peers);
        Arc::new(Shared {
            region: Arc::new(region),
            participant_name,
            origin,
            remove_on_drop,
            ends_when_drained,
            watching,
        })
    }

    pub(crate) fn create(&self, name: &str) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        Ok(self.share(Region::create_named(&location, &self.spec(name)?)?, Origin::Created))
    }

    pub(crate) fn open(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        self.at(&location).check_kind(name)?;
        let region = Region::open_named(&location, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    /// Opens the channel to look on.
    pub(crate) fn open_read_only(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        self.at(&location).check_kind(name)?;
        let region = Region::open_read_only(&location, &self.expectations())?;
        Ok(self.share(region, Origin::Opened))
    }

    pub(crate) fn open_or_create(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        let spec = self.at(&location).spec(name)?;
        let (region, origin) = Region::open_or_create_named(&location, &self.expectations(), &spec)?;
        Ok(self.share(region, origin))
    }

    pub(crate) fn anonymous(&self) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        Ok(self.share(Region::create_anonymous(&self.spec("(anonymous)")?)?, Origin::Created))
    }

    pub(crate) fn open_descriptors(&self, file: OwnedFd, locks: OwnedFd) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let region = Region::open_anonymous(file, locks, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    /// Creates an anonymous channel that nobody but this process ever writes to.
    pub(crate) fn one_way(&self) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        let row = self.kind.row();
        if !row.can_be_looked_at() {
            let (channel, kind) = ("(anonymous)".to_owned(), row.name);
            return Err(CreateError::NoSuchOption { channel, option: "one_way", kind });
        }
        Ok(self.share(Region::create_one_way(&self.spec("(anonymous)")?)?, Origin::Created))
    }

    /// Opens the channel that comes this way.
    pub(crate) fn open_handed(&self, way: Way<'_>, handed: Handed) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let (expected, memory) = (self.expectations(), self.memory);
        let region = match (way, handed) {
            (Way::Socket(socket), Handed::TakePart) => Region::receive_from(socket, &expected, memory),
            (Way::Socket(socket), Handed::ReadOnly) => Region::receive_read_only_from(socket, &expected),
            (Way::Variable(name), Handed::TakePart) => Region::open_inherited(name, &expected, memory),
            (Way::Variable(name), Handed::ReadOnly) => Region::open_inherited_read_only(name, &expected),
        };
        Ok(self.share(region?, Origin::Opened))
    }

    #[cfg(feature = "named-segments")]
    pub(crate) fn create_segment(&self, name: &str) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        Ok(self.share(Region::create_segment(name, &self.spec(name)?)?, Origin::Created))
    }

    #[cfg(feature = "named-segments")]
    pub(crate) fn open_segment(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let region = Region::open_segment(name, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    pub(crate) fn private(&self) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        Ok(self.share(Region::create_private(&self.spec("(private)")?)?, Origin::Created))
    }
}

/// A chosen number as the 32-bit word that the file holds. A number that does not fit is far beyond the limit `max`.
fn word(channel: &str, option: &'static str, chosen: Option<usize>, max: u32) -> Result<Option<u32>, CreateError> {
    let refused = |given: usize| CreateError::InvalidOption {
        channel: channel.to_owned(),
        option,
        given: given.to_string(),
        wanted: format!("has to be at most {max}"),
    };
    chosen.map(|given| u32::try_from(given).map_err(|_| refused(given))).transpose()
}

/// The name of a participant that was given none: that of its program.
fn program_name() -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    let file = std::path::Path::new(&program).file_name().unwrap_or_default();
    file.to_string_lossy().into_owned()
}
