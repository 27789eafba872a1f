//! The sending end: copies, and grants to be filled in place.

use crate::arguments::{self, Timeout, WORD, given, invalid, out};
use crate::call::{call, done};
use crate::channel::Opened;
use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle, SenderHandle};
use crate::lending::Lender;
use crate::status::Status;
use crate::table::Table;
use memlane::any::Sender;
use memlane::generic::AtOnce;
use memlane::{GrantError, Strategy, TrustPeers};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// Never sleeps and never looks away: lowest latency, one core at 100 %. For throughput, take one of the next two.
pub const MEMLANE_SPIN: u32 = 1;
/// Spins for a while, then offers the core to others between looks; never sleeps. While messages stream, a receiver looks away
/// for up to 4 microseconds at a time, so that the sender gets ahead.
pub const MEMLANE_SPIN_THEN_YIELD: u32 = 2;
/// Spins as long as that paid lately, then sleeps. Looks away while messages stream, as the one above. The default.
pub const MEMLANE_ADAPTIVE: u32 = 3;
/// Sleeps at once: least CPU, highest latency.
pub const MEMLANE_PARK: u32 = 4;

/// Room for one message in the channel, invisible to receivers until it is committed. A sender has one open at a time.
/// Filled by memlane_reserve, cleared by memlane_commit and memlane_abort; only the library writes to it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// Whose it is.
    pub sender: SenderHandle,
    /// Which of that sender's.
    pub number: u64,
    /// The message's bytes in place, aligned as the channel's payload_alignment says. What is not written holds zeros or
    /// parts of earlier messages. Must not be used once the grant is committed or aborted, or the sender closed. Writing
    /// here trusts that no other process tampers with the channel; memlane_grant_write trusts nobody.
    pub data: *mut c_void,
    /// How many bytes were reserved.
    pub length: usize,
    /// Nobody's business.
    pub reserved: [u64; 2],
}

impl Grant {
    const NONE: Self =
        Self { sender: SenderHandle { id: 0 }, number: 0, data: ptr::null_mut(), length: 0, reserved: [0; 2] };
}

/// What a sender handle leads to.
pub(crate) struct Sending {
    end: Lender<Sender>,
    /// How many grants there were.
    grants: u64,
    pub(crate) row: u32,
    pub(crate) resumed_at: u64,
    pub(crate) of: Opened,
}

static SENDERS: Table<Sending, { handles::SENDERS }> = Table::new();

impl Handle<{ handles::SENDERS }> for SenderHandle {
    type Thing = Sending;
    const NOUN: &'static str = "sender";

    #[inline]
    fn table() -> &'static Table<Sending, { handles::SENDERS }> {
        &SENDERS
    }

    fn has_straight_way(thing: &mut Sending) -> bool {
        thing.end.straight().is_some()
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    #[inline]
    fn id(self) -> u64 {
        self.id
    }
}

impl Sending {
    fn join(of: Opened) -> Result<Self, Failed> {
        let sender = of.channel.sender().map_err(|error| error.fail())?;
        Ok(Self::of(sender, of))
    }

    /// Of a sender that has just taken its seat, or kept it.
    pub(crate) fn of(sender: Sender, of: Opened) -> Self {
        let (row, resumed_at) = (sender.row(), sender.resumed_at().unwrap_or(0));
        Self { end: Lender::new(sender), grants: 0, row, resumed_at, of }
    }

    /// The sender, and its channel.
    pub(crate) fn into_parts(self) -> (Sender, Opened) {
        (self.end.into_end(), self.of)
    }

    /// The sender, unless it lends a grant.
    #[inline]
    pub(crate) fn sender(&mut self) -> Result<(&mut Sender, &Arc<str>), Failed> {
        match self.end.end() {
            Some(sender) => Ok((sender, &self.of.label)),
            None => Err(Self::has_a_grant(&self.of)),
        }
    }

    #[cold]
    fn has_a_grant(of: &Opened) -> Failed {
        let sentence = format!("channel {}: this sender has an open grant; commit or abort it first", of.label);
        detail::record(Status::MEMLANE_HELD, sentence)
    }

    /// Sends what was not sent at once.
    #[inline(never)]
    fn send_slow(&mut self, message: &[u8], timeout_ns: i64) -> Result<(), Failed> {
        let timeout = Timeout::from_ns(timeout_ns)?;
        let (sender, channel) = self.sender()?;
        timeout.call(
            sender,
            channel,
            |sender| sender.try_send(message),
            |sender, time| sender.send_timeout(message, time),
            |sender| sender.send(message),
        )
    }

