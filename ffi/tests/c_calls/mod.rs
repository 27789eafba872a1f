//! The C calls, as these tests make them: every wrapper passes what the C contract wants, so that a test reads as a C
//! program would, without its pointers.

#![allow(dead_code, reason = "each test binary uses some of it")]

use crate::support::Watchdog;
use memlane::Kind;
use memlane_ffi::*;
use std::ffi::{CStr, CString};
use std::mem::{size_of, zeroed};
use std::ptr::null;

/// All kinds that carry messages.
pub fn kinds() -> impl Iterator<Item = u32> {
    memlane::any::KINDS.iter().map(|kind| kind.code().into())
}

/// Those of them in which a message that a receiver did not acknowledge comes to the next one.
pub fn kinds_that_hand_over() -> impl Iterator<Item = u32> {
    kinds().filter(|&kind| kind != MEMLANE_BROADCAST)
}

/// Runs a test over all kinds, and ends it if it hangs.
pub fn each_kind(test: impl Fn(u32)) {
    each_of(kinds(), test);
}

/// The same over some kinds.
pub fn each_of(kinds: impl Iterator<Item = u32>, test: impl Fn(u32)) {
    let _watchdog = Watchdog::new();
    for kind in kinds {
        eprintln!("kind {kind}");
        test(kind);
    }
}

/// Timeouts: a call's that waits as long as it takes, a millisecond, and one of each sort.
pub const FOR_EVER: i64 = -1;
pub const SHORT: i64 = 1_000_000;
pub const TIMEOUTS: [i64; 4] = [0, SHORT, i64::MAX, FOR_EVER];

pub use memlane_ffi::Status::*;

/// What the last failure had to say.
pub fn detail() -> String {
    // SAFETY: a C string, copied before the next call.
    unsafe { CStr::from_ptr(memlane_last_error_detail()) }.to_str().unwrap().to_owned()
}

/// Asserts that a call succeeded.
#[track_caller]
pub fn ok(status: Status) {
    assert_eq!(status, MEMLANE_OK, "{}", detail());
}

/// Asserts that a call failed in this way, with a sentence that contains this.
#[track_caller]
pub fn fails(status: Status, wanted: Status, sentence: &str) {
    assert_eq!(status, wanted, "{}", detail());
    assert!(detail().contains(sentence), "`{}` does not say `{sentence}`", detail());
}

/// Options of which nothing is set.
pub fn options() -> Options {
    // SAFETY: zero is a value of every field.
    let options: Options = unsafe { zeroed() };
    Options { size: size_of::<Options>(), ..options }
}

/// Options for a small channel of this kind.
pub fn small(kind: u32) -> Options {
    let kind = u16::try_from(kind).ok().and_then(Kind::from_code).unwrap();
    if kind.has_option("slots") {
        Options { slots: 4, max_message: 100, ..options() }
    } else {
        Options { capacity: 4096, max_message: 100, ..options() }
    }
}

pub fn try_open(name: &str, kind: u32, how: u32, options: &Options) -> (Status, ChannelHandle) {
    let mut channel = ChannelHandle::default();
    let name = CString::new(name).unwrap();
    // SAFETY: all pointers are valid.
    let status = unsafe { memlane_channel_open(&mut channel, name.as_ptr(), kind, how, options) };
    (status, channel)
}

/// The status of opening, without options.
pub fn open_status(name: &str) -> Status {
    try_open(name, MEMLANE_SPSC, MEMLANE_OPEN, &options()).0
}

#[track_caller]
pub fn open(name: &str, kind: u32, how: u32, options: &Options) -> ChannelHandle {
    let (status, channel) = try_open(name, kind, how, options);
    ok(status);
    channel
}

#[track_caller]
pub fn private(kind: u32, options: &Options) -> ChannelHandle {
    let mut channel = ChannelHandle::default();
    // SAFETY: all pointers are valid.
    ok(unsafe { memlane_channel_private(&mut channel, kind, options) });
    channel
}

