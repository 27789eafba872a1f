//! The receiving end: copies, and messages that are taken and left in place.

use crate::arguments::{self, Timeout, WORD, given, invalid, out, text};
use crate::call::{call, done};
use crate::channel::Opened;
use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle, ReceiverHandle};
use crate::lending::{Lender, Taken};
use crate::message::{Message, MessageInfo};
use crate::sender::strategy;
use crate::status::Status;
use crate::table::Table;
use memlane::any::Receiver;
use memlane::broadcast::{Channel, Start};
use memlane::{RecvError, Strategy, TrustPeers};
use std::ffi::{c_char, c_void};
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;

/// A receiver of a broadcast begins with the next message that is sent: as memlane_receiver_new has it.
pub const MEMLANE_START_NOW: u32 = 1;
/// It begins with the oldest message from which on all are still there.
pub const MEMLANE_START_OLDEST: u32 = 2;
/// It begins with the last so many messages that were sent, or as many of them as are still there.
pub const MEMLANE_START_LAST: u32 = 3;
/// It begins with the message of this number; where that is overwritten, its first call is MEMLANE_LAGGED.
pub const MEMLANE_START_AT: u32 = 4;

/// Where a receiver begins.
pub(crate) fn start_of(start: u32, number: u64) -> Result<Start, Failed> {
    match start {
        MEMLANE_START_NOW => Ok(Start::Now),
        MEMLANE_START_OLDEST => Ok(Start::Oldest),
        MEMLANE_START_LAST => Ok(Start::Last(number)),
        MEMLANE_START_AT => Ok(Start::At(number)),
        _ => Err(invalid(format!("start {start} does not exist"))),
    }
}

/// What a receiver handle leads to.
pub(crate) struct Receiving {
    /// Lends the message that the program took.
    end: Lender<Receiver>,
    /// How many messages were taken.
    taken: u64,
    pub(crate) row: u32,
    pub(crate) of: Opened,
}

static RECEIVERS: Table<Receiving, { handles::RECEIVERS }> = Table::new();

impl Handle<{ handles::RECEIVERS }> for ReceiverHandle {
    type Thing = Receiving;
    const NOUN: &'static str = "receiver";

    #[inline]
    fn table() -> &'static Table<Receiving, { handles::RECEIVERS }> {
        &RECEIVERS
    }

    fn has_straight_way(thing: &mut Receiving) -> bool {
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

/// The failure of an operation on a message that does not fit.
#[cold]
fn too_small(channel: &str, needed: usize, capacity: usize) -> Failed {
    let sentence =
        format!("channel {channel}: the message needs a buffer of {needed} bytes, not {capacity}; it stays there");
    detail::record(Status::MEMLANE_BUFFER_TOO_SMALL, sentence)
}

/// The failure of an operation on a message that is not taken (any more).
#[cold]
fn not_taken() -> Failed {
    handles::invalid("message")
}

/// What became of a message that was to be copied into so many bytes. Its length is stored if it was too long, too.
#[inline(always)]
pub(crate) fn tell<E: Coded>(
    outcome: Result<usize, E>,
    capacity: usize,
    length: &mut usize,
    channel: &Arc<str>,
) -> Result<(), Failed> {
    match outcome {
        Ok(received) => {
            *length = received;
            Ok(())
        }
        Err(error) => match error.needed() {
            Some(needed) => {
                *length = needed;
                Err(too_small(channel, needed, capacity))
            }
            None => Err(error.fail_on(channel)),
        },
    }
}

/// The next message, waited for as long as that.
#[inline(always)]
fn next_message<'a>(
    receiver: &'a mut Receiver,
    channel: &Arc<str>,
    timeout: Timeout,
) -> Result<memlane::any::Message<'a>, Failed> {
    timeout.call(
        receiver,
        channel,
        |receiver| receiver.try_recv(),
        |receiver, time| receiver.recv_timeout(time),
        |receiver| receiver.recv(),
    )
}

/// The channel as a broadcast, whose receivers alone do that.
fn broadcast(of: &Opened, what: &str) -> Result<Channel, Failed> {
    of.channel.to_broadcast().ok_or_else(|| {
        let sentence = format!("channel {}: only a receiver of a broadcast {what}", of.label);
        detail::record(Status::MEMLANE_WRONG_KIND, sentence)
    })
}

