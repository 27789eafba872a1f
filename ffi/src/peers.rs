//! How full a channel is, who takes part in it, and waiting for a participant of the other role.

use crate::arguments::{Timeout, out};
use crate::call::done;
use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::handles::{ChannelHandle, Handle, ReceiverHandle, SenderHandle};
use crate::status::Status;
use memlane::{Role, WaitForPeerError};
use std::sync::Arc;
use std::time::Duration;

/// How many messages are in the channel: of a queue, those that nobody has taken yet. Others send and receive meanwhile, so it may
/// be another number by the time it is returned. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_len(channel: ChannelHandle, messages: *mut usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        *unsafe { out(messages, "messages") }? = channel.get()?.channel.len();
        Ok(())
    })
}

/// How much is free: bytes in the ring of spsc, slots in mpmc. Others send and receive meanwhile, so it may be another number by
/// the time it is returned. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_room(channel: ChannelHandle, room: *mut usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        *unsafe { out(room, "room") }? = channel.get()?.channel.room();
        Ok(())
    })
}

/// How many senders and receivers are alive. Either pointer may be null. Others come and go meanwhile. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_peers(
    channel: ChannelHandle,
    senders: *mut usize,
    receivers: *mut usize,
) -> Status {
    done(|| {
        let peers = channel.get()?.channel.peers();
        // SAFETY: the crate's contract.
        unsafe { store(senders, peers.senders) };
        // SAFETY: the crate's contract.
        unsafe { store(receivers, peers.receivers) };
        Ok(())
    })
}

/// How many more senders and receivers there can be. Either pointer may be null. Others come and go meanwhile. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_free_seats(
    channel: ChannelHandle,
    senders: *mut usize,
    receivers: *mut usize,
) -> Status {
    done(|| {
        let opened = channel.get()?;
        // SAFETY: the crate's contract.
        unsafe { store(senders, opened.channel.free_seats(Role::Sender)) };
        // SAFETY: the crate's contract.
        unsafe { store(receivers, opened.channel.free_seats(Role::Receiver)) };
        Ok(())
    })
}

/// MEMLANE_OK: a receiver is there, was never there yet, or may come again. MEMLANE_DISCONNECTED: every receiver has left or the
/// channel was shut down, so that a send would be refused. Does not wait.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_sender_is_disconnected(sender: SenderHandle) -> Status {
    done(|| {
        let mut sending = sender.enter()?;
        let (sender, channel) = sending.sender()?;
        disconnected(sender.is_disconnected(), channel)
    })
}

/// MEMLANE_OK: a sender is there, was never there yet, or may come again. MEMLANE_DISCONNECTED: every sender has left or the
/// channel was shut down; what is still there can be received, and nothing comes behind it. Does not wait.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_receiver_is_disconnected(receiver: ReceiverHandle) -> Status {
    done(|| {
        let mut receiving = receiver.enter()?;
        let (receiver, channel) = receiving.receiver()?;
        disconnected(receiver.is_disconnected(), channel)
    })
}

/// Waits until a receiver is there: for timeout_ns nanoseconds, not at all if that is 0, for ever if it is -1. MEMLANE_TIMEOUT if
/// none came. It may have left again by the time of the return.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_sender_wait_for_peer(sender: SenderHandle, timeout_ns: i64) -> Status {
    done(|| {
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut sending = sender.enter()?;
        let (sender, channel) = sending.sender()?;
        wait(timeout, channel, |time| sender.wait_for_peer(time))
    })
}

/// Waits until a sender is there: for timeout_ns nanoseconds, not at all if that is 0, for ever if it is -1. MEMLANE_TIMEOUT if
/// none came. It may have left again by the time of the return.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_receiver_wait_for_peer(receiver: ReceiverHandle, timeout_ns: i64) -> Status {
    done(|| {
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut receiving = receiver.enter()?;
        let (receiver, channel) = receiving.receiver()?;
        wait(timeout, channel, |time| receiver.wait_for_peer(time))
    })
}

/// Stores a number where the program wants it, if it does.
///
/// # Safety
/// Null, or valid for writing.
unsafe fn store(into: *mut usize, number: usize) {
    // SAFETY: the caller's promise.
    if let Some(into) = unsafe { into.as_mut() } {
        *into = number;
    }
}

fn disconnected(is_so: bool, channel: &Arc<str>) -> Result<(), Failed> {
    if is_so {
        return Err(detail::record(
            Status::MEMLANE_DISCONNECTED,
            format!("channel {channel}: the other side has left, or the channel was shut down"),
        ));
    }
    Ok(())
}

fn wait(
    timeout: Timeout,
    channel: &Arc<str>,
    mut within: impl FnMut(Duration) -> Result<(), WaitForPeerError>,
) -> Result<(), Failed> {
    let time = match timeout {
        Timeout::Try => Duration::ZERO,
        Timeout::For(time) => time,
        // Too large for a clock: without an end.
        Timeout::Forever => Duration::MAX,
    };
    within(time).map_err(|error| error.fail_on(channel))
}
