//! Handing anonymous channels over to other processes, and the seats of senders and receivers to successors.

use crate::arguments::{self, Timeout, invalid, out};
use crate::call::{done, done_with_descriptors};
use crate::channel::Opened;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{ChannelHandle, Handle, ReceiverHandle, SenderHandle};
use crate::kinds::{MEMLANE_BROADCAST, MEMLANE_WATCH};
use crate::onlooker::{Looking, OnlookerHandle};
use crate::options::Options;
use crate::receiver::{Receiving, start_of};
use crate::sender::Sending;
use crate::status::Status;
use crate::watch::{GetterHandle, Getting, Watching};
use std::ffi::{c_char, c_int};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// A socket of the program's, for one call.
fn socket<'a>(descriptor: c_int) -> Result<BorrowedFd<'a>, Failed> {
    if descriptor < 0 {
        return Err(invalid(format!("socket is {descriptor}, which is no descriptor")));
    }
    // SAFETY: not -1; used by system calls only, which say so if it is not open.
    Ok(unsafe { BorrowedFd::borrow_raw(descriptor) })
}

/// Creates an anonymous broadcast or watch in which this process alone takes part: no other process can ever write a byte of it. Others get it
/// by memlane_channel_send_read_only_to. MEMLANE_INVALID_OPTION for other kinds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_one_way(
    channel: *mut ChannelHandle,
    kind: u32,
    options: *const Options,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(channel, "channel")?, Options::of_kind(kind, options)?) };
        *into = ChannelHandle::new(Opened::anonymous(options.one_way().map_err(|error| error.fail())?))?;
        Ok(())
    })
}

/// Sends an anonymous channel over a Unix socket, which stays the caller's, to a process that gets it by memlane_channel_receive_from. Waits
/// while the socket is full, unless that is set not to. MEMLANE_INVALID_ARGUMENT: the channel is not anonymous, is one-way, or this is
/// no Unix socket.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_channel_send_to(channel: ChannelHandle, socket: c_int) -> Status {
    done_with_descriptors(|| channel.get()?.channel.send_to(self::socket(socket)?).map_err(|error| error.fail()))
}

/// The same for reading alone: the other process gets it by memlane_onlooker_receive_from or memlane_getter_receive_from. MEMLANE_WRONG_KIND: the
/// channel is no broadcast and no watch.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_channel_send_read_only_to(channel: ChannelHandle, socket: c_int) -> Status {
    done_with_descriptors(|| {
        channel.get()?.channel.send_read_only_to(self::socket(socket)?).map_err(|error| error.fail())
    })
}

/// Opens the channel that comes next over a Unix socket, sent by memlane_channel_send_to or from Rust. Waits for it, unless the socket is set not
/// to (MEMLANE_IO). MEMLANE_NOT_HANDED_OVER: something else came, and is still there, or nothing. `options` may be null. `channel` is written on
/// success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_receive_from(
    channel: *mut ChannelHandle,
    kind: u32,
    socket: c_int,
    options: *const Options,
) -> Status {
    done_with_descriptors(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(channel, "channel")?, Options::of_kind(kind, options)?) };
        let received = options.receive_from(self::socket(socket)?).map_err(|error| error.fail())?;
        *into = ChannelHandle::new(Opened::anonymous(received))?;
        Ok(())
    })
}

/// Opens the channel that this program inherited from one that started it by memlane's Rust interface, which gave the environment variable its
/// name. It can be opened once. MEMLANE_NOT_HANDED_OVER: there is no such variable, or it leads to no channel, or not any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_open_inherited(
    channel: *mut ChannelHandle,
    kind: u32,
    variable: *const c_char,
    options: *const Options,
) -> Status {
    done_with_descriptors(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(channel, "channel")?, Options::of_kind(kind, options)?) };
        // SAFETY: the crate's contract.
        let variable = unsafe { arguments::name(variable) }?;
        let opened = options.open_inherited(variable).map_err(|error| error.fail())?;
        *into = ChannelHandle::new(Opened::anonymous(opened))?;
        Ok(())
    })
}

