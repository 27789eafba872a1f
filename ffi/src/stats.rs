//! What can be seen of a channel and of one's own place in it.

use crate::arguments::{self, out};
use crate::call::done;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{ChannelHandle, Handle, ReceiverHandle, SenderHandle};
use crate::options::{
    MEMLANE_BACKEND_FUTEX, MEMLANE_BACKEND_SEMAPHORE, MEMLANE_FENCE_ASYMMETRIC, MEMLANE_FENCE_SYMMETRIC, POLICIES,
};
use crate::status::Status;
use memlane::any::Channel;
use memlane::broadcast::Policy;
use memlane::{Backend, ChannelStatus, FenceMode, Info, Role};
use std::ffi::c_char;
use std::mem::size_of;

/// In use.
pub const MEMLANE_STATE_LIVE: u32 = 1;
/// Shut down for good.
pub const MEMLANE_STATE_CLOSED: u32 = 2;
/// Beyond use.
pub const MEMLANE_STATE_CORRUPTED: u32 = 3;
/// From before the last reboot.
pub const MEMLANE_STATE_STALE: u32 = 4;

/// Messages are bytes, and have no type.
pub const MEMLANE_TYPE_BYTES: u32 = 0;
/// Messages have a type of a name that says nothing of bytes.
pub const MEMLANE_TYPE_NAMED: u32 = 1;
/// Each message is one value of type_size bytes.
pub const MEMLANE_TYPE_ONE: u32 = 2;
/// Each message is any number of elements of type_size bytes each.
pub const MEMLANE_TYPE_SLICE: u32 = 3;
/// Each message is a value that a codec wrote.
pub const MEMLANE_TYPE_CODEC: u32 = 4;

/// What can be seen of a channel. Each number is exact, but not all are of one moment. Fields that the kind does not have
/// are 0.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    /// To be set before the call: sizeof(memlane_stats). So much is written, at most.
    pub size: usize,
    /// MEMLANE_SPSC, MEMLANE_MPMC, MEMLANE_MPSC, MEMLANE_WATCH or MEMLANE_BROADCAST; another number is that of a kind that this header does not know.
    pub kind: u32,
    /// MEMLANE_STATE_LIVE, _CLOSED, _CORRUPTED or _STALE.
    pub state: u32,
    /// MEMLANE_BACKEND_FUTEX or MEMLANE_BACKEND_SEMAPHORE; 0 for one that this header does not know.
    pub backend: u32,
    /// MEMLANE_FENCE_ASYMMETRIC or MEMLANE_FENCE_SYMMETRIC.
    pub fence: u32,
    /// Length of the file in bytes.
    pub total_bytes: u64,
    /// spsc: ring size in bytes.
    pub capacity: u64,
    /// Largest message in bytes: a buffer of this length always suffices.
    pub max_message: u64,
    /// Alignment of every message in bytes.
    pub payload_alignment: u32,
    /// 1: it never disconnects.
    pub persistent: u32,
    /// mpmc: how many messages fit.
    pub slots: u32,
    /// mpmc: how many priorities there are.
    pub priorities: u32,
    /// Senders that are alive.
    pub senders: u32,
    /// Receivers that are alive.
    pub receivers: u32,
    /// Messages since it was created. spsc: sent; mpmc: taken by receivers, those that came again each time, and queued;
    /// watch: how often its value was set.
    pub messages: u64,
    /// spsc: bytes that are occupied; watch: bytes of the latest value.
    pub used_bytes: u64,
    /// mpmc: messages that are queued.
    pub queued: u64,
    /// mpmc: messages that receivers have and did not acknowledge.
    pub held: u64,
    /// mpmc: slots that are nobody's.
    pub free: u64,
    /// mpmc: messages that were given up after too many deliveries.
    pub dead_letters: u64,
    /// mpmc: messages whose receiver died, where these are not delivered again.
    pub discarded: u64,
    /// When it was created, in nanoseconds of the Unix epoch.
    pub created_unix_ns: u64,
    /// Process id of its creator.
    pub creator_pid: u32,
    /// Seats that were ever taken.
    pub participants: u32,
    /// The name of the type of its messages, with its zero byte; empty for bytes. Of a longer one the beginning.
    pub type_name: [c_char; 520],
    /// 32 hexadecimal digits that tell this channel from every other one of the same name, with the zero byte.
    pub instance: [c_char; 40],
    /// spsc, mpsc, broadcast: at multiples of how many bytes messages start.
    pub record_alignment: u32,
    /// MEMLANE_TYPE_BYTES, _NAMED, _ONE, _SLICE or _CODEC; another number is one that this header does not know.
    pub type_form: u32,
    /// Bytes of a message (MEMLANE_TYPE_ONE) or of each element (MEMLANE_TYPE_SLICE); else 0.
    pub type_size: u32,
    /// Alignment of a message or element in bytes, likewise.
    pub type_alignment: u32,
    /// FNV-1a, 64 bits, of the type's whole name; 0 for bytes.
    pub type_hash: u64,
    /// broadcast: one of MEMLANE_POLICY_…; another number is one that this header does not know.
    pub policy: u32,
    /// broadcast: the row of the receiver that has come least far, for which a lossless sender whose ring is full waits; UINT32_MAX
    /// where there is none.
    pub slowest: u32,
}

