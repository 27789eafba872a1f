//! A message that is taken: it stays in the channel, the receiver's alone, until it is acknowledged or given back.

use crate::arguments::{self, Timeout, given, out};
use crate::call::{Failed, done};
use crate::detail;
use crate::handles::{self, ReceiverHandle};
use crate::status::Status;
use std::ffi::c_void;
use std::ptr;

/// A number that the channel's kind does not know.
pub const MEMLANE_UNKNOWN: u64 = u64::MAX;

/// The message was delivered before, to a receiver that gave it back or died.
pub const MEMLANE_REDELIVERED: u32 = 1;

/// What is known about a message besides its bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageInfo {
    /// How many messages the channel carried before this one. mpmc: MEMLANE_UNKNOWN.
    pub sequence: u64,
    /// How often it was delivered, this time included; stays at 65,535. spsc does not count: 0.
    pub deliveries: u32,
    /// MEMLANE_REDELIVERED, or 0. spsc does not know, and sets nothing.
    pub flags: u32,
    /// 0, for what later versions know.
    pub reserved: [u64; 2],
}

/// A message that was taken. A receiver has one at a time. Filled by memlane_take, cleared by memlane_ack and memlane_nack;
/// only the library writes to it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Whose it is.
    pub receiver: ReceiverHandle,
    /// Which of that receiver's.
    pub number: u64,
    /// The message's bytes in place, aligned as the channel's payload_alignment says. Must not be used once the message is
    /// acknowledged or given back, or the receiver closed. Reading here trusts that no other process tampers with the
    /// channel: whoever does can change the bytes between two looks. memlane_message_copy trusts nobody.
    pub data: *const c_void,
    /// The message's length in bytes.
    pub length: usize,
    /// What else is known about it.
    pub info: MessageInfo,
    /// 0, for what later versions know.
    pub reserved: [u64; 2],
}

impl Message {
    pub(crate) const NONE: Self = Self {
        receiver: ReceiverHandle { id: 0 },
        number: 0,
        data: ptr::null(),
        length: 0,
        info: MessageInfo { sequence: 0, deliveries: 0, flags: 0, reserved: [0; 2] },
        reserved: [0; 2],
    };
}

/// A message of some kind.
pub(crate) trait Delivered {
    fn info(&self) -> MessageInfo;
}

impl Delivered for memlane::spsc::Message<'_> {
    #[inline]
    fn info(&self) -> MessageInfo {
        MessageInfo { sequence: self.sequence(), deliveries: 0, flags: 0, reserved: [0; 2] }
    }
}

impl Delivered for memlane::mpmc::Message<'_> {
    #[inline]
    fn info(&self) -> MessageInfo {
        let flags = if self.redelivered() { MEMLANE_REDELIVERED } else { 0 };
        MessageInfo { sequence: MEMLANE_UNKNOWN, deliveries: self.deliveries().into(), flags, reserved: [0; 2] }
    }
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
        receiver.check(message)?;
        receiver.copy(buffer, length)
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
    receiver.check(message)?;
    // Whatever comes of it, the message is nobody's from here on.
    *message = Message::NONE;
    receiver.finish(is_done_with)
}

/// The failure of an operation on a message that does not fit.
#[cold]
pub(crate) fn too_small(channel: &str, needed: usize, capacity: usize) -> Failed {
    let sentence =
        format!("channel {channel}: the message needs a buffer of {needed} bytes, not {capacity}; it stays there");
    detail::record(Status::MEMLANE_BUFFER_TOO_SMALL, sentence)
}

/// The failure of an operation on a message that is not taken (any more).
#[cold]
pub(crate) fn not_taken() -> Failed {
    handles::invalid("message")
}