pub fn try_sender(channel: ChannelHandle) -> (Status, SenderHandle) {
    let mut sender = SenderHandle::default();
    // SAFETY: all pointers are valid.
    (unsafe { memlane_sender_new(channel, &mut sender) }, sender)
}

#[track_caller]
pub fn sender(channel: ChannelHandle) -> SenderHandle {
    let (status, sender) = try_sender(channel);
    ok(status);
    sender
}

pub fn try_receiver(channel: ChannelHandle) -> (Status, ReceiverHandle) {
    let mut receiver = ReceiverHandle::default();
    // SAFETY: all pointers are valid.
    (unsafe { memlane_receiver_new(channel, null(), &mut receiver) }, receiver)
}

#[track_caller]
pub fn receiver(channel: ChannelHandle) -> ReceiverHandle {
    let (status, receiver) = try_receiver(channel);
    ok(status);
    receiver
}

/// A small private channel and both its ends.
#[track_caller]
pub fn pair(kind: u32) -> (ChannelHandle, SenderHandle, ReceiverHandle) {
    let channel = private(kind, &small(kind));
    (channel, sender(channel), receiver(channel))
}

pub fn send(sender: SenderHandle, message: &[u8], timeout_ns: i64) -> Status {
    // SAFETY: the pointer is valid for as many bytes.
    unsafe { memlane_send(sender, message.as_ptr().cast(), message.len(), timeout_ns) }
}

/// Fills the channel. Returns how many messages went in.
pub fn fill(sender: SenderHandle) -> usize {
    let mut sent = 0;
    while send(sender, &[7; 100], 0) == MEMLANE_OK {
        sent += 1;
    }
    assert!(sent > 0);
    sent
}

/// Receives into a buffer of so many bytes. On failure, the length that was stored comes with it.
pub fn recv_into(receiver: ReceiverHandle, capacity: usize, timeout_ns: i64) -> Result<Vec<u8>, (Status, usize)> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    // SAFETY: all pointers are valid, the buffer for its length.
    match unsafe {
        memlane_recv(receiver, buffer.as_mut_ptr().cast(), capacity, &mut length, std::ptr::null_mut(), timeout_ns)
    } {
        MEMLANE_OK => {
            buffer.truncate(length);
            Ok(buffer)
        }
        status => Err((status, length)),
    }
}

pub fn recv(receiver: ReceiverHandle, timeout_ns: i64) -> Result<Vec<u8>, Status> {
    recv_into(receiver, 100, timeout_ns).map_err(|(status, _)| status)
}

/// Receives with what is known about the message.
pub fn recv_info(receiver: ReceiverHandle, capacity: usize) -> Result<(Vec<u8>, MessageInfo), (Status, usize)> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    let mut info = MessageInfo { sequence: 77, deliveries: 77, flags: 77, sender: 77, reserved: 77 };
    // SAFETY: all pointers are valid, the buffer for its length.
    match unsafe { memlane_recv(receiver, buffer.as_mut_ptr().cast(), capacity, &mut length, &mut info, 0) } {
        MEMLANE_OK => {
            buffer.truncate(length);
            Ok((buffer, info))
        }
        status => Err((status, length)),
    }
}

pub fn empty_message() -> Message {
    // SAFETY: zero is a value of every field.
    unsafe { zeroed() }
}

pub fn try_take(receiver: ReceiverHandle, timeout_ns: i64) -> (Status, Message) {
    let mut message = empty_message();
    // SAFETY: the pointer is valid.
    (unsafe { memlane_take(receiver, &mut message, timeout_ns) }, message)
}

#[track_caller]
pub fn take(receiver: ReceiverHandle) -> Message {
    let (status, message) = try_take(receiver, 0);
    ok(status);
    message
}

