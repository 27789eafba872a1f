//! What can be asked for when a channel is created or opened, and the channel that comes of it.
//!
//! Each kind has its own `Options` with the same words; what they share stands here. An option that is not set takes its
//! default when the channel is created, and is taken from the file when it is opened. One that is set has to agree with
//! the file.

use super::shared::Shared;
use crate::error::{CreateError, OpenError};
use crate::layout::{Backend, FenceMode, Geometry, Kind, KindRow, Limits, Seats, Store};
use crate::region::sys::cancel_guard;
use crate::region::{CreateSpec, Expectations, Location, MemoryOptions, Origin, Redelivery, Region};
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// In kinds with slots there are, if nobody chooses, as many as fit into a quarter of what a container's /dev/shm has, rounded
/// down to a power of two and within these bounds.
const SLOTS_BYTES: u64 = 16 << 20;
const SLOTS: RangeInclusive<u64> = 4..=1024;

/// What was asked for, of whatever kind.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    pub(super) kind: Kind,
    pub(super) capacity: Option<u64>,
    pub(super) max_message: Option<u64>,
    pub(super) payload_alignment: Option<u32>,
    pub(super) slots: Option<u32>,
    pub(super) priorities: Option<u16>,
    pub(super) senders: Option<u32>,
    pub(super) receivers: Option<u32>,
    pub(super) discard_on_death: Option<bool>,
    pub(super) delivery_limit: Option<u16>,
    pub(super) persistent: Option<bool>,
    pub(super) fence: Option<FenceMode>,
    pub(super) backend: Option<Backend>,
    pub(super) trusts_peers: bool,
    pub(super) type_name: Option<String>,
    pub(super) mode: Option<u32>,
    pub(super) any_owner: bool,
    pub(super) remove_on_drop: bool,
    pub(super) participant_name: Option<String>,
    pub(super) ends_when_drained: bool,
    pub(super) memory: MemoryOptions,
}

