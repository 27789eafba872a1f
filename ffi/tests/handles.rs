//! Handles that are stale, forged, of another type, or in use: every call says so, and nothing else happens.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::{null, null_mut};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use support::child::{self, alone, fork, join};
use support::{Scratch, Watchdog, eventually};

/// Every call that takes a channel.
fn channel_calls(channel: ChannelHandle) -> Vec<(&'static str, Status)> {
    let (mut one, mut other) = (0, 0);
    // SAFETY: the pointers are valid.
    let (descriptors, stats) = unsafe {
        let mut stats = Stats { size: size_of::<Stats>(), ..std::mem::zeroed() };
        (memlane_channel_descriptors(channel, &mut one, &mut other), memlane_channel_stats(channel, &mut stats))
    };
    vec![
        ("sender_new", try_sender(channel).0),
        ("receiver_new", try_receiver(channel).0),
        ("descriptors", descriptors),
        ("stats", stats),
        ("shutdown", memlane_channel_shutdown(channel)),
        ("remove", memlane_channel_remove(channel)),
        ("close", memlane_channel_close(channel)),
    ]
}

/// Every call that takes a sender, without those that need a grant.
fn sender_calls(sender: SenderHandle) -> Vec<(&'static str, Status)> {
    // SAFETY: the pointer is valid.
    let stats = unsafe {
        let mut counters = Counters { size: size_of::<Counters>(), ..std::mem::zeroed() };
        memlane_sender_stats(sender, &mut counters)
    };
    vec![
        ("send", send(sender, b"x", 0)),
        ("send of a word", send(sender, &[7; 8], 0)),
        ("send of words", send(sender, &[7; 56], 0)),
        ("send_batch", send_batch(sender, &[b"x"], 0).0),
        ("send_batch_iov", send_batch_iov(sender, &[b"x"], 0).0),
        ("reserve", try_reserve(sender, 1, 0).0),
        ("set_strategy", memlane_sender_set_strategy(sender, MEMLANE_PARK)),
        ("set_priority", memlane_sender_set_priority(sender, 0)),
        ("stats", stats),
        ("close", memlane_sender_close(sender)),
    ]
}

/// Every call that takes a receiver, without those that need a message.
fn receiver_calls(receiver: ReceiverHandle) -> Vec<(&'static str, Status)> {
    // SAFETY: the pointer is valid.
    let stats = unsafe {
        let mut counters = Counters { size: size_of::<Counters>(), ..std::mem::zeroed() };
        memlane_receiver_stats(receiver, &mut counters)
    };
    vec![
        ("recv", recv(receiver, 0).unwrap_err()),
        ("recv of a word", recv_into(receiver, 8, 0).unwrap_err().0),
        ("recv with info", recv_info(receiver, 8).unwrap_err().0),
        ("recv_batch", recv_batch(receiver, 8, 1, 0).unwrap_err().0),
        ("recv_batch_iov", recv_batch_iov(receiver, &[8], 0).unwrap_err().0),
        ("take", try_take(receiver, 0).0),
        ("set_strategy", memlane_receiver_set_strategy(receiver, MEMLANE_PARK)),
        ("publish", memlane_receiver_publish(receiver)),
        ("stats", stats),
        ("shutdown", memlane_receiver_shutdown(receiver)),
        ("close", memlane_receiver_close(receiver)),
    ]
}

