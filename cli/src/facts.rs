//! What can be seen of a channel, in the words and units that `--json` prints. The keys are those of [`memlane::Info`].

use memlane::{
    BroadcastInfo, CallsInfo, ChannelStatus, Granted, Info, LaneInfo, MemoryReport, ParticipantInfo, ParticipantState,
    QueueInfo, ReaderInfo, ValueInfo,
};
use serde::Serialize;

/// A channel. Sizes and positions are in bytes.
#[derive(Debug, Serialize)]
pub struct ChannelFacts {
    name: String,
    path: Option<String>,
    kind: &'static str,
    status: &'static str,
    /// Why the channel is beyond use, if it is.
    corruption: Option<String>,
    backend: &'static str,
    fence: &'static str,
    instance: String,
    created_unix_ns: u64,
    creator_pid: u32,
    total_bytes: u64,
    capacity: u64,
    max_message: u64,
    payload_alignment: u64,
    /// 0 for kinds without lanes.
    record_alignment: u64,
    persistent: bool,
    /// Empty for bytes.
    type_name: String,
    type_form: &'static str,
    type_size: u32,
    type_alignment: u32,
    /// Hexadecimal, since not every reader of JSON has numbers of 64 bits; `null` for bytes.
    type_hash: Option<String>,
    lanes: Vec<LaneFacts>,
    /// `null` for kinds without slots.
    queue: Option<QueueFacts>,
    /// `null` for kinds other than broadcast.
    broadcast: Option<BroadcastFacts>,
    /// `null` for kinds that carry messages.
    value: Option<ValueFacts>,
    /// Process ids.
    watched_by: Vec<u32>,
    semaphore: Option<SemaphoreFacts>,
    event: Option<EventFacts>,
    calls: Option<CallsFacts>,
    participants: Vec<ParticipantFacts>,
}

#[derive(Debug, Serialize)]
struct LaneFacts {
    messages: u64,
    committed: u64,
    consumed: u64,
    used_bytes: u64,
}

#[derive(Debug, Serialize)]
struct QueueFacts {
    slots: u64,
    free: u64,
    produced: u64,
    consumed: u64,
    redeliver: u64,
    returned: u64,
    queued: Vec<u64>,
    passed: Vec<u64>,
    dead_letters: u64,
    discarded: u64,
    on_death: &'static str,
    delivery_limit: u16,
}

#[derive(Debug, Serialize)]
struct BroadcastFacts {
    policy: &'static str,
    /// The row of the receiver that holds the sender back, or would first; `null`: there is none.
    slowest: Option<u32>,
    /// In which lane.
    lane: Option<u32>,
    consumed: Option<u64>,
    readers: Vec<ReaderFacts>,
}

#[derive(Debug, Serialize)]
struct ReaderFacts {
    row: u32,
    /// The name by which it comes back; `null`: it has none.
    name: Option<String>,
    away: bool,
    /// In which lane it lags furthest behind its sender, where it is there, and by how many bytes.
    lane: u32,
    consumed: u64,
    lag: u64,
    /// Messages that it has not released; `null`: what stands there contradicts itself.
    behind: Option<u64>,
}

#[derive(Debug, Serialize)]
struct SemaphoreFacts {
    available: u64,
    held: u64,
    max_held: u64,
}

#[derive(Debug, Serialize)]
struct EventFacts {
    bits: u32,
    count: u32,
}

#[derive(Debug, Serialize)]
struct CallsFacts {
    frames: u64,
    max_response: u64,
    free: u64,
    asked: u64,
    taken: u64,
    returned: u64,
    cancelled: u64,
    abandoned: u64,
    answered: u64,
    failed: u64,
    retries: bool,
    max_attempts: u16,
}

#[derive(Debug, Serialize)]
struct ValueFacts {
    version: u64,
    length: u64,
    slots: u64,
}

#[derive(Debug, Serialize)]
struct ParticipantFacts {
    row: u32,
    role: &'static str,
    state: &'static str,
    /// `null` if the lock file cannot be read.
    alive: Option<bool>,
    dying: bool,
    life: u64,
    pid: u32,
    name: String,
    started_unix_ns: u64,
    /// 0 while it is there.
    left_unix_ns: u64,
    counters: CounterFacts,
}

#[derive(Debug, Serialize)]
struct CounterFacts {
    messages: u64,
    bytes: u64,
    full: u64,
    empty: u64,
    parks: u64,
    wakes: u64,
    lost: u64,
    redelivered: u64,
    reaped: u64,
}

/// What came of the wishes about memory: `null` where none was uttered, else whether it was granted and why not.
#[derive(Debug, Serialize)]
pub struct MemoryFacts {
    prefaulted: Option<WishFacts>,
    locked: Option<WishFacts>,
    huge_pages: Option<WishFacts>,
}

#[derive(Debug, Serialize)]
struct WishFacts {
    granted: bool,
    reason: Option<String>,
}

