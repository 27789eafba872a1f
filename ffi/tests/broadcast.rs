//! What only broadcasts have, as C programs use it.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ffi::CString;

fn fan(policy: u32) -> (ChannelHandle, SenderHandle) {
    let channel = private(MEMLANE_BROADCAST, &Options { policy, ..small(MEMLANE_BROADCAST) });
    (channel, sender(channel))
}

fn try_receiver_from(channel: ChannelHandle, start: u32, number: u64) -> (Status, ReceiverHandle) {
    let mut receiver = ReceiverHandle::default();
    // SAFETY: the pointer is valid.
    (unsafe { memlane_receiver_new_from(channel, start, number, &mut receiver) }, receiver)
}

#[track_caller]
fn receiver_from(channel: ChannelHandle, start: u32, number: u64) -> ReceiverHandle {
    let (status, receiver) = try_receiver_from(channel, start, number);
    ok(status);
    receiver
}

fn send_numbers(sender: SenderHandle, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| ok(send(sender, &number.to_le_bytes(), 0)));
}

/// The number of the next message, which is also what it says.
#[track_caller]
fn next(receiver: ReceiverHandle) -> u64 {
    let (bytes, info) = recv_info(receiver, 8).unwrap();
    assert_eq!(bytes, info.sequence.to_le_bytes());
    info.sequence
}

#[test]
fn a_sender_does_what_the_policy_says() {
    for policy in [0, MEMLANE_POLICY_BLOCK, MEMLANE_POLICY_FAIL, MEMLANE_POLICY_OVERWRITE, MEMLANE_POLICY_EVICT] {
        let (channel, tx) = fan(policy);
        let said = stats(channel);
        assert_eq!((said.policy, said.slowest), (policy.max(MEMLANE_POLICY_BLOCK), u32::MAX));
        let rx = receiver(channel);
        assert_eq!(stats(channel).slowest, 1, "the sender has row 0");
        // The ring holds 256 of them.
        send_numbers(tx, 0..200);
        if matches!(policy, MEMLANE_POLICY_OVERWRITE | MEMLANE_POLICY_EVICT) {
            send_numbers(tx, 200..1000);
            assert_eq!(recv(rx, 0), Err(MEMLANE_LAGGED));
            let first = next(rx);
            assert!(detail().contains(&format!("{first} messages were overwritten")), "{}", detail());
            assert_eq!((next(rx), receiver_stats(rx).lost), (first + 1, first));
        } else {
            let refused =
                (200..1000u64).map(|number| send(tx, &number.to_le_bytes(), SHORT)).find(|sent| *sent != MEMLANE_OK);
            let waits = policy != MEMLANE_POLICY_FAIL;
            assert_eq!(refused, Some(if waits { MEMLANE_TIMEOUT } else { MEMLANE_FULL }));
            assert_eq!(next(rx), 0, "nothing is lost");
        }
    }
}

#[test]
fn a_receiver_begins_where_it_wants() {
    let (channel, tx) = fan(MEMLANE_POLICY_OVERWRITE);
    send_numbers(tx, 0..100);
    let now = receiver_from(channel, MEMLANE_START_NOW, 0);
    assert_eq!(recv(now, 0), Err(MEMLANE_EMPTY));
    assert_eq!(next(receiver_from(channel, MEMLANE_START_OLDEST, 0)), 0);
    assert_eq!(next(receiver_from(channel, MEMLANE_START_LAST, 7)), 93);
    assert_eq!(next(receiver_from(channel, MEMLANE_START_AT, 50)), 50);
    send_numbers(tx, 100..101);
    assert_eq!(next(now), 100);
    send_numbers(tx, 101..1000);
    let late = receiver_from(channel, MEMLANE_START_AT, 50);
    assert_eq!(recv(late, 0), Err(MEMLANE_LAGGED));
    assert_eq!(next(late), 50 + receiver_stats(late).lost);
}

