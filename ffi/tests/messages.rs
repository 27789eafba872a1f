//! Sending and receiving through the C calls, over both kinds.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;

#[test]
fn what_is_sent_is_received_with_every_way_of_waiting() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        for timeout in TIMEOUTS {
            ok(send(tx, b"hello", timeout));
            assert_eq!(recv(rx, timeout).unwrap(), b"hello", "{timeout}");
            ok(send(tx, b"exact", timeout));
            assert_eq!(recv_into(rx, 5, timeout).unwrap(), b"exact", "{timeout}");
        }
    });
}

/// Whether this thread of the process sleeps.
fn is_asleep(thread: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
    state.rsplit_once(") ").unwrap().1.starts_with('S')
}

#[test]
fn a_message_that_is_sent_to_a_sleeper_wakes_it_at_once() {
    each_kind(|kind| {
        for length in [8, 56] {
            let (_, tx, rx) = pair(kind);
            ok(memlane_receiver_set_strategy(rx, MEMLANE_PARK));
            let message = vec![7; length];
            // The first message of a stretch goes the full way.
            ok(send(tx, &message, 0));
            assert_eq!(recv_into(rx, length, 0).unwrap(), message);
            std::thread::scope(|scope| {
                let (says, thread) = std::sync::mpsc::channel();
                let receiving = scope.spawn(move || {
                    says.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
                    // The look whether it waits yet can be in its way.
                    loop {
                        match recv_into(rx, length, FOR_EVER) {
                            Err((MEMLANE_BUSY, _)) => {}
                            received => return received,
                        }
                    }
                });
                let thread = thread.recv().unwrap();
                support::eventually("it sleeps", || memlane_receiver_publish(rx) == MEMLANE_BUSY && is_asleep(thread));
                ok(send(tx, &message, 0));
                // The sender can be used at once: nobody is inside.
                assert_eq!(sender_stats(tx).wakes, 1);
                assert_eq!(receiving.join().unwrap().unwrap(), message);
            });
        }
    });
}

#[test]
fn messages_of_any_lengths_come_in_turn_whatever_the_buffer() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        for round in 0..400 {
            let message = vec![round as u8; [8, 0, 7, 8, 9, 56, 100, 64][round % 8]];
            ok(send(tx, &message, 0));
            let capacity = if round % 3 == 0 { 100 } else { message.len() };
            assert_eq!(recv_into(rx, capacity, 0).unwrap(), message);
        }
    });
}

#[test]
fn a_word_into_a_buffer_that_is_not_one_and_the_other_way_round() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        ok(send(tx, &[1; 8], 0));
        ok(send(tx, &[2; 9], 0));
        ok(send(tx, &[3; 3], 0));
        assert_eq!(recv_into(rx, 7, 0), Err((MEMLANE_BUFFER_TOO_SMALL, 8)));
        assert_eq!(recv_into(rx, 8, 0).unwrap(), [1; 8]);
        assert_eq!(recv_into(rx, 8, 0), Err((MEMLANE_BUFFER_TOO_SMALL, 9)));
        assert_eq!(recv_into(rx, 9, 0).unwrap(), [2; 9]);
        assert_eq!(recv_into(rx, 8, 0).unwrap(), [3; 3]);
        assert_eq!(recv_into(rx, 8, 0), Err((MEMLANE_EMPTY, usize::MAX)));
    });
}

#[test]
fn a_word_waits_for_what_is_in_hand() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        let mut grant = reserve(tx, 8);
        assert_eq!(send(tx, &[1; 8], 0), MEMLANE_HELD);
        ok(commit(&mut grant, 8));
        ok(send(tx, &[1; 8], 0));
        let mut message = take(rx);
        assert_eq!(recv_into(rx, 8, 0), Err((MEMLANE_HELD, usize::MAX)));
        ok(ack(&mut message));
        assert_eq!(recv_into(rx, 8, 0).unwrap(), [1; 8]);
    });
}

#[test]
fn a_message_of_no_bytes_is_a_message() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        // SAFETY: null is allowed for no bytes.
        ok(unsafe { memlane_send(tx, std::ptr::null(), 0, 0) });
        ok(send(tx, b"", 0));
        ok(send(tx, b"next", 0));
        let mut length = 7;
        // SAFETY: null is allowed for a buffer of no bytes.
        ok(unsafe { memlane_recv(rx, std::ptr::null_mut(), 0, &mut length, std::ptr::null_mut(), 0) });
        assert_eq!(length, 0);
        let mut message = take(rx);
        assert_eq!(message.length, 0);
        ok(ack(&mut message));
        assert_eq!(recv(rx, 0).unwrap(), b"next");
        let mut grant = reserve(tx, 0);
        ok(commit(&mut grant, 0));
        assert_eq!(recv(rx, 0).unwrap(), b"");
    });
}