/// A receiver's name.
///
/// # Safety
/// Null, or a string with its zero byte, which nobody writes to for `'a`.
unsafe fn reader_name<'a>(name: *const c_char) -> Result<&'a str, Failed> {
    // SAFETY: the caller's promise.
    let name = unsafe { text(name, "the receiver's name", Status::MEMLANE_INVALID_NAME) }?;
    name.ok_or_else(|| invalid("the receiver's name is null"))
}

impl Receiving {
    fn join(of: Opened) -> Result<Self, Failed> {
        let receiver = of.channel.receiver().map_err(|error| error.fail())?;
        Ok(Self::new(of, receiver))
    }

    fn join_from(of: Opened, start: Start) -> Result<Self, Failed> {
        let broadcast = broadcast(&of, "begins elsewhere")?;
        let receiver = broadcast.receiver_from(start).map_err(|error| error.fail())?;
        Ok(Self::new(of, receiver.into()))
    }

    fn join_by_name(of: Opened, name: &str, start: Start) -> Result<Self, Failed> {
        let broadcast = broadcast(&of, "has a name")?;
        let receiver = broadcast.receiver_named(name, start).map_err(|error| error.fail())?;
        Ok(Self::new(of, receiver.into()))
    }

    /// Of a receiver that has taken another one's seat over.
    pub(crate) fn of(receiver: Receiver, of: Opened) -> Self {
        Self::new(of, receiver)
    }

    /// The receiver, and its channel. The program holds none of its messages.
    pub(crate) fn into_parts(self) -> (Receiver, Opened) {
        let whole = ManuallyDrop::new(self);
        // SAFETY: each is moved out once, and the whole is not dropped; what is left owns nothing.
        let (end, of) = unsafe { (ptr::read(&whole.end), ptr::read(&whole.of)) };
        (end.into_end(), of)
    }

    fn new(of: Opened, receiver: Receiver) -> Self {
        let row = receiver.row();
        Self { end: Lender::new(receiver), taken: 0, row, of }
    }

    /// The receiver, unless it lends a message.
    #[inline]
    pub(crate) fn receiver(&mut self) -> Result<(&mut Receiver, &Arc<str>), Failed> {
        match self.end.end() {
            Some(receiver) => Ok((receiver, &self.of.label)),
            None => Err(Self::has_a_message(&self.of)),
        }
    }

    #[cold]
    fn has_a_message(of: &Opened) -> Failed {
        let sentence = format!(
            "channel {}: this receiver holds a message or a batch; acknowledge it or give it back first",
            of.label
        );
        detail::record(Status::MEMLANE_HELD, sentence)
    }

    /// Copies the next message, if it comes in time, and is done with it. Its length is stored if it was too long, too.
    #[inline(always)]
    pub(crate) fn recv(&mut self, buffer: &mut [u8], length: &mut usize, timeout_ns: i64) -> Result<(), Failed> {
        match self.receiver()?.0.recv_at_once(buffer) {
            Ok(Some(received)) => {
                *length = received;
                Ok(())
            }
            outcome => self.recv_slow(outcome, buffer, length, timeout_ns),
        }
    }

    /// Goes on where nothing was received at once.
    #[inline(never)]
    fn recv_slow(
        &mut self,
        at_once: Result<Option<usize>, RecvError>,
        buffer: &mut [u8],
        length: &mut usize,
        timeout_ns: i64,
    ) -> Result<(), Failed> {
        match at_once {
            Err(error) => tell(Err(error), buffer.len(), length, &self.of.label),
            Ok(_) => self.recv_within(buffer, length, Timeout::from_ns(timeout_ns)?),
        }
    }

    /// Receives by the full call.
    fn recv_within(&mut self, buffer: &mut [u8], length: &mut usize, timeout: Timeout) -> Result<(), Failed> {
        let capacity = buffer.len();
        let (receiver, channel) = self.receiver()?;
        match timeout {
            Timeout::Try => tell(receiver.try_recv_into(buffer), capacity, length, channel),
            Timeout::For(time) => tell(receiver.recv_into_timeout(buffer, time), capacity, length, channel),
            Timeout::Forever => tell(receiver.recv_into(buffer), capacity, length, channel),
        }
    }

    /// Copies the next message, and tells what is known about it: by way of a message, which is handed back if it is too long.
    fn recv_with_info(
        &mut self,
        buffer: &mut [u8],
        length: &mut usize,
        info: &mut MessageInfo,
        timeout: Timeout,
    ) -> Result<(), Failed> {
        let (receiver, channel) = self.receiver()?;
        let message = next_message(receiver, channel, timeout)?;
        let (received, about) = (message.len(), MessageInfo::of(&message));
        if message.copy_to(buffer).is_err() {
            message.hand_back();
            *length = received;
            return Err(too_small(channel, received, buffer.len()));
        }
        message.ack().map_err(|error| error.fail_on(channel))?;
        (*length, *info) = (received, about);
        Ok(())
    }

