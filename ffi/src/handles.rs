//! The handles that a C program holds: numbers into one [`Table`] for each type.
//!
//! A sender or receiver is used by one thread at a time, as in Rust; a second one is told so. A channel may be used by
//! many: a call only copies what it needs out of the table, so there they wait for each other for some instructions.
//!
//! What a handle leads to stands where that is: `channel`, `sender`, `receiver`, `watch`, `onlooker`, `pipe`, `semaphore` and `event` have tables of their own, one for each
//! type.

use crate::detail::{self, Failed};
use crate::status::Status;
pub(crate) use crate::table::table_of;
use crate::table::{Inside, Refusal, Table};

/// A channel that this process has opened. All zero is no channel. Any number of threads may use it at once.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A sender. All zero is no sender. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A receiver. All zero is no receiver. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiverHandle {
    /// Nobody's business.
    pub id: u64,
}

/// Numbers of the tables, each its own: a handle of one type leads nowhere in the table of another.
pub(crate) const CHANNELS: u64 = 1;
pub(crate) const SENDERS: u64 = 2;
pub(crate) const RECEIVERS: u64 = 3;
pub(crate) const SETTERS: u64 = 4;
pub(crate) const GETTERS: u64 = 5;
pub(crate) const WRITERS: u64 = 6;
pub(crate) const READERS: u64 = 7;
pub(crate) const ONLOOKERS: u64 = 8;
pub(crate) const INTERRUPTERS: u64 = 9;
pub(crate) const CLIENTS: u64 = 14;
pub(crate) const SERVERS: u64 = 15;
pub(crate) const WAITSETS: u64 = 10;
pub(crate) const SEMAPHORES: u64 = 11;
pub(crate) const PERMITS: u64 = 12;
pub(crate) const EVENTS: u64 = 13;

/// A number that leads to something.
pub(crate) trait Handle<const TABLE: u64>: Copy + 'static {
    /// What it leads to.
    type Thing: Send + 'static;

    /// What failures call that.
    const NOUN: &'static str;

    /// Where the things are.
    fn table() -> &'static Table<Self::Thing, TABLE>;

    fn of_id(id: u64) -> Self;

    fn id(self) -> u64;

    /// Whether hot calls that want this have a straight way: see [`Handle::enter_straight`].
    fn has_straight_way(_: &mut Self::Thing) -> bool {
        false
    }

    /// Puts the thing into the table.
    fn new(mut thing: Self::Thing) -> Result<Self, Failed> {
        let is_straight = Self::has_straight_way(&mut thing);
        Self::table().insert(thing, is_straight).map(Self::of_id).map_err(full)
    }

    /// The thing, which is the caller's alone until it drops what it gets.
    #[inline]
    fn enter(self) -> Result<Inside<'static, Self::Thing>, Failed> {
        Self::table().enter(self.id()).map_err(|refusal| refused(Self::NOUN, refusal))
    }

    /// Whether it is a number of a thing whose hot calls have a straight way, if it is one at all.
    #[inline(always)]
    fn is_straight(self) -> bool {
        Table::<Self::Thing, TABLE>::is_marked(self.id())
    }

    /// The thing, if hot calls that want it have a straight way, and nothing is in that. It calls nothing and cannot panic.
    #[inline(always)]
    fn enter_straight(self) -> Option<Inside<'static, Self::Thing>> {
        Self::table().enter_marked(self.id())
    }

    /// Takes the thing out. The handle leads nowhere from now on.
    fn remove(self) -> Result<Self::Thing, Failed> {
        self.enter().map(Inside::remove)
    }
}

/// The failure of a call whose handle the table refused.
#[cold]
pub(crate) fn refused(what: &str, refusal: Refusal) -> Failed {
    match refusal {
        Refusal::Stale => invalid(what),
        Refusal::Busy => detail::record(
            Status::MEMLANE_BUSY,
            format!("another thread is inside a call with this {what}; give each thread its own"),
        ),
        Refusal::Forked => detail::record(
            Status::MEMLANE_FORKED,
            format!("this {what} belongs to the parent process; open the channel again after a fork"),
        ),
    }
}

/// A handle, or what stands for a message or grant, leads nowhere.
#[cold]
pub(crate) fn invalid(what: &str) -> Failed {
    detail::record(
        Status::MEMLANE_INVALID_HANDLE,
        format!("this is not an open {what}: it was closed or finished, is of another type, or was never made"),
    )
}

fn full<T>(_not_kept: T) -> Failed {
    detail::record(
        Status::MEMLANE_TOO_MANY_HANDLES,
        "65,536 handles of this type are open, which is all there can be; close some".to_owned(),
    )
}