/// Opens the broadcast that comes next over a Unix socket, to receive without a seat: as memlane_onlooker_open opens one by its name, and as
/// memlane_channel_receive_from waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_onlooker_receive_from(
    onlooker: *mut OnlookerHandle,
    socket: c_int,
    options: *const Options,
    start: u32,
    number: u64,
) -> Status {
    done_with_descriptors(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(onlooker, "onlooker")?, Options::of_kind(MEMLANE_BROADCAST, options)?) };
        let of_a_broadcast = options.to_broadcast().unwrap_or_default();
        let end = of_a_broadcast.receive_read_only_from(self::socket(socket)?, start_of(start, number)?);
        *into = OnlookerHandle::new(Looking::new(end.map_err(|error| error.fail())?, "(anonymous)"))?;
        Ok(())
    })
}

/// Opens the watch that comes next over a Unix socket, to look at its value without a seat: as memlane_getter_open_read_only opens one by its
/// name, and as memlane_channel_receive_from waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_getter_receive_from(
    getter: *mut GetterHandle,
    socket: c_int,
    options: *const Options,
) -> Status {
    done_with_descriptors(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(getter, "getter")?, Options::of_kind(MEMLANE_WATCH, options)?) };
        let of_a_watch = options.to_watch().unwrap_or_default();
        let end = of_a_watch.receive_read_only_from(self::socket(socket)?).map_err(|error| error.fail())?;
        *into = GetterHandle::new(Watching::boxed(Getting::ReadOnly(end), "(anonymous)"))?;
        Ok(())
    })
}

/// How long that is. For ever is longer than any clock runs.
fn span(timeout_ns: i64) -> Result<Duration, Failed> {
    Ok(match Timeout::from_ns(timeout_ns)? {
        Timeout::Try => Duration::ZERO,
        Timeout::For(time) => time,
        Timeout::Forever => Duration::MAX,
    })
}

/// Hands this sender's seat over to a successor, usually in another process, which takes it by memlane_sender_take_over and goes on behind its
/// last message; receivers notice nothing. Waits for one. On success the handle is closed, and `sender` is all zero. On failure the sender
/// has its seat as before, and `sender` is its handle from then on: another number than before. MEMLANE_TIMEOUT: no successor came.
/// MEMLANE_HELD: a grant is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_sender_hand_over(sender: *mut SenderHandle, timeout_ns: i64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (handle, timeout) = (unsafe { out(sender, "sender") }?, span(timeout_ns)?);
        handle.enter()?.sender()?;
        let (sender, of) = handle.remove()?.into_parts();
        *handle = SenderHandle::default();
        match sender.hand_over(timeout) {
            Ok(()) => Ok(()),
            Err(error) => {
                let why = error.reason().fail_on(&of.label);
                *handle = SenderHandle::new(Sending::of(error.into_handle(), of))?;
                Err(why)
            }
        }
    })
}

/// Takes over the seat of a sender that hands it over, by memlane_sender_hand_over or from Rust. Waits for one that does. MEMLANE_TIMEOUT: none
/// did. The others of memlane_sender_new. `sender` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_sender_take_over(
    channel: ChannelHandle,
    sender: *mut SenderHandle,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, timeout) = (unsafe { out(sender, "sender") }?, span(timeout_ns)?);
        let of = channel.get()?;
        let sender = of.channel.take_over_sender(timeout).map_err(|error| error.fail())?;
        *into = SenderHandle::new(Sending::of(sender, of))?;
        Ok(())
    })
}

/// Hands this receiver's seat over to a successor, which takes it by memlane_receiver_take_over and goes on where it stopped: as
/// memlane_sender_hand_over. MEMLANE_HELD: a message is taken and not finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_hand_over(receiver: *mut ReceiverHandle, timeout_ns: i64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (handle, timeout) = (unsafe { out(receiver, "receiver") }?, span(timeout_ns)?);
        handle.enter()?.receiver()?;
        let (receiver, of) = handle.remove()?.into_parts();
        *handle = ReceiverHandle::default();
        match receiver.hand_over(timeout) {
            Ok(()) => Ok(()),
            Err(error) => {
                let why = error.reason().fail_on(&of.label);
                *handle = ReceiverHandle::new(Receiving::of(error.into_handle(), of))?;
                Err(why)
            }
        }
    })
}

/// Takes over the seat of a receiver that hands it over: as memlane_sender_take_over. `receiver` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_take_over(
    channel: ChannelHandle,
    receiver: *mut ReceiverHandle,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, timeout) = (unsafe { out(receiver, "receiver") }?, span(timeout_ns)?);
        let of = channel.get()?;
        let receiver = of.channel.take_over_receiver(timeout).map_err(|error| error.fail())?;
        *into = ReceiverHandle::new(Receiving::of(receiver, of))?;
        Ok(())
    })
}
