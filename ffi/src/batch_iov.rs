//! Several messages by one call, each in a place of its own, which POSIX's `struct iovec` says: copies, as in `batch`.

use crate::arguments::{self, Timeout, invalid, out};
use crate::batch::{Bytes, memlane_send_batch};
use crate::call::done;
use crate::detail::Failed;
use crate::handles::{Handle, ReceiverHandle, SenderHandle};
use crate::receiver::Receiving;
use crate::status::Status;
use std::ffi::c_void;
use std::mem::offset_of;

/// `struct iovec` of `<sys/uio.h>`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IoVec {
    /// Its bytes. May be null if there are none.
    pub iov_base: *mut c_void,
    /// How many there are.
    pub iov_len: usize,
}

// What is sent needs no translation.
const _: () = assert!(
    size_of::<IoVec>() == size_of::<Bytes>()
        && offset_of!(IoVec, iov_base) == offset_of!(Bytes, data)
        && offset_of!(IoVec, iov_len) == offset_of!(Bytes, length)
);

impl Receiving {
    /// Waits for a message as [`Receiving::recv`] does, and copies what is there behind it: each into the next place, up to one that it
    /// does not fit into.
    ///
    /// # Safety
    /// Each place is null and empty, or valid for writing, and nobody else's.
    unsafe fn recv_batch_iov(
        &mut self,
        places: &mut [IoVec],
        count: &mut usize,
        timeout_ns: i64,
    ) -> Result<(), Failed> {
        for place in places {
            // SAFETY: the caller's promise.
            let buffer = unsafe { arguments::buffer(place.iov_base, place.iov_len) }?;
            if *count == 0 {
                // Its length is stored if it was too long, too.
                self.recv(buffer, &mut place.iov_len, timeout_ns)?;
            } else {
                // Whatever keeps the next one from being received, the next call tells.
                let Ok(length) = self.receiver()?.0.try_recv_into(buffer) else { break };
                place.iov_len = length;
            }
            *count += 1;
        }
        Ok(())
    }
}

/// As memlane_send_batch, of messages each of which a struct iovec says the place of: one message each, not parts of one. The structs are
/// read where they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_send_batch_iov(
    sender: SenderHandle,
    messages: *const IoVec,
    count: usize,
    sent: *mut usize,
    timeout_ns: i64,
) -> Status {
    // SAFETY: the crate's contract; both structs have the same layout, as asserted.
    unsafe { memlane_send_batch(sender, messages.cast(), count, sent, timeout_ns) }
}

/// Copies messages, each into a place of its own, and is done with them. On entry, `messages` says where the places are and how many bytes
/// each has (`iov_len`); then `iov_len` is the length of the message there. Waits for the first one as memlane_recv does; of those
/// that are there behind it, it copies up to one that does not fit into its place, and up to `max` in all. `count` is how many there
/// are, and 0 if the call fails; the structs behind them are as they were. Whether a message was delivered before is not told.
///
/// MEMLANE_BUFFER_TOO_SMALL if the first one does not fit into the first place: its length is stored in `messages[0].iov_len`, and it
/// stays the next one of this receiver. Otherwise `messages` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_recv_batch_iov(
    receiver: ReceiverHandle,
    messages: *mut IoVec,
    max: usize,
    count: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let count = unsafe { out(count, "count") }?;
        *count = 0;
        // SAFETY: the crate's contract.
        let places = unsafe { arguments::array_out(messages, max, "messages") }?;
        if places.is_empty() {
            return Err(invalid("max is 0: a batch has one message at least"));
        }
        // All of them before the first is received.
        // SAFETY: the crate's contract.
        places.iter().try_for_each(|place| unsafe { arguments::bytes(place.iov_base, place.iov_len) }.map(drop))?;
        Timeout::from_ns(timeout_ns)?;
        // SAFETY: the crate's contract.
        unsafe { receiver.enter()?.recv_batch_iov(places, count, timeout_ns) }
    })
}
