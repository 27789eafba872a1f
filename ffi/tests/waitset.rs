//! Sets, as C programs use them.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::null_mut;
use support::{Scratch, Watchdog};

fn new() -> WaitSetHandle {
    let mut set = WaitSetHandle::default();
    // SAFETY: the place is valid.
    ok(unsafe { memlane_waitset_new(&mut set) });
    set
}

fn wait(set: WaitSetHandle, members: &[u64], timeout_ns: i64) -> Result<Vec<usize>, Status> {
    let (mut ready, mut count) = (vec![usize::MAX; members.len()], usize::MAX);
    // SAFETY: the places are valid, and there is as much room as is said.
    let status = unsafe {
        memlane_waitset_wait(set, members.as_ptr(), members.len(), ready.as_mut_ptr(), &mut count, timeout_ns)
    };
    ready.truncate(count);
    if status == MEMLANE_OK { Ok(ready) } else { Err(status) }
}

fn send(sender: SenderHandle) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_send(sender, [0u8; 64].as_ptr().cast(), 64, 0) }
}

fn receive(receiver: ReceiverHandle) -> Status {
    let (mut buffer, mut length) = ([0u8; 64], 0);
    // SAFETY: the pointers are valid.
    unsafe { memlane_recv(receiver, buffer.as_mut_ptr().cast(), 64, &mut length, null_mut(), 0) }
}

#[test]
fn receivers_of_every_kind_and_a_getter_are_waited_for() {
    let _watchdog = Watchdog::new();
    let pairs: Vec<_> = kinds().map(pair).collect();
    let latest = private(MEMLANE_WATCH, &options());
    let (mut setter, mut getter) = (SetterHandle::default(), GetterHandle::default());
    // SAFETY: the places are valid.
    unsafe {
        ok(memlane_setter_new(latest, &mut setter));
        ok(memlane_getter_new(latest, &mut getter));
    }
    let members: Vec<_> = pairs.iter().map(|(_, _, receiver)| receiver.id).chain([getter.id]).collect();
    let set = new();
    assert_eq!(wait(set, &members, 0), Err(MEMLANE_TIMEOUT));
    assert_eq!(wait(set, &members, SHORT), Err(MEMLANE_TIMEOUT));
    for (at, &(_, sender, receiver)) in pairs.iter().enumerate() {
        std::thread::scope(|scope| {
            scope.spawn(|| ok(send(sender)));
            assert_eq!(wait(set, &members, FOR_EVER), Ok(vec![at]));
        });
        ok(receive(receiver));
    }
    // SAFETY: no bytes, and no place for the version.
    ok(unsafe { memlane_set(setter, std::ptr::null(), 0, null_mut()) });
    assert_eq!(wait(set, &members, FOR_EVER), Ok(vec![pairs.len()]));
    ok(memlane_waitset_close(set));
    assert_eq!(wait(set, &members, 0), Err(MEMLANE_INVALID_HANDLE));
}

#[test]
fn a_sender_is_waited_for_until_there_is_room() {
    each_kind(|kind| {
        let (_, sender, receiver) = pair(kind);
        let set = new();
        assert_eq!(wait(set, &[sender.id], 0), Ok(vec![0]));
        while send(sender) == MEMLANE_OK {}
        assert_eq!(wait(set, &[sender.id], SHORT), Err(MEMLANE_TIMEOUT));
        while receive(receiver) == MEMLANE_OK {}
        assert_eq!(wait(set, &[sender.id], FOR_EVER), Ok(vec![0]));
    });
}

#[test]
fn an_onlooker_and_a_pipe_are_waited_for() {
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let feed = open(&name, MEMLANE_BROADCAST, MEMLANE_CREATE, &small(MEMLANE_BROADCAST));
    let feeder = sender(feed);
    let lane = private(MEMLANE_SPSC, &small(MEMLANE_SPSC));
    let (mut onlooker, mut writer) = (OnlookerHandle::default(), PipeWriterHandle::default());
    let mut reader = PipeReaderHandle::default();
    let (name, mut written) = (std::ffi::CString::new(name).unwrap(), 0);
    // SAFETY: all places are valid.
    unsafe {
        ok(memlane_onlooker_open(&mut onlooker, name.as_ptr(), std::ptr::null(), MEMLANE_START_NOW, 0));
        ok(memlane_pipe_writer_new(lane, &mut writer));
        ok(memlane_pipe_reader_new(lane, &mut reader));
    }
    let set = new();
    let members = [onlooker.id, reader.id];
    assert_eq!(wait(set, &members, 0), Err(MEMLANE_TIMEOUT));
    ok(send(feeder));
    assert_eq!(wait(set, &members, FOR_EVER), Ok(vec![0]));
    // SAFETY: the places are valid.
    ok(unsafe { memlane_pipe_write(writer, b"byte".as_ptr().cast(), 4, FOR_EVER, &mut written) });
    assert_eq!(wait(set, &members[1..], FOR_EVER), Ok(vec![0]));
}

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let _watchdog = Watchdog::new();
    let (channel, sender, receiver) = pair(MEMLANE_MPMC);
    let set = new();
    for made_up in [0, 1, u64::MAX, channel.id, set.id] {
        assert_eq!(wait(set, &[receiver.id, made_up], 0), Err(MEMLANE_INVALID_HANDLE), "{made_up:#x}");
    }
    assert_eq!(wait(set, &[receiver.id, receiver.id], 0), Err(MEMLANE_BUSY));
    ok(send(sender));
    // SAFETY: zero is a value of every field.
    let mut message: Message = unsafe { std::mem::zeroed() };
    // SAFETY: the place is valid.
    ok(unsafe { memlane_take(receiver, &mut message, 0) });
    assert_eq!(wait(set, &[receiver.id], 0), Err(MEMLANE_HELD));
    // SAFETY: the message is the one that was taken.
    ok(unsafe { memlane_ack(&mut message) });
    assert_eq!(wait(set, &[receiver.id], 0), Err(MEMLANE_TIMEOUT), "and nothing of that stays in use");
}

#[test]
fn a_set_is_interrupted() {
    let _watchdog = Watchdog::new();
    let (_, _, receiver) = pair(MEMLANE_SPSC);
    let (set, mut interrupter) = (new(), InterrupterHandle::default());
    // SAFETY: the place is valid.
    ok(unsafe { memlane_waitset_interrupter(set, &mut interrupter) });
    std::thread::scope(|scope| {
        scope.spawn(|| ok(memlane_interrupt(interrupter)));
        assert_eq!(wait(set, &[receiver.id], FOR_EVER), Err(MEMLANE_INTERRUPTED));
    });
    assert_eq!(wait(set, &[receiver.id], SHORT), Err(MEMLANE_TIMEOUT));
}