impl Wishes {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            capacity: None,
            max_message: None,
            payload_alignment: None,
            slots: None,
            priorities: None,
            senders: None,
            receivers: None,
            discard_on_death: None,
            delivery_limit: None,
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
            memory: MemoryOptions::default(),
        }
    }

    /// The capacity that is asked for, rounded up as creation does.
    fn rounded_capacity(&self) -> Option<u64> {
        self.capacity.map(|bytes| bytes.max(Limits::CAPACITY_MIN).checked_next_power_of_two().unwrap_or(u64::MAX))
    }

    fn geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        match self.kind.row().store {
            Store::Lanes => self.lane_geometry(channel),
            Store::Slots => Ok(self.slot_geometry()),
        }
    }

    /// Seats for senders and for receivers. Together they have a limit: to the number that is chosen for one role, the default of
    /// the other one gives way.
    fn seats(&self) -> (u32, u32) {
        let KindRow { senders, receivers, .. } = self.kind.row();
        let beside = |seats: &Seats, chosen: Option<u32>| {
            let left = Limits::SEATS_MAX.saturating_sub(chosen.unwrap_or(0));
            seats.default.min(left).max(1)
        };
        (
            self.senders.unwrap_or_else(|| beside(senders, self.receivers)),
            self.receivers.unwrap_or_else(|| beside(receivers, self.senders)),
        )
    }

    fn slot_geometry(&self) -> Geometry {
        let row = self.kind.row();
        let (senders, receivers) = self.seats();
        let geometry = Geometry {
            row,
            senders,
            receivers,
            capacity: 0,
            max_message: self.max_message.unwrap_or(row.max_message),
            payload_alignment: self.payload_alignment.unwrap_or(8),
            slots: 0,
            priorities: self.priorities.unwrap_or(1),
        };
        let slots = self.slots.unwrap_or_else(|| {
            // Beyond the limit, it is refused before anything is made.
            let max_message = geometry.max_message.min(Limits::SLOT_MESSAGE_MAX);
            let fit = SLOTS_BYTES.checked_div(Geometry { max_message, ..geometry }.slot_bytes()).unwrap_or(0);
            let power_of_two = 1 << fit.max(1).ilog2();
            power_of_two.clamp(*SLOTS.start(), *SLOTS.end()) as u32
        });
        Geometry { slots, ..geometry }
    }

    fn lane_geometry(&self, channel: &str) -> Result<Geometry, CreateError> {
        let row = self.kind.row();
        let (senders, receivers) = self.seats();
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
        if let Some(given) = self.capacity.filter(|&given| given > Limits::CAPACITY_MAX) {
            // Not what it was rounded up to, which nobody asked for.
            return Err(CreateError::InvalidOption {
                channel: channel.to_owned(),
                option: "capacity",
                given: given.to_string(),
                wanted: format!("has to be at most {} bytes", Limits::CAPACITY_MAX),
            });
        }
        let alignment_is_usable = payload_alignment.is_power_of_two() && payload_alignment <= Limits::ALIGNMENT_MAX;
        let capacity = match (self.rounded_capacity(), self.max_message) {
            (Some(capacity), _) => capacity,
            (None, Some(max)) if alignment_is_usable => {
                let smallest = Geometry::smallest_capacity(max, payload_alignment).ok_or_else(|| too_large(max))?;
                smallest.max(row.capacity)
            }
            (None, _) => row.capacity,
        };
        let max_message = match self.max_message {
            Some(max) => max,
            None if capacity.is_power_of_two() && alignment_is_usable => {
                Geometry::largest_message(capacity, payload_alignment.max(8))
            }
            None => 0,
        };
        Ok(Geometry { row, senders, receivers, capacity, max_message, payload_alignment, slots: 0, priorities: 0 })
    }

    fn spec(&self, channel: &str) -> Result<CreateSpec, CreateError> {
        Ok(CreateSpec {
            geometry: self.geometry(channel)?,
            persistent: self.persistent.unwrap_or(false),
            redelivery: Redelivery {
                discard_on_death: self.discard_on_death.unwrap_or(false),
                limit: self.delivery_limit.unwrap_or(0),
            },
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
            kind: Some(self.kind),
            capacity: self.capacity.zip(self.rounded_capacity()),
            max_message: self.max_message,
            payload_alignment: self.payload_alignment,
            slots: self.slots,
            priorities: self.priorities,
            discard_on_death: self.discard_on_death,
            delivery_limit: self.delivery_limit,
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
        Arc::new(Shared { region: Arc::new(region), participant_name, origin, remove_on_drop, ends_when_drained })
    }

    pub(super) fn create(&self, name: &str) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        Ok(self.share(Region::create_named(&location, &self.spec(name)?)?, Origin::Created))
    }

    pub(super) fn open(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        let region = Region::open_named(&location, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    pub(super) fn open_or_create(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
        let (region, origin) = Region::open_or_create_named(&location, &self.expectations(), &self.spec(name)?)?;
        Ok(self.share(region, origin))
    }

    pub(super) fn anonymous(&self) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        Ok(self.share(Region::create_anonymous(&self.spec("(anonymous)")?)?, Origin::Created))
    }

    pub(super) fn open_descriptors(&self, file: OwnedFd, locks: OwnedFd) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let region = Region::open_anonymous(file, locks, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    #[cfg(feature = "named-segments")]
    pub(super) fn create_segment(&self, name: &str) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        Ok(self.share(Region::create_segment(name, &self.spec(name)?)?, Origin::Created))
    }

    #[cfg(feature = "named-segments")]
    pub(super) fn open_segment(&self, name: &str) -> Result<Arc<Shared>, OpenError> {
        let _guard = cancel_guard();
        let region = Region::open_segment(name, &self.expectations(), self.memory)?;
        Ok(self.share(region, Origin::Opened))
    }

    pub(super) fn private(&self) -> Result<Arc<Shared>, CreateError> {
        let _guard = cancel_guard();
        Ok(self.share(Region::create_private(&self.spec("(private)")?)?, Origin::Created))
    }
}

/// What a participant is called that has no name: its program.
fn program_name() -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    let file = std::path::Path::new(&program).file_name().unwrap_or_default();
    file.to_string_lossy().into_owned()
}

