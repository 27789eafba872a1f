//! Several messages by one C call, over both kinds.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::{null, null_mut};

#[test]
fn a_batch_arrives_as_it_was_sent_with_every_way_of_waiting() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        for timeout in TIMEOUTS {
            let messages: [&[u8]; 4] = [b"one", b"", b"a third one", b"four"];
            assert_eq!(send_batch(tx, &messages, timeout), (MEMLANE_OK, 4));
            assert_eq!(recv_batch(rx, 100, 10, timeout).unwrap(), messages, "{timeout}");
            assert_eq!(send_batch(tx, &messages[..2], timeout), (MEMLANE_OK, 2));
            assert_eq!(recv_batch(rx, 100, 1, timeout).unwrap(), [b"one"], "no more than were asked for");
            assert_eq!(recv(rx, timeout).unwrap(), b"");
        }
    });
}

#[test]
fn a_batch_can_be_sent_on_as_it_was_received() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        let (_, next_tx, next_rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"two"], 0).0, MEMLANE_OK);
        let (mut buffer, mut messages) = ([0_u8; 100], [Bytes { data: null(), length: 0 }; 4]);
        let mut count = 0;
        // SAFETY: the pointers are valid, the arrays as long as is said.
        unsafe {
            let place = buffer.as_mut_ptr().cast();
            ok(memlane_recv_batch(rx, place, 100, messages.as_mut_ptr(), 4, &mut count, 0));
            ok(memlane_send_batch(next_tx, messages.as_ptr(), count, null_mut(), 0));
        }
        assert_eq!(recv_batch(next_rx, 100, 4, 0).unwrap(), [b"one", b"two"]);
    });
}

#[test]
fn a_batch_stops_where_there_is_no_room_and_says_how_many_went() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        let room = fill(tx);
        assert_eq!(recv_batch(rx, 100 * room + 8 * room, room, 0).unwrap().len(), room);
        let more = vec![&[7_u8; 100][..]; room + 3];
        for (timeout, wanted) in [(0, MEMLANE_FULL), (SHORT, MEMLANE_TIMEOUT)] {
            let (status, sent) = send_batch(tx, &more, timeout);
            fails(status, wanted, "full");
            assert!(sent > 0 && sent <= room, "{sent} of {room}");
            assert_eq!(recv_batch(rx, 200 * room, room + 3, 0).unwrap().len(), sent);
        }
        // One that waits for ever is done when the last one is in.
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| send_batch(tx, &more, FOR_EVER));
            let mut received = 0;
            while received < more.len() {
                received += recv_batch(rx, 300, 2, FOR_EVER).unwrap().len();
            }
            assert_eq!(sending.join().unwrap(), (MEMLANE_OK, more.len()));
        });
    });
}

#[test]
fn what_does_not_fit_stays_the_next_one() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"small", b"longer than the rest", b"x"], 0).0, MEMLANE_OK);
        assert_eq!(recv_batch(rx, 16, 8, 0).unwrap(), [b"small"]);
        for timeout in TIMEOUTS {
            assert_eq!(recv_batch(rx, 16, 8, timeout), Err((MEMLANE_BUFFER_TOO_SMALL, 20)));
        }
        assert!(detail().contains("needs a buffer of 20 bytes, not 16"), "{}", detail());
        assert_eq!(recv_batch(rx, 32, 8, 0).unwrap(), [&b"longer than the rest"[..], b"x"]);
    });
}

#[test]
fn a_batch_of_nothing_is_an_empty_channel_or_an_end() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[], FOR_EVER), (MEMLANE_OK, 0));
        assert_eq!(recv_batch(rx, 8, 1, 0), Err((MEMLANE_EMPTY, usize::MAX)));
        assert_eq!(recv_batch(rx, 8, 1, SHORT), Err((MEMLANE_TIMEOUT, usize::MAX)));
        ok(send(tx, b"last", 0));
        ok(memlane_sender_close(tx));
        assert_eq!(recv_batch(rx, 8, 4, FOR_EVER).unwrap(), [b"last"]);
        assert_eq!(recv_batch(rx, 8, 4, FOR_EVER), Err((MEMLANE_DISCONNECTED, usize::MAX)));
    });
}

#[test]
fn a_message_that_the_channel_does_not_take_ends_the_batch() {
    each_kind(|kind| {
        for timeout in TIMEOUTS {
            let (_, tx, rx) = pair(kind);
            let (status, sent) = send_batch(tx, &[b"fits", &[0; 101], b"not reached"], timeout);
            fails(status, MEMLANE_TOO_LARGE, "takes at most 100");
            assert_eq!(sent, 1);
            assert_eq!(recv_batch(rx, 300, 4, 0).unwrap(), [b"fits"]);
        }
    });
}

#[test]
fn arguments_that_mean_nothing_are_found_before_anything_is_sent_or_received() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        let good = Bytes { data: b"good".as_ptr().cast(), length: 4 };
        let bad = Bytes { data: null(), length: 4 };
        let mut sent = 9;
        // SAFETY: what is not null is valid.
        unsafe {
            fails(memlane_send_batch(tx, null(), 1, &mut sent, 0), MEMLANE_INVALID_ARGUMENT, "messages is null");
            fails(
                memlane_send_batch(tx, &good, usize::MAX, &mut sent, 0),
                MEMLANE_INVALID_ARGUMENT,
                "than there can be",
            );
            fails(
                memlane_send_batch(tx, [good, bad].as_ptr(), 2, &mut sent, 0),
                MEMLANE_INVALID_ARGUMENT,
                "null pointer",
            );
            fails(memlane_send_batch(tx, &good, 1, &mut sent, -2), MEMLANE_INVALID_ARGUMENT, "a timeout of -2 ns");
        }
        assert_eq!((sent, recv(rx, 0)), (0, Err(MEMLANE_EMPTY)), "nothing was sent");
        ok(send(tx, b"stays", 0));
        let (mut buffer, mut message, mut count) = ([0_u8; 8], good, 9);
        let place = buffer.as_mut_ptr().cast();
        // SAFETY: what is not null is valid.
        unsafe {
            fails(memlane_recv_batch(rx, place, 8, null_mut(), 1, &mut count, 0), MEMLANE_INVALID_ARGUMENT, "is null");
            fails(
                memlane_recv_batch(rx, place, 8, &mut message, 0, &mut count, 0),
                MEMLANE_INVALID_ARGUMENT,
                "max is 0",
            );
            fails(
                memlane_recv_batch(rx, place, 8, &mut message, 1, null_mut(), 0),
                MEMLANE_INVALID_ARGUMENT,
                "count is",
            );
            fails(
                memlane_recv_batch(rx, null_mut(), 8, &mut message, 1, &mut count, 0),
                MEMLANE_INVALID_ARGUMENT,
                "null",
            );
            fails(memlane_recv_batch(rx, place, 8, &mut message, 1, &mut count, -2), MEMLANE_INVALID_ARGUMENT, "-2 ns");
        }
        assert_eq!((count, recv(rx, 0).unwrap()), (0, b"stays".to_vec()));
    });
}

#[test]
fn what_is_in_hand_is_finished_first() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        ok(send(tx, b"taken", 0));
        let mut message = take(rx);
        assert_eq!(recv_batch(rx, 8, 1, 0), Err((MEMLANE_HELD, usize::MAX)));
        let mut grant = reserve(tx, 1);
        assert_eq!(send_batch(tx, &[b"x"], 0), (MEMLANE_HELD, 0));
        ok(abort(&mut grant));
        ok(ack(&mut message));
    });
}
