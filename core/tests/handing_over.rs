//! Anonymous channels are handed over whole, over a Unix socket or by inheritance, and to nobody else. What comes in their place is named,
//! and leaves no descriptor behind.

mod support;

use memlane::{NotAChannel, NotHandedOver, OpenError, PassError, RecvError, any, mpmc, spsc, watch};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;
use support::child::{self, Child, alone};
use support::{Scratch, assert_same};

const LABEL: &str = "(anonymous)";

fn refused(found: NotHandedOver) -> OpenError {
    OpenError::NotHandedOver { channel: LABEL.into(), found }
}

fn jobs() -> mpmc::Options {
    mpmc::Options::new().slots(8).max_message(64)
}

/// How many descriptors this process has open.
fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// What this process's descriptors stand for, of those that are memfds.
fn memfds() -> Vec<String> {
    let links = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.ok()?.path().read_link().ok());
    links.map(|to| to.display().to_string()).filter(|to| to.contains("memfd:memlane")).collect()
}

#[test]
fn child_part() {
    child::play(&[
        ("works for a socket", |arguments| {
            let socket = UnixStream::connect(&arguments[0]).unwrap();
            let jobs = mpmc::Options::new().receive_from(&socket).unwrap();
            let done = spsc::Options::new().receive_from(&socket).unwrap();
            work(&jobs, &done);
        }),
        ("works for its parent", |_| {
            let jobs = mpmc::Options::new().open_inherited("JOBS").unwrap();
            let done = spsc::Options::new().open_inherited("DONE").unwrap();
            assert_eq!(memfds().len(), 4, "its own descriptors, and not the inherited ones, too: {:?}", memfds());
            assert_same(
                &mpmc::Options::new().open_inherited("JOBS").unwrap_err(),
                &refused(NotHandedOver::OtherDescriptors),
                "twice",
            );
            let listing = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap().stdout;
            assert!(!String::from_utf8(listing).unwrap().contains("memfd"), "no program of its own inherits them");
            work(&jobs, &done);
        }),
        ("finds that it was opened by the wrong kind", |_| {
            let error = spsc::Options::new().open_inherited("JOBS").unwrap_err();
            assert!(matches!(error, OpenError::WrongKind { .. }), "{error:?}");
            assert_eq!(
                any::Options::new(None).open_inherited("JOBS").unwrap().kind(),
                memlane::Kind::Mpmc,
                "it is still there"
            );
            child::tell("done");
        }),
    ]);
}

/// Sends every job back, doubled.
fn work(jobs: &mpmc::Channel, done: &spsc::Channel) {
    let (mut receiver, mut sender) = (jobs.receiver().unwrap(), done.sender().unwrap());
    child::tell("joined");
    for job in receiver.messages() {
        sender.send(&job.unwrap().repeat(2)).unwrap();
    }
    child::tell("drained");
    child::stay();
}

/// Has a child do jobs, and sees it go.
fn employ(mut child: Child, jobs: &mpmc::Channel, done: &spsc::Channel) {
    child.expect("joined");
    let (mut sender, mut receiver) = (jobs.sender().unwrap(), done.receiver().unwrap());
    for number in 0..1000u32 {
        sender.send(&number.to_le_bytes()).unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), number.to_le_bytes().repeat(2));
    }
    drop(sender);
    child.expect("drained");
    child.kill();
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected, "its death is seen");
}

#[test]
fn channels_go_over_a_socket() {
    let scratch = Scratch::new();
    let listener = UnixListener::bind(scratch.join("socket")).unwrap();
    let (jobs, done) = (jobs().anonymous().unwrap(), spsc::Options::new().anonymous().unwrap());
    let child = Child::start("works for a socket", &[&scratch.name("socket")]);
    let (socket, _) = listener.accept().unwrap();
    jobs.send_to(&socket).unwrap();
    done.send_to(&socket).unwrap();
    employ(child, &jobs, &done);
}

#[test]
fn channels_are_inherited_by_one_command_alone() {
    let (jobs, done) = (jobs().anonymous().unwrap(), spsc::Options::new().anonymous().unwrap());
    let child = Child::start_with("works for its parent", &[], |command| {
        jobs.pass_to(command, "JOBS").unwrap();
        done.pass_to(command, "DONE").unwrap();
        let listing = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap().stdout;
        assert!(!String::from_utf8(listing).unwrap().contains("memfd"), "another command inherits nothing");
    });
    employ(child, &jobs, &done);
}

