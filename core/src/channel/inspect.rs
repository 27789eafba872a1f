//! Looking at a channel without disturbing it: through a handle's own mapping, or from outside, by reading the file.
//!
//! From outside, the file is never mapped, so a peer that truncates it cannot end this process.

use super::calls_info::CallsInfo;
use super::port::{lane_geometry, slot_geometry};
use super::signal_info::{EventInfo, SemaphoreInfo, ValueInfo};
use crate::error::{Corruption, CreateError, OpenError};
use crate::layout::{
    Backend, EventWord, FenceMode, Kind, Naming, ParticipantState, Policy, Role, RowState, Status, Store, TypeForm,
};
use crate::liveness::{self, Counters};
use crate::region::sys::{self, cancel_guard};
use crate::region::{
    FileState, LaneView, Life, Location, LockQuery, Look, PermitsView, Region, SlotsView, ValuesView, View, list_folder,
};
use crate::ring::event;
use crate::ring::log::{LaneMemory, Position, Survey, number_at};
use crate::ring::permits::PermitMemory;
use crate::ring::slots::{Census, SlotMemory, backlog, returned};
use crate::ring::watch::WatchMemory;
use crate::sync::Ordering::{Acquire, Relaxed};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that can be seen of a channel.
///
/// It is a snapshot: others send, receive, join and leave while it is taken, so each number is exact, but not all of them are of
/// one moment. The numbers are what participants wrote, so each is a `u64`, sizes included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The name or path that it was opened by.
    pub name: String,
    /// The region file, unless it is anonymous or private.
    pub path: Option<PathBuf>,
    /// Its kind.
    pub kind: Kind,
    /// How sleepers are woken.
    pub backend: Backend,
    /// Which side pays for the fence between a message and the check for sleepers.
    pub fence: FenceMode,
    /// 32 hexadecimal digits that tell this channel from every other one of the same name.
    pub instance: String,
    /// When it was created, in nanoseconds of the Unix epoch.
    pub created_unix_ns: u64,
    /// Process id of its creator.
    pub creator_pid: u32,
    /// Length of the file in bytes.
    pub total_bytes: u64,
    /// Ring bytes per lane.
    pub capacity: u64,
    /// Largest message in bytes.
    pub max_message: u64,
    /// Alignment of every message in bytes.
    pub payload_alignment: u64,
    /// At multiples of how many bytes the records of its lanes start; 0 in kinds without lanes.
    pub record_alignment: u64,
    /// Whether it is persistent: its participants wait for peers instead of being disconnected.
    pub persistent: bool,
    /// The name of the type of its messages; empty for bytes. A name of more than 512 bytes is cut, and its length and hash are told.
    pub type_name: String,
    /// What that name says about its messages.
    pub type_form: TypeForm,
    /// Bytes of a message (`One`) or of one of its elements (`Slice`); 0 in other forms.
    pub type_size: u32,
    /// Alignment of a message or of its elements in bytes; 0 in other forms.
    pub type_alignment: u32,
    /// FNV-1a, 64 bits, of the whole name; 0 for bytes.
    pub type_hash: u64,
    /// In which state it is. `Corrupted(FileLength)`: it was truncated, and nothing below could be looked at.
    pub status: ChannelStatus,
    /// One per sender seat.
    pub lanes: Vec<LaneInfo>,
    /// The slot queue, in kinds that have one.
    pub queue: Option<QueueInfo>,
    /// Who reads the lane, in kinds where all receivers read one.
    pub broadcast: Option<BroadcastInfo>,
    /// The value, in kinds that hold one.
    pub value: Option<ValueInfo>,
    /// The frames of calls, in kinds that have them.
    pub calls: Option<CallsInfo>,
    /// The permits, in kinds that have some.
    pub semaphore: Option<SemaphoreInfo>,
    /// The event, in kinds that are one.
    pub event: Option<EventInfo>,
    /// Process ids of those whose guardian is on duty, as far as a participant of them is known: two at most, who learn at once of a death.
    /// See [`Options::watch_peers`](crate::generic::Options::watch_peers). If there is none, deaths are found at the end of slices.
    pub watched_by: Vec<u32>,
    /// Every seat that was ever taken, with its last holder.
    pub participants: Vec<ParticipantInfo>,
}

/// The state of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelStatus {
    /// In use.
    Live,
    /// Closed for good.
    Closed,
    /// Beyond use.
    Corrupted(Corruption),
    /// From before the last reboot: its messages are of unknown age, and no participant of that time is alive.
    Stale,
}

