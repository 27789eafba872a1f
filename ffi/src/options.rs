//! How to create or open a channel.

use crate::arguments;
use crate::detail::{self, Failed};
use crate::kinds;
use crate::status::Status;
use memlane::broadcast::Policy;
use memlane::mpmc::OnDeath;
use memlane::{Backend, FenceMode, TrustPeers, any};
use std::ffi::c_char;
use std::mem::{size_of, zeroed};

/// For an option that is true or false: it is.
pub const MEMLANE_YES: u32 = 1;
/// For an option that is true or false: it is not.
pub const MEMLANE_NO: u32 = 2;

/// What a receiver had not acknowledged when it died is delivered again.
pub const MEMLANE_REDELIVER: u32 = 1;
/// What a receiver had not acknowledged when it died is discarded.
pub const MEMLANE_DISCARD: u32 = 2;

/// The sender of a broadcast waits for the slowest receiver that lives: nothing is lost.
pub const MEMLANE_POLICY_BLOCK: u32 = 1;
/// It fails with MEMLANE_FULL where a receiver has not come as far as it wants to write: nothing that was sent is lost.
pub const MEMLANE_POLICY_FAIL: u32 = 2;
/// It overwrites the oldest messages, and never waits. A receiver that was overtaken gets MEMLANE_LAGGED, once, and goes on.
pub const MEMLANE_POLICY_OVERWRITE: u32 = 3;
/// The same, but it overwrites what a receiver has not passed only where the ring has no other room.
pub const MEMLANE_POLICY_EVICT: u32 = 4;

pub(crate) const POLICIES: [(u32, Policy); 4] = [
    (MEMLANE_POLICY_BLOCK, Policy::Block),
    (MEMLANE_POLICY_FAIL, Policy::Fail),
    (MEMLANE_POLICY_OVERWRITE, Policy::Overwrite),
    (MEMLANE_POLICY_EVICT, Policy::Evict),
];

/// Whoever goes to sleep pays for the fence between a message and the look for sleepers, by membarrier.
pub const MEMLANE_FENCE_ASYMMETRIC: u32 = 1;
/// Both sides pay, by a full fence per message: for systems that refuse membarrier.
pub const MEMLANE_FENCE_SYMMETRIC: u32 = 2;

/// Sleepers are woken by Linux futexes.
pub const MEMLANE_BACKEND_FUTEX: u32 = 1;
/// Sleepers are woken by POSIX semaphores. Needs MEMLANE_TRUST_PEERS, except in private channels. Where futexes are refused,
/// these do not help: the C library sleeps on a futex, too.
pub const MEMLANE_BACKEND_SEMAPHORE: u32 = 2;

/// Open files of other users, too.
pub const MEMLANE_ANY_OWNER: u32 = 1;
/// The process that created the channel removes it with its last handle to it, unless somebody else is using it.
pub const MEMLANE_REMOVE_ON_CLOSE: u32 = 2;
/// Touch every page now, so that none faults later.
pub const MEMLANE_PREFAULT: u32 = 4;
/// Keep the pages from being swapped out.
pub const MEMLANE_LOCK_MEMORY: u32 = 8;
/// Ask for huge pages.
pub const MEMLANE_HUGE_PAGES: u32 = 16;
/// Whoever can write to the channel is trusted not to harm this process by what stands in its semaphores: needed for
/// channels that have some.
pub const MEMLANE_TRUST_PEERS: u32 = 32;

/// Receivers end when the channel is drained and no sender is there, also if the last one left before they joined: for pools
/// whose workers come at any time. It is this handle's, not the channel's. Otherwise they wait for the next sender.
pub const MEMLANE_ENDS_WHEN_DRAINED: u32 = 64;

/// This process is told of its peers' deaths at once, by one thread of the library's own for all channels, from the first sender or
/// receiver that wants it to the last. It is this handle's, not the channel's. Otherwise, and where the system refuses it, deaths are
/// found within 200 ms, by whoever waits.
pub const MEMLANE_WATCH_PEERS: u32 = 128;

/// The semaphore has no permits at first: 0 is "not set".
pub const MEMLANE_NO_PERMITS: u32 = u32::MAX;