    /// Takes the next message.
    pub(crate) fn take(&mut self, own: ReceiverHandle, timeout: Timeout) -> Result<Message, Failed> {
        // SAFETY: the program's promise, made once for all that it does through `Message::data`. Nothing is read here;
        // only the address is taken.
        let trust = unsafe { TrustPeers::promise() };
        let number = self.lend(|receiver, channel| Ok(Taken::Message(next_message(receiver, channel, timeout)?)))?;
        let (message, _) = self.message(number)?;
        let data: *const u8 = message.as_slice(trust).as_ptr();
        let info = MessageInfo::of(message);
        Ok(Message { receiver: own, number, data: data.cast(), length: message.len(), info, ..Message::NONE })
    }

    /// Makes a loan, unless there is one. Returns its number.
    pub(crate) fn lend(
        &mut self,
        take: impl for<'a> FnOnce(&'a mut Receiver, &Arc<str>) -> Result<Taken<'a>, Failed>,
    ) -> Result<u64, Failed> {
        self.receiver()?;
        let channel = &self.of.label;
        self.end.lend(|receiver| take(receiver, channel))?;
        self.taken += 1;
        Ok(self.taken)
    }

    /// What the program has, if it is what has this number; and the channel.
    pub(crate) fn taken(&mut self, number: u64) -> Option<(&mut Taken<'static>, &Arc<str>)> {
        let taken = self.end.lent().filter(|_| number == self.taken)?;
        Some((taken, &self.of.label))
    }

    fn message(&mut self, number: u64) -> Result<(&mut memlane::any::Message<'static>, &Arc<str>), Failed> {
        match self.taken(number) {
            Some((Taken::Message(message), channel)) => Ok((message, channel)),
            _ => Err(not_taken()),
        }
    }

    fn copy(&mut self, number: u64, buffer: &mut [u8], length: &mut usize) -> Result<(), Failed> {
        let (message, channel) = self.message(number)?;
        *length = message.len();
        message.copy_to(buffer).map(drop).map_err(|_| too_small(channel, *length, buffer.len()))
    }

    /// What the program has is done with, or comes again. Whatever comes of it, the program does not have it any more.
    pub(crate) fn finish(&mut self, is_done_with: bool) -> Result<(), Failed> {
        let outcome = self.end.finish(|taken| if is_done_with { taken.ack() } else { taken.nack() });
        outcome.unwrap_or(Ok(())).map_err(|error| error.fail_on(&self.of.label))
    }

    fn set_strategy(&mut self, strategy: Strategy) -> Result<(), Failed> {
        self.receiver()?.0.set_strategy(strategy);
        Ok(())
    }

    fn publish(&mut self) -> Result<(), Failed> {
        self.receiver()?.0.publish_released();
        Ok(())
    }
}

impl Drop for Receiving {
    /// What the program did not acknowledge comes again, as if it had died.
    fn drop(&mut self) {
        // A forked child's message, or one of a poisoned channel, is nobody's.
        let _ = self.end.finish(|taken| taken.nack());
    }
}

/// Takes a receiver's seat. MEMLANE_ROLE_TAKEN while all of them are held by the living (spsc has one). What the last holder
/// of the seat had not acknowledged when it died is delivered again. Does not wait. `name` is null, or that of a receiver of a
/// broadcast, as memlane_receiver_new_named has it, which begins with the next message. `receiver` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_new(
    channel: ChannelHandle,
    name: *const c_char,
    receiver: *mut ReceiverHandle,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(receiver, "receiver") }?;
        let of = channel.get()?;
        let receiving = if name.is_null() {
            Receiving::join(of)?
        } else {
            // SAFETY: the crate's contract.
            Receiving::join_by_name(of, unsafe { reader_name(name) }?, Start::Now)?
        };
        *into = ReceiverHandle::new(receiving)?;
        Ok(())
    })
}