/// The words of a channel, wherever they are read.
trait Words {
    /// All but cells, slots and rings.
    fn region(&self) -> &Region;
    /// A lane.
    fn lane(&self, lane: u32) -> impl LaneMemory;
    /// The slot queue, in kinds that have one.
    fn slots(&self) -> impl SlotMemory;
    /// The value, in kinds that hold one.
    fn values(&self) -> impl WatchMemory;
    /// The permits, in kinds that have some.
    fn permits(&self) -> impl PermitMemory;
    /// The event, in kinds that are one.
    fn event(&self) -> EventWord;
}

/// Read through the mapping of a handle.
impl Words for Arc<Region> {
    fn region(&self) -> &Region {
        self
    }

    fn lane(&self, lane: u32) -> impl LaneMemory {
        LaneView::new(self, lane, 0)
    }

    fn slots(&self) -> impl SlotMemory {
        SlotsView::new(self)
    }

    fn values(&self) -> impl WatchMemory {
        ValuesView::new(self)
    }

    fn permits(&self) -> impl PermitMemory {
        PermitsView::new(self)
    }

    fn event(&self) -> EventWord {
        event::look(&View::event(self).word)
    }
}

/// Read from the file.
impl Words for Look {
    fn region(&self) -> &Region {
        Look::region(self)
    }

    fn lane(&self, lane: u32) -> impl LaneMemory {
        Look::lane(self, lane)
    }

    fn slots(&self) -> impl SlotMemory {
        Look::slots(self)
    }

    fn values(&self) -> impl WatchMemory {
        Look::values(self)
    }

    fn permits(&self) -> impl PermitMemory {
        Look::permits(self)
    }

    fn event(&self) -> EventWord {
        event::look(Look::event(self).word())
    }
}

impl ChannelStatus {
    fn of(region: &Region) -> Self {
        match region.status() {
            // If it cannot be found out whether it is stale, its own status is the next best answer.
            _ if region.is_stale().unwrap_or(false) => Self::Stale,
            Status::Live => Self::Live,
            Status::Closed => Self::Closed,
            Status::Poisoned(reason) => Self::Corrupted(reason),
            Status::Initialising => Self::Corrupted(Corruption::Status),
        }
    }

    /// The word for it that people read.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// assert_eq!(channel.info().status.name(), "live");
    /// channel.close();
    /// assert_eq!(channel.info().status.name(), "closed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Closed => "closed",
            Self::Corrupted(_) => "corrupted",
            Self::Stale => "stale",
        }
    }
}

/// A lane of a channel: the ring of bytes that one sender writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneInfo {
    /// Messages committed since the channel was created.
    pub messages: u64,
    /// Bytes committed since then, with headers and padding: the sender's position.
    pub committed: u64,
    /// Bytes that were released: the receiver's position. Of several receivers, that of the one that has come least far; without one,
    /// the sender's.
    pub consumed: u64,
}

/// The slot queue of a channel that has one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueInfo {
    /// How many slots there are.
    pub slots: u64,
    /// Slots that are free.
    pub free: u64,
    /// Slots that a sender fills, or whose message is queued.
    pub produced: u64,
    /// Slots whose message a receiver holds and has not acknowledged.
    pub consumed: u64,
    /// Slots whose message was given back, and is queued again or about to be.
    pub redeliver: u64,
    /// Slots whose message a dead receiver held: the next receivers get it, before what is queued.
    pub returned: u64,
    /// Messages that wait to be received, by priority, the most urgent first. Includes those that dead receivers held.
    pub queued: Vec<u64>,
    /// Messages that left the queue since the channel was created, by priority. One that came again counts each time.
    pub passed: Vec<u64>,
    /// Messages that were given up after too many deliveries.
    pub dead_letters: u64,
    /// Messages that were discarded because their receiver died.
    pub discarded: u64,
    /// Whether the messages that a dead receiver held are discarded, and not delivered again.
    pub discard_on_death: bool,
    /// A message that was delivered this often without being acknowledged is given up; 0: never.
    pub delivery_limit: u16,
}

/// Who reads a lane that all receivers read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BroadcastInfo {
    /// What the sender does where a receiver has not come as far as it wants to write.
    pub policy: Policy,
    /// The receivers whose rows say that they are there, and those that are away and will come back by their names: a lossless sender
    /// overwrites nothing that one of them has not received.
    pub readers: Vec<ReaderInfo>,
}