#[test]
fn a_channel_that_was_opened_by_mistake_stays_to_be_opened() {
    let jobs = jobs().anonymous().unwrap();
    Child::start_with("finds that it was opened by the wrong kind", &[], |command| {
        jobs.pass_to(command, "JOBS").unwrap()
    })
    .expect("done");
    let (here, there) = UnixStream::pair().unwrap();
    jobs.send_to(&here).unwrap();
    assert!(matches!(spsc::Options::new().receive_from(&there), Err(OpenError::WrongKind { .. })));
    mpmc::Options::new().receive_from(&there).unwrap();
}

#[test]
fn datagrams_carry_channels_too() {
    let (here, there) = UnixDatagram::pair().unwrap();
    let channel = spsc::Options::new().anonymous().unwrap();
    channel.send_to(&here).unwrap();
    channel.send_to(&here).unwrap();
    let (first, second) = (spsc::Options::new().receive_from(&there), spsc::Options::new().receive_from(&there));
    first.unwrap().sender().unwrap().send(b"hello").unwrap();
    assert_eq!(second.unwrap().receiver().unwrap().recv().unwrap().to_vec(), b"hello");
}

/// Sends bytes with descriptors.
fn send(socket: &UnixStream, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(descriptors)));
    }
    rustix::net::sendmsg(socket, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::empty()).unwrap();
}

/// The frame with which a channel goes over a socket.
fn frame(channel: &mpmc::Channel) -> [u8; 32] {
    let (here, mut there) = UnixStream::pair().unwrap();
    channel.send_to(&here).unwrap();
    let mut frame = [0; 32];
    there.read_exact(&mut frame).unwrap();
    frame
}

