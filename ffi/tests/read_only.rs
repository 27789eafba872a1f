//! Broadcasts and watches that are only read, as C programs do it.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ffi::CString;
use std::fs;
use std::ptr::{null, null_mut};
use support::Scratch;

fn try_onlooker(name: &str, options: &Options, start: u32, number: u64) -> (Status, OnlookerHandle) {
    let (mut onlooker, name) = (OnlookerHandle::default(), CString::new(name).unwrap());
    // SAFETY: the pointers are valid, the name has its zero byte.
    (unsafe { memlane_onlooker_open(&mut onlooker, name.as_ptr(), options, start, number) }, onlooker)
}

#[track_caller]
fn onlooker(name: &str, start: u32, number: u64) -> OnlookerHandle {
    let (status, onlooker) = try_onlooker(name, &options(), start, number);
    ok(status);
    onlooker
}

/// On failure, the length that was stored comes with it.
fn look(onlooker: OnlookerHandle, capacity: usize, timeout_ns: i64) -> Result<Vec<u8>, (Status, usize)> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    let status =
        unsafe { memlane_onlooker_recv(onlooker, buffer.as_mut_ptr().cast(), capacity, &mut length, timeout_ns) };
    if status != MEMLANE_OK {
        return Err((status, length));
    }
    buffer.truncate(length);
    Ok(buffer)
}

/// The number of its next message, and how many it lost.
fn position(onlooker: OnlookerHandle) -> (u64, u64) {
    let (mut next, mut lost) = (u64::MAX, u64::MAX);
    // SAFETY: the pointers are valid.
    ok(unsafe { memlane_onlooker_position(onlooker, &mut next, &mut lost) });
    (next, lost)
}

fn try_getter(name: &str, options: &Options) -> (Status, GetterHandle) {
    let (mut getter, name) = (GetterHandle::default(), CString::new(name).unwrap());
    // SAFETY: the pointers are valid, the name has its zero byte.
    (unsafe { memlane_getter_open_read_only(&mut getter, name.as_ptr(), options) }, getter)
}

const NOTHING: usize = usize::MAX;

#[test]
fn an_onlooker_receives_what_is_sent_and_changes_nothing() {
    let scratch = Scratch::new();
    let name = scratch.name("news");
    let channel = open(&name, MEMLANE_BROADCAST, MEMLANE_CREATE, &small(MEMLANE_BROADCAST));
    let tx = sender(channel);
    let rx = onlooker(&name, MEMLANE_START_NOW, 0);
    for timeout_ns in [0, SHORT] {
        let nothing = if timeout_ns == 0 { MEMLANE_EMPTY } else { MEMLANE_TIMEOUT };
        assert_eq!(look(rx, 8, timeout_ns), Err((nothing, NOTHING)));
    }
    for number in 0..100u64 {
        ok(send(tx, &number.to_le_bytes(), 0));
        let file = fs::read(&name).unwrap();
        let timeout_ns = TIMEOUTS[number as usize % TIMEOUTS.len()];
        assert_eq!(look(rx, 3, timeout_ns), Err((MEMLANE_BUFFER_TOO_SMALL, 8)), "{timeout_ns}");
        assert_eq!(position(rx), (number, 0), "it stays the next one");
        assert_eq!(look(rx, 8, timeout_ns).unwrap(), number.to_le_bytes());
        assert!(fs::read(&name).unwrap() == file, "it wrote something");
    }
    assert_eq!(stats(channel).receivers, 0, "it has no seat");
    for number in 100..1000u64 {
        ok(send(tx, &number.to_le_bytes(), 0));
    }
    assert_eq!(position(rx), (100, 0), "nobody waited for it");
    assert_eq!(look(rx, 8, 0), Err((MEMLANE_LAGGED, NOTHING)));
    let (next, lost) = position(rx);
    assert!(detail().contains(&format!("{lost} messages were overwritten")), "{}", detail());
    assert_eq!(next, 100 + lost);
    for number in next..1000 {
        assert_eq!(look(rx, 8, 0).unwrap(), number.to_le_bytes());
    }
    let late = onlooker(&name, MEMLANE_START_LAST, 2);
    let later = onlooker(&name, MEMLANE_START_AT, 999);
    let from_the_oldest = onlooker(&name, MEMLANE_START_OLDEST, 0);
    assert_eq!([late, later].map(|rx| look(rx, 8, 0).unwrap()), [998, 999u64].map(|number| number.to_le_bytes()));
    assert_eq!(look(from_the_oldest, 8, 0).unwrap().len(), 8);
    ok(memlane_sender_close(tx));
    for timeout_ns in TIMEOUTS {
        assert_eq!(look(rx, 8, timeout_ns), Err((MEMLANE_DISCONNECTED, NOTHING)));
    }
    for rx in [rx, late, later, from_the_oldest] {
        ok(memlane_onlooker_close(rx));
        assert_eq!(memlane_onlooker_close(rx), MEMLANE_INVALID_HANDLE);
    }
}

#[test]
fn what_an_onlooker_lost_of_one_of_several_senders_is_counted_exactly() {
    let scratch = Scratch::new();
    let name = scratch.name("news");
    let options = Options { senders: 2, ..small(MEMLANE_BROADCAST) };
    let channel = open(&name, MEMLANE_BROADCAST, MEMLANE_CREATE, &options);
    let [first, second] = [sender(channel), sender(channel)];
    let rx = onlooker(&name, MEMLANE_START_NOW, 0);
    let send_number = |tx, number: u64| ok(send(tx, &number.to_le_bytes(), 0));
    for (tx, number) in (0..10).map(|number| (first, number)).chain([(second, 0)]) {
        send_number(tx, number);
        assert_eq!(look(rx, 8, 0), Ok(number.to_le_bytes().to_vec()));
    }
    // Now it is the turn of the first one, of whom there is nothing.
    for number in 1..1000 {
        send_number(second, number);
    }
    assert_eq!(look(rx, 8, 0), Err((MEMLANE_LAGGED, NOTHING)));
    let lost = position(rx).1;
    assert!(detail().contains(&format!("{lost} messages were overwritten")), "{}", detail());
    assert_eq!(look(rx, 8, 0), Ok((1 + lost).to_le_bytes().to_vec()));
}