    fn reserve(&mut self, own: SenderHandle, length: usize, timeout: Timeout) -> Result<Grant, Failed> {
        self.sender()?;
        // SAFETY: the program's promise, made once for all that it does through `Grant::data`. Nothing is read or written
        // here; only the address is taken.
        let trust = unsafe { TrustPeers::promise() };
        let grant = self.end.lend(|sender| {
            timeout.call(
                sender,
                &self.of.label,
                |sender| sender.try_reserve(length),
                |sender, time| sender.reserve_timeout(length, time),
                |sender| sender.reserve(length),
            )
        })?;
        let data = grant.as_mut_slice(trust).as_mut_ptr();
        self.grants += 1;
        Ok(Grant { sender: own, number: self.grants, data: data.cast(), length, ..Grant::NONE })
    }

    /// Whether this is the grant that is open.
    fn is_open(&mut self, grant: &Grant) -> bool {
        grant.number == self.grants && self.end.lent().is_some()
    }

    fn check(&mut self, grant: &Grant) -> Result<(), Failed> {
        if self.is_open(grant) { Ok(()) } else { Err(handles::invalid("grant")) }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Failed> {
        match self.end.lent() {
            Some(grant) => grant.write_at(offset, bytes).map_err(|error| error.fail_on(&self.of.label)),
            None => Err(handles::invalid("grant")),
        }
    }

    fn commit(&mut self, used: usize) -> Result<(), Failed> {
        let length = self.end.lent().map_or(0, |grant| grant.len());
        if used > length {
            // Asked here, because there the grant would be gone.
            return Err(GrantError::OutOfBounds { length, end: used }.fail_on(&self.of.label));
        }
        let outcome = self.end.finish(|grant| grant.commit(used)).unwrap_or(Ok(()));
        outcome.map_err(|error| error.fail_on(&self.of.label))
    }

    fn close(self) -> Result<(), Failed> {
        self.end.into_end().leave().map_err(|error| error.fail_on(&self.of.label))
    }

    fn abort(&mut self) {
        self.end.finish(|grant| drop(grant));
    }

    fn set_strategy(&mut self, strategy: Strategy) -> Result<(), Failed> {
        self.sender()?.0.set_strategy(strategy);
        Ok(())
    }

    fn set_priority(&mut self, priority: u32) -> Result<(), Failed> {
        let (sender, channel) = self.sender()?;
        sender.set_priority(u8::try_from(priority).unwrap_or(u8::MAX)).map_err(|error| error.fail_on(channel))
    }
}

pub(crate) fn strategy(number: u32) -> Result<Strategy, Failed> {
    match number {
        MEMLANE_SPIN => Ok(Strategy::Spin),
        MEMLANE_SPIN_THEN_YIELD => Ok(Strategy::SpinThenYield),
        MEMLANE_ADAPTIVE => Ok(Strategy::Adaptive),
        MEMLANE_PARK => Ok(Strategy::Park),
        _ => Err(invalid(format!("strategy {number} does not exist"))),
    }
}

/// Takes a sender's seat. MEMLANE_ROLE_TAKEN while all of them are held by the living (spsc has one). What the last holder
/// of the seat left behind by dying is dealt with first. Does not wait. `sender` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_sender_new(channel: ChannelHandle, sender: *mut SenderHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(sender, "sender") }?;
        *into = SenderHandle::new(Sending::join(channel.get()?)?)?;
        Ok(())
    })
}

/// Closes the handle: the sender leaves the channel, which goes on. What was sent stays in it; an open grant is aborted.
/// MEMLANE_REMOVED: the channel's file was removed meanwhile, by whatever means; receivers that were there may have got the
/// messages, nobody else does. Whatever it returns but MEMLANE_BUSY and MEMLANE_INVALID_HANDLE, the handle is closed.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_sender_close(sender: SenderHandle) -> Status {
    done(|| sender.remove()?.close())
}

/// How this sender waits for room: MEMLANE_SPIN, MEMLANE_SPIN_THEN_YIELD, MEMLANE_ADAPTIVE (default) or MEMLANE_PARK.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_sender_set_strategy(sender: SenderHandle, strategy: u32) -> Status {
    done(|| sender.enter()?.set_strategy(self::strategy(strategy)?))
}

/// The priority of what this sender sends from now on; 0 is the most urgent. Default: the least urgent.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_sender_set_priority(sender: SenderHandle, priority: u32) -> Status {
    done(|| sender.enter()?.set_priority(priority))
}

/// Sends a copy of `length` bytes, 0 included. Waits while the channel is full: for timeout_ns nanoseconds, not at all if
/// that is 0 (MEMLANE_FULL), for ever if it is -1. When it returns MEMLANE_OK, the message is in the channel, whatever
/// becomes of this process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_send(
    sender: SenderHandle,
    data: *const c_void,
    length: usize,
    timeout_ns: i64,
) -> Status {
    // What checks lead to alternates, because the compiler makes one branch of two checks in a row that lead to the same, which
    // takes longer.
    //
    // SAFETY: the crate's contract.
    unsafe {
        if !sender.is_straight() {
            return send(sender, data, length, timeout_ns);
        }
        let Some(word) = data.cast::<[u8; WORD]>().as_ref() else {
            return send_unusual(sender, data, length, timeout_ns);
        };
        if length != WORD {
            return send_straight(sender, data, length, timeout_ns);
        }
        if !Timeout::is_one(timeout_ns) {
            return send_unusual(sender, data, length, timeout_ns);
        }
        // Nothing here panics, and nothing is a call but what ends it: so a word needs no frame.
        sender.send_at_once(word).unwrap_or_else(|| send(sender, data, length, timeout_ns))
    }
}

