//! Semaphores and events, as C programs use them.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::null_mut;
use support::{Scratch, Watchdog};

fn with_permits(permits: u32, max_held: u32) -> ChannelHandle {
    private(MEMLANE_SEMAPHORE, &Options { permits, max_held, ..options() })
}

fn join(channel: ChannelHandle) -> SemaphoreHandle {
    let mut semaphore = SemaphoreHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_semaphore_new(channel, &mut semaphore) });
    semaphore
}

fn acquire(semaphore: SemaphoreHandle, permits: u32, timeout_ns: i64) -> (Status, PermitHandle) {
    let mut permit = PermitHandle::default();
    // SAFETY: the pointer is valid.
    (unsafe { memlane_semaphore_acquire(semaphore, permits, &mut permit, timeout_ns) }, permit)
}

fn available(semaphore: SemaphoreHandle) -> u64 {
    let mut available = u64::MAX;
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_semaphore_available(semaphore, &mut available) });
    available
}

#[test]
fn permits_are_acquired_released_added_and_forgotten() {
    let _watchdog = Watchdog::new();
    let channel = with_permits(3, 0);
    let (one, other) = (join(channel), join(channel));
    let (status, two) = acquire(one, 2, FOR_EVER);
    ok(status);
    assert_eq!(available(other), 1);
    fails(acquire(other, 2, 0).0, MEMLANE_EMPTY, "there are not enough permits now");
    fails(acquire(other, 2, SHORT).0, MEMLANE_TIMEOUT, "until the deadline");
    fails(acquire(other, 65, FOR_EVER).0, MEMLANE_INVALID_ARGUMENT, "65 permits are too many: there can be 64");
    ok(memlane_semaphore_close(one));
    ok(memlane_permit_release(two));
    fails(memlane_permit_release(two), MEMLANE_INVALID_HANDLE, "not an open permit");
    let (status, one) = acquire(other, 1, i64::MAX);
    ok(status);
    ok(memlane_permit_forget(one));
    assert_eq!(available(other), 2);
    ok(memlane_semaphore_add(other, 5));
    assert_eq!(available(other), 7);
    fails(memlane_semaphore_add(other, u32::MAX), MEMLANE_INVALID_ARGUMENT, "there can be 16777215");
}

#[test]
fn a_waiter_gets_what_another_thread_gives() {
    let _watchdog = Watchdog::new();
    let channel = with_permits(MEMLANE_NO_PERMITS, 1);
    let (one, other) = (join(channel), join(channel));
    assert_eq!(available(one), 0);
    for _ in 0..100 {
        let waiting = std::thread::spawn(move || {
            let (status, permit) = acquire(other, 1, FOR_EVER);
            ok(status);
            ok(memlane_permit_forget(permit));
        });
        ok(memlane_semaphore_add(one, 1));
        waiting.join().unwrap();
    }
    ok(memlane_channel_shutdown(channel));
    fails(acquire(one, 1, FOR_EVER).0, MEMLANE_DISCONNECTED, "the semaphore was closed");
}

#[test]
fn options_of_a_semaphore_are_the_channels() {
    let scratch = Scratch::new();
    let name = scratch.name("licences");
    memlane::semaphore::Options::new().permits(4).max_held(9).create(&name).unwrap();
    let open = |permits, max_held| {
        let options = Options { permits, max_held, ..options() };
        try_open(&name, MEMLANE_SEMAPHORE, MEMLANE_OPEN, &options).0
    };
    ok(open(4, 9));
    ok(open(0, 0));
    fails(open(5, 0), MEMLANE_OPTIONS_MISMATCH, "permits");
    fails(open(0, 8), MEMLANE_OPTIONS_MISMATCH, "max_held");
}

fn event(channel: ChannelHandle) -> EventHandle {
    let mut event = EventHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_event_new(channel, &mut event) });
    event
}

/// By `memlane_event_wait`; for bits, by `memlane_event_wait_any`, or `memlane_event_wait_all`.
fn wait(event: EventHandle, bits: Option<(u32, bool)>, timeout_ns: i64) -> (Status, (u32, u64)) {
    let mut fired = Fired::default();
    // SAFETY: the pointer is valid.
    let status = unsafe {
        match bits {
            None => memlane_event_wait(event, &mut fired, timeout_ns),
            Some((bits, false)) => memlane_event_wait_any(event, bits, &mut fired, timeout_ns),
            Some((bits, true)) => memlane_event_wait_all(event, bits, &mut fired, timeout_ns),
        }
    };
    (status, (fired.bits, fired.count))
}

