//! Watches, as C programs use them.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::{null, null_mut};
use support::Scratch;

fn try_setter(channel: ChannelHandle) -> (Status, SetterHandle) {
    let mut setter = SetterHandle::default();
    // SAFETY: the pointer is valid.
    (unsafe { memlane_setter_new(channel, &mut setter) }, setter)
}

fn try_getter(channel: ChannelHandle) -> (Status, GetterHandle) {
    let mut getter = GetterHandle::default();
    // SAFETY: the pointer is valid.
    (unsafe { memlane_getter_new(channel, &mut getter) }, getter)
}

fn ends(channel: ChannelHandle) -> (SetterHandle, GetterHandle) {
    let ((one, setter), (other, getter)) = (try_setter(channel), try_getter(channel));
    ok(one);
    ok(other);
    (setter, getter)
}

fn set(setter: SetterHandle, value: &[u8]) -> (Status, u64) {
    let mut version = u64::MAX;
    // SAFETY: the pointers are valid.
    (unsafe { memlane_set(setter, value.as_ptr().cast(), value.len(), &mut version) }, version)
}

/// By `memlane_get`, or with a timeout by `memlane_changed`. On failure, the length that was stored comes with it.
fn get(getter: GetterHandle, capacity: usize, timeout_ns: Option<i64>) -> Result<Vec<u8>, (Status, usize)> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    let place = buffer.as_mut_ptr().cast();
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    let status = unsafe {
        match timeout_ns {
            None => memlane_get(getter, place, capacity, &mut length),
            Some(timeout_ns) => memlane_changed(getter, place, capacity, &mut length, timeout_ns),
        }
    };
    if status != MEMLANE_OK {
        return Err((status, length));
    }
    buffer.truncate(length);
    Ok(buffer)
}

fn seen(getter: GetterHandle) -> (u64, u32) {
    let (mut version, mut changed) = (u64::MAX, u32::MAX);
    // SAFETY: the pointers are valid.
    ok(unsafe { memlane_version_seen(getter, &mut version) });
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_has_changed(getter, &mut changed) });
    (version, changed)
}

const NOTHING: usize = usize::MAX;

#[test]
fn the_latest_value_is_got_as_often_as_it_is_asked_for() {
    let (setter, getter) = ends(private(MEMLANE_WATCH, &options()));
    assert_eq!(get(getter, 8, None), Err((MEMLANE_EMPTY, NOTHING)));
    assert!(detail().contains("no value was set yet"), "{}", detail());
    assert_eq!(set(setter, b"one"), (MEMLANE_OK, 1));
    assert_eq!(set(setter, b"second"), (MEMLANE_OK, 2));
    assert_eq!(seen(getter), (0, 1));
    for _ in 0..2 {
        assert_eq!(get(getter, 8, None).unwrap(), b"second");
        assert_eq!(seen(getter), (2, 0));
    }
    assert_eq!(set(setter, b""), (MEMLANE_OK, 3));
    assert_eq!(get(getter, 0, None).unwrap(), b"");
    // SAFETY: a null pointer is allowed for the version.
    ok(unsafe { memlane_set(setter, null(), 0, null_mut()) });
    assert_eq!(seen(getter), (3, 1));
}

#[test]
fn a_change_is_waited_for_and_got_once() {
    let (setter, getter) = ends(private(MEMLANE_WATCH, &options()));
    assert_eq!(get(getter, 8, Some(0)), Err((MEMLANE_EMPTY, NOTHING)));
    assert_eq!(get(getter, 8, Some(1_000_000)), Err((MEMLANE_TIMEOUT, NOTHING)));
    set(setter, b"one");
    assert_eq!(get(getter, 8, Some(0)).unwrap(), b"one");
    assert_eq!(get(getter, 8, Some(0)), Err((MEMLANE_EMPTY, NOTHING)));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| get(getter, 8, Some(-1)));
        set(setter, b"two");
        assert_eq!(waiting.join().unwrap().unwrap(), b"two");
    });
    set(setter, b"longer");
    for timeout_ns in [None, Some(0), Some(1_000_000), Some(-1)] {
        assert_eq!(get(getter, 3, timeout_ns), Err((MEMLANE_BUFFER_TOO_SMALL, 6)), "{timeout_ns:?}");
        assert_eq!(seen(getter), (2, 1), "it stays unseen");
    }
    ok(memlane_setter_close(setter));
    assert_eq!(get(getter, 8, Some(-1)).unwrap(), b"longer", "what was set comes before the end");
    for timeout_ns in [0, 1_000_000, -1] {
        assert_eq!(get(getter, 8, Some(timeout_ns)), Err((MEMLANE_DISCONNECTED, NOTHING)));
    }
    assert_eq!(get(getter, 8, None).unwrap(), b"longer", "and stays");
    assert_eq!(get(getter, 8, Some(-2)).unwrap_err().0, MEMLANE_INVALID_ARGUMENT);
}

#[test]
fn what_is_refused_says_why() {
    let scratch = Scratch::new();
    let name = scratch.name("limits");
    let channel = open(&name, MEMLANE_WATCH, MEMLANE_CREATE, &Options { max_message: 4, receivers: 1, ..options() });
    let (setter, getter) = ends(channel);
    assert_eq!(set(setter, b"value").0, MEMLANE_TOO_LARGE);
    fails(try_setter(channel).0, MEMLANE_ROLE_TAKEN, "has its sender already");
    fails(try_getter(channel).0, MEMLANE_ROLE_TAKEN, "has its receiver already");
    fails(try_sender(channel).0, MEMLANE_WRONG_KIND, "carries no messages");
    fails(try_receiver(channel).0, MEMLANE_WRONG_KIND, "carries no messages");
    let other = private(MEMLANE_SPSC, &options());
    fails(try_setter(other).0, MEMLANE_WRONG_KIND, "is a spsc, and no watch");
    fails(try_getter(other).0, MEMLANE_WRONG_KIND, "is a spsc, and no watch");
    assert_eq!(try_open(&name, MEMLANE_SPSC, MEMLANE_OPEN, &options()).0, MEMLANE_WRONG_KIND);
    let seen_from_outside = stats(open(&name, MEMLANE_ANY_KIND, MEMLANE_OPEN, &options()));
    assert_eq!((seen_from_outside.kind, seen_from_outside.max_message), (MEMLANE_WATCH, 4));
    assert_eq!((seen_from_outside.senders, seen_from_outside.receivers), (1, 1));
    assert_eq!(set(setter, b"abc"), (MEMLANE_OK, 1));
    assert_eq!((stats(channel).messages, stats(channel).used_bytes), (1, 3));
    // SAFETY: null is what is tested.
    unsafe {
        assert_eq!(memlane_setter_new(channel, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_getter_new(channel, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_set(setter, null(), 1, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_get(getter, null_mut(), 1, &mut 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_get(getter, null_mut(), 0, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_has_changed(getter, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_version_seen(getter, null_mut()), MEMLANE_INVALID_ARGUMENT);
    }
    ok(memlane_getter_close(getter));
    ok(memlane_setter_close(setter));
    assert_eq!(memlane_getter_close(getter), MEMLANE_INVALID_HANDLE);
    assert_eq!(memlane_setter_close(SetterHandle { id: getter.id }), MEMLANE_INVALID_HANDLE, "one of another type");
    assert_eq!(set(setter, b"").0, MEMLANE_INVALID_HANDLE);
    ok(memlane_channel_shutdown(channel));
    assert_eq!(try_setter(channel).0, MEMLANE_CLOSED);
}