#[test]
fn an_empty_and_a_full_channel_say_so_at_once_or_in_time() {
    each_kind(|kind| {
        let (channel, tx, rx) = pair(kind);
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
        assert_eq!(detail(), "channel (private): the channel is empty");
        assert_eq!(recv(rx, SHORT), Err(MEMLANE_TIMEOUT));
        assert_eq!(try_take(rx, 0).0, MEMLANE_EMPTY);
        assert_eq!(try_take(rx, SHORT).0, MEMLANE_TIMEOUT);
        let sent = fill(tx);
        assert_eq!(detail(), "channel (private): the channel is full");
        assert_eq!(send(tx, &[0; 100], SHORT), MEMLANE_TIMEOUT);
        assert_eq!(try_reserve(tx, 100, 0).0, MEMLANE_FULL);
        assert_eq!(try_reserve(tx, 100, SHORT).0, MEMLANE_TIMEOUT);
        let stats = stats(channel);
        assert_eq!((stats.messages, stats.senders, stats.receivers), (sent as u64, 1, 1));
        for _ in 0..sent {
            assert_eq!(recv(rx, 0).unwrap(), [7; 100]);
        }
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    });
}

#[test]
fn a_message_longer_than_the_channel_allows_is_not_sent() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        for timeout in [0, SHORT, FOR_EVER] {
            fails(send(tx, &[0; 101], timeout), MEMLANE_TOO_LARGE, "101 bytes; this channel takes at most 100");
            fails(try_reserve(tx, 101, timeout).0, MEMLANE_TOO_LARGE, "takes at most 100");
        }
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    });
}

#[test]
fn a_small_buffer_leaves_the_message_in_its_place_and_tells_the_length() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        ok(send(tx, b"first", 0));
        ok(send(tx, b"second", 0));
        for timeout in [0, SHORT, FOR_EVER] {
            assert_eq!(recv_into(rx, 4, timeout), Err((MEMLANE_BUFFER_TOO_SMALL, 5)), "{timeout}");
            assert!(detail().contains("needs a buffer of 5 bytes, not 4"), "{}", detail());
        }
        assert_eq!(recv_info(rx, 0).unwrap_err(), (MEMLANE_BUFFER_TOO_SMALL, 5));
        let (bytes, info) = recv_info(rx, 5).unwrap();
        assert_eq!(bytes, b"first", "it is still the first");
        assert_eq!(info.flags, 0, "and was not delivered before");
        assert_eq!(info.deliveries, if kind == MEMLANE_MPMC { 1 } else { 0 });
        assert_eq!(recv_into(rx, 5, 0), Err((MEMLANE_BUFFER_TOO_SMALL, 6)));
        let mut message = take(rx);
        assert_eq!(c_calls::bytes(&message), b"second", "what did not fit can be taken");
        ok(ack(&mut message));
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    });
}

#[test]
fn a_small_buffer_is_told_the_length_whatever_the_timeout() {
    each_kind(|kind| {
        for timeout in [0, SHORT, FOR_EVER] {
            let (_, tx, rx) = pair(kind);
            ok(send(tx, b"message", 0));
            assert_eq!(recv_into(rx, 6, timeout), Err((MEMLANE_BUFFER_TOO_SMALL, 7)), "{timeout}");
            assert_eq!(recv_into(rx, 7, timeout).unwrap(), b"message", "{timeout}");
        }
    });
}

#[test]
fn what_did_not_fit_when_its_receiver_closes_comes_again() {
    each_of(kinds_that_hand_over(), |kind| {
        let (channel, tx, rx) = pair(kind);
        ok(send(tx, b"message", 0));
        assert_eq!(recv_into(rx, 1, 0), Err((MEMLANE_BUFFER_TOO_SMALL, 7)));
        ok(memlane_receiver_close(rx));
        assert_eq!(recv(receiver(channel), 0).unwrap(), b"message");
    });
}