/// Takes the seat of a broadcast that is kept for the receiver of this name, and goes on behind what that one acknowledged; or, if there
/// is none, takes a seat, begins where memlane_receiver_new_from would, and has the seat kept from then on, also when the receiver
/// is closed or its process is killed: a lossless sender waits for it until it comes back or memlane_forget ends that. `name` has 1 to 64
/// bytes: MEMLANE_INVALID_NAME. MEMLANE_NAME_TAKEN: a receiver of this name is there. The others of memlane_receiver_new_from. Does not
/// wait. `receiver` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_new_named(
    channel: ChannelHandle,
    name: *const c_char,
    start: u32,
    number: u64,
    receiver: *mut ReceiverHandle,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, name) = unsafe { (out(receiver, "receiver")?, reader_name(name)?) };
        *into = ReceiverHandle::new(Receiving::join_by_name(channel.get()?, name, start_of(start, number)?)?)?;
        Ok(())
    })
}

/// Ends what a broadcast keeps for the receiver of this name, which is away: its seat is free, and the sender waits for it no longer.
/// MEMLANE_IN_USE: it is there. MEMLANE_UNKNOWN_NAME: nothing is kept for that name. MEMLANE_WRONG_KIND: the channel is no broadcast.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_forget(channel: ChannelHandle, name: *const c_char) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (of, name) = (channel.get()?, unsafe { reader_name(name) }?);
        broadcast(&of, "has a name")?.forget(name).map_err(|error| error.fail())
    })
}

/// Takes a receiver's seat of a broadcast, as memlane_receiver_new does, and begins there: MEMLANE_START_NOW, MEMLANE_START_OLDEST,
/// MEMLANE_START_LAST with as many messages as `number` says, or MEMLANE_START_AT with the message of that number, which is
/// `sequence` in memlane_message_info. MEMLANE_INVALID_ARGUMENT: none has had that number yet. MEMLANE_OVERTAKEN: the sender was
/// faster many times. MEMLANE_WRONG_KIND: the channel is no broadcast. Does not wait. `receiver` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_new_from(
    channel: ChannelHandle,
    start: u32,
    number: u64,
    receiver: *mut ReceiverHandle,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(receiver, "receiver") }?;
        *into = ReceiverHandle::new(Receiving::join_from(channel.get()?, start_of(start, number)?)?)?;
        Ok(())
    })
}

/// Closes the handle: the receiver leaves the channel, which goes on. A message that was taken and not acknowledged is given back.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_receiver_close(receiver: ReceiverHandle) -> Status {
    done(|| receiver.remove().map(drop))
}

/// Ends the channel for everybody, as memlane_channel_shutdown does. The receiver stays open: it drains what is still there.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_receiver_shutdown(receiver: ReceiverHandle) -> Status {
    done(|| {
        receiver.enter()?.of.shut_down();
        Ok(())
    })
}

/// How this receiver waits for messages: MEMLANE_SPIN, MEMLANE_SPIN_THEN_YIELD, MEMLANE_ADAPTIVE (default) or MEMLANE_PARK.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_receiver_set_strategy(receiver: ReceiverHandle, strategy: u32) -> Status {
    done(|| receiver.enter()?.set_strategy(self::strategy(strategy)?))
}

/// Wakes a sender that sleeps in front of a full channel, if something was received since it was woken last. spsc does that by
/// itself now and then: when the channel is empty, every 1/8 of the capacity, and at closing; the sender looks by itself after
/// 100 ms.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_receiver_publish(receiver: ReceiverHandle) -> Status {
    done(|| receiver.enter()?.publish())
}

/// Copies the next message into `buffer`, stores its length, and is done with it. Waits while there is none: for timeout_ns
/// nanoseconds, not at all if that is 0 (MEMLANE_EMPTY), for ever if it is -1. `info` may be null.
///
/// MEMLANE_BUFFER_TOO_SMALL if the message has more than `capacity` bytes: its length is stored, and it stays the next one
/// of this receiver. A buffer of the channel's max_message bytes always suffices. Otherwise `length` and `info` are written
/// on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_recv(
    receiver: ReceiverHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    info: *mut MessageInfo,
    timeout_ns: i64,
) -> Status {
    // In the order of memlane_send.
    //
    // SAFETY: the crate's contract.
    unsafe {
        if !info.is_null() {
            return recv_with_info(receiver, buffer, capacity, length, info, timeout_ns);
        }
        if !receiver.is_straight() {
            return recv(receiver, buffer, capacity, length, info, timeout_ns);
        }
        let Some(word) = buffer.cast::<[u8; WORD]>().as_mut() else {
            return recv_unusual(receiver, buffer, capacity, length, info, timeout_ns);
        };
        if capacity != WORD {
            return recv_straight(receiver, buffer, capacity, length, info, timeout_ns);
        }
        let (Some(into), true) = (length.as_mut(), Timeout::is_one(timeout_ns)) else {
            return recv_unusual(receiver, buffer, capacity, length, info, timeout_ns);
        };
        // Nothing here panics, and nothing is a call but what ends it: so a word needs no frame.
        if let Some(mut receiving) = receiver.enter_straight()
            && let Some(receiver) = receiving.end.straight()
            && receiver.fill_at_once(word)
        {
            *into = WORD;
            return Status::MEMLANE_OK;
        }
        recv(receiver, buffer, capacity, length, info, timeout_ns)
    }
}