#[track_caller]
fn all_are(calls: Vec<(&'static str, Status)>, wanted: Status) {
    for (call, status) in calls {
        assert_eq!(status, wanted, "{call}");
    }
}

#[test]
fn closed_handles_are_invalid_and_stay_so() {
    for kind in kinds() {
        let (channel, tx, rx) = pair(kind);
        ok(memlane_channel_close(channel));
        ok(send(tx, b"the ends stay", 0));
        assert_eq!(recv(rx, 0).unwrap(), b"the ends stay");
        ok(memlane_sender_close(tx));
        ok(memlane_receiver_close(rx));
        // Others take their places in the table.
        let others: Vec<_> = (0..200).map(|_| pair(kind)).collect();
        all_are(channel_calls(channel), MEMLANE_INVALID_HANDLE);
        all_are(sender_calls(tx), MEMLANE_INVALID_HANDLE);
        all_are(receiver_calls(rx), MEMLANE_INVALID_HANDLE);
        for (channel, tx, rx) in others {
            ok(send(tx, b"x", 0));
            assert_eq!(recv(rx, 0).unwrap(), b"x");
            ok(memlane_sender_close(tx));
            ok(memlane_receiver_close(rx));
            ok(memlane_channel_close(channel));
        }
    }
}

#[test]
fn handles_of_another_type_are_invalid() {
    let (channel, tx, rx) = pair(MEMLANE_MPMC);
    for id in [tx.id, rx.id] {
        all_are(channel_calls(ChannelHandle { id }), MEMLANE_INVALID_HANDLE);
    }
    for id in [channel.id, rx.id] {
        all_are(sender_calls(SenderHandle { id }), MEMLANE_INVALID_HANDLE);
    }
    for id in [channel.id, tx.id] {
        all_are(receiver_calls(ReceiverHandle { id }), MEMLANE_INVALID_HANDLE);
    }
    ok(send(tx, b"unharmed", 0));
    assert_eq!(recv(rx, 0).unwrap(), b"unharmed");
}

#[test]
fn made_up_handles_are_invalid() {
    let (channel, tx, rx) = pair(MEMLANE_SPSC);
    let made_up = [0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 17, 2 << 17, 3 << 17, 0xdead_beef, 1 << 63];
    let flipped = (0..64).flat_map(|bit| [channel.id, tx.id, rx.id].map(|id| id ^ 1 << bit));
    for id in made_up.into_iter().chain(flipped) {
        all_are(channel_calls(ChannelHandle { id }), MEMLANE_INVALID_HANDLE);
        all_are(sender_calls(SenderHandle { id }), MEMLANE_INVALID_HANDLE);
        all_are(receiver_calls(ReceiverHandle { id }), MEMLANE_INVALID_HANDLE);
    }
    ok(send(tx, b"unharmed", 0));
    assert_eq!(recv(rx, 0).unwrap(), b"unharmed");
}

#[test]
fn made_up_messages_and_grants_are_invalid() {
    for kind in kinds() {
        let (_, tx, rx) = pair(kind);
        let mut message = Message { receiver: rx, ..empty_message() };
        for number in [0, 1, u64::MAX] {
            message.number = number;
            fails(ack(&mut message), MEMLANE_INVALID_HANDLE, "not an open message");
        }
        ok(send(tx, b"x", 0));
        assert_eq!(recv_into(rx, 0, 0), Err((MEMLANE_BUFFER_TOO_SMALL, 1)));
        message.number = 0;
        fails(ack(&mut message), MEMLANE_INVALID_HANDLE, "not an open message");
        let mut grant = reserve(tx, 1);
        ok(abort(&mut grant));
        for number in [0, 1, 2] {
            let mut grant = Grant { sender: tx, number, ..grant };
            fails(commit(&mut grant, 1), MEMLANE_INVALID_HANDLE, "not an open grant");
        }
    }
}

#[test]
fn a_handle_that_another_thread_is_inside_is_busy() {
    let _watchdog = Watchdog::new();
    for kind in kinds() {
        let (_, tx, rx) = pair(kind);
        let full = fill(tx);
        let sending = std::thread::spawn(move || {
            // Others look at the same handle meanwhile, and may be in the way.
            loop {
                match send(tx, &[8; 100], -1) {
                    MEMLANE_BUSY => {}
                    status => return status,
                }
            }
        });
        eventually("the sender waits", || send(tx, &[9; 100], 0) == MEMLANE_BUSY);
        assert!(detail().contains("another thread is inside a call with this sender"), "{}", detail());
        all_are(sender_calls(tx), MEMLANE_BUSY);
        for _ in 0..full {
            assert_eq!(recv(rx, 0).unwrap(), [7; 100]);
        }
        ok(sending.join().unwrap());
        assert_eq!(recv(rx, 0).unwrap(), [8; 100], "closing did nothing while it was busy");
        ok(memlane_sender_close(tx));
    }
}

#[test]
fn of_threads_that_share_a_sender_each_message_arrives_once() {
    let _watchdog = Watchdog::new();
    for kind in kinds() {
        let (_, tx, rx) = pair(kind);
        let (barrier, busy) = (Barrier::new(4), AtomicU32::new(0));
        let count = 500u32;
        let send_all = |thread: u32| {
            barrier.wait();
            for number in 0..count {
                let message = (thread * count + number).to_le_bytes();
                loop {
                    match send(tx, &message, 0) {
                        MEMLANE_OK => break,
                        MEMLANE_BUSY => drop(busy.fetch_add(1, Relaxed)),
                        MEMLANE_FULL => std::thread::yield_now(),
                        status => panic!("{status:?}"),
                    }
                }
            }
        };
        let mut seen = vec![0; 3 * count as usize];
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let send_all = &send_all;
                scope.spawn(move || send_all(thread));
            }
            barrier.wait();
            for _ in 0..seen.len() {
                let message = recv(rx, -1).unwrap();
                seen[u32::from_le_bytes(message.try_into().unwrap()) as usize] += 1;
            }
        });
        assert!(seen.iter().all(|&times| times == 1));
        eprintln!("busy {} times", busy.load(Relaxed));
    }
}