/// How to create or open a channel. Set everything to zero and then `size` to sizeof(memlane_options): that gives the
/// defaults, as does a null pointer. 0 and null mean "not set" everywhere. What is not set takes its default at creation and
/// is taken from the file at opening; what is set and differs from the file is MEMLANE_OPTIONS_MISMATCH.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// sizeof(memlane_options), by which later versions of the library know what an older program set.
    pub size: usize,
    /// spsc, mpsc, broadcast: size of each sender's ring in bytes, rounded up to a power of two, 4 KiB to 2 GiB. Default: 1 MiB, or what max_message needs.
    pub capacity: usize,
    /// Largest message in bytes. Default: spsc, what the capacity allows, a little less than 7/16 of it; mpmc, 64,000;
    /// watch, of the longest value, 4,096.
    pub max_message: usize,
    /// mpmc: how many messages fit, 1 to 65,536: queued, being written, and not yet acknowledged. Default: 1,024, or as many as
    /// take at most 16 MiB, a power of two and at least 4; with the default largest message 256.
    pub slots: u32,
    /// mpmc: how many priorities there are, 1 (default) to 8.
    pub priorities: u32,
    /// mpmc, mpsc, broadcast: how many senders there can be at a time, 1 to 1,023; with the receivers at most 1,024. Default: 64, or what
    /// `receivers` leaves, if that is less; broadcast, 1. Only for creation.
    pub senders: u32,
    /// mpmc, watch, broadcast: how many receivers there can be at a time, 1 to 1,023; with the senders at most 1,024. semaphore, event: how many
    /// handles there can be at a time, 1 to 1,024. Default: 64, or what
    /// `senders` leaves, if that is less. Only for creation.
    pub receivers: u32,
    /// mpmc: a message that was delivered so often and never acknowledged is given up. Default: never.
    pub delivery_limit: u32,
    /// mpmc: MEMLANE_REDELIVER (default) or MEMLANE_DISCARD.
    pub on_death: u32,
    /// Alignment of every message in memory, in bytes: 8 (default), 16, 32 or 64.
    pub payload_alignment: u32,
    /// MEMLANE_YES: the channel never disconnects, both sides wait however often the other leaves. Default: MEMLANE_NO.
    pub persistent: u32,
    /// MEMLANE_FENCE_ASYMMETRIC (default where the system has membarrier) or MEMLANE_FENCE_SYMMETRIC.
    pub fence: u32,
    /// MEMLANE_BACKEND_FUTEX (default) or MEMLANE_BACKEND_SEMAPHORE.
    pub backend: u32,
    /// Permission bits of the file, whatever the umask. Default: 0600. Only for creation.
    pub mode: u32,
    /// MEMLANE_ANY_OWNER, MEMLANE_REMOVE_ON_CLOSE, MEMLANE_PREFAULT, MEMLANE_LOCK_MEMORY, MEMLANE_HUGE_PAGES,
    /// MEMLANE_TRUST_PEERS, MEMLANE_ENDS_WHEN_DRAINED, MEMLANE_WATCH_PEERS, or'ed.
    pub flags: u32,
    /// The name of the type of the messages, at most 65,535 bytes: what programs agree on, such as "Quote"; or a layout, as typed programs
    /// write it: "Order{id:u64@0,px:f64@8}#16/8", whose parts docs/layout.md explains. A channel of another name is not opened
    /// (MEMLANE_TYPE_MISMATCH); null opens any. Where a layout says that all messages have one size, that is the default of max_message.
    /// Default at creation: none, the messages are bytes.
    pub type_name: *const c_char,
    /// What this process's senders and receivers are called by `memlane info`, at most 64 bytes. Default: the program's name.
    pub participant_name: *const c_char,
    /// spsc, mpsc, broadcast: every message starts at a multiple of so many bytes of the ring, a power of two from payload_alignment (default) to
    /// 128. With 64, a message of up to 56 bytes stands in one line of the cache; with 128, one of up to 120 bytes in a pair of lines.
    pub record_alignment: u32,
    /// broadcast: MEMLANE_POLICY_BLOCK (default), MEMLANE_POLICY_FAIL, MEMLANE_POLICY_OVERWRITE or MEMLANE_POLICY_EVICT.
    pub policy: u32,
    /// semaphore: how many permits there are at first, at most 16,777,215; MEMLANE_NO_PERMITS for none. Default: 1.
    pub permits: u32,
    /// semaphore: how many permits can be held at once, 1 to 16,384. Default: as many as there are at first, and 64 at least.
    pub max_held: u32,
    /// rpc: longest answer in bytes, at most 1 GiB; the longest request is max_message. Default: 1,024 each.
    pub max_response: usize,
    /// rpc: MEMLANE_YES: a call whose server died goes to another one, which may do it a second time. Default: MEMLANE_NO.
    pub retry: u32,
}

