//! How each end learns that the other one is gone.

use crate::support::child::{self, Child, Part};
use crate::support::stage::trust;
use crate::support::{Scratch, eventually};
use crate::{everywhere, pipe, read_to_end, stream};
use memlane::pipe::{Reader, Writer};
use memlane::spsc::{Channel, Options};
use memlane::{Backend, PipeError, Strategy};
use std::io::{self, BufRead, ErrorKind, IoSlice, Read, Write};
use std::time::Duration;

/// Longer than it takes to find a death.
const A_WHILE: Duration = Duration::from_millis(250);

pub const PARTS: [(&str, Part); 4] = [
    ("writes what it is told", |arguments| {
        let mut writer = Writer::from(open(&arguments[0]).sender().unwrap());
        child::tell("joined");
        loop {
            let bytes = child::hear().parse().unwrap();
            writer.write_all(&stream(0, bytes)).unwrap();
            child::tell("written");
        }
    }),
    ("writes and leaves", |arguments| {
        let mut writer = Writer::from(open(&arguments[0]).sender().unwrap());
        writer.write_all(b"and left").unwrap();
        writer.leave().unwrap();
    }),
    ("reads what it is told", |arguments| {
        let mut reader = Reader::from(open(&arguments[0]).receiver().unwrap());
        child::tell("joined");
        loop {
            let mut bytes = vec![0; child::hear().parse().unwrap()];
            reader.read_exact(&mut bytes).unwrap();
            child::tell("read");
        }
    }),
    ("closes", |arguments| open(&arguments[0]).close()),
];

fn open(name: &str) -> Channel {
    Options::new().trust_peers(trust()).open(name).unwrap()
}

/// Runs a test over channels with a name, of each backend.
fn between_processes(test: impl Fn(&str, &Channel)) {
    for backend in [Backend::Futex, Backend::Semaphore] {
        let scratch = Scratch::new();
        let name = scratch.name("pipe");
        let options = Options::new().capacity(4096).backend(backend).trust_peers(trust());
        test(&name, &options.create(&name).unwrap());
    }
}

fn started(part: &str, name: &str) -> Child {
    let child = Child::start(part, &[name]);
    child.expect("joined");
    child
}

/// A writer whose process is killed after it has written so many bytes.
fn killed_writer(name: &str, bytes: usize) {
    let mut child = started("writes what it is told", name);
    child.say(&bytes.to_string());
    child.expect("written");
    child.kill();
}

#[track_caller]
fn assert_is(error: &io::Error, kind: ErrorKind, reason: PipeError) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.get_ref().and_then(|error| error.downcast_ref::<PipeError>()), Some(&reason));
}

#[track_caller]
fn assert_reader_is_gone(writer: &mut Writer) {
    for _ in 0..2 {
        let errors = [
            writer.write(b"x").unwrap_err(),
            writer.write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")]).unwrap_err(),
        ];
        errors.iter().for_each(|error| assert_is(error, ErrorKind::BrokenPipe, PipeError::ReaderGone));
    }
}

#[track_caller]
fn assert_writer_died(reader: &mut Reader) {
    for _ in 0..2 {
        let errors = [reader.read(&mut [0; 8]).unwrap_err(), reader.fill_buf().unwrap_err()];
        errors.iter().for_each(|error| assert_is(error, ErrorKind::ConnectionReset, PipeError::WriterDied));
    }
}

#[test]
fn a_writer_that_left_is_the_end_of_the_file_and_another_one_goes_on() {
    everywhere(|channel| {
        let channel = channel();
        let (mut writer, mut reader) = pipe(&channel);
        writer.write_all(b"one").unwrap();
        drop(writer);
        assert_eq!(read_to_end(&mut reader), (b"one".to_vec(), None));
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0, "and again");
        assert_eq!(reader.fill_buf().unwrap(), b"");
        let mut writer = Writer::from(channel.sender().unwrap());
        writer.write_all(b"two").unwrap();
        writer.leave().unwrap();
        assert_eq!(read_to_end(&mut reader), (b"two".to_vec(), None));
    });
}

#[test]
fn a_reader_that_waits_learns_that_the_writer_left() {
    everywhere(|channel| {
        let channel = channel();
        let (writer, mut reader) = pipe(&channel);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || read_to_end(&mut reader));
            eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
            drop(writer);
            assert_eq!(reading.join().unwrap(), (vec![], None));
        });
    });
}