/// The bytes of a message, in place.
pub fn bytes(message: &Message) -> Vec<u8> {
    // SAFETY: the message is taken, and only this test uses the channel.
    unsafe { std::slice::from_raw_parts(message.data.cast(), message.length) }.to_vec()
}

pub fn ack(message: &mut Message) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_ack(message) }
}

pub fn nack(message: &mut Message) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_nack(message) }
}

pub fn try_reserve(sender: SenderHandle, length: usize, timeout_ns: i64) -> (Status, Grant) {
    // SAFETY: zero is a value of every field.
    let mut grant: Grant = unsafe { zeroed() };
    // SAFETY: the pointer is valid.
    (unsafe { memlane_reserve(sender, length, &mut grant, timeout_ns) }, grant)
}

#[track_caller]
pub fn reserve(sender: SenderHandle, length: usize) -> Grant {
    let (status, grant) = try_reserve(sender, length, 0);
    ok(status);
    grant
}

pub fn write(grant: &Grant, offset: usize, bytes: &[u8]) -> Status {
    // SAFETY: the pointers are valid.
    unsafe { memlane_grant_write(grant, offset, bytes.as_ptr().cast(), bytes.len()) }
}

pub fn commit(grant: &mut Grant, used: usize) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_commit(grant, used) }
}

pub fn abort(grant: &mut Grant) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_abort(grant) }
}

#[track_caller]
pub fn stats(channel: ChannelHandle) -> Stats {
    // SAFETY: zero is a value of every field.
    let mut stats = Stats { size: size_of::<Stats>(), ..unsafe { zeroed() } };
    // SAFETY: the pointer is valid for its size.
    ok(unsafe { memlane_channel_stats(channel, &mut stats) });
    stats
}

#[track_caller]
pub fn sender_stats(sender: SenderHandle) -> Counters {
    // SAFETY: zero is a value of every field.
    let mut counters = Counters { size: size_of::<Counters>(), ..unsafe { zeroed() } };
    // SAFETY: the pointer is valid for its size.
    ok(unsafe { memlane_sender_stats(sender, &mut counters) });
    counters
}

#[track_caller]
pub fn receiver_stats(receiver: ReceiverHandle) -> Counters {
    // SAFETY: zero is a value of every field.
    let mut counters = Counters { size: size_of::<Counters>(), ..unsafe { zeroed() } };
    // SAFETY: the pointer is valid for its size.
    ok(unsafe { memlane_receiver_stats(receiver, &mut counters) });
    counters
}

/// Sends a batch. How many went out comes with the status.
pub fn send_batch(sender: SenderHandle, messages: &[&[u8]], timeout_ns: i64) -> (Status, usize) {
    let all: Vec<_> = messages.iter().map(|one| Bytes { data: one.as_ptr().cast(), length: one.len() }).collect();
    let mut sent = usize::MAX;
    // SAFETY: the pointers are valid.
    (unsafe { memlane_send_batch(sender, all.as_ptr(), all.len(), &mut sent, timeout_ns) }, sent)
}

/// Receives up to `max` messages into a buffer of so many bytes. On failure, the length that was stored comes with it.
pub fn recv_batch(
    receiver: ReceiverHandle,
    capacity: usize,
    max: usize,
    timeout_ns: i64,
) -> Result<Vec<Vec<u8>>, (Status, usize)> {
    let mut buffer = vec![0xee_u8; capacity];
    let mut messages = vec![Bytes { data: null(), length: usize::MAX }; max];
    let mut count = usize::MAX;
    let (place, end) = (buffer.as_mut_ptr(), buffer.as_ptr_range().end);
    // SAFETY: the pointers are valid, the arrays as long as is said.
    let status = unsafe {
        memlane_recv_batch(receiver, place.cast(), capacity, messages.as_mut_ptr(), max, &mut count, timeout_ns)
    };
    if status != MEMLANE_OK {
        assert_eq!(count, 0);
        return Err((status, messages.first().map_or(0, |first| first.length)));
    }
    assert!((1..=max).contains(&count));
    assert!(messages[count..].iter().all(|other| other.length == usize::MAX), "no more are written");
    let mut least = place.cast_const();
    let copied = messages[..count].iter().map(|message| {
        let start: *const u8 = message.data.cast();
        let behind = start.wrapping_add(message.length);
        assert!(start >= least && behind <= end, "one behind the other, in the buffer");
        assert_eq!((start as usize - place as usize) % 8, 0);
        least = behind;
        // SAFETY: in the buffer, as was just checked.
        unsafe { std::slice::from_raw_parts(start, message.length) }.to_vec()
    });
    Ok(copied.collect())
}