#[test]
fn of_threads_that_close_a_handle_one_does() {
    for kind in kinds() {
        for _ in 0..50 {
            let (channel, tx, rx) = pair(kind);
            let (barrier, closed) = (Barrier::new(3), AtomicU32::new(0));
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        barrier.wait();
                        loop {
                            match memlane_sender_close(tx) {
                                MEMLANE_OK => drop(closed.fetch_add(1, Relaxed)),
                                MEMLANE_BUSY => continue,
                                status => assert_eq!(status, MEMLANE_INVALID_HANDLE),
                            }
                            break;
                        }
                        // Channels are for all threads: nobody is turned away.
                        let _ = stats(channel);
                    });
                }
            });
            assert_eq!(closed.load(Relaxed), 1);
            ok(memlane_sender_close(sender(channel)));
            ok(memlane_receiver_close(rx));
            ok(memlane_channel_close(channel));
        }
    }
}

#[test]
fn no_thread_is_turned_away_from_a_channel() {
    let channel = private(MEMLANE_SPSC, &small(MEMLANE_SPSC));
    let barrier = Barrier::new(4);
    let look = || {
        let (mut region, mut locks) = (0, 0);
        barrier.wait();
        for _ in 0..20_000 {
            // SAFETY: the pointers are valid.
            let status = unsafe { memlane_channel_descriptors(channel, &mut region, &mut locks) };
            assert_eq!(status, MEMLANE_INVALID_ARGUMENT, "a private channel has none");
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(look))));
}