/// The options that every kind has, of an `Options` with a field `wishes`.
macro_rules! common_options {
    ($kind:literal) => {
        /// A persistent channel never disconnects: both sides wait for each other however often the other leaves. Default:
        /// false.
        pub fn persistent(mut self, persistent: bool) -> Self {
            self.wishes.persistent = Some(persistent);
            self
        }

        /// Which side pays for the fence between a message and the look for sleepers. Default: asymmetric where the system has
        /// `membarrier`.
        pub fn fence(mut self, mode: FenceMode) -> Self {
            self.wishes.fence = Some(mode);
            self
        }

        /// How sleepers are woken. Default: [`Backend::Futex`]. Semaphores are no way around a
        /// sandbox that refuses futexes: the C library sleeps on a futex, too, and ends the process where that is refused.
        /// Every participant of a channel that has a name or a descriptor needs [`Options::trust_peers`] then, and the C
        /// library of the others.
        pub fn backend(mut self, backend: Backend) -> Self {
            self.wishes.backend = Some(backend);
            self
        }

        /// Vouches for all who can write to the channel: see [`TrustPeers`]. Only [`Backend::Semaphore`] needs it, because
        /// the C library believes what it finds in a semaphore.
        pub fn trust_peers(mut self, _: TrustPeers) -> Self {
            self.wishes.trusts_peers = true;
            self
        }

        /// A name for the type of the messages, at most 64 bytes; opening with another one is [`OpenError::TypeMismatch`].
        /// Default at creation: none, the messages are bytes.
        pub fn type_name(mut self, name: &str) -> Self {
            self.wishes.type_name = Some(name.to_owned());
            self
        }

        /// Permission bits of the file, whatever the umask. Default: `0o600`. Others can only use it outside the private
        /// folder: give a path, or set `MEMLANE_DIR`.
        pub fn mode(mut self, mode: u32) -> Self {
            self.wishes.mode = Some(mode);
            self
        }

        /// Open files of other users, too. Default: false, only this user's and root's.
        pub fn any_owner(mut self, any: bool) -> Self {
            self.wishes.any_owner = any;
            self
        }

        /// The creator's process removes the channel when it drops its last handle to it, unless somebody else is using it.
        /// Default: false, a channel stays until it is removed.
        pub fn remove_on_drop(mut self, remove: bool) -> Self {
            self.wishes.remove_on_drop = remove;
            self
        }

        /// What this process's senders and receivers are called in [`Info`], at most 64 bytes. Default: the program's name.
        pub fn participant_name(mut self, name: &str) -> Self {
            self.wishes.participant_name = Some(name.to_owned());
            self
        }

        /// Receivers of this handle end when the channel is drained and no sender is there, also if the last one left before
        /// they joined: what a pool wants whose workers come at any time. Default: false, a receiver that joins a drained channel
        /// waits for the next sender. Before the channel's first sender came, both wait for it.
        ///
        /// It is this handle's, not the channel's: it is not stored, and others choose for themselves. A
        /// [persistent](Options::persistent) channel ends for nobody.
        ///
        /// ```
        #[doc = concat!("use memlane::", $kind, "::Options;\n")]
        /// let channel = Options::new().ends_when_drained(true).private()?;
        /// drop(channel.sender()?); // all work was done before we came
        /// assert!(channel.receiver()?.messages().next().is_none());
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        pub fn ends_when_drained(mut self, ends: bool) -> Self {
            self.wishes.ends_when_drained = ends;
            self
        }

        /// Touch every page now, so that none faults later. What came of it is in [`Channel::memory`].
        pub fn prefault(mut self, prefault: bool) -> Self {
            self.wishes.memory.prefault = prefault;
            self
        }

        /// Keep the pages from being swapped out. What came of it is in [`Channel::memory`].
        pub fn lock_memory(mut self, lock: bool) -> Self {
            self.wishes.memory.lock = lock;
            self
        }

        /// Ask for huge pages. What came of it is in [`Channel::memory`].
        pub fn huge_pages(mut self, huge: bool) -> Self {
            self.wishes.memory.huge_pages = huge;
            self
        }

        /// Creates a channel of this name.
        ///
        /// # Errors
        /// [`CreateError::AlreadyExists`], and the others of [`CreateError`]. Nothing is left behind.
        pub fn create(&self, name: &str) -> Result<Channel, CreateError> {
            self.wishes.create(name).map(Channel::new)
        }

        /// Opens the channel of this name.
        ///
        /// # Errors
        /// See [`OpenError`].
        pub fn open(&self, name: &str) -> Result<Channel, OpenError> {
            self.wishes.open(name).map(Channel::new)
        }

        /// Opens the channel of this name, or creates it if there is none or only one from before the last reboot.
        /// [`Channel::origin`] tells which.
        ///
        /// # Errors
        /// See [`OpenError`].
        pub fn open_or_create(&self, name: &str) -> Result<Channel, OpenError> {
            self.wishes.open_or_create(name).map(Channel::new)
        }

        /// Creates a channel without a name, in a memfd whose size is sealed, with a second one for the locks. Hand both
        /// [`Channel::descriptors`] over, by inheritance or over a Unix socket; the other side uses
        /// [`Options::open_descriptors`].
        ///
        /// # Errors
        /// See [`CreateError`].
        pub fn anonymous(&self) -> Result<Channel, CreateError> {
            self.wishes.anonymous().map(Channel::new)
        }

        /// Opens an anonymous channel from its two descriptors.
        ///
        /// # Errors
        /// See [`OpenError`].
        pub fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Channel, OpenError> {
            self.wishes.open_descriptors(region, locks).map(Channel::new)
        }

        /// Creates a channel in a named shared-memory segment of the operating system, by the `shared_memory` crate. Weaker
        /// than [`Options::create`]: an opener can come before the channel is complete
        /// ([`NotAChannel::Unfinished`](crate::NotAChannel) or [`OpenError::BadHeader`]: try again), a creator that is killed meanwhile leaves the
        /// name behind, every handle keeps a descriptor open, and that a segment was removed is not noticed.
        ///
        /// `name` is as in [`open`], without paths. Channels in segments are not listed, and [`crate::inspect`] does not find
        /// them; [`Channel::info`] works.
        ///
        /// # Errors
        /// [`CreateError::AlreadyExists`], and the others of [`CreateError`].
        #[cfg(feature = "named-segments")]
        pub fn create_segment(&self, name: &str) -> Result<Channel, CreateError> {
            self.wishes.create_segment(name).map(Channel::new)
        }

        /// Opens the channel in the segment of this name. See [`Options::create_segment`].
        ///
        /// # Errors
        /// See [`OpenError`].
        #[cfg(feature = "named-segments")]
        pub fn open_segment(&self, name: &str) -> Result<Channel, OpenError> {
            self.wishes.open_segment(name).map(Channel::new)
        }

        /// Creates a channel in this process's memory, for threads.
        ///
        /// # Errors
        /// [`CreateError::InvalidOption`].
        pub fn private(&self) -> Result<Channel, CreateError> {
            self.wishes.private().map(Channel::new)
        }
    };
}