fn memfd(seals: SealFlags) -> OwnedFd {
    let file = rustix::fs::memfd_create("forged", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    File::from(file.try_clone().unwrap()).write_all(b"something").unwrap();
    rustix::fs::fcntl_add_seals(&file, seals).unwrap();
    file
}

#[test]
fn what_comes_in_place_of_a_channel_is_named_and_leaves_no_descriptor_behind() {
    alone("what_comes_in_place_of_a_channel_is_named_and_leaves_no_descriptor_behind", || {
        let (channel, other) = (jobs().anonymous().unwrap(), jobs().anonymous().unwrap());
        let frame = frame(&channel);
        let ((region, locks), (other_region, other_locks)) =
            (channel.descriptors().unwrap(), other.descriptors().unwrap());
        let (null, sealed) = (File::open("/dev/null").unwrap(), memfd(SealFlags::SHRINK | SealFlags::GROW));
        let changed = |at: usize, to: u8| {
            let mut changed = frame;
            changed[at] = to;
            changed
        };
        let not = |found| OpenError::NotAChannel { channel: LABEL.into(), found };
        let count = |found| refused(NotHandedOver::Descriptors { found });
        let (here, there) = UnixStream::pair().unwrap();
        let before = open_descriptors();
        // Those of the first list are taken from the socket, those of the second stay in it.
        let taken: [(&str, &[BorrowedFd<'_>], OpenError); 8] = [
            ("none", &[], count(0)),
            ("one", &[region], count(1)),
            ("three", &[region, locks, region], count(3)),
            ("a device", &[null.as_fd(), locks], not(NotAChannel::Device)),
            ("a memfd of another program", &[sealed.as_fd(), locks], not(NotAChannel::Foreign)),
            ("another channel's", &[other_region, other_locks], refused(NotHandedOver::OtherDescriptors)),
            ("swapped", &[locks, region], not(NotAChannel::Foreign)),
            (
                "mixed",
                &[region, other_locks],
                OpenError::LockFile { channel: LABEL.into(), path: "(the second descriptor)".into() },
            ),
        ];
        for (what, descriptors, wanted) in &taken {
            send(&here, &frame, descriptors);
            assert_same(&mpmc::Options::new().receive_from(&there).unwrap_err(), wanted, what);
            assert_eq!(open_descriptors(), before, "{what}");
            channel.send_to(&here).unwrap();
            mpmc::Options::new().receive_from(&there).unwrap_or_else(|error| panic!("behind {what}: {error}"));
        }
        send(&here, &frame, &[region, locks, region, locks, region, locks, region, locks]);
        let error = mpmc::Options::new().receive_from(&there).unwrap_err();
        let OpenError::NotHandedOver { found: NotHandedOver::Descriptors { found: 3..8 }, .. } = error else {
            panic!("more than there is room for: {error:?}")
        };
        assert_eq!(open_descriptors(), before, "more than there is room for");
        let left: [(&str, &[u8], OpenError); 6] = [
            ("something else", b"GET / HTTP/1.1\r\n\r\n", refused(NotHandedOver::Foreign)),
            ("something else before it", &[b"x", &frame[..]].concat(), refused(NotHandedOver::Foreign)),
            ("its start", &frame[..31], refused(NotHandedOver::CutShort)),
            ("another version's", &changed(8, 9), refused(NotHandedOver::Version { found: 9, supported: 1 })),
            ("to be read alone", &changed(12, 2), refused(NotHandedOver::ReadOnly)),
            (
                "an unknown kind",
                &changed(10, 200),
                OpenError::WrongKind { channel: LABEL.into(), file: "number 200".into(), ours: "mpmc".into() },
            ),
        ];
        for (what, bytes, wanted) in &left {
            let (here, mut there) = UnixStream::pair().unwrap();
            send(&here, bytes, &[region, locks]);
            assert_same(&mpmc::Options::new().receive_from(&there).unwrap_err(), wanted, what);
            assert_eq!(open_descriptors(), before + 2, "{what}: only the sockets");
            let mut still_there = vec![0; bytes.len()];
            there.read_exact(&mut still_there).unwrap();
            assert_eq!(&still_there, bytes, "{what}");
        }
        drop(here);
        assert_same(
            &mpmc::Options::new().receive_from(&there).unwrap_err(),
            &refused(NotHandedOver::Nothing),
            "closed",
        );
    });
}

#[test]
fn a_socket_that_does_not_wait_says_that_nothing_has_come() {
    let (here, there) = UnixStream::pair().unwrap();
    there.set_nonblocking(true).unwrap();
    let error = spsc::Options::new().receive_from(&there).unwrap_err();
    assert_eq!(std::io::Error::from(error).kind(), ErrorKind::WouldBlock);
    spsc::Options::new().anonymous().unwrap().send_to(&here).unwrap();
    spsc::Options::new().receive_from(&there).unwrap();
}

#[test]
fn what_cannot_be_handed_over_says_why() {
    let scratch = Scratch::new();
    let (here, _there) = UnixStream::pair().unwrap();
    let (named, private) = (spsc::Options::new().create(&scratch.name("named")).unwrap(), jobs().private().unwrap());
    assert!(matches!(named.send_to(&here), Err(PassError::NotAnonymous { .. })));
    assert!(matches!(private.send_to(&here), Err(PassError::NotAnonymous { .. })));
    let channel = jobs().anonymous().unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (pipe, _writer) = std::io::pipe().unwrap();
    assert!(matches!(channel.send_to(&tcp), Err(PassError::NotAUnixSocket { .. })));
    assert!(matches!(channel.send_to(&pipe), Err(PassError::NotAUnixSocket { .. })));
    assert_same(&jobs().receive_from(&pipe).unwrap_err(), &refused(NotHandedOver::NotAUnixSocket), "a pipe");
    assert!(matches!(channel.send_read_only_to(&here), Err(PassError::NoReadOnly { kind: "mpmc", .. })));
    for name in ["", "A=B", "A\0"] {
        assert!(
            matches!(channel.pass_to(&mut Command::new("true"), name), Err(PassError::Variable { .. })),
            "{name:?}"
        );
    }
    let one_way = watch::Options::new().one_way().unwrap();
    assert!(matches!(one_way.send_to(&here), Err(PassError::OneWay { .. })));
    assert!(matches!(one_way.pass_to(&mut Command::new("true"), "LIMITS"), Err(PassError::OneWay { .. })));
    assert!(matches!(jobs().one_way(), Err(memlane::CreateError::NoSuchOption { option: "one_way", .. })));
}
