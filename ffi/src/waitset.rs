//! Waiting for several handles at once.

use crate::arguments::{self, Timeout, out};
use crate::call::done;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::event::{EventHandle, Waiting};
use crate::handles::{self, Handle, ReceiverHandle, SenderHandle};
use crate::interrupter::{InterrupterHandle, Interrupting, new_of};
use crate::onlooker::{Looking, OnlookerHandle};
use crate::pipe::{PipeReaderHandle, Piping};
use crate::receiver::Receiving;
use crate::semaphore::{Acquiring, SemaphoreHandle};
use crate::sender::Sending;
use crate::status::Status;
use crate::table::{Inside, Table};
use crate::watch::{GetterHandle, Getting, Watching};
use memlane::pipe::Reader;
use memlane::{WaitSet, Waitable};
use std::time::Duration;

/// What waits for several handles at once. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitSetHandle {
    /// Nobody's business.
    pub id: u64,
}

static WAITSETS: Table<Box<WaitSet>, { handles::WAITSETS }> = Table::new();

impl Handle<{ handles::WAITSETS }> for WaitSetHandle {
    type Thing = Box<WaitSet>;
    const NOUN: &'static str = "waitset";

    fn table() -> &'static Table<Box<WaitSet>, { handles::WAITSETS }> {
        &WAITSETS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// A handle that is waited for, which this call has to itself meanwhile.
enum Member {
    Sender(Inside<'static, Sending>),
    Receiver(Inside<'static, Receiving>),
    Getter(Inside<'static, Box<Watching<Getting>>>),
    Onlooker(Inside<'static, Box<Looking>>),
    Reader(Inside<'static, Box<Piping<Reader>>>),
    Semaphore(Inside<'static, Box<Acquiring>>),
    Event(Inside<'static, Box<Waiting>>),
}

impl Member {
    /// The handle with this number, of whatever type it is.
    fn enter(id: u64) -> Result<Self, Failed> {
        match handles::table_of(id) {
            handles::SENDERS => SenderHandle { id }.enter().map(Self::Sender),
            handles::GETTERS => GetterHandle { id }.enter().map(Self::Getter),
            handles::ONLOOKERS => OnlookerHandle { id }.enter().map(Self::Onlooker),
            handles::READERS => PipeReaderHandle { id }.enter().map(Self::Reader),
            handles::SEMAPHORES => SemaphoreHandle { id }.enter().map(Self::Semaphore),
            handles::EVENTS => EventHandle { id }.enter().map(Self::Event),
            handles::RECEIVERS => ReceiverHandle { id }.enter().map(Self::Receiver),
            _ => Err(handles::invalid("handle that can be waited for")),
        }
    }

    fn waitable(&mut self) -> Result<&mut dyn Waitable, Failed> {
        Ok(match self {
            Self::Sender(sending) => sending.sender()?.0,
            Self::Receiver(receiving) => receiving.receiver()?.0,
            Self::Getter(watching) => watching.waitable(),
            Self::Onlooker(looking) => looking.waitable(),
            Self::Reader(piping) => piping.waitable(),
            Self::Semaphore(acquiring) => acquiring.waitable(),
            Self::Event(waiting) => waiting.waitable(),
        })
    }
}

/// Makes a set. It belongs to no channel, and holds no handle. `set` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_waitset_new(set: *mut WaitSetHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(set, "set") }?;
        *into = WaitSetHandle::new(Box::default())?;
        Ok(())
    })
}

/// Waits until at least one member is ready: until the call that it is waited for would return at once, with a message or with a failure.
/// `members` are the ids of `count` handles: receivers, getters, onlookers and pipe readers, for what comes next; semaphores, for a permit; events, for a set; senders, for room for the
/// longest message. `ready` gets the places in `members` of those that are ready, and has room for `count`; `ready_count` how many these are. The
/// order goes round: one that serves only the first serves each in its turn.
/// Waits for timeout_ns nanoseconds, not at all if that is 0, for ever if it is -1: MEMLANE_TIMEOUT if none is ready by then.
/// MEMLANE_INTERRUPTED: see memlane_waitset_interrupter. Meanwhile the members are in use: other calls with them are MEMLANE_BUSY, and so is this
/// one if one is there twice. MEMLANE_HELD: a message of one is taken, or a grant open.
/// A member that is at its end stays ready: leave it out from then on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_waitset_wait(
    set: WaitSetHandle,
    members: *const u64,
    count: usize,
    ready: *mut usize,
    ready_count: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (ids, ready, ready_count) = unsafe {
            (
                arguments::array(members, count, "members")?,
                arguments::array_out(ready, count, "ready")?,
                out(ready_count, "ready_count")?,
            )
        };
        let timeout = Timeout::from_ns(timeout_ns)?;
        *ready_count = 0;
        let mut set = set.enter()?;
        let mut members = ids.iter().map(|&id| Member::enter(id)).collect::<Result<Vec<_>, _>>()?;
        let mut members = members.iter_mut().map(Member::waitable).collect::<Result<Vec<_>, _>>()?;
        let found = match timeout {
            Timeout::Forever => set.wait(&mut members),
            Timeout::For(time) => set.wait_timeout(&mut members, time),
            Timeout::Try => set.wait_timeout(&mut members, Duration::ZERO),
        };
        let found = found.map_err(|error| error.fail())?;
        ready[..found.len()].copy_from_slice(found);
        *ready_count = found.len();
        Ok(())
    })
}

/// Makes what ends a call of this set that waits, for a member: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_waitset_interrupter(
    set: WaitSetHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new_of(interrupter, || Ok(Interrupting::Set(set.enter()?.waker())))
}

/// Closes the set. The handles that it waited for go on.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_waitset_close(set: WaitSetHandle) -> Status {
    done(|| set.remove().map(drop))
}