/// The size of the first version, which never changes: less than this is no options struct.
const SIZE_MIN: usize = 88;
const _: () = assert!(size_of::<Options>() >= SIZE_MIN);

/// More than any version will have: not a size, but memory that nobody initialised.
const SIZE_MAX: usize = 4096;

/// An option that is out of range or does not exist for this kind.
#[cold]
fn invalid(option: &str, given: impl std::fmt::Display, wanted: &str) -> Failed {
    detail::record(Status::MEMLANE_INVALID_OPTION, format!("option {option} is {given}, which {wanted}"))
}

/// `None`: not set.
fn set<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

fn one_of<T: Copy>(option: &str, given: u32, all: &[(u32, T)]) -> Result<Option<T>, Failed> {
    if given == 0 {
        return Ok(None);
    }
    let found = all.iter().find(|(number, _)| *number == given);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| invalid(option, given, "does not exist"))
}

/// A number of bytes, slots or seats.
fn size(given: u32) -> Option<usize> {
    set(given as usize)
}

fn small<T: TryFrom<u32> + Default + PartialEq>(option: &str, given: u32) -> Result<Option<T>, Failed> {
    T::try_from(given).map(set).map_err(|_| invalid(option, given, "is out of range"))
}

/// The options that are set so far.
struct Wanted(any::Options);

impl Wanted {
    /// Sets an option that the program set.
    fn set<T>(self, given: Option<T>, set: impl FnOnce(any::Options, T) -> any::Options) -> Self {
        match given {
            Some(value) => Self(set(self.0, value)),
            None => self,
        }
    }
}

impl Options {
    const NOT_SET: Self = {
        // SAFETY: zero is a valid value of every field: numbers and raw pointers.
        unsafe { zeroed() }
    };

    /// A copy of what the program passed, whatever version of the struct it was compiled with.
    ///
    /// # Safety
    /// Null, or valid for reading as many bytes as its `size` says, and at least for [`SIZE_MIN`].
    unsafe fn copy(given: *const Self) -> Result<Self, Failed> {
        if given.is_null() {
            return Ok(Self::NOT_SET);
        }
        // SAFETY: not null, and otherwise the caller's promise.
        let size = unsafe { (&raw const (*given).size).read() };
        if size != 0 && !(SIZE_MIN..=SIZE_MAX).contains(&size) {
            return Err(arguments::invalid(format!("options.size is {size}: set it to sizeof(memlane_options)")));
        }
        // SAFETY: valid for reading `size` bytes, and `SIZE_MIN` if that is zero.
        let bytes = unsafe { std::slice::from_raw_parts(given.cast::<u8>(), size.max(SIZE_MIN)) };
        let (known, unknown) = bytes.split_at(bytes.len().min(size_of::<Self>()));
        if size == 0 && known.iter().any(|byte| *byte != 0) {
            return Err(arguments::invalid("options.size is 0: set it to sizeof(memlane_options)"));
        }
        let mut options = Self::NOT_SET;
        // SAFETY: `known` has at most as many bytes as the struct, which is not this memory, and any bytes are a value of it.
        unsafe { known.as_ptr().copy_to_nonoverlapping((&raw mut options).cast(), known.len()) };
        if unknown.iter().any(|byte| *byte != 0) {
            return Err(invalid("(unknown)", "set", "this version of the library does not know; use a newer one"));
        }
        Ok(options)
    }