#[test]
fn a_reader_that_left_breaks_the_pipe_until_another_one_comes() {
    everywhere(|channel| {
        let channel = channel();
        let mut writer = Writer::from(channel.sender().unwrap());
        writer.write_all(b"one ").unwrap();
        let reader = Reader::from(channel.receiver().unwrap());
        writer.write_all(b"two ").unwrap();
        drop(reader);
        assert_reader_is_gone(&mut writer);
        let mut reader = Reader::from(channel.receiver().unwrap());
        writer.write_all(b"three").unwrap();
        drop(writer);
        assert_eq!(read_to_end(&mut reader), (b"one two three".to_vec(), None));
    });
}

#[test]
fn a_writer_that_waits_learns_that_the_reader_left() {
    everywhere(|channel| {
        let channel = channel();
        let (mut writer, reader) = pipe(&channel);
        std::thread::scope(|scope| {
            let writing = scope.spawn(move || writer.write_all(&stream(0, 10_000)));
            eventually("it sleeps", || channel.info().participants[0].counters.parks > 0);
            drop(reader);
            assert_is(&writing.join().unwrap().unwrap_err(), ErrorKind::BrokenPipe, PipeError::ReaderGone);
        });
    });
}

#[test]
fn a_channel_that_was_closed_is_over_for_both_ends() {
    everywhere(|channel| {
        let channel = channel();
        let (mut writer, mut reader) = pipe(&channel);
        writer.write_all(b"in time").unwrap();
        channel.close();
        assert_reader_is_gone(&mut writer);
        assert_eq!(read_to_end(&mut reader), (b"in time".to_vec(), None));
    });
}

#[test]
fn a_pipe_through_a_persistent_channel_does_not_end() {
    let channel = Options::new().persistent(true).private().unwrap();
    let (mut writer, reader) = pipe(&channel);
    drop(reader);
    writer.write_all(b"kept").unwrap();
    let mut reader = Reader::from(channel.receiver().unwrap());
    drop(writer);
    reader.set_nonblocking(true);
    assert_eq!(read_to_end(&mut reader), (b"kept".to_vec(), Some(ErrorKind::WouldBlock)));
}

#[test]
fn a_writer_that_was_killed_is_a_reset_after_all_that_it_had_written() {
    between_processes(|name, channel| {
        let mut reader = Reader::from(channel.receiver().unwrap());
        killed_writer(name, 3000);
        assert!(read_to_end(&mut reader) == (stream(0, 3000), Some(ErrorKind::ConnectionReset)));
        assert_writer_died(&mut reader);

        // A reader that comes only then is told so, too, once it has read what there is.
        killed_writer(name, 1000);
        drop(reader);
        let mut reader = Reader::from(channel.receiver().unwrap());
        assert!(read_to_end(&mut reader) == (stream(0, 1000), Some(ErrorKind::ConnectionReset)));

        // Another writer goes on, and how that one ends counts.
        Child::start("writes and leaves", &[name]).finish();
        assert_eq!(read_to_end(&mut reader), (b"and left".to_vec(), None));
    });
}

#[test]
fn a_reader_that_sleeps_learns_that_the_writer_was_killed() {
    between_processes(|name, channel| {
        let mut reader = Reader::from(channel.receiver().unwrap());
        let mut writer = started("writes what it is told", name);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || read_to_end(&mut reader));
            eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
            writer.kill();
            assert_eq!(reading.join().unwrap(), (vec![], Some(ErrorKind::ConnectionReset)));
        });
    });
}

#[test]
fn a_killed_writer_of_a_channel_that_was_closed_is_no_end_of_the_file() {
    between_processes(|name, channel| {
        let mut reader = Reader::from(channel.receiver().unwrap());
        killed_writer(name, 100);
        Child::start("closes", &[name]).finish();
        assert!(read_to_end(&mut reader) == (stream(0, 100), Some(ErrorKind::ConnectionReset)));
    });
}

