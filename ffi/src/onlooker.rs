//! Receiving from a broadcast without a seat.

use crate::arguments::{self, Timeout, out};
use crate::call::done;
use crate::errors::Coded;
use crate::handles::{self, Handle};
use crate::kinds::MEMLANE_BROADCAST;
use crate::options::Options;
use crate::receiver::{start_of, tell};
use crate::status::Status;
use crate::table::Table;
use memlane::broadcast::ReadOnlyReceiver;
use memlane::{Interrupter, Waitable};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// A receiver of a broadcast without a seat. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnlookerHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What its handle leads to.
pub(crate) struct Looking {
    end: ReadOnlyReceiver,
    /// What failures call the channel.
    label: Arc<str>,
}

impl Looking {
    pub(crate) fn waitable(&mut self) -> &mut dyn Waitable {
        &mut self.end
    }

    pub(crate) fn interrupter(&self) -> Interrupter {
        self.end.interrupter()
    }
}

impl Looking {
    pub(crate) fn new(end: ReadOnlyReceiver, label: &str) -> Box<Self> {
        Box::new(Self { end, label: label.into() })
    }
}

static ONLOOKERS: Table<Box<Looking>, { handles::ONLOOKERS }> = Table::new();

impl Handle<{ handles::ONLOOKERS }> for OnlookerHandle {
    type Thing = Box<Looking>;
    const NOUN: &'static str = "onlooker";

    fn table() -> &'static Table<Box<Looking>, { handles::ONLOOKERS }> {
        &ONLOOKERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// Opens the broadcast of this name, for which see memlane_channel_open, to receive without a seat: with no more than permission to read
/// its file, which it does not change by a byte. Nobody notices, and no sender waits for it, whatever the policy: what it did not receive
/// in time is overwritten. `options` may be null; of those that are set, the channel's have to agree. It begins where `start` and `number`
/// say, as memlane_receiver_new_from has it. `onlooker` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_onlooker_open(
    onlooker: *mut OnlookerHandle,
    name: *const c_char,
    options: *const Options,
    start: u32,
    number: u64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, name) = unsafe { (out(onlooker, "onlooker")?, arguments::name(name)?) };
        // SAFETY: the crate's contract.
        let options = unsafe { Options::of_kind(MEMLANE_BROADCAST, options) }?;
        let of_a_broadcast = options.to_broadcast().unwrap_or_default();
        let end = of_a_broadcast.open_read_only_from(name, start_of(start, number)?).map_err(|error| error.fail())?;
        *into = OnlookerHandle::new(Looking::new(end, name))?;
        Ok(())
    })
}

/// Closes the handle. Nobody notices.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_onlooker_close(onlooker: OnlookerHandle) -> Status {
    done(|| onlooker.remove().map(drop))
}

/// Copies the next message into `buffer`, and stores its length; `buffer` may be null if it has no room. Waits while there is none, for
/// timeout_ns nanoseconds, not at all if that is 0 (MEMLANE_EMPTY), for ever if it is -1; it looks in steps of up to 100 ms.
/// MEMLANE_BUFFER_TOO_SMALL if the message has more than `capacity` bytes: its length is stored then, too, and it stays the next one, unless
/// it is overwritten meanwhile. MEMLANE_LAGGED if messages were overwritten that it had not received: the detail says how many, and
/// memlane_onlooker_position; the next call goes on behind them. MEMLANE_DISCONNECTED if every message was received and every sender that
/// there was has left or was found dead, unless the channel is persistent; or if the channel was shut down. Behind the message, and after a
/// failure, `buffer` may hold anything.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_onlooker_recv(
    onlooker: OnlookerHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, length) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut onlooker = onlooker.enter()?;
        let Looking { end, label } = &mut **onlooker;
        match timeout {
            Timeout::Try => tell(end.try_recv_into(buffer), capacity, length, label),
            Timeout::For(time) => tell(end.recv_into_timeout(buffer, time), capacity, length, label),
            Timeout::Forever => tell(end.recv_into(buffer), capacity, length, label),
        }
    })
}

/// Stores the number of the next message: how many its sender sent before it, since the channel was created (with seats for several
/// senders, of the one whose turn it is). An onlooker that starts at it
/// (MEMLANE_START_AT) begins there another time. And how many messages were lost: overwritten before this onlooker received them, as far as
/// MEMLANE_LAGGED has said so. Either pointer may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_onlooker_position(onlooker: OnlookerHandle, next: *mut u64, lost: *mut u64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (next, lost) = unsafe { (next.as_mut(), lost.as_mut()) };
        let looking = onlooker.enter()?;
        if let Some(next) = next {
            *next = looking.end.next_sequence();
        }
        if let Some(lost) = lost {
            *lost = looking.end.lost();
        }
        Ok(())
    })
}