fn set(event: EventHandle, bits: u32) -> u32 {
    let mut now = 0;
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_event_set(event, bits, &mut now) });
    now
}

fn clear(event: EventHandle, bits: u32) -> u32 {
    let mut cleared = u32::MAX;
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_event_clear(event, bits, &mut cleared) });
    cleared
}

#[test]
fn sets_are_seen_and_cleared() {
    let _watchdog = Watchdog::new();
    let channel = private(MEMLANE_EVENT, &options());
    let (one, other) = (event(channel), event(channel));
    fails(wait(other, None, 0).0, MEMLANE_EMPTY, "the event is not set");
    fails(wait(other, None, SHORT).0, MEMLANE_TIMEOUT, "until the deadline");
    fails(wait(other, Some((4, false)), 0).0, MEMLANE_EMPTY, "the event is not set");
    assert_eq!((set(one, 1), set(one, 2)), (1, 3));
    let (mut fired, mut bits) = (0, 0);
    // SAFETY: the pointers are valid.
    ok(unsafe { memlane_event_has_fired(other, &mut fired, &mut bits) });
    assert_eq!((fired, bits, clear(other, 3)), (1, 3, 0), "it has not seen them");
    assert_eq!(wait(other, None, FOR_EVER), (MEMLANE_OK, (3, 2)));
    assert_eq!(wait(other, Some((2, false)), FOR_EVER), (MEMLANE_OK, (3, 0)));
    assert_eq!(wait(other, Some((3, true)), i64::MAX), (MEMLANE_OK, (3, 0)));
    fails(wait(other, Some((7, true)), SHORT).0, MEMLANE_TIMEOUT, "until the deadline");
    assert_eq!(clear(other, 2), 1);
    // SAFETY: null pointers are allowed here.
    ok(unsafe { memlane_event_has_fired(other, &mut fired, null_mut()) });
    assert_eq!(fired, 0);
    // SAFETY: as above.
    ok(unsafe { memlane_event_set(one, 4, null_mut()) });
    // SAFETY: as above.
    ok(unsafe { memlane_event_wait(other, null_mut(), FOR_EVER) });
    let waiting = std::thread::spawn(move || wait(other, None, FOR_EVER));
    set(one, 8);
    assert_eq!(waiting.join().unwrap(), (MEMLANE_OK, (13, 1)));
    ok(memlane_event_close(one));
    fails(memlane_event_close(one), MEMLANE_INVALID_HANDLE, "not an open event");
}

#[test]
fn a_call_that_waits_is_interrupted() {
    let _watchdog = Watchdog::new();
    let semaphore = join(with_permits(MEMLANE_NO_PERMITS, 0));
    let waiter = event(private(MEMLANE_EVENT, &options()));
    let [mut of_semaphore, mut of_event] = [InterrupterHandle::default(); 2];
    // SAFETY: the pointers are valid.
    unsafe {
        ok(memlane_semaphore_interrupter(semaphore, &mut of_semaphore));
        ok(memlane_event_interrupter(waiter, &mut of_event));
    }
    ok(memlane_interrupt(of_semaphore));
    ok(memlane_interrupt(of_event));
    fails(acquire(semaphore, 1, FOR_EVER).0, MEMLANE_INTERRUPTED, "interrupted");
    fails(wait(waiter, None, FOR_EVER).0, MEMLANE_INTERRUPTED, "interrupted");
    fails(wait(waiter, Some((1, false)), SHORT).0, MEMLANE_TIMEOUT, "until the deadline");
}

#[test]
fn a_channel_of_another_kind_is_refused() {
    let (spsc, of_permits) = (private(MEMLANE_SPSC, &options()), with_permits(1, 0));
    let (mut semaphore, mut event) = (SemaphoreHandle::default(), EventHandle::default());
    // SAFETY: the pointers are valid.
    let statuses = unsafe { [memlane_semaphore_new(spsc, &mut semaphore), memlane_event_new(spsc, &mut event)] };
    assert_eq!(statuses, [MEMLANE_WRONG_KIND; 2]);
    // SAFETY: the pointer is valid.
    fails(unsafe { memlane_event_new(of_permits, &mut event) }, MEMLANE_WRONG_KIND, "is a semaphore, and no event");
    assert_eq!((semaphore, event), Default::default(), "nothing was written");
    // SAFETY: null is found.
    fails(unsafe { memlane_semaphore_new(of_permits, null_mut()) }, MEMLANE_INVALID_ARGUMENT, "semaphore");
}