#[test]
fn a_message_that_is_taken_stays_until_it_is_acknowledged() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        ok(send(tx, b"one", 0));
        ok(send(tx, b"two", 0));
        let mut message = take(rx);
        assert_eq!((bytes(&message), message.length), (b"one".to_vec(), 3));
        assert_eq!(message.data as usize % 8, 0);
        let (mut buffer, mut length) = ([0u8; 8], 0);
        // SAFETY: the pointers are valid.
        let copied = unsafe { memlane_message_copy(&message, buffer.as_mut_ptr().cast(), 8, &mut length) };
        ok(copied);
        assert_eq!(&buffer[..length], b"one");
        // SAFETY: the pointers are valid.
        let copied = unsafe { memlane_message_copy(&message, buffer.as_mut_ptr().cast(), 2, &mut length) };
        fails(copied, MEMLANE_BUFFER_TOO_SMALL, "3 bytes, not 2");
        assert_eq!(length, 3);
        for status in [try_take(rx, 0).0, recv(rx, 0).unwrap_err(), recv_info(rx, 100).unwrap_err().0] {
            fails(status, MEMLANE_HELD, "holds a message");
        }
        fails(memlane_receiver_set_strategy(rx, MEMLANE_PARK), MEMLANE_HELD, "holds a message");
        let mut copy = message;
        ok(ack(&mut message));
        assert!(message.data.is_null() && message.receiver.id == 0);
        fails(ack(&mut message), MEMLANE_INVALID_HANDLE, "not an open receiver");
        fails(nack(&mut copy), MEMLANE_INVALID_HANDLE, "not an open message");
        let mut message = take(rx);
        assert_eq!(bytes(&message), b"two");
        fails(ack(&mut copy), MEMLANE_INVALID_HANDLE, "not an open message");
        ok(ack(&mut message));
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    });
}

#[test]
fn a_message_that_is_given_back_comes_again() {
    each_kind(|kind| {
        let (_, tx, rx) = pair(kind);
        ok(send(tx, b"job", 0));
        let mut message = take(rx);
        let first = message.info;
        ok(nack(&mut message));
        let mut message = take(rx);
        assert_eq!(bytes(&message), b"job");
        if kind == MEMLANE_MPMC {
            assert_eq!((first.deliveries, first.flags, first.sequence), (1, 0, MEMLANE_UNKNOWN));
            assert_eq!((message.info.deliveries, message.info.flags), (2, MEMLANE_REDELIVERED));
            assert_eq!(receiver_stats(rx).redelivered, 1);
        } else {
            assert_eq!((first.sequence, message.info.sequence), (0, 0));
        }
        ok(nack(&mut message));
        let (_, info) = recv_info(rx, 100).unwrap();
        assert_eq!(info.deliveries, if kind == MEMLANE_MPMC { 3 } else { 0 });
        assert_eq!(info.reserved, 0);
    });
}

#[test]
fn a_message_that_its_receiver_did_not_acknowledge_comes_again() {
    each_of(kinds_that_hand_over(), |kind| {
        let (channel, tx, rx) = pair(kind);
        ok(send(tx, b"job", 0));
        let mut message = take(rx);
        ok(memlane_receiver_close(rx));
        fails(ack(&mut message), MEMLANE_INVALID_HANDLE, "not an open receiver");
        let rx = receiver(channel);
        fails(ack(&mut message), MEMLANE_INVALID_HANDLE, "not an open receiver");
        let mut message = take(rx);
        assert_eq!(bytes(&message), b"job");
        ok(ack(&mut message));
    });
}

#[test]
fn spsc_numbers_its_messages() {
    let (_, tx, rx) = pair(MEMLANE_SPSC);
    for number in 0..3 {
        ok(send(tx, b"x", 0));
        let (_, info) = recv_info(rx, 100).unwrap();
        assert_eq!((info.sequence, info.deliveries, info.flags), (number, 0, 0));
    }
}