#[test]
fn what_an_onlooker_is_refused_says_why() {
    let scratch = Scratch::new();
    let (name, lane) = (scratch.name("news"), scratch.name("lane"));
    open(&lane, MEMLANE_SPSC, MEMLANE_CREATE, &options());
    let no_number = (MEMLANE_START_NOW, 0);
    let opened = |name: &str, (start, number)| try_onlooker(name, &options(), start, number).0;
    fails(opened(&name, no_number), MEMLANE_NOT_FOUND, "does not exist");
    fails(opened(&lane, no_number), MEMLANE_WRONG_KIND, "is of kind spsc");
    fails(try_getter(&lane, &options()).0, MEMLANE_WRONG_KIND, "is of kind spsc");
    let channel = open(&name, MEMLANE_BROADCAST, MEMLANE_CREATE, &small(MEMLANE_BROADCAST));
    fails(opened(&name, (MEMLANE_START_AT, 1)), MEMLANE_INVALID_ARGUMENT, "no message has number 1, only 0 were sent");
    fails(opened(&name, (7, 0)), MEMLANE_INVALID_ARGUMENT, "start 7 does not exist");
    let other = Options { capacity: 8192, ..options() };
    let refused = try_onlooker(&name, &other, MEMLANE_START_NOW, 0).0;
    fails(refused, MEMLANE_OPTIONS_MISMATCH, "capacity 4096");
    let slots = Options { slots: 4, ..options() };
    fails(try_onlooker(&name, &slots, MEMLANE_START_NOW, 0).0, MEMLANE_INVALID_OPTION, "slots");
    let rx = onlooker(&name, MEMLANE_START_NOW, 0);
    let text = CString::new(name.as_str()).unwrap();
    // SAFETY: null is what is tested.
    unsafe {
        let start = MEMLANE_START_NOW;
        assert_eq!(memlane_onlooker_open(null_mut(), text.as_ptr(), null(), start, 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_onlooker_open(&mut { rx }, null(), null(), start, 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_onlooker_recv(rx, null_mut(), 1, &mut 0, 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_onlooker_recv(rx, null_mut(), 0, null_mut(), 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_getter_open_read_only(null_mut(), text.as_ptr(), null()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(
            memlane_getter_open_read_only(&mut GetterHandle::default(), null(), null()),
            MEMLANE_INVALID_ARGUMENT
        );
        ok(memlane_onlooker_position(rx, null_mut(), null_mut()));
    }
    assert_eq!(look(rx, 8, -2), Err((MEMLANE_INVALID_ARGUMENT, NOTHING)));
    assert_eq!(memlane_receiver_close(ReceiverHandle { id: rx.id }), MEMLANE_INVALID_HANDLE, "one of another type");
    ok(memlane_channel_shutdown(channel));
    assert_eq!(look(rx, 8, FOR_EVER), Err((MEMLANE_DISCONNECTED, NOTHING)));
    assert_eq!(opened(&name, no_number), MEMLANE_CLOSED);
}

#[test]
fn a_getter_that_only_reads_gets_what_one_with_a_seat_gets() {
    let scratch = Scratch::new();
    let name = scratch.name("limits");
    let channel = open(&name, MEMLANE_WATCH, MEMLANE_CREATE, &options());
    let (status, getter) = try_getter(&name, &options());
    ok(status);
    let mut setter = SetterHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_setter_new(channel, &mut setter) });
    let (mut buffer, mut length) = ([0u8; 8], 0);
    let place = buffer.as_mut_ptr().cast();
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    unsafe {
        assert_eq!(memlane_get(getter, place, 8, &mut length), MEMLANE_EMPTY);
        assert_eq!(memlane_changed(getter, place, 8, &mut length, SHORT), MEMLANE_TIMEOUT);
        for (version, timeout_ns) in (1u64..).zip(TIMEOUTS) {
            ok(memlane_set(setter, version.to_le_bytes().as_ptr().cast(), 8, null_mut()));
            let file = fs::read(&name).unwrap();
            let (mut has_changed, mut seen) = (0, 0);
            ok(memlane_has_changed(getter, &mut has_changed));
            assert_eq!(memlane_changed(getter, place, 3, &mut length, timeout_ns), MEMLANE_BUFFER_TOO_SMALL);
            ok(memlane_changed(getter, place, 8, &mut length, timeout_ns));
            assert_eq!((has_changed, length, buffer), (1, 8, version.to_le_bytes()));
            ok(memlane_version_seen(getter, &mut seen));
            ok(memlane_get(getter, place, 8, &mut length));
            assert_eq!((seen, buffer), (version, version.to_le_bytes()));
            assert!(fs::read(&name).unwrap() == file, "it wrote something");
        }
        assert_eq!(stats(channel).receivers, 0, "it has no seat");
        ok(memlane_setter_close(setter));
        assert_eq!(memlane_changed(getter, place, 8, &mut length, FOR_EVER), MEMLANE_DISCONNECTED);
    }
    ok(memlane_getter_close(getter));
    assert_eq!(memlane_getter_close(getter), MEMLANE_INVALID_HANDLE);
}
