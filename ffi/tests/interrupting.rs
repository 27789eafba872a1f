//! Calls that wait, ended by `memlane_interrupt`, as C programs use it.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ffi::{CString, c_void};
use std::ptr::null;
use support::Scratch;

/// The interrupter that this call makes.
fn made(by: impl FnOnce(*mut InterrupterHandle) -> Status) -> InterrupterHandle {
    let mut interrupter = InterrupterHandle::default();
    ok(by(&mut interrupter));
    interrupter
}

/// Interrupts the call, wherever it is at that moment.
fn interrupted(interrupter: InterrupterHandle, call: impl FnOnce() -> Status + Send) {
    std::thread::scope(|scope| {
        let calling = scope.spawn(call);
        ok(memlane_interrupt(interrupter));
        assert_eq!(calling.join().unwrap(), MEMLANE_INTERRUPTED);
    });
    ok(memlane_interrupter_close(interrupter));
    assert_eq!(memlane_interrupt(interrupter), MEMLANE_INVALID_HANDLE);
}

fn receive(receiver: ReceiverHandle, timeout_ns: i64) -> Status {
    let (mut buffer, mut length) = ([0u8; 64], 0);
    // SAFETY: the pointers are valid.
    unsafe { memlane_recv(receiver, buffer.as_mut_ptr().cast(), 64, &mut length, std::ptr::null_mut(), timeout_ns) }
}

fn send(sender: SenderHandle, timeout_ns: i64) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_send(sender, [0u8; 64].as_ptr().cast(), 64, timeout_ns) }
}

#[test]
fn senders_and_receivers_of_every_kind_are_interrupted() {
    each_kind(|kind| {
        let (_, sender, receiver) = pair(kind);
        // SAFETY: the places are valid.
        unsafe {
            interrupted(made(|at| memlane_receiver_interrupter(receiver, at)), || receive(receiver, FOR_EVER));
            interrupted(made(|at| memlane_receiver_interrupter(receiver, at)), || receive(receiver, i64::MAX));
            while send(sender, 0) == MEMLANE_OK {}
            interrupted(made(|at| memlane_sender_interrupter(sender, at)), || send(sender, FOR_EVER));
        }
    });
}

#[test]
fn the_other_handles_are_interrupted() {
    let scratch = Scratch::new();
    let (mut getter, mut onlooker) = (GetterHandle::default(), OnlookerHandle::default());
    let (mut writer, mut reader) = (PipeWriterHandle::default(), PipeReaderHandle::default());
    let channel = open(&scratch.name("latest"), MEMLANE_WATCH, MEMLANE_CREATE, &options());
    let feed = scratch.name("feed");
    let lane = private(MEMLANE_SPSC, &small(MEMLANE_SPSC));
    open(&feed, MEMLANE_BROADCAST, MEMLANE_CREATE, &small(MEMLANE_BROADCAST));
    let feed = CString::new(feed).unwrap();
    let mut place = [0u8; 64];
    // SAFETY: all places are valid.
    unsafe {
        ok(memlane_getter_new(channel, &mut getter));
        ok(memlane_onlooker_open(&mut onlooker, feed.as_ptr(), null(), MEMLANE_START_NOW, 0));
        ok(memlane_pipe_writer_new(lane, &mut writer));
        ok(memlane_pipe_reader_new(lane, &mut reader));
        let place = Place(place.as_mut_ptr().cast());
        interrupted(made(|at| memlane_getter_interrupter(getter, at)), || {
            memlane_changed(getter, place.get(), 64, &mut 0, FOR_EVER)
        });
        interrupted(made(|at| memlane_onlooker_interrupter(onlooker, at)), || {
            memlane_onlooker_recv(onlooker, place.get(), 64, &mut 0, FOR_EVER)
        });
        interrupted(made(|at| memlane_pipe_reader_interrupter(reader, at)), || {
            memlane_pipe_read(reader, place.get(), 64, FOR_EVER, &mut 0)
        });
        interrupted(made(|at| memlane_pipe_writer_interrupter(writer, at)), || {
            loop {
                let status = memlane_pipe_write(writer, place.get(), 64, FOR_EVER, &mut 0);
                if status != MEMLANE_OK {
                    break status;
                }
            }
        });
    }
}

/// A place that another thread writes to.
#[derive(Clone, Copy)]
struct Place(*mut c_void);

// SAFETY: its owner waits for that thread, and looks at nothing meanwhile.
unsafe impl Sync for Place {}

impl Place {
    fn get(self) -> *mut c_void {
        self.0
    }
}