#[test]
fn a_start_that_there_is_not_is_refused() {
    let (channel, tx) = fan(0);
    send_numbers(tx, 0..10);
    let (status, _) = try_receiver_from(channel, MEMLANE_START_AT, 11);
    fails(status, MEMLANE_INVALID_ARGUMENT, "no message has number 11, only 10 were sent");
    let (status, _) = try_receiver_from(channel, 5, 0);
    fails(status, MEMLANE_INVALID_ARGUMENT, "start 5 does not exist");
    let lane = private(MEMLANE_SPSC, &small(MEMLANE_SPSC));
    let (status, _) = try_receiver_from(lane, MEMLANE_START_OLDEST, 0);
    fails(status, MEMLANE_WRONG_KIND, "only a receiver of a broadcast begins elsewhere");
}

fn try_named(channel: ChannelHandle, name: &str, start: u32) -> (Status, ReceiverHandle) {
    let (mut receiver, name) = (ReceiverHandle::default(), CString::new(name).unwrap());
    // SAFETY: the pointers are valid.
    (unsafe { memlane_receiver_new_named(channel, name.as_ptr(), start, 0, &mut receiver) }, receiver)
}

fn forget(channel: ChannelHandle, name: &str) -> Status {
    let name = CString::new(name).unwrap();
    // SAFETY: the pointer is valid.
    unsafe { memlane_forget(channel, name.as_ptr()) }
}

#[test]
fn a_named_receiver_goes_on_where_it_was() {
    for policy in [MEMLANE_POLICY_BLOCK, MEMLANE_POLICY_OVERWRITE, MEMLANE_POLICY_EVICT] {
        let (channel, tx) = fan(policy);
        send_numbers(tx, 0..10);
        let (status, rx) = try_named(channel, "archive", MEMLANE_START_OLDEST);
        ok(status);
        assert_eq!((next(rx), next(rx)), (0, 1));
        fails(try_named(channel, "archive", MEMLANE_START_NOW).0, MEMLANE_NAME_TAKEN, "has its receiver archive");
        fails(forget(channel, "archive"), MEMLANE_IN_USE, "archive is alive");
        ok(memlane_receiver_close(rx));
        send_numbers(tx, 10..20);
        let (mut again, name) = (ReceiverHandle::default(), CString::new("archive").unwrap());
        // SAFETY: the pointers are valid.
        ok(unsafe { memlane_receiver_new(channel, name.as_ptr(), &mut again) });
        (2..20).for_each(|number| assert_eq!(next(again), number));
        ok(memlane_receiver_close(again));
        ok(forget(channel, "archive"));
        fails(forget(channel, "archive"), MEMLANE_UNKNOWN_NAME, "keeps nothing for a receiver archive");
    }
}

#[test]
fn a_name_that_is_none_is_refused() {
    let (channel, _) = fan(0);
    let long = "x".repeat(65);
    for (name, what) in [("", "is empty"), (&*long, "is too long")] {
        fails(try_named(channel, name, MEMLANE_START_NOW).0, MEMLANE_INVALID_NAME, what);
        fails(forget(channel, name), MEMLANE_INVALID_NAME, what);
    }
    let (mut receiver, bad) = (ReceiverHandle::default(), c"\xff");
    // SAFETY: the pointers are valid, or null.
    let status = unsafe { memlane_receiver_new(channel, bad.as_ptr(), &mut receiver) };
    fails(status, MEMLANE_INVALID_NAME, "is not UTF-8");
    // SAFETY: as above.
    let null = unsafe { memlane_receiver_new_named(channel, std::ptr::null(), MEMLANE_START_NOW, 0, &mut receiver) };
    fails(null, MEMLANE_INVALID_ARGUMENT, "name is null");
    // SAFETY: as above.
    fails(unsafe { memlane_forget(channel, std::ptr::null()) }, MEMLANE_INVALID_ARGUMENT, "name is null");
    for kind in kinds().filter(|&kind| kind != MEMLANE_BROADCAST) {
        let other = private(kind, &small(kind));
        fails(try_named(other, "archive", MEMLANE_START_NOW).0, MEMLANE_WRONG_KIND, "has a name");
        fails(forget(other, "archive"), MEMLANE_WRONG_KIND, "has a name");
    }
}