/// What a sender or receiver counted about itself since it joined.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Counters {
    /// To be set before the call: sizeof(memlane_counters). So much is written, at most.
    pub size: usize,
    /// Its row among the participants, as `memlane info` shows it.
    pub row: u64,
    /// A number that no other participant of this channel has or had.
    pub life: u64,
    /// Messages sent or received.
    pub messages: u64,
    /// Payload bytes sent or received.
    pub bytes: u64,
    /// Sends that found no room.
    pub full: u64,
    /// Receives that found nothing.
    pub empty: u64,
    /// Times it went to sleep.
    pub parks: u64,
    /// Times it woke somebody.
    pub wakes: u64,
    /// Messages that it got that had been delivered before.
    pub redelivered: u64,
    /// Dead participants that it found.
    pub reaped: u64,
    /// spsc sender: how many messages the channel had carried when it joined. One that takes over from a dead one knows by
    /// it which of its messages are committed.
    pub resumed_at: u64,
    /// Messages that were overwritten before it read them.
    pub lost: u64,
}

/// A struct that a program receives, of whatever version.
///
/// # Safety
/// Plain data that starts with its size, in which every byte counts (no padding).
unsafe trait Versioned: Copy {
    /// Bytes of the first version, which never change.
    const SIZE_MIN: usize;

    fn set_size(&mut self, size: usize);
}

// SAFETY: `repr(C)`, `size` first, only integers; the sizes below are the sums of its fields' sizes.
unsafe impl Versioned for Stats {
    const SIZE_MIN: usize = 256;

    fn set_size(&mut self, size: usize) {
        self.size = size;
    }
}
const _: () = assert!(size_of::<Stats>() == 8 + 4 * 4 + 3 * 8 + 6 * 4 + 8 * 8 + 2 * 4 + 520 + 40 + 4 * 4 + 8 + 2 * 4);

// SAFETY: as above.
unsafe impl Versioned for Counters {
    const SIZE_MIN: usize = 88;

    fn set_size(&mut self, size: usize) {
        self.size = size;
    }
}
const _: () = assert!(size_of::<Counters>() == 8 + 12 * 8);

/// Checks the struct that the program wants to have filled, and fills it.
///
/// # Safety
/// Null, or valid for reading its size, and for writing as many bytes as that says.
unsafe fn fill<T: Versioned>(into: *mut T, what: &str, read: impl FnOnce() -> Result<T, Failed>) -> Result<(), Failed> {
    // SAFETY: every struct of this kind starts with its size; and the caller's promise.
    let size = *unsafe { out(into.cast::<usize>(), what) }?;
    if size < T::SIZE_MIN {
        return Err(arguments::invalid(format!("{what}->size is {size}: set it to the size of the struct")));
    }
    let mut value = read()?;
    let size = size.min(size_of::<T>());
    value.set_size(size);
    // SAFETY: valid for writing `size` bytes by the caller's promise; the value has as many, none of them padding.
    unsafe { std::ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), into.cast::<u8>(), size) };
    Ok(())
}

