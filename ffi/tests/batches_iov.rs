//! Several messages by one C call, each in the place that a `struct iovec` says, over all kinds.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::null_mut;

#[test]
fn the_struct_is_the_systems() {
    assert_eq!(size_of::<IoVec>(), size_of::<libc::iovec>());
    assert_eq!(std::mem::offset_of!(IoVec, iov_base), std::mem::offset_of!(libc::iovec, iov_base));
    assert_eq!(std::mem::offset_of!(IoVec, iov_len), std::mem::offset_of!(libc::iovec, iov_len));
}

#[test]
fn each_message_comes_into_a_place_of_its_own() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        for timeout in TIMEOUTS {
            let messages: [&[u8]; 4] = [b"one", b"", b"a third one", b"8 bytes."];
            assert_eq!(send_batch_iov(tx, &messages, timeout), (MEMLANE_OK, 4));
            assert_eq!(recv_batch_iov(rx, &[3, 0, 100, 8, 9], timeout).unwrap(), messages, "{timeout}");
            assert_eq!(send_batch_iov(tx, &messages[..2], timeout), (MEMLANE_OK, 2));
            assert_eq!(recv_batch_iov(rx, &[8], timeout).unwrap(), [b"one"], "no more than there are places");
            assert_eq!(recv(rx, timeout).unwrap(), b"");
        }
    });
}

#[test]
fn what_does_not_fit_into_its_place_stays_the_next_one() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        assert_eq!(send_batch_iov(tx, &[b"small", b"longer than its place", b"x"], 0).0, MEMLANE_OK);
        assert_eq!(recv_batch_iov(rx, &[8, 8, 8], 0).unwrap(), [b"small"]);
        for timeout in TIMEOUTS {
            assert_eq!(recv_batch_iov(rx, &[8, 100], timeout), Err((MEMLANE_BUFFER_TOO_SMALL, 21)));
        }
        assert!(detail().contains("needs a buffer of 21 bytes, not 8"), "{}", detail());
        assert_eq!(recv_batch_iov(rx, &[32, 1, 1], 0).unwrap(), [&b"longer than its place"[..], b"x"]);
    });
}

#[test]
fn a_batch_of_nothing_is_an_empty_channel_or_an_end() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        assert_eq!(send_batch_iov(tx, &[], FOR_EVER), (MEMLANE_OK, 0));
        assert_eq!(recv_batch_iov(rx, &[8], 0), Err((MEMLANE_EMPTY, 8)));
        assert_eq!(recv_batch_iov(rx, &[8], SHORT), Err((MEMLANE_TIMEOUT, 8)));
        ok(send(tx, b"last", 0));
        ok(memlane_sender_close(tx));
        assert_eq!(recv_batch_iov(rx, &[8, 8], FOR_EVER).unwrap(), [b"last"]);
        assert_eq!(recv_batch_iov(rx, &[8, 8], FOR_EVER), Err((MEMLANE_DISCONNECTED, 8)));
    });
}

#[test]
fn arguments_that_mean_nothing_are_found_before_anything_is_sent_or_received() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        let mut place = [7_u8; 8];
        let good = IoVec { iov_base: place.as_mut_ptr().cast(), iov_len: 8 };
        let bad = IoVec { iov_base: null_mut(), ..good };
        let long = IoVec { iov_len: usize::MAX, ..good };
        let mut count = 9;
        for (second, sentence) in [(bad, "8 bytes at a null pointer"), (long, "more than there can be")] {
            // SAFETY: what is not null is valid, as far as it is looked at.
            let sent = unsafe { memlane_send_batch_iov(tx, [good, second].as_ptr(), 2, &mut count, 0) };
            fails(sent, MEMLANE_INVALID_ARGUMENT, sentence);
            assert_eq!((count, recv(rx, 0)), (0, Err(MEMLANE_EMPTY)), "nothing was sent");
        }
        ok(send(tx, b"stays", 0));
        let recv_iov = |messages: &mut [IoVec], max, count: *mut usize, timeout| {
            let first = if messages.is_empty() { null_mut() } else { messages.as_mut_ptr() };
            // SAFETY: what is not null is valid, as far as it is looked at.
            unsafe { memlane_recv_batch_iov(rx, first, max, count, timeout) }
        };
        fails(recv_iov(&mut [], 1, &mut count, 0), MEMLANE_INVALID_ARGUMENT, "messages is null");
        fails(recv_iov(&mut [good], 0, &mut count, 0), MEMLANE_INVALID_ARGUMENT, "max is 0");
        fails(recv_iov(&mut [good], 1, null_mut(), 0), MEMLANE_INVALID_ARGUMENT, "count is null");
        fails(recv_iov(&mut [good, bad], 2, &mut count, 0), MEMLANE_INVALID_ARGUMENT, "8 bytes at a null pointer");
        fails(recv_iov(&mut [good, long], 2, &mut count, 0), MEMLANE_INVALID_ARGUMENT, "more than there can be");
        fails(recv_iov(&mut [good], 1, &mut count, -2), MEMLANE_INVALID_ARGUMENT, "-2 ns");
        assert_eq!((count, recv(rx, 0).unwrap()), (0, b"stays".to_vec()));
    });
}

#[test]
fn what_is_in_hand_is_finished_first() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        ok(send(tx, b"taken", 0));
        let mut message = take(rx);
        assert_eq!(recv_batch_iov(rx, &[8], 0), Err((MEMLANE_HELD, 8)));
        let mut grant = reserve(tx, 1);
        assert_eq!(send_batch_iov(tx, &[b"x"], 0), (MEMLANE_HELD, 0));
        ok(abort(&mut grant));
        ok(ack(&mut message));
    });
}