/// How far a receiver has come in the lanes that all receivers read. When it was there last, its row tells: see
/// [`ParticipantInfo::left_unix_ns`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReaderInfo {
    /// Its row: which of [`Info::participants`] it is.
    pub row: u32,
    /// The name by which it comes back. `None`: it has none, and does not.
    pub name: Option<String>,
    /// Whether it is away: nobody receives for it until it comes back.
    pub is_away: bool,
    /// In which lane it lags furthest, in bytes: the row of its sender.
    pub lane: u32,
    /// The position there behind the last message that it released. One that the sender overtakes says so every now and then.
    pub consumed: u64,
    /// How many bytes, with headers and padding, were sent there behind that.
    pub lag: u64,
    /// How many messages were sent in all lanes that it has not released. `None`: what stands there contradicts itself.
    pub behind: Option<u64>,
}

impl BroadcastInfo {
    fn of(words: &impl Words, participants: &[ParticipantInfo]) -> Option<Self> {
        let region = words.region();
        if !region.geometry().row.is_broadcast() {
            return None;
        }
        let readers: Vec<_> = participants.iter().filter_map(|receiver| ReaderInfo::of(words, receiver)).collect();
        Some(Self { policy: region.facts().policy, readers })
    }

    /// Of `readers`, the one that lags furthest behind a sender, in bytes; of several that do, the first one. A lossless sender whose
    /// lane is full waits for it. `None`: there is no receiver.
    ///
    /// ```
    /// let channel = memlane::broadcast::Options::new().private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// let broadcast = channel.info().broadcast.expect("it is one");
    /// let slowest = broadcast.slowest().expect("there is a receiver");
    /// assert_eq!((slowest.row, slowest.lane, slowest.behind), (rx.row(), tx.row(), Some(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slowest(&self) -> Option<&ReaderInfo> {
        self.readers.iter().reduce(|one, other| if other.lag > one.lag { other } else { one })
    }
}

impl ReaderInfo {
    fn of(words: &impl Words, participant: &ParticipantInfo) -> Option<Self> {
        let &ParticipantInfo { row, role, state, named, .. } = participant;
        let is_away = state == ParticipantState::Away;
        if role != Role::Receiver || !(is_away || state == ParticipantState::Live) {
            return None;
        }
        let region = words.region();
        let geometry = lane_geometry(region.geometry());
        let lanes = (0..region.geometry().lanes()).filter_map(|lane| {
            let (gate, memory) = (region.gate_of(lane, row)?, words.lane(lane));
            let consumed = gate.consumed.load(Relaxed);
            let next = match region.facts().policy.is_lossy() {
                true => Some(gate.next.load(Relaxed)),
                false => number_at(&memory, &geometry, Position(consumed)).ok(),
            };
            // Behind the number: so what was sent is not less, unless a peer wrote what it may not.
            let sent = Survey::of(&memory, &geometry);
            let behind = next.and_then(|next| sent.count.checked_sub(next));
            Some(Self {
                row,
                name: None,
                is_away,
                lane,
                consumed,
                lag: sent.committed.0.saturating_sub(consumed),
                behind,
            })
        });
        let all = lanes.reduce(|one, other| {
            let behind = one.behind.zip(other.behind).map(|(one, other)| one.saturating_add(other));
            Self { behind, ..if other.lag > one.lag { other } else { one } }
        })?;
        Some(Self { name: named.then(|| participant.name.clone()), ..all })
    }
}

impl QueueInfo {
    fn of(words: &impl Words) -> Option<Self> {
        let region = words.region();
        if !region.geometry().has_slots() {
            return None;
        }
        let geometry = slot_geometry(region.geometry());
        let memory = words.slots();
        let census = Census::of(&memory, &geometry);
        let (passed, mut queued): (_, Vec<u64>) =
            (0..geometry.rings()).map(|ring| backlog(&memory, &geometry, ring)).unzip();
        for (queued, returned) in queued.iter_mut().zip(returned(&memory, &geometry)) {
            *queued = queued.saturating_add(returned).min(geometry.slots().into());
        }
        Some(Self {
            slots: geometry.slots().into(),
            free: census.free,
            produced: census.produced,
            consumed: census.consumed,
            redeliver: census.redeliver,
            returned: census.returned,
            queued,
            passed,
            dead_letters: region.queue().dead_letters.load(Relaxed),
            discarded: region.queue().discarded.load(Relaxed),
            discard_on_death: region.facts().redelivery.discard_on_death,
            delivery_limit: region.facts().redelivery.limit,
        })
    }
}