#[test]
fn null_is_found_wherever_something_is_needed() {
    let (channel, tx, rx) = pair(MEMLANE_SPSC);
    let (mut number, mut length) = (0, 0);
    // SAFETY: every pointer is null or valid; null is what the calls check.
    let calls = unsafe {
        let mut handle = ChannelHandle::default();
        let name = c"name".as_ptr();
        vec![
            ("channel", memlane_channel_open(null_mut(), name, MEMLANE_SPSC, MEMLANE_CREATE, null())),
            ("the channel name", memlane_channel_open(&mut handle, null(), MEMLANE_SPSC, MEMLANE_CREATE, null())),
            ("channel", memlane_channel_private(null_mut(), MEMLANE_SPSC, null())),
            ("channel", memlane_channel_anonymous(null_mut(), MEMLANE_SPSC, null())),
            ("channel", memlane_channel_open_descriptors(null_mut(), MEMLANE_SPSC, 0, 0, null())),
            ("region", memlane_channel_descriptors(channel, null_mut(), &mut number)),
            ("locks", memlane_channel_descriptors(channel, &mut number, null_mut())),
            ("the channel name", memlane_remove(null())),
            ("the channel name", memlane_remove_forced(null())),
            ("the channel name", memlane_inspect(null(), null_mut())),
            ("stats", memlane_inspect(name, null_mut())),
            ("stats", memlane_channel_stats(channel, null_mut())),
            ("counters", memlane_sender_stats(tx, null_mut())),
            ("counters", memlane_receiver_stats(rx, null_mut())),
            ("sender", memlane_sender_new(channel, null_mut())),
            ("receiver", memlane_receiver_new(channel, null(), null_mut())),
            ("grant", memlane_reserve(tx, 1, null_mut(), 0)),
            ("grant", memlane_grant_write(null(), 0, null(), 0)),
            ("grant", memlane_commit(null_mut(), 0)),
            ("grant", memlane_abort(null_mut())),
            ("message", memlane_take(rx, null_mut(), 0)),
            ("message", memlane_message_copy(null(), null_mut(), 0, &mut length)),
            ("length", memlane_message_copy(&empty_message(), null_mut(), 0, null_mut())),
            ("message", memlane_ack(null_mut())),
            ("message", memlane_nack(null_mut())),
            ("length", memlane_recv(rx, null_mut(), 0, null_mut(), null_mut(), 0)),
        ]
    };
    for (what, status) in calls {
        assert_eq!(status, MEMLANE_INVALID_ARGUMENT, "{what}");
    }
    // SAFETY: as above.
    fails(unsafe { memlane_ack(null_mut()) }, MEMLANE_INVALID_ARGUMENT, "message is null");
    for bytes in [1, 8, 56] {
        let sentence = format!("{bytes} bytes at a null pointer");
        // SAFETY: as above.
        fails(unsafe { memlane_send(tx, null(), bytes, 0) }, MEMLANE_INVALID_ARGUMENT, &sentence);
        // SAFETY: as above.
        let received = unsafe { memlane_recv(rx, null_mut(), bytes, &mut length, null_mut(), 0) };
        fails(received, MEMLANE_INVALID_ARGUMENT, &sentence);
        let mut buffer = [0_u8; 56];
        // SAFETY: as above.
        let received = unsafe { memlane_recv(rx, buffer.as_mut_ptr().cast(), bytes, null_mut(), null_mut(), 0) };
        fails(received, MEMLANE_INVALID_ARGUMENT, "length is null");
    }
    // SAFETY: more than there can be is found before anything is touched.
    let sent = unsafe { memlane_send(tx, c"".as_ptr().cast(), usize::MAX, 0) };
    fails(sent, MEMLANE_INVALID_ARGUMENT, "more than there can be");
}

#[test]
fn numbers_that_mean_nothing_are_found() {
    let (channel, tx, rx) = pair(MEMLANE_SPSC);
    for timeout in [-2, i64::MIN] {
        for length in [0, 1, 8, 56] {
            fails(send(tx, &vec![7; length], timeout), MEMLANE_INVALID_ARGUMENT, "use nanoseconds, 0 to try, or -1");
            let received = recv_into(rx, length, timeout).unwrap_err();
            fails(received.0, MEMLANE_INVALID_ARGUMENT, "a timeout of");
        }
        fails(try_reserve(tx, 1, timeout).0, MEMLANE_INVALID_ARGUMENT, "a timeout of");
        fails(recv(rx, timeout).unwrap_err(), MEMLANE_INVALID_ARGUMENT, "a timeout of");
        fails(try_take(rx, timeout).0, MEMLANE_INVALID_ARGUMENT, "a timeout of");
    }
    for strategy in [0, 5, u32::MAX] {
        fails(memlane_sender_set_strategy(tx, strategy), MEMLANE_INVALID_ARGUMENT, "does not exist");
        fails(memlane_receiver_set_strategy(rx, strategy), MEMLANE_INVALID_ARGUMENT, "does not exist");
    }
    let mut other = ReceiverHandle::default();
    // SAFETY: the pointers are valid.
    let named = unsafe { memlane_receiver_new(channel, c"name".as_ptr(), &mut other) };
    fails(named, MEMLANE_WRONG_KIND, "has a name");
    for kind in [77, 1 << 16 | 1, u32::MAX] {
        fails(try_open("x", kind, MEMLANE_CREATE, &options()).0, MEMLANE_INVALID_ARGUMENT, "kind");
    }
    for how in [0, 4, u32::MAX] {
        fails(try_open("x", MEMLANE_SPSC, how, &options()).0, MEMLANE_INVALID_ARGUMENT, "use MEMLANE_OPEN");
    }
}

