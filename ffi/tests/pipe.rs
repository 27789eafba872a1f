//! Byte pipes, as C programs use them.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ptr::{null, null_mut};
use support::Scratch;
use support::child::{self, Child, Part};

fn small() -> Options {
    Options { capacity: 4096, ..options() }
}

fn writer(channel: ChannelHandle) -> PipeWriterHandle {
    let mut writer = PipeWriterHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_pipe_writer_new(channel, &mut writer) });
    writer
}

fn reader(channel: ChannelHandle) -> PipeReaderHandle {
    let mut reader = PipeReaderHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_pipe_reader_new(channel, &mut reader) });
    reader
}

/// What became of it, and how much was written.
fn write(writer: PipeWriterHandle, bytes: &[u8], timeout_ns: i64) -> (Status, usize) {
    let mut written = usize::MAX;
    // SAFETY: the pointers are valid.
    let status = unsafe { memlane_pipe_write(writer, bytes.as_ptr().cast(), bytes.len(), timeout_ns, &mut written) };
    (status, written)
}

fn read(reader: PipeReaderHandle, capacity: usize, timeout_ns: i64) -> Result<Vec<u8>, Status> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    let status = unsafe { memlane_pipe_read(reader, buffer.as_mut_ptr().cast(), capacity, timeout_ns, &mut length) };
    buffer.truncate(length);
    if status == MEMLANE_OK { Ok(buffer) } else { Err(status) }
}

const PARTS: [(&str, Part); 1] = [("writes and stays", |arguments| {
    let writer = writer(open(&arguments[0], MEMLANE_SPSC, MEMLANE_OPEN, &options()));
    assert_eq!(write(writer, b"the last", -1), (MEMLANE_OK, 8));
    child::tell("written");
    child::stay();
})];

#[test]
fn child_part() {
    child::play(&PARTS);
}

#[test]
fn bytes_come_out_as_they_went_in_however_they_are_cut() {
    let channel = private(MEMLANE_SPSC, &small());
    let (writer, reader) = (writer(channel), reader(channel));
    assert_eq!(read(reader, 8, 0), Err(MEMLANE_EMPTY));
    assert_eq!(read(reader, 8, 1), Err(MEMLANE_TIMEOUT));
    assert_eq!(write(writer, b"", 0), (MEMLANE_OK, 0));
    assert_eq!(write(writer, b"abc", 0), (MEMLANE_OK, 3));
    assert_eq!(write(writer, b"defg", -1), (MEMLANE_OK, 4));
    assert_eq!(read(reader, 2, 0).unwrap(), b"ab");
    assert_eq!(read(reader, 100, 0).unwrap(), b"cdefg");
    let bytes: Vec<u8> = (0..100_000u32).map(|number| number as u8).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let written = write(writer, &bytes, -1);
            ok(memlane_pipe_writer_close(writer));
            assert_eq!(written, (MEMLANE_OK, bytes.len()), "all of it, though it never fits");
        });
        let mut found = Vec::new();
        loop {
            let part = read(reader, 777, -1).unwrap();
            if part.is_empty() {
                break;
            }
            found.extend(part);
        }
        assert!(found == bytes, "{} bytes", found.len());
    });
    assert_eq!(read(reader, 8, 0).unwrap(), b"", "the end, again");
}

#[test]
fn a_full_pipe_says_how_much_it_took() {
    let channel = private(MEMLANE_SPSC, &small());
    let (writer, reader) = (writer(channel), reader(channel));
    let bytes = [7; 10_000];
    let (status, at_once) = write(writer, &bytes, 0);
    assert!(status == MEMLANE_OK && at_once > 2000 && at_once < 4096, "{status:?}, {at_once}");
    assert_eq!(write(writer, &bytes, 0), (MEMLANE_FULL, 0));
    assert_eq!(write(writer, &bytes, 1_000), (MEMLANE_TIMEOUT, 0));
    let mut left = 1000;
    while left > 0 {
        left -= read(reader, left, 0).unwrap().len();
    }
    let (status, later) = write(writer, &bytes, 1_000);
    assert!(status == MEMLANE_TIMEOUT && later > 0 && later < 2000, "{status:?}, {later}");
    ok(memlane_pipe_reader_close(reader));
    assert_eq!(write(writer, &bytes, -1), (MEMLANE_DISCONNECTED, 0));
    assert!(detail().contains("reader has left"), "{}", detail());
}

#[test]
fn a_writer_that_died_is_no_end_of_the_stream() {
    let scratch = Scratch::new();
    let name = scratch.name("stream");
    let reader = reader(open(&name, MEMLANE_SPSC, MEMLANE_CREATE, &small()));
    let mut child = Child::start(PARTS[0].0, &[&name]);
    child.expect("written");
    child.kill();
    assert_eq!(read(reader, 100, -1).unwrap(), b"the last");
    assert_eq!(read(reader, 100, -1), Err(MEMLANE_WRITER_DIED));
    assert!(detail().contains("writer died"), "{}", detail());
}

#[test]
fn what_is_refused_says_why() {
    let other = private(MEMLANE_MPMC, &options());
    let channel = private(MEMLANE_SPSC, &small());
    let (writer, reader) = (writer(channel), reader(channel));
    let (mut another_writer, mut another_reader) = (PipeWriterHandle::default(), PipeReaderHandle::default());
    // SAFETY: valid pointers, and null where that is what is tested.
    unsafe {
        fails(memlane_pipe_writer_new(other, &mut another_writer), MEMLANE_WRONG_KIND, "is a mpmc: a pipe goes over");
        fails(memlane_pipe_reader_new(other, &mut another_reader), MEMLANE_WRONG_KIND, "is a mpmc: a pipe goes over");
        fails(memlane_pipe_writer_new(channel, &mut another_writer), MEMLANE_ROLE_TAKEN, "has its sender already");
        fails(memlane_pipe_reader_new(channel, &mut another_reader), MEMLANE_ROLE_TAKEN, "has its receiver already");
        assert_eq!(memlane_pipe_writer_new(channel, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_pipe_reader_new(channel, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_pipe_write(writer, null(), 1, 0, &mut 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_pipe_write(writer, null(), 0, 0, null_mut()), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_pipe_read(reader, null_mut(), 1, 0, &mut 0), MEMLANE_INVALID_ARGUMENT);
        assert_eq!(memlane_pipe_read(reader, null_mut(), 0, 0, null_mut()), MEMLANE_INVALID_ARGUMENT);
    }
    assert_eq!(write(writer, b"x", -2).0, MEMLANE_INVALID_ARGUMENT);
    assert_eq!(read(reader, 1, -2), Err(MEMLANE_INVALID_ARGUMENT));
    assert_eq!((another_writer.id, another_reader.id), (0, 0));
    ok(memlane_channel_shutdown(channel));
    assert_eq!(write(writer, b"x", -1), (MEMLANE_DISCONNECTED, 0));
    assert_eq!(read(reader, 1, -1).unwrap(), b"");
    ok(memlane_pipe_reader_close(reader));
    assert_eq!(
        memlane_pipe_reader_close(PipeReaderHandle { id: writer.id }),
        MEMLANE_INVALID_HANDLE,
        "of another type"
    );
    assert_eq!(memlane_pipe_reader_close(reader), MEMLANE_INVALID_HANDLE);
    assert_eq!(read(reader, 1, 0), Err(MEMLANE_INVALID_HANDLE));
}