impl LaneInfo {
    /// Bytes that are in use: committed and not yet released, with headers and padding.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send(&[0; 24])?;
    /// drop(tx); // publishes what it sent
    /// assert_eq!(channel.info().lanes[0].used_bytes(), 32); // a header of 8 bytes, and the message
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.committed.saturating_sub(self.consumed)
    }
}

/// A participant: the last holder of a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParticipantInfo {
    /// The row of its seat.
    pub row: u32,
    /// Whether it sends or receives.
    pub role: Role,
    /// What its row says of it.
    pub state: ParticipantState,
    /// Whether the kernel proves that it is alive. `None`: that cannot be seen (no access to the lock file).
    pub alive: Option<bool>,
    /// Whether its process has ended, or runs no more, though the kernel does not yet prove it dead: its memory is being taken
    /// down, a core dump is being written, or a child shares its memory. What it held comes back when that is over.
    pub dying: bool,
    /// A number that no other participant of this channel has or had.
    pub life: u64,
    /// Its process id, as its own PID namespace numbers it.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// When it joined, in nanoseconds of the Unix epoch.
    pub started_unix_ns: u64,
    /// When it left, or was found dead, in nanoseconds of the Unix epoch; 0 while it is there.
    pub left_unix_ns: u64,
    /// Whether its seat is kept for its name: when it leaves or dies, it is [away](ParticipantState::Away).
    pub named: bool,
    /// Whether it offers its seat to a successor, and waits for that one: see [`Sender::hand_over`](crate::generic::Sender::hand_over).
    pub offered: bool,
    /// What it counted about itself.
    pub counters: Counters,
}

impl Info {
    /// What a participant sees.
    pub(super) fn of(region: &Arc<Region>) -> Self {
        let _guard = cancel_guard();
        Self::by(region)
    }

    fn by(words: &impl Words) -> Self {
        let region = words.region();
        let facts = region.facts();
        let geometry = &facts.geometry;
        // Looking behind the end of a truncated file would be SIGBUS, where it is mapped.
        let is_whole = !matches!(region.file_state(), Ok(FileState::CutShort { .. }));
        let (rows, lanes) = if is_whole { (geometry.participants(), geometry.lanes()) } else { (0, 0) };
        let mut query = region.lock_query();
        let mut participants: Vec<_> =
            (0..rows).filter_map(|row| ParticipantInfo::of(region, row, &mut query)).collect();
        let broadcast = if is_whole { BroadcastInfo::of(words, &participants) } else { None };
        let of_all = broadcast.as_ref();
        let lanes = (0..lanes).map(|lane| LaneInfo::of(words, lane, of_all, &mut participants)).collect();
        Self {
            name: region.label().to_owned(),
            path: region.path().map(ToOwned::to_owned),
            kind: geometry.row.kind,
            backend: facts.backend,
            fence: facts.fence,
            instance: facts.instance_text(),
            created_unix_ns: facts.created_unix_ns,
            creator_pid: facts.creator_pid,
            total_bytes: facts.map.total,
            capacity: geometry.capacity,
            max_message: geometry.max_message,
            payload_alignment: geometry.payload_alignment.into(),
            record_alignment: geometry.record_alignment.into(),
            persistent: facts.persistent,
            type_name: match &facts.message_type {
                none if none.name_bytes == 0 => String::new(),
                named => named.to_string(),
            },
            type_form: facts.message_type.form,
            type_size: facts.message_type.size,
            type_alignment: facts.message_type.alignment,
            type_hash: facts.message_type.hash,
            status: if is_whole { ChannelStatus::of(region) } else { ChannelStatus::Corrupted(Corruption::FileLength) },
            lanes,
            queue: if is_whole { QueueInfo::of(words) } else { None },
            broadcast,
            value: (is_whole && geometry.row.store == Store::Value).then(|| ValueInfo::of(words.values())),
            semaphore: (is_whole && geometry.row.store == Store::Permits).then(|| SemaphoreInfo::of(words.permits())),
            event: (is_whole && geometry.row.store == Store::Event).then(|| EventInfo::of(words.event())),
            calls: if is_whole { CallsInfo::of(words.region(), || words.slots()) } else { None },
            watched_by: if is_whole { watchers(region, &participants, &mut query) } else { Vec::new() },
            participants,
        }
    }
}