#[test]
fn a_grant_is_filled_in_place_and_sent_as_far_as_it_was_used() {
    each_kind(|kind| {
        let (channel, tx, rx) = pair(kind);
        let mut grant = reserve(tx, 50);
        assert_eq!((grant.length, grant.data as usize % 8), (50, 0));
        // SAFETY: the grant is open, and has as many bytes.
        unsafe { std::ptr::copy_nonoverlapping(b"head".as_ptr(), grant.data.cast(), 4) };
        ok(write(&grant, 4, b"tail"));
        ok(write(&grant, 50, b""));
        fails(write(&grant, 47, b"tail"), MEMLANE_OUT_OF_BOUNDS, "the grant has 50 bytes; byte 51 is beyond");
        fails(write(&grant, usize::MAX, b"tail"), MEMLANE_OUT_OF_BOUNDS, "beyond its end");
        fails(commit(&mut grant, 51), MEMLANE_OUT_OF_BOUNDS, "byte 51 is beyond");
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY), "invisible until it is committed");
        for status in [send(tx, b"x", 0), try_reserve(tx, 1, 0).0, memlane_sender_set_strategy(tx, MEMLANE_PARK)] {
            fails(status, MEMLANE_HELD, "open grant; commit or abort it first");
        }
        let mut copy = grant;
        ok(commit(&mut grant, 8));
        assert!(grant.data.is_null() && grant.sender.id == 0);
        fails(commit(&mut copy, 8), MEMLANE_INVALID_HANDLE, "not an open grant");
        fails(write(&copy, 0, b"late"), MEMLANE_INVALID_HANDLE, "not an open grant");
        assert_eq!(recv(rx, 0).unwrap(), b"headtail");

        let mut grant = reserve(tx, 50);
        fails(abort(&mut copy), MEMLANE_INVALID_HANDLE, "not an open grant");
        ok(abort(&mut grant));
        fails(abort(&mut grant), MEMLANE_INVALID_HANDLE, "not an open sender");
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
        if kind == MEMLANE_MPMC {
            assert_eq!(stats(channel).free, 4, "its slot is free again");
        }
    });
}

#[test]
fn a_grant_goes_with_its_sender() {
    each_kind(|kind| {
        let (channel, tx, rx) = pair(kind);
        let mut grant = reserve(tx, 10);
        ok(memlane_sender_close(tx));
        fails(commit(&mut grant, 1), MEMLANE_INVALID_HANDLE, "not an open sender");
        let tx = sender(channel);
        fails(commit(&mut grant, 1), MEMLANE_INVALID_HANDLE, "not an open sender");
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
        if kind == MEMLANE_MPMC {
            assert_eq!(stats(channel).free, 4, "its slot is free again");
        }
        ok(send(tx, b"fine", 0));
        assert_eq!(recv(rx, 0).unwrap(), b"fine");
    });
}

#[test]
fn both_sides_learn_that_the_other_has_gone() {
    each_kind(|kind| {
        let (channel, tx, rx) = pair(kind);
        ok(send(tx, b"last", 0));
        ok(memlane_sender_close(tx));
        assert_eq!(recv(rx, FOR_EVER).unwrap(), b"last", "what was sent comes first");
        for timeout in [0, SHORT, FOR_EVER] {
            assert_eq!(recv(rx, timeout), Err(MEMLANE_DISCONNECTED));
            fails(try_take(rx, timeout).0, MEMLANE_DISCONNECTED, "its senders have gone");
        }
        let tx = sender(channel);
        ok(memlane_receiver_close(rx));
        for timeout in [0, SHORT, FOR_EVER] {
            fails(send(tx, b"x", timeout), MEMLANE_DISCONNECTED, "every receiver has left");
        }
    });
}

#[test]
fn a_channel_that_is_shut_down_ends_for_both() {
    each_kind(|kind| ends_for_both(kind, |channel, _| memlane_channel_shutdown(channel)));
    each_kind(|kind| ends_for_both(kind, |_, rx| memlane_receiver_shutdown(rx)));
}

fn ends_for_both(kind: u32, shut_down: impl Fn(ChannelHandle, ReceiverHandle) -> Status) {
    let (channel, tx, rx) = pair(kind);
    ok(send(tx, b"last", 0));
    let mut grant = reserve(tx, 1);
    ok(shut_down(channel, rx));
    fails(commit(&mut grant, 1), MEMLANE_DISCONNECTED, "was closed");
    assert!(grant.data.is_null(), "it is finished");
    fails(send(tx, b"x", FOR_EVER), MEMLANE_DISCONNECTED, "was closed");
    assert_eq!(recv(rx, FOR_EVER).unwrap(), b"last");
    assert_eq!(recv(rx, FOR_EVER), Err(MEMLANE_DISCONNECTED));
    assert_eq!(stats(channel).state, MEMLANE_STATE_CLOSED);
    ok(memlane_sender_close(tx));
    fails(try_sender(channel).0, MEMLANE_CLOSED, "was closed");
}