    /// What the program asks for.
    ///
    /// # Safety
    /// Null, or valid as [`Options::copy`] says, with names that are null or strings with their zero byte.
    pub(crate) unsafe fn of_kind(kind: u32, given: *const Self) -> Result<any::Options, Failed> {
        // SAFETY: the caller's promise.
        let given = unsafe { Self::copy(given) }?;
        const FLAGS: u32 = MEMLANE_ANY_OWNER
            | MEMLANE_REMOVE_ON_CLOSE
            | MEMLANE_PREFAULT
            | MEMLANE_LOCK_MEMORY
            | MEMLANE_HUGE_PAGES
            | MEMLANE_TRUST_PEERS
            | MEMLANE_ENDS_WHEN_DRAINED
            | MEMLANE_WATCH_PEERS;
        if given.flags & !FLAGS != 0 {
            return Err(invalid("flags", format_args!("{:#x}", given.flags), "has bits that do not exist"));
        }
        let fences =
            [(MEMLANE_FENCE_ASYMMETRIC, FenceMode::Asymmetric), (MEMLANE_FENCE_SYMMETRIC, FenceMode::Symmetric)];
        let fence = one_of("fence", given.fence, &fences)?;
        let backends = [(MEMLANE_BACKEND_FUTEX, Backend::Futex), (MEMLANE_BACKEND_SEMAPHORE, Backend::Semaphore)];
        let backend = one_of("backend", given.backend, &backends)?;
        // SAFETY: the program's promise, made by the flag whose text says what it means. Borrowing in place is another
        // promise, which it makes by using what `memlane_take` and `memlane_reserve` give it.
        let trust = (given.flags & MEMLANE_TRUST_PEERS != 0).then(|| unsafe { TrustPeers::promise() });
        let retry = one_of("retry", given.retry, &[(MEMLANE_YES, true), (MEMLANE_NO, false)])?;
        let persistent = one_of("persistent", given.persistent, &[(MEMLANE_YES, true), (MEMLANE_NO, false)])?;
        // SAFETY: the caller's promise.
        let name = |text, what| unsafe { arguments::text(text, what, Status::MEMLANE_INVALID_OPTION) };
        let type_name = name(given.type_name, "option type_name")?;
        let participant_name = name(given.participant_name, "option participant_name")?;
        let flag = |bit: u32| (given.flags & bit != 0).then_some(true);
        let deaths = [(MEMLANE_REDELIVER, OnDeath::Redeliver), (MEMLANE_DISCARD, OnDeath::Discard)];
        let on_death = one_of("on_death", given.on_death, &deaths)?;
        let permits = if given.permits == MEMLANE_NO_PERMITS { Some(0) } else { size(given.permits) };
        let policy = one_of("policy", given.policy, &POLICIES)?;
        Ok(Wanted(any::Options::new(kinds::kind_of(kind)?))
            .set(set(given.capacity), any::Options::capacity)
            .set(set(given.max_message), any::Options::max_message)
            .set(size(given.slots), any::Options::slots)
            .set(small("priorities", given.priorities)?, any::Options::priorities)
            .set(size(given.senders), any::Options::max_senders)
            .set(size(given.receivers), any::Options::max_receivers)
            .set(small("delivery_limit", given.delivery_limit)?, any::Options::delivery_limit)
            .set(on_death, any::Options::on_death)
            .set(policy, any::Options::policy)
            .set(permits, any::Options::permits)
            .set(size(given.max_held), any::Options::max_held)
            .set(set(given.max_response), any::Options::max_response)
            .set(retry, any::Options::retry)
            .set(size(given.payload_alignment), any::Options::payload_alignment)
            .set(size(given.record_alignment), any::Options::record_alignment)
            .set(persistent, any::Options::persistent)
            .set(fence, any::Options::fence)
            .set(backend, any::Options::backend)
            .set(trust, any::Options::trust_peers)
            .set(set(given.mode), any::Options::mode)
            .set(type_name, any::Options::type_name)
            .set(participant_name, any::Options::participant_name)
            .set(flag(MEMLANE_ANY_OWNER), any::Options::any_owner)
            .set(flag(MEMLANE_REMOVE_ON_CLOSE), any::Options::remove_on_drop)
            .set(flag(MEMLANE_ENDS_WHEN_DRAINED), any::Options::ends_when_drained)
            .set(flag(MEMLANE_WATCH_PEERS), any::Options::watch_peers)
            .set(flag(MEMLANE_PREFAULT), any::Options::prefault)
            .set(flag(MEMLANE_LOCK_MEMORY), any::Options::lock_memory)
            .set(flag(MEMLANE_HUGE_PAGES), any::Options::huge_pages)
            .0)
    }
}