/// The methods that every kind's `Channel` has.
macro_rules! common_channel {
    () => {
        /// Everything that can be seen of the channel now. Does not disturb it.
        #[must_use]
        pub fn info(&self) -> Info {
            Info::of(&self.shared.region)
        }

        /// Closes the channel for good: senders get `Disconnected` at their next call, which includes committing what they
        /// reserved before; receivers when they have drained it. That is final: a receiver that was told gets nothing more. What a
        /// call of another thread or process is sending at this very moment may stay in the channel, undelivered: to lose
        /// nothing, drop the senders instead.
        pub fn close(&self) {
            if !self.shared.region.mark().is_foreign() {
                self.shared.region.set_closed();
                liveness::announce(&self.shared.region);
            }
        }

        /// Removes the channel's file, as [`crate::remove`] does.
        ///
        /// # Errors
        /// [`RemoveError::InUse`] while somebody lives in it, this process's own handles included; `NotFound` for a channel
        /// without a name; the others of [`RemoveError`].
        pub fn remove(&self) -> Result<(), RemoveError> {
            let _guard = crate::region::sys::cancel_guard();
            self.shared.region.remove(false)
        }

        /// Largest message in bytes.
        #[must_use]
        pub fn max_message(&self) -> usize {
            self.shared.region.geometry().max_message as usize
        }

        /// Whether it was opened or created.
        #[must_use]
        pub fn origin(&self) -> Origin {
            self.shared.origin
        }

        /// What became of the wishes for prefaulted, locked and huge pages.
        #[must_use]
        pub fn memory(&self) -> &MemoryReport {
            self.shared.region.memory()
        }

        /// The descriptors of an anonymous channel: the region's and its locks'. `None` for the other kinds. They are closed
        /// on `exec` unless the caller clears that.
        #[must_use]
        pub fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
            self.shared.region.descriptors()
        }
    };
}

pub(super) use {common_channel, common_options};