/// Sends a message of any length by a sender that has a straight way.
#[inline(never)]
unsafe extern "C" fn send_straight(
    sender: SenderHandle,
    data: *const c_void,
    length: usize,
    timeout_ns: i64,
) -> Status {
    call(|| {
        // SAFETY: the crate's contract.
        let message = unsafe { arguments::bytes(data, length) }?;
        let at_once = if Timeout::is_one(timeout_ns) { sender.send_at_once(message) } else { None };
        // SAFETY: the crate's contract.
        Ok(at_once.unwrap_or_else(|| unsafe { send(sender, data, length, timeout_ns) }))
    })
}

impl SenderHandle {
    /// The straight way. In line, so that the compiler knows the length of a word. `None`: nothing was sent.
    #[inline(always)]
    fn send_at_once(self, message: &[u8]) -> Option<Status> {
        let mut sending = self.enter_straight()?;
        match sending.end.straight()?.send_at_once(message) {
            AtOnce::Sent => Some(Status::MEMLANE_OK),
            // SAFETY: this call is inside, and hands that over.
            AtOnce::SentToSleeper => Some(unsafe { wake_receiver(sending.hand_over()) }),
            AtOnce::Not => None,
        }
    }
}

/// Wakes a receiver for a message that was sent. The caller is inside the sender of this number, and hands that over.
#[cold]
#[inline(never)]
unsafe extern "C" fn wake_receiver(number: u64) -> Status {
    done(|| {
        // SAFETY: the caller's promise.
        let mut sending = unsafe { SENDERS.take_over(number) };
        if let Some(sender) = sending.end.straight() {
            sender.wake_receiver();
        }
        Ok(())
    })
}

/// Sends no bytes, or says what the arguments lack.
#[cold]
#[inline(never)]
unsafe extern "C" fn send_unusual(sender: SenderHandle, data: *const c_void, length: usize, timeout_ns: i64) -> Status {
    // SAFETY: the crate's contract.
    unsafe { send(sender, data, length, timeout_ns) }
}

/// Sends any message by any sender.
#[inline(never)]
unsafe extern "C" fn send(sender: SenderHandle, data: *const c_void, length: usize, timeout_ns: i64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let message = unsafe { arguments::bytes(data, length) }?;
        if !Timeout::is_one(timeout_ns) {
            Timeout::from_ns(timeout_ns)?;
        }
        let mut sending = sender.enter()?;
        if sending.sender()?.0.send_at_once(message) { Ok(()) } else { sending.send_slow(message, timeout_ns) }
    })
}

/// Room for a message of up to `length` bytes, to be filled in place: write to grant->data, then memlane_commit. Waits as
/// memlane_send does. `grant` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_reserve(
    sender: SenderHandle,
    length: usize,
    grant: *mut Grant,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(grant, "grant") }?;
        let timeout = Timeout::from_ns(timeout_ns)?;
        *into = sender.enter()?.reserve(sender, length, timeout)?;
        Ok(())
    })
}

/// Copies `length` bytes into the message at `offset`: for those who would rather not write to shared memory themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_grant_write(
    grant: *const Grant,
    offset: usize,
    data: *const c_void,
    length: usize,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (grant, bytes) = unsafe { (given(grant, "grant")?, arguments::bytes(data, length)?) };
        let mut sender = grant.sender.enter()?;
        sender.check(grant)?;
        sender.write(offset, bytes)
    })
}

/// Sends the first `used` bytes of the grant, and clears it. With MEMLANE_OUT_OF_BOUNDS and MEMLANE_BUSY it stays open.
/// MEMLANE_DISCONNECTED: the channel was closed or every receiver has left meanwhile; nothing was sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_commit(grant: *mut Grant, used: usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let grant = unsafe { out(grant, "grant") }?;
        let mut sender = grant.sender.enter()?;
        sender.check(grant)?;
        let outcome = sender.commit(used);
        if !sender.is_open(grant) {
            *grant = Grant::NONE;
        }
        outcome
    })
}

/// Gives the room back, and clears the grant: nothing is sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_abort(grant: *mut Grant) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let grant = unsafe { out(grant, "grant") }?;
        let mut sender = grant.sender.enter()?;
        sender.check(grant)?;
        sender.abort();
        *grant = Grant::NONE;
        Ok(())
    })
}