/// Receives a message of any length by a receiver that has a straight way.
#[inline(never)]
unsafe extern "C" fn recv_straight(
    receiver: ReceiverHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    info: *mut MessageInfo,
    timeout_ns: i64,
) -> Status {
    call(|| {
        // SAFETY: the crate's contract.
        let (into, length_into) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        if Timeout::is_one(timeout_ns)
            && let Some(mut receiving) = receiver.enter_straight()
            && let Some(receiver) = receiving.end.straight()
            && let Ok(Some(received)) = receiver.recv_at_once(into)
        {
            *length_into = received;
            return Ok(Status::MEMLANE_OK);
        }
        // SAFETY: the crate's contract.
        Ok(unsafe { recv(receiver, buffer, capacity, length, info, timeout_ns) })
    })
}

/// Receives no bytes, or says what the arguments lack.
#[cold]
#[inline(never)]
unsafe extern "C" fn recv_unusual(
    receiver: ReceiverHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    info: *mut MessageInfo,
    timeout_ns: i64,
) -> Status {
    // SAFETY: the crate's contract.
    unsafe { recv(receiver, buffer, capacity, length, info, timeout_ns) }
}

/// Receives any message by any receiver, and tells what is known about it.
#[inline(never)]
unsafe extern "C" fn recv_with_info(
    receiver: ReceiverHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    info: *mut MessageInfo,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, length) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        // SAFETY: the crate's contract.
        let info = unsafe { out(info, "info") }?;
        let timeout = Timeout::from_ns(timeout_ns)?;
        receiver.enter()?.recv_with_info(buffer, length, info, timeout)
    })
}

/// Receives any message by any receiver. All that memlane_recv is passed, so that it can end with this call.
#[inline(never)]
unsafe extern "C" fn recv(
    receiver: ReceiverHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    _info: *mut MessageInfo,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, length) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        if !Timeout::is_one(timeout_ns) {
            Timeout::from_ns(timeout_ns)?;
        }
        receiver.enter()?.recv(buffer, length, timeout_ns)
    })
}

/// Takes the next message and leaves it in place. Waits while there is none: for timeout_ns nanoseconds, not at all if that is
/// 0 (MEMLANE_EMPTY), for ever if it is -1. MEMLANE_HELD if this receiver has one already. `message` is written on success
/// only. If the process dies before it acknowledges the message, the message is delivered again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_take(receiver: ReceiverHandle, message: *mut Message, timeout_ns: i64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(message, "message") }?;
        let timeout = Timeout::from_ns(timeout_ns)?;
        *into = receiver.enter()?.take(receiver, timeout)?;
        Ok(())
    })
}

/// Copies the message into `buffer` and stores its length. MEMLANE_BUFFER_TOO_SMALL if it has more than `capacity` bytes; its
/// length is stored then, too. The message stays taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_message_copy(
    message: *const Message,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (message, length) = unsafe { (given(message, "message")?, out(length, "length")?) };
        // SAFETY: the crate's contract.
        let buffer = unsafe { arguments::buffer(buffer, capacity) }?;
        let mut receiver = message.receiver.enter()?;
        receiver.copy(message.number, buffer, length)
    })
}

/// The message is done with: it does not come again. Clears it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_ack(message: *mut Message) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        finish(unsafe { out(message, "message") }?, true)
    })
}

/// Gives the message back. spsc: it comes again at this receiver's next call. mpmc: it is delivered again, to any receiver,
/// behind all others of its priority, and says so; if it was delivered as often as the channel's delivery_limit, it is given
/// up instead. Clears it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_nack(message: *mut Message) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        finish(unsafe { out(message, "message") }?, false)
    })
}

fn finish(message: &mut Message, is_done_with: bool) -> Result<(), Failed> {
    let mut receiver = message.receiver.enter()?;
    receiver.message(message.number)?;
    // Whatever comes of it, the message is nobody's from here on.
    *message = Message::NONE;
    receiver.finish(is_done_with)
}