/// A text in an array of bytes, cut between characters if it is too long, with its zero byte.
fn put<const N: usize>(text: &str) -> [c_char; N] {
    let mut end = text.len().min(N - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(&text.as_bytes()[..end]) {
        *to = *from as c_char;
    }
    array
}

/// The number of a policy; 0: this library has none for it.
fn number_of(policy: Policy) -> u32 {
    POLICIES.iter().find(|(_, one)| *one == policy).map_or(0, |(number, _)| *number)
}

impl Stats {
    fn of(info: &Info) -> Self {
        let alive =
            |role| info.participants.iter().filter(|one| one.role == role && one.alive == Some(true)).count() as u32;
        let queue = info.queue.as_ref();
        let sent: u64 = info.lanes.iter().map(|lane| lane.messages).fold(0, u64::wrapping_add);
        let queued = queue.map_or(0, |queue| queue.queued.iter().copied().fold(0, u64::wrapping_add));
        let passed: u64 = queue.map_or(0, |queue| queue.passed.iter().copied().fold(0, u64::wrapping_add));
        let value = info.value.as_ref();
        let used = info.lanes.iter().map(memlane::LaneInfo::used_bytes).fold(0, u64::saturating_add);
        Self {
            size: size_of::<Self>(),
            kind: info.kind.code().into(),
            state: match info.status {
                ChannelStatus::Live => MEMLANE_STATE_LIVE,
                ChannelStatus::Closed => MEMLANE_STATE_CLOSED,
                ChannelStatus::Stale => MEMLANE_STATE_STALE,
                _ => MEMLANE_STATE_CORRUPTED,
            },
            backend: match info.backend {
                Backend::Futex => MEMLANE_BACKEND_FUTEX,
                Backend::Semaphore => MEMLANE_BACKEND_SEMAPHORE,
                _ => 0,
            },
            fence: match info.fence {
                FenceMode::Asymmetric => MEMLANE_FENCE_ASYMMETRIC,
                FenceMode::Symmetric => MEMLANE_FENCE_SYMMETRIC,
                _ => 0,
            },
            total_bytes: info.total_bytes,
            capacity: info.capacity,
            max_message: info.max_message,
            payload_alignment: info.payload_alignment as u32,
            persistent: info.persistent.into(),
            slots: queue.map_or(0, |queue| queue.slots as u32),
            priorities: queue.map_or(0, |queue| queue.queued.len() as u32),
            senders: alive(Role::Sender),
            receivers: alive(Role::Receiver),
            messages: sent
                .wrapping_add(passed)
                .wrapping_add(queued)
                .wrapping_add(value.map_or(0, |value| value.version)),
            used_bytes: value.map_or(0, |value| value.length).saturating_add(used),
            queued,
            held: queue.map_or(0, |queue| queue.consumed),
            free: queue.map_or(0, |queue| queue.free),
            dead_letters: queue.map_or(0, |queue| queue.dead_letters),
            discarded: queue.map_or(0, |queue| queue.discarded),
            created_unix_ns: info.created_unix_ns,
            creator_pid: info.creator_pid,
            participants: info.participants.len() as u32,
            type_name: put(&info.type_name),
            instance: put(&info.instance),
            record_alignment: info.record_alignment as u32,
            type_form: info.type_form.code(),
            type_size: info.type_size,
            type_alignment: info.type_alignment,
            type_hash: info.type_hash,
            policy: info.broadcast.as_ref().map_or(0, |broadcast| number_of(broadcast.policy)),
            slowest: info
                .broadcast
                .as_ref()
                .map_or(0, |broadcast| broadcast.slowest().map_or(u32::MAX, |reader| reader.row)),
        }
    }
}

impl Counters {
    /// Of the participant in this row.
    fn of(channel: &Channel, row: u32, resumed_at: u64) -> Self {
        let info = channel.info();
        let own = info.participants.iter().find(|participant| participant.row == row);
        let counters = own.map_or_else(Default::default, |own| own.counters);
        Self {
            size: size_of::<Self>(),
            row: row.into(),
            life: own.map_or(0, |own| own.life),
            messages: counters.messages,
            bytes: counters.bytes,
            full: counters.full,
            empty: counters.empty,
            parks: counters.parks,
            wakes: counters.wakes,
            redelivered: counters.redelivered,
            reaped: counters.reaped,
            resumed_at,
            lost: counters.lost,
        }
    }
}

/// Everything that can be seen of the channel now. Does not disturb it, and does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_stats(channel: ChannelHandle, stats: *mut Stats) -> Status {
    done(|| {
        let read = || {
            let opened = channel.get()?;
            Ok(Stats::of(&opened.channel.info()))
        };
        // SAFETY: the crate's contract.
        unsafe { fill(stats, "stats", read) }
    })
}

/// The same of the channel of this name, of whatever kind, state and age, without taking part in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_inspect(name: *const c_char, stats: *mut Stats) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let name = unsafe { arguments::name(name) }?;
        // SAFETY: the crate's contract.
        unsafe {
            fill(stats, "stats", || memlane::inspect(name).map(|info| Stats::of(&info)).map_err(|error| error.fail()))
        }
    })
}

/// What this sender counted. Does not wait; looks at the whole channel, so it is not for every message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_sender_stats(sender: SenderHandle, counters: *mut Counters) -> Status {
    done(|| {
        let read = || {
            let sender = sender.enter()?;
            Ok(Counters::of(&sender.of.channel, sender.row, sender.resumed_at))
        };
        // SAFETY: the crate's contract.
        unsafe { fill(counters, "counters", read) }
    })
}

/// What this receiver counted. Does not wait; looks at the whole channel, so it is not for every message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_stats(receiver: ReceiverHandle, counters: *mut Counters) -> Status {
    done(|| {
        let read = || {
            let receiver = receiver.enter()?;
            Ok(Counters::of(&receiver.of.channel, receiver.row, 0))
        };
        // SAFETY: the crate's contract.
        unsafe { fill(counters, "counters", read) }
    })
}