#[test]
fn a_forked_child_is_told_whose_handles_it_has() {
    alone("a_forked_child_is_told_whose_handles_it_has", || {
        let scratch = Scratch::new();
        for kind in kinds() {
            let name = scratch.name(&format!("prices{kind}"));
            let channel = open(&name, kind, MEMLANE_CREATE, &small(kind));
            let (tx, rx) = (sender(channel), receiver(channel));
            ok(send(tx, b"one", 0));
            ok(send(tx, b"two", 0));
            let (mut message, mut grant) = (take(rx), reserve(tx, 3));
            join(fork(|| {
                fails(write(&grant, 0, b"x"), MEMLANE_FORKED, "belongs to the parent");
                fails(commit(&mut grant.clone(), 3), MEMLANE_FORKED, "belongs to the parent");
                fails(ack(&mut message.clone()), MEMLANE_FORKED, "belongs to the parent");
                assert_eq!(send(tx, b"x", 0), MEMLANE_FORKED);
                assert_eq!(recv(rx, 0), Err(MEMLANE_FORKED));
                assert_eq!(try_sender(channel).0, MEMLANE_FORKED);
                fails(memlane_sender_close(tx), MEMLANE_FORKED, "belongs to the parent");
                fails(memlane_sender_close(tx), MEMLANE_INVALID_HANDLE, "it was closed");
                ok(memlane_receiver_close(rx));
                ok(memlane_channel_close(channel));
            }));
            ok(ack(&mut message));
            ok(write(&grant, 0, b"new"));
            ok(commit(&mut grant, 3));
            assert_eq!(recv(rx, 0).unwrap(), b"two");
            assert_eq!(recv(rx, 0).unwrap(), b"new");
        }
    });
}

#[test]
fn a_forked_child_does_not_wait_for_a_thread_that_it_has_not() {
    alone("a_forked_child_does_not_wait_for_a_thread_that_it_has_not", || {
        let _watchdog = Watchdog::new();
        let (channel, tx, rx) = pair(MEMLANE_MPMC);
        let waiting = std::thread::spawn(move || {
            loop {
                match recv(rx, -1) {
                    Err(MEMLANE_BUSY) => {}
                    received => return received,
                }
            }
        });
        eventually("the receiver waits", || recv(rx, 0) == Err(MEMLANE_BUSY));
        join(fork(|| {
            fails(recv(rx, -1).unwrap_err(), MEMLANE_FORKED, "belongs to the parent");
            fails(memlane_receiver_close(rx), MEMLANE_FORKED, "belongs to the parent");
            let (_, tx, rx) = pair(MEMLANE_SPSC);
            ok(send(tx, b"a channel of its own", 0));
            assert_eq!(recv(rx, 0).unwrap(), b"a channel of its own");
        }));
        ok(send(tx, b"go on", 0));
        assert_eq!(waiting.join().unwrap().unwrap(), b"go on");
        ok(memlane_channel_close(channel));
    });
}

#[test]
fn child_part() {
    child::play(&[]);
}