impl From<&Info> for ChannelFacts {
    fn from(info: &Info) -> Self {
        Self {
            name: info.name.clone(),
            path: info.path.as_ref().map(|path| path.display().to_string()),
            kind: info.kind.name(),
            status: info.status.name(),
            corruption: match info.status {
                ChannelStatus::Corrupted(reason) => Some(reason.to_string()),
                _ => None,
            },
            backend: info.backend.name(),
            fence: info.fence.name(),
            instance: info.instance.clone(),
            created_unix_ns: info.created_unix_ns,
            creator_pid: info.creator_pid,
            total_bytes: info.total_bytes,
            capacity: info.capacity,
            max_message: info.max_message,
            payload_alignment: info.payload_alignment,
            record_alignment: info.record_alignment,
            persistent: info.persistent,
            type_name: info.type_name.clone(),
            type_form: info.type_form.name(),
            type_size: info.type_size,
            type_alignment: info.type_alignment,
            type_hash: (!info.type_name.is_empty()).then(|| format!("{:016x}", info.type_hash)),
            lanes: info.lanes.iter().map(LaneFacts::from).collect(),
            queue: info.queue.as_ref().map(QueueFacts::from),
            broadcast: info.broadcast.as_ref().map(BroadcastFacts::from),
            value: info.value.as_ref().map(ValueFacts::from),
            watched_by: info.watched_by.clone(),
            semaphore: info.semaphore.as_ref().map(|permits| SemaphoreFacts {
                available: permits.available,
                held: permits.held,
                max_held: permits.max_held,
            }),
            event: info.event.as_ref().map(|event| EventFacts { bits: event.bits, count: event.count }),
            calls: info.calls.as_ref().map(CallsFacts::from),
            participants: info.participants.iter().map(ParticipantFacts::from).collect(),
        }
    }
}

impl From<&LaneInfo> for LaneFacts {
    fn from(lane: &LaneInfo) -> Self {
        Self {
            messages: lane.messages,
            committed: lane.committed,
            consumed: lane.consumed,
            used_bytes: lane.used_bytes(),
        }
    }
}

impl From<&QueueInfo> for QueueFacts {
    fn from(queue: &QueueInfo) -> Self {
        Self {
            slots: queue.slots,
            free: queue.free,
            produced: queue.produced,
            consumed: queue.consumed,
            redeliver: queue.redeliver,
            returned: queue.returned,
            queued: queue.queued.clone(),
            passed: queue.passed.clone(),
            dead_letters: queue.dead_letters,
            discarded: queue.discarded,
            on_death: on_death_name(queue.discard_on_death),
            delivery_limit: queue.delivery_limit,
        }
    }
}

impl From<&BroadcastInfo> for BroadcastFacts {
    fn from(broadcast: &BroadcastInfo) -> Self {
        let slowest = broadcast.slowest();
        Self {
            policy: broadcast.policy.name(),
            slowest: slowest.map(|reader| reader.row),
            lane: slowest.map(|reader| reader.lane),
            consumed: slowest.map(|reader| reader.consumed),
            readers: broadcast.readers.iter().map(ReaderFacts::from).collect(),
        }
    }
}

impl From<&ReaderInfo> for ReaderFacts {
    fn from(reader: &ReaderInfo) -> Self {
        Self {
            row: reader.row,
            name: reader.name.clone(),
            away: reader.is_away,
            lane: reader.lane,
            consumed: reader.consumed,
            lag: reader.lag,
            behind: reader.behind,
        }
    }
}

impl From<&CallsInfo> for CallsFacts {
    fn from(calls: &CallsInfo) -> Self {
        Self {
            frames: calls.frames,
            max_response: calls.max_response,
            free: calls.free,
            asked: calls.asked,
            taken: calls.taken,
            returned: calls.returned,
            cancelled: calls.cancelled,
            abandoned: calls.abandoned,
            answered: calls.answered,
            failed: calls.failed,
            retries: calls.retries,
            max_attempts: calls.max_attempts,
        }
    }
}

impl From<&ValueInfo> for ValueFacts {
    fn from(value: &ValueInfo) -> Self {
        Self { version: value.version, length: value.length, slots: value.slots }
    }
}

/// What becomes of what a dead receiver held, in a word.
pub fn on_death_name(discard: bool) -> &'static str {
    if discard { "discard" } else { "redeliver" }
}

impl From<&ParticipantInfo> for ParticipantFacts {
    fn from(participant: &ParticipantInfo) -> Self {
        let counters = &participant.counters;
        Self {
            row: participant.row,
            role: participant.role.name(),
            state: state_name(participant.state),
            alive: participant.alive,
            dying: participant.dying,
            life: participant.life,
            pid: participant.pid,
            name: participant.name.clone(),
            started_unix_ns: participant.started_unix_ns,
            left_unix_ns: participant.left_unix_ns,
            counters: CounterFacts {
                messages: counters.messages,
                bytes: counters.bytes,
                full: counters.full,
                empty: counters.empty,
                parks: counters.parks,
                wakes: counters.wakes,
                lost: counters.lost,
                redelivered: counters.redelivered,
                reaped: counters.reaped,
            },
        }
    }
}

impl From<&MemoryReport> for MemoryFacts {
    fn from(report: &MemoryReport) -> Self {
        let wish = |granted: &Granted| match granted {
            Granted::Yes => Some(WishFacts { granted: true, reason: None }),
            Granted::No(reason) => Some(WishFacts { granted: false, reason: Some(reason.clone()) }),
            _ => None,
        };
        Self {
            prefaulted: wish(&report.prefaulted),
            locked: wish(&report.locked),
            huge_pages: wish(&report.huge_pages),
        }
    }
}

/// What a participant's row says, in a word.
pub fn state_name(state: ParticipantState) -> &'static str {
    match state {
        ParticipantState::Vacant => "vacant",
        ParticipantState::Live => "live",
        ParticipantState::Closed => "closed",
        ParticipantState::Dead => "dead",
        ParticipantState::Away => "away",
        _ => "unknown",
    }
}