#[test]
fn a_waiting_receiver_is_woken_by_what_is_sent() {
    each_kind(|kind| {
        for strategy in [MEMLANE_SPIN, MEMLANE_SPIN_THEN_YIELD, MEMLANE_ADAPTIVE, MEMLANE_PARK] {
            for message in [&b"wake up"[..], b"a word, ", b"many more words in one message"] {
                let (_, tx, rx) = pair(kind);
                ok(memlane_receiver_set_strategy(rx, strategy));
                ok(memlane_sender_set_strategy(tx, strategy));
                // Alone with a waiting receiver, the look whether it waits yet can be in its way.
                let waiting = std::thread::spawn(move || {
                    loop {
                        match recv_into(rx, message.len(), FOR_EVER) {
                            Err((MEMLANE_BUSY, _)) => {}
                            received => return received,
                        }
                    }
                });
                support::eventually("somebody waits", || memlane_receiver_publish(rx) == MEMLANE_BUSY);
                ok(send(tx, message, FOR_EVER));
                assert_eq!(waiting.join().unwrap().unwrap(), message);
            }
        }
    });
}

#[test]
fn the_most_urgent_comes_first() {
    let channel = private(MEMLANE_MPMC, &Options { priorities: 3, ..small(MEMLANE_MPMC) });
    let (tx, rx) = (sender(channel), receiver(channel));
    assert_eq!(stats(channel).priorities, 3);
    ok(send(tx, b"usual", 0));
    ok(memlane_sender_set_priority(tx, 0));
    ok(send(tx, b"now", 0));
    for missing in [3, 255, 256, u32::MAX] {
        fails(memlane_sender_set_priority(tx, missing), MEMLANE_NO_SUCH_PRIORITY, "does not exist: the channel has 3");
    }
    assert_eq!(recv(rx, 0).unwrap(), b"now");
    assert_eq!(recv(rx, 0).unwrap(), b"usual");
    let (_, tx, _) = pair(MEMLANE_SPSC);
    ok(memlane_sender_set_priority(tx, 0));
    fails(memlane_sender_set_priority(tx, 1), MEMLANE_NO_SUCH_PRIORITY, "the channel has 1");
}

#[test]
fn a_message_that_is_given_back_too_often_is_given_up() {
    let channel = private(MEMLANE_MPMC, &Options { delivery_limit: 2, ..small(MEMLANE_MPMC) });
    let (tx, rx) = (sender(channel), receiver(channel));
    ok(send(tx, b"poison", 0));
    for _ in 0..5 {
        assert_eq!(recv_into(rx, 1, 0), Err((MEMLANE_BUFFER_TOO_SMALL, 6)), "what does not fit is not given back");
    }
    for _ in 0..2 {
        let mut message = take(rx);
        ok(nack(&mut message));
    }
    assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    assert_eq!((stats(channel).dead_letters, stats(channel).free), (1, 4));
}

#[test]
fn every_end_counts_what_it_did() {
    each_kind(|kind| {
        let (channel, tx, rx) = pair(kind);
        ok(send(tx, b"four", 0));
        ok(send(tx, b"sixsix", 0));
        assert_eq!(recv(rx, 0).unwrap(), b"four");
        if kind == MEMLANE_MPMC {
            let stats = stats(channel);
            assert_eq!((stats.messages, stats.queued, stats.held, stats.free, stats.slots), (2, 1, 0, 3, 4));
            let mut message = take(rx);
            assert_eq!(c_calls::stats(channel).held, 1);
            ok(nack(&mut message));
        }
        assert_eq!(recv(rx, 0).unwrap(), b"sixsix");
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
        let (sent, received) = (sender_stats(tx), receiver_stats(rx));
        assert_eq!((sent.messages, sent.bytes, received.messages, received.bytes), (2, 10, 2, 10));
        assert_eq!(received.empty, 1);
        assert_ne!(sent.life, received.life);
        assert_ne!(sent.row, received.row);
        ok(memlane_sender_close(tx));
        let tx = sender(channel);
        let again = sender_stats(tx);
        assert_eq!((again.messages, again.row), (0, sent.row));
        assert_ne!(again.life, sent.life, "the row has another holder");
        assert_eq!(again.resumed_at, if kind == MEMLANE_MPMC { 0 } else { 2 }, "what its lane carried before");
    });
}