/// The processes whose guardians are on duty. A guardian has a life of its process, and no row.
fn watchers(region: &Region, participants: &[ParticipantInfo], query: &mut LockQuery<'_>) -> Vec<u32> {
    let on_duty = liveness::on_duty(region, query);
    let process =
        |life| participants.iter().rfind(|one| one.alive == Some(true) && Life::are_of_one_process(one.life, life));
    on_duty.into_iter().filter_map(process).map(|participant| participant.pid).collect()
}

impl LaneInfo {
    /// Looks at a lane. Also adds to the counters of its sender the messages that the sender has not counted yet.
    fn of(words: &impl Words, lane: u32, of_all: Option<&BroadcastInfo>, participants: &mut [ParticipantInfo]) -> Self {
        let memory = words.lane(lane);
        let (consumed, survey) = Survey::with_consumed(&memory, &lane_geometry(words.region().geometry()));
        let gate = |reader: &ReaderInfo| Some(words.region().gate_of(lane, reader.row)?.consumed.load(Relaxed));
        let least = |all: &BroadcastInfo| all.readers.iter().filter_map(gate).min().unwrap_or(survey.committed.0);
        let consumed = of_all.map_or(consumed.0, least);
        if let Some(sender) = participants.iter_mut().find(|participant| participant.row == lane) {
            // A peer may have written any number into the row.
            let counters = &mut sender.counters;
            counters.messages = counters.messages.wrapping_add(survey.unpublished_messages);
            counters.bytes = counters.bytes.wrapping_add(survey.unpublished_bytes);
        }
        Self { messages: survey.count, committed: survey.committed.0, consumed }
    }
}

impl ParticipantInfo {
    fn of(region: &Region, row: u32, query: &mut LockQuery<'_>) -> Option<Self> {
        let words = region.row(row);
        // EDGE row→look: pairs with the Release in `word::replace`.
        let state = RowState::from_bits(words.state.load(Acquire))?;
        if state.state == ParticipantState::Vacant {
            return None;
        }
        let is_live = state.state == ParticipantState::Live;
        let alive = query.is_over(state.life).ok().map(|over| is_live && !over);
        let pid = words.pid.load(Relaxed) as u32;
        // A process of another PID namespace has another number here.
        let is_visible = words.pid_namespace.load(Relaxed) == sys::pid_namespace();
        Some(Self {
            row,
            role: state.role,
            state: state.state,
            alive,
            dying: alive == Some(true) && is_visible && sys::is_ending(pid),
            life: state.life,
            pid,
            name: liveness::read_name(words),
            started_unix_ns: words.started_unix_ns.load(Relaxed),
            left_unix_ns: if is_live { 0 } else { words.left_unix_ns.load(Relaxed) },
            named: state.naming == Naming::Named,
            offered: state.offered,
            counters: Counters::read(words),
        })
    }
}

/// Looks at a channel of any kind, state and age, without taking part.
///
/// The channel's participants do not notice. They go on meanwhile, so the numbers are not all of one moment. The file is read, not
/// mapped: a process that truncates it cannot end this one.
///
/// # Errors
/// Those of [`OpenError`] for files that are no channels, or are damaged; [`OpenError::Truncated`] if the file is truncated
/// meanwhile. Stale, closed, corrupted and other users' channels are no error.
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str();
/// let channel = memlane::spsc::Options::new().create(name)?;
/// channel.sender()?.send(b"hello")?;
/// let info = memlane::inspect(name)?;
/// assert_eq!(info.lanes[0].messages, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(name: &str) -> Result<Info, OpenError> {
    let _guard = cancel_guard();
    let location = Location::of(name).map_err(|_| CreateError::InvalidName { channel: name.to_owned() })?;
    let look = Look::at(&location)?;
    let info = Info::by(&look);
    look.finish()?;
    Ok(info)
}

/// Lists the names of the channels in the folder of named channels (see [`crate::channel_path`]), sorted.
///
/// Other processes create and remove channels meanwhile, so a name may be gone when the call returns. Whether a channel can be
/// opened, [`inspect`] tells.
///
/// # Errors
/// The folder exists but cannot be read.
///
/// ```
/// for name in memlane::list()? {
///     match memlane::inspect(&name) {
///         Ok(info) => println!("{name}: {}, {}", info.kind.name(), info.status.name()),
///         Err(error) => println!("{name}: {error}"),
///     }
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn list() -> io::Result<Vec<String>> {
    let _guard = cancel_guard();
    list_folder()
}
