//! Several messages by one call: copies, as `memlane_send` and `memlane_recv` make them.

use crate::arguments::{self, Timeout, invalid, out};
use crate::call::done;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{Handle, ReceiverHandle, SenderHandle};
use crate::receiver::Receiving;
use crate::sender::Sending;
use crate::status::Status;
use memlane::SendBatchError;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

/// Where a message is.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Bytes {
    /// Its bytes. May be null if there are none.
    pub data: *const c_void,
    /// How many there are.
    pub length: usize,
}

/// Received messages start at multiples of so many bytes behind the start of the buffer.
const ALIGNMENT: usize = 8;

/// How many messages of a batch were sent, and what became of the next one.
fn count<E: Coded>(
    outcome: Result<usize, SendBatchError<E>>,
    sent: &mut usize,
    channel: &Arc<str>,
) -> Result<(), Failed> {
    match outcome {
        Ok(all) => {
            *sent = all;
            Ok(())
        }
        Err(SendBatchError { sent: before, error }) => {
            *sent = before;
            Err(error.fail_on(channel))
        }
    }
}

impl Sending {
    /// Sends messages up to one that fails, and counts them.
    fn send_batch<'a>(
        &mut self,
        messages: impl Iterator<Item = &'a [u8]>,
        sent: &mut usize,
        timeout: Timeout,
    ) -> Result<(), Failed> {
        let (sender, channel) = self.sender()?;
        match timeout {
            Timeout::Forever => count(sender.send_batch(messages), sent, channel),
            Timeout::For(time) => count(sender.send_batch_timeout(messages, time), sent, channel),
            Timeout::Try => count(sender.try_send_batch(messages), sent, channel),
        }
    }
}

impl Receiving {
    /// Waits for a message as [`Receiving::recv`] does, and copies what is there behind it, as far as it fits.
    fn recv_batch(
        &mut self,
        buffer: &mut [u8],
        messages: &mut [Bytes],
        count: &mut usize,
        timeout_ns: i64,
    ) -> Result<(), Failed> {
        let start: *const u8 = buffer.as_ptr();
        let message = |at: usize, length| Bytes { data: start.wrapping_add(at).cast(), length };
        let mut length = 0;
        if let Err(failed) = self.recv(buffer, &mut length, timeout_ns) {
            if failed == Failed(Status::MEMLANE_BUFFER_TOO_SMALL) {
                messages[0] = Bytes { data: ptr::null(), length };
            }
            return Err(failed);
        }
        messages[0] = message(0, length);
        *count = 1;
        let mut at = length.next_multiple_of(ALIGNMENT);
        let (receiver, _) = self.receiver()?;
        while let (Some(rest), Some(next)) = (buffer.get_mut(at..), messages.get_mut(*count)) {
            // Whatever keeps the next one from being received, the next call tells.
            let Ok(length) = receiver.try_recv_into(rest) else { break };
            *next = message(at, length);
            *count += 1;
            at += length.next_multiple_of(ALIGNMENT);
        }
        Ok(())
    }
}

/// Sends copies of `count` messages, in order; others may send in between. Waits while the channel is full: for timeout_ns
/// nanoseconds in all, not at all if that is 0 (MEMLANE_FULL), for ever if it is -1, which is the fastest. Each message can be
/// received as soon as it is in the channel. `sent` is how many are, also if the call fails; it may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_send_batch(
    sender: SenderHandle,
    messages: *const Bytes,
    count: usize,
    sent: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        let mut nowhere = 0;
        // SAFETY: the crate's contract.
        let sent = unsafe { sent.as_mut() }.unwrap_or(&mut nowhere);
        *sent = 0;
        // SAFETY: the crate's contract.
        let messages = unsafe { arguments::array(messages, count, "messages") }?;
        // SAFETY: the crate's contract.
        let bytes = |message: &Bytes| unsafe { arguments::bytes(message.data, message.length) };
        // All of them before the first is sent.
        messages.iter().try_for_each(|message| bytes(message).map(drop))?;
        let timeout = Timeout::from_ns(timeout_ns)?;
        sender.enter()?.send_batch(messages.iter().map_while(|message| bytes(message).ok()), sent, timeout)
    })
}

/// Copies messages into `buffer`, one behind the other, says in `messages` where each is, and is done with them. Waits for the
/// first one as memlane_recv does; of those that are there behind it, it copies what fits, up to `max` in all. `count` is how
/// many there are, and 0 if the call fails. Each starts at a multiple of 8 bytes behind `buffer`. Whether a message was
/// delivered before is not told: use memlane_recv where that matters.
///
/// MEMLANE_BUFFER_TOO_SMALL if the first one has more than `capacity` bytes: its length is stored in `messages[0]`, and it stays
/// the next one of this receiver. Otherwise `messages` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_recv_batch(
    receiver: ReceiverHandle,
    buffer: *mut c_void,
    capacity: usize,
    messages: *mut Bytes,
    max: usize,
    count: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let count = unsafe { out(count, "count") }?;
        *count = 0;
        // SAFETY: the crate's contract.
        let buffer = unsafe { arguments::buffer(buffer, capacity) }?;
        // SAFETY: the crate's contract.
        let messages = unsafe { arguments::array_out(messages, max, "messages") }?;
        if messages.is_empty() {
            return Err(invalid("max is 0: a batch has one message at least"));
        }
        Timeout::from_ns(timeout_ns)?;
        receiver.enter()?.recv_batch(buffer, messages, count, timeout_ns)
    })
}
