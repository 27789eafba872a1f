//! How full a channel is, who takes part, and waiting for the other side, through the C calls.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::null_mut;
use std::thread;

/// What is in the channel, and what is free in it.
fn levels(channel: ChannelHandle) -> (usize, usize) {
    let (mut messages, mut room) = (usize::MAX, usize::MAX);
    // SAFETY: the pointers are valid.
    unsafe {
        ok(memlane_channel_len(channel, &mut messages));
        ok(memlane_channel_room(channel, &mut room));
    }
    (messages, room)
}

/// Senders and receivers that are alive, and that there can be besides.
fn participants(channel: ChannelHandle) -> [(usize, usize); 2] {
    let mut numbers = [(usize::MAX, usize::MAX); 2];
    // SAFETY: the pointers are valid.
    unsafe {
        ok(memlane_channel_peers(channel, &mut numbers[0].0, &mut numbers[0].1));
        ok(memlane_channel_free_seats(channel, &mut numbers[1].0, &mut numbers[1].1));
        ok(memlane_channel_peers(channel, null_mut(), null_mut()));
        ok(memlane_channel_free_seats(channel, null_mut(), null_mut()));
    }
    numbers
}

#[test]
fn a_channel_tells_how_full_it_is() {
    for kind in kinds() {
        let (channel, tx, rx) = pair(kind);
        let (messages, empty) = levels(channel);
        assert_eq!(messages, 0);
        ok(send(tx, b"one", 0));
        let (messages, room) = levels(channel);
        assert!(messages == 1 && room < empty, "{messages} {room} of {empty}");
        recv(rx, 0).unwrap();
        assert_eq!(levels(channel).0, 0);
        // SAFETY: null is found.
        let status = unsafe { memlane_channel_len(channel, null_mut()) };
        fails(status, MEMLANE_INVALID_ARGUMENT, "messages is null");
        // SAFETY: null is found.
        fails(unsafe { memlane_channel_room(channel, null_mut()) }, MEMLANE_INVALID_ARGUMENT, "room is null");
    }
}

#[test]
fn a_channel_tells_who_takes_part() {
    for kind in kinds() {
        let channel = private(kind, &small(kind));
        let [nobody, seats] = participants(channel);
        assert_eq!(nobody, (0, 0));
        let (tx, _rx) = (sender(channel), receiver(channel));
        assert_eq!(participants(channel), [(1, 1), (seats.0 - 1, seats.1 - 1)]);
        ok(memlane_sender_close(tx));
        assert_eq!(participants(channel), [(0, 1), (seats.0, seats.1 - 1)]);
    }
}

#[test]
fn each_side_is_told_that_the_other_one_has_left() {
    for kind in kinds() {
        let (channel, tx, rx) = pair(kind);
        ok(memlane_sender_is_disconnected(tx));
        ok(memlane_receiver_is_disconnected(rx));
        ok(memlane_receiver_close(rx));
        fails(memlane_sender_is_disconnected(tx), MEMLANE_DISCONNECTED, "the other side has left");
        let rx = receiver(channel);
        ok(memlane_sender_close(tx));
        fails(memlane_receiver_is_disconnected(rx), MEMLANE_DISCONNECTED, "the other side has left");
        fails(memlane_receiver_is_disconnected(ReceiverHandle::default()), MEMLANE_INVALID_HANDLE, "receiver");
    }
}

#[test]
fn each_side_waits_for_the_other() {
    for kind in kinds() {
        let channel = private(kind, &small(kind));
        let tx = sender(channel);
        fails(memlane_sender_wait_for_peer(tx, 0), MEMLANE_TIMEOUT, "no peer");
        fails(memlane_sender_wait_for_peer(tx, 1000), MEMLANE_TIMEOUT, "no peer");
        fails(memlane_sender_wait_for_peer(tx, -2), MEMLANE_INVALID_ARGUMENT, "timeout");
        let coming = thread::spawn(move || receiver(channel));
        ok(memlane_sender_wait_for_peer(tx, -1));
        let rx = coming.join().unwrap();
        ok(memlane_receiver_wait_for_peer(rx, 0));
        ok(memlane_sender_close(tx));
        fails(memlane_receiver_wait_for_peer(rx, memlane_left(0)), MEMLANE_TIMEOUT, "no peer");
    }
}