/// Sends a batch from places that iovecs say. How many went out comes with the status.
pub fn send_batch_iov(sender: SenderHandle, messages: &[&[u8]], timeout_ns: i64) -> (Status, usize) {
    let iov = |one: &&[u8]| IoVec { iov_base: one.as_ptr().cast_mut().cast(), iov_len: one.len() };
    let all: Vec<_> = messages.iter().map(iov).collect();
    let mut sent = usize::MAX;
    // SAFETY: the pointers are valid, and what they lead to is only read.
    (unsafe { memlane_send_batch_iov(sender, all.as_ptr(), all.len(), &mut sent, timeout_ns) }, sent)
}

/// Receives into places of so many bytes. On failure, the first length comes with it.
pub fn recv_batch_iov(
    receiver: ReceiverHandle,
    capacities: &[usize],
    timeout_ns: i64,
) -> Result<Vec<Vec<u8>>, (Status, usize)> {
    let mut places: Vec<_> = capacities.iter().map(|&capacity| vec![0xee_u8; capacity]).collect();
    let iov = |place: &mut Vec<u8>| IoVec { iov_base: place.as_mut_ptr().cast(), iov_len: place.len() };
    let mut iovs: Vec<_> = places.iter_mut().map(iov).collect();
    let mut count = usize::MAX;
    // SAFETY: the pointers are valid, the arrays as long as is said.
    let status = unsafe { memlane_recv_batch_iov(receiver, iovs.as_mut_ptr(), iovs.len(), &mut count, timeout_ns) };
    if status != MEMLANE_OK {
        assert_eq!(count, 0);
        return Err((status, iovs.first().map_or(0, |first| first.iov_len)));
    }
    assert!((1..=capacities.len()).contains(&count));
    for (iov, &capacity) in iovs.iter().zip(capacities).skip(count) {
        assert_eq!(iov.iov_len, capacity, "no more are written");
    }
    for (place, iov) in places.iter_mut().zip(&iovs) {
        place.truncate(iov.iov_len);
    }
    places.truncate(count);
    Ok(places)
}

/// Takes a batch of up to so many messages, and says what is in it.
pub fn try_take_batch(receiver: ReceiverHandle, max: usize, timeout_ns: i64) -> (Status, Batch, Vec<BatchMessage>) {
    // SAFETY: zero is a value of every field.
    let (mut batch, empty): (Batch, BatchMessage) = unsafe { (zeroed(), zeroed()) };
    let mut messages = vec![empty; max];
    // SAFETY: all pointers are valid, the array for its length.
    let status = unsafe { memlane_take_batch(receiver, &mut batch, messages.as_mut_ptr(), max, timeout_ns) };
    messages.truncate(batch.count);
    (status, batch, messages)
}

#[track_caller]
pub fn take_batch(receiver: ReceiverHandle, max: usize) -> (Batch, Vec<BatchMessage>) {
    let (status, batch, messages) = try_take_batch(receiver, max, 0);
    ok(status);
    (batch, messages)
}

/// The bytes of a message of a batch.
pub fn batch_bytes(message: &BatchMessage) -> Vec<u8> {
    // SAFETY: the batch is not done with, and nobody tampers with the channel.
    unsafe { std::slice::from_raw_parts(message.data.cast::<u8>(), message.length) }.to_vec()
}