#[test]
fn a_reader_that_was_killed_breaks_the_pipe_of_a_writer_that_waits() {
    between_processes(|name, channel| {
        let mut writer = Writer::from(channel.sender().unwrap());
        let mut reader = started("reads what it is told", name);
        reader.say("10");
        writer.write_all(&stream(0, 10)).unwrap();
        reader.expect("read");
        reader.kill();
        let error = writer.write_all(&stream(10, 10_000)).unwrap_err();
        assert_is(&error, ErrorKind::BrokenPipe, PipeError::ReaderGone);
        assert_reader_is_gone(&mut writer);
        let mut sender = writer.into_inner();
        while sender.try_send(&[0; 504]).is_ok() {}
        let waits = sender.send_timeout(&[0; 504], A_WHILE);
        assert_eq!(waits, Err(memlane::SendTimeoutError::Timeout), "a sender waits for the dead one's successor");
        assert_reader_is_gone(&mut Writer::from(sender));
    });
}

/// It writes so little that it never waits for room.
#[test]
fn a_reader_that_was_killed_breaks_the_pipe_of_a_writer_that_has_room() {
    for backend in [Backend::Futex, Backend::Semaphore] {
        let scratch = Scratch::new();
        let name = &scratch.name("pipe");
        let channel = Options::new().backend(backend).trust_peers(trust()).create(name).unwrap();
        let mut writer = Writer::from(channel.sender().unwrap());
        started("reads what it is told", name).kill();
        let (mut written, mut broken) = (Vec::new(), None);
        eventually("it is told", || {
            match writer.write(b"x") {
                Ok(_) => written.push(b'x'),
                Err(error) => broken = Some(error),
            }
            broken.is_some() || writer.get_ref().is_full()
        });
        assert_is(&broken.expect("before it was full"), ErrorKind::BrokenPipe, PipeError::ReaderGone);
        drop(writer);

        // One that comes after that death waits for a reader, as any that comes first.
        let mut writer = Writer::from(channel.sender().unwrap());
        writer.write_all(b"!").unwrap();
        drop(writer);
        written.push(b'!');
        assert_eq!(read_to_end(&mut Reader::from(channel.receiver().unwrap())), (written, None));
    }
}

#[test]
fn a_channel_that_was_removed_is_an_error_and_no_end_of_the_file() {
    let scratch = Scratch::new();
    let name = scratch.name("pipe");
    let (mut writer, mut reader) = (Writer::open_or_create(&name).unwrap(), Reader::open(&name).unwrap());
    assert_eq!(Writer::open(&name).unwrap_err().kind(), ErrorKind::ResourceBusy);
    assert_eq!(Reader::open_or_create(&name).unwrap_err().kind(), ErrorKind::ResourceBusy);
    writer.write_all(b"one").unwrap();
    memlane::remove_forced(&name).unwrap();
    assert_eq!(read_to_end(&mut reader), (b"one".to_vec(), Some(ErrorKind::NotFound)));
    assert_eq!(writer.leave().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn an_end_that_was_inherited_is_its_parents() {
    child::alone("ends::an_end_that_was_inherited_is_its_parents", || {
        let (mut writer, mut reader) = memlane::pipe::pair().unwrap();
        writer.write_all(b"one").unwrap();
        assert_eq!(reader.fill_buf().unwrap(), b"one");
        reader.consume(1);
        let kinds = |writer: &mut Writer, reader: &mut Reader| {
            let write = writer.write(b"x").unwrap_err().kind();
            let gather = writer.write_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind();
            [write, gather, reader.read(&mut [0; 1]).unwrap_err().kind(), reader.fill_buf().unwrap_err().kind()]
        };
        child::join(child::fork(|| {
            assert_eq!(kinds(&mut writer, &mut reader), [ErrorKind::PermissionDenied; 4]);
            reader.consume(2);
        }));
        assert_eq!(reader.fill_buf().unwrap(), b"ne", "the parent's is as it was");
        drop(writer);
        assert_eq!(read_to_end(&mut reader), (b"ne".to_vec(), None));
    });
}

#[test]
fn the_ends_tell_by_each_strategy() {
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        let channel = Options::new().capacity(4096).private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.set_strategy(strategy);
        rx.set_strategy(strategy);
        let (mut writer, mut reader) = (Writer::from(tx), Reader::from(rx));
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(&stream(0, 20_000)).unwrap());
            assert!(read_to_end(&mut reader) == (stream(0, 20_000), None), "{strategy:?}");
        });
    }
}
