//! Anonymous channels: two sealed memfds, handed over to other processes; anything else is refused.

mod support;

use memlane::spsc::{Channel, Options};
use memlane::{Denied, JoinError, NotAChannel, OpenError, RecvError, RemoveError};
use rustix::fs::{MemfdFlags, SealFlags};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use support::child::{self, Child};
use support::image::{Image, forge};
use support::{Scratch, assert_same};

const LABEL: &str = "(anonymous)";

fn small() -> Options {
    Options::new().capacity(4096)
}

/// Both descriptors of a channel, once more.
fn descriptors(channel: &Channel) -> (OwnedFd, OwnedFd) {
    let (region, locks) = channel.descriptors().unwrap();
    (region.try_clone_to_owned().unwrap(), locks.try_clone_to_owned().unwrap())
}

/// What opening these descriptors is refused with.
#[track_caller]
fn refusal(region: OwnedFd, locks: OwnedFd) -> OpenError {
    match Options::new().open_descriptors(region, locks) {
        Err(error) => error,
        Ok(_) => panic!("it was opened"),
    }
}

fn not_a_channel(found: NotAChannel) -> OpenError {
    OpenError::NotAChannel { channel: LABEL.into(), found }
}

/// A memfd with this content and these seals.
fn memfd(content: &[u8], seals: SealFlags) -> OwnedFd {
    let file = rustix::fs::memfd_create("forged", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    let file = File::from(file);
    file.write_all_at(content, 0).unwrap();
    rustix::fs::fcntl_add_seals(&file, seals).unwrap();
    file.into()
}

/// The bytes of a descriptor's file.
fn content(of: &OwnedFd) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/self/fd/{}", of.as_raw_fd())).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

const SIZE: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

#[test]
fn child_part() {
    child::play(&[
        ("echoes over a socket", |arguments| {
            let socket = UnixStream::connect(&arguments[0]).unwrap();
            let [there_region, there_locks, back_region, back_locks] = receive(&socket).try_into().unwrap();
            let there = Options::new().open_descriptors(there_region, there_locks).unwrap();
            let back = Options::new().open_descriptors(back_region, back_locks).unwrap();
            echo(&there, &back);
        }),
        ("echoes what it inherited", |arguments| {
            let inherited = |at: usize| {
                // SAFETY: the parent left these descriptors open for us, and nobody else in this process knows them.
                unsafe { OwnedFd::from_raw_fd(arguments[at].parse::<RawFd>().unwrap()) }
            };
            let there = Options::new().open_descriptors(inherited(0), inherited(1)).unwrap();
            let back = Options::new().open_descriptors(inherited(2), inherited(3)).unwrap();
            echo(&there, &back);
        }),
    ]);
}

/// Sends every message back until there are no more.
fn echo(there: &Channel, back: &Channel) {
    let (mut receiver, mut sender) = (there.receiver().unwrap(), back.sender().unwrap());
    child::tell("joined");
    for message in receiver.messages() {
        sender.send(&message.unwrap()).unwrap();
    }
    child::tell("drained");
    child::stay();
}

fn send(socket: &UnixStream, descriptors: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(descriptors)));
    rustix::net::sendmsg(socket, &[IoSlice::new(b"!")], &mut ancillary, SendFlags::empty()).unwrap();
}

fn receive(socket: &UnixStream) -> Vec<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::net::recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
    let mut received = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            received.extend(descriptors);
        }
    }
    received
}

/// Exchanges messages with a child that echoes, and sees it go.
fn talk_to(mut child: Child, there: &Channel, back: &Channel) {
    child.expect("joined");
    let (mut sender, mut receiver) = (there.sender().unwrap(), back.receiver().unwrap());
    for number in 0..1000u32 {
        sender.send(&number.to_le_bytes()).unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), number.to_le_bytes());
    }
    match there.receiver() {
        Err(JoinError::RoleTaken { channel, pid, .. }) => assert_eq!((channel.as_str(), pid), (LABEL, child.id())),
        other => panic!("{other:?}"),
    }
    drop(sender);
    child.expect("drained");
    child.kill();
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected, "its death is seen through the second memfd");
    there.receiver().unwrap();
}

#[test]
fn descriptors_go_over_a_socket() {
    let scratch = Scratch::new();
    let listener = UnixListener::bind(scratch.join("socket")).unwrap();
    let (there, back) = (small().anonymous().unwrap(), small().anonymous().unwrap());
    let child = Child::start("echoes over a socket", &[&scratch.name("socket")]);
    let (socket, _) = listener.accept().unwrap();
    let ((a, b), (c, d)) = (there.descriptors().unwrap(), back.descriptors().unwrap());
    send(&socket, &[a, b, c, d]);
    talk_to(child, &there, &back);
}

#[test]
fn descriptors_are_inherited_by_who_is_meant_to_have_them() {
    let (there, back) = (small().anonymous().unwrap(), small().anonymous().unwrap());
    let ((a, b), (c, d)) = (there.descriptors().unwrap(), back.descriptors().unwrap());
    for descriptor in [a, b, c, d] {
        let flags = rustix::io::fcntl_getfd(descriptor).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC), "by default nobody inherits them");
    }
    let numbers = [a, b, c, d].map(|descriptor| descriptor.as_raw_fd());
    let arguments = numbers.map(|number| number.to_string());
    let child = Child::start_with("echoes what it inherited", &arguments.each_ref().map(String::as_str), |command| {
        let keep = move || {
            for number in numbers {
                // SAFETY: the descriptor is open; this runs in the child, whose flags are its own.
                if unsafe { libc::fcntl(number, libc::F_SETFD, 0) } != 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        };
        // SAFETY: the closure calls nothing but fcntl between fork and exec.
        unsafe { command.pre_exec(keep) };
    });
    talk_to(child, &there, &back);
}

#[test]
fn nobody_can_change_the_size_of_a_channel() {
    let channel = small().anonymous().unwrap();
    let (region, locks) = channel.descriptors().unwrap();
    for (what, descriptor) in [("region", region), ("locks", locks)] {
        let file = File::from(descriptor.try_clone_to_owned().unwrap());
        let length = file.metadata().unwrap().len();
        for other in [0, length - 1, length + 1] {
            assert_eq!(file.set_len(other).unwrap_err().kind(), io::ErrorKind::PermissionDenied, "{what} to {other}");
        }
        let seals = rustix::fs::fcntl_get_seals(descriptor).unwrap();
        assert!(seals.contains(SIZE | SealFlags::SEAL), "{what}: {seals:?}, so that nobody adds seals against writing");
    }
}

#[test]
fn two_handles_of_one_process_see_each_other() {
    let channel = small().anonymous().unwrap();
    let (region, locks) = descriptors(&channel);
    let again = Options::new().open_descriptors(region, locks).unwrap();
    let mut sender = channel.sender().unwrap();
    assert!(matches!(again.sender(), Err(JoinError::RoleTaken { .. })));
    sender.send(b"hello").unwrap();
    assert_eq!(again.receiver().unwrap().recv().unwrap().to_vec(), b"hello");
    assert_eq!(channel.info(), again.info());
    assert_eq!((again.info().path, again.info().name.as_str()), (None, LABEL));
}

#[test]
fn a_memfd_without_seals_is_refused() {
    let channel = small().anonymous().unwrap();
    let (region, locks) = descriptors(&channel);
    let (bytes, lock_bytes) = (content(&region), content(&locks));
    for seals in [SealFlags::empty(), SealFlags::SHRINK, SealFlags::GROW, SealFlags::SEAL] {
        for (region, locks) in
            [(memfd(&bytes, seals), memfd(&lock_bytes, SIZE)), (memfd(&bytes, SIZE), memfd(&lock_bytes, seals))]
        {
            assert_same(&refusal(region, locks), &not_a_channel(NotAChannel::Unsealed), &format!("{seals:?}"));
        }
    }
    let (region, locks) = (memfd(&bytes, SIZE), memfd(&lock_bytes, SIZE));
    forge(format!("/proc/self/fd/{}", region.as_raw_fd()), |image| {
        image.set("lock_inode", rustix::fs::fstat(&locks).unwrap().st_ino);
    });
    let copy = Options::new().open_descriptors(region, locks).unwrap();
    copy.sender().unwrap();
}

#[test]
fn descriptors_of_anything_else_are_refused() {
    let scratch = Scratch::new();
    let named = small().create(&scratch.name("named")).unwrap();
    let opened = |path: &std::path::Path| OwnedFd::from(File::options().read(true).write(true).open(path).unwrap());
    let file = || opened(&named.info().path.unwrap());
    let socket = || OwnedFd::from(UnixStream::pair().unwrap().0);
    let (pipe, _writer) = io::pipe().unwrap();
    let pipe = || OwnedFd::from(pipe.try_clone().unwrap());
    let folder = || OwnedFd::from(File::open(scratch.path()).unwrap());
    let device = || opened("/dev/null".as_ref());
    type Open<'a> = &'a dyn Fn() -> OwnedFd;
    let cases: [(Open<'_>, NotAChannel); 5] = [
        (&file, NotAChannel::Unsealed),
        (&socket, NotAChannel::Socket),
        (&pipe, NotAChannel::Fifo),
        (&folder, NotAChannel::Directory),
        (&device, NotAChannel::Device),
    ];
    let channel = small().anonymous().unwrap();
    for (open, found) in cases {
        let (region, locks) = descriptors(&channel);
        assert_same(&refusal(open(), locks), &not_a_channel(found), "as region");
        assert_same(&refusal(region, open()), &not_a_channel(found), "as locks");
    }
}

#[test]
fn swapped_and_mixed_descriptors_are_refused() {
    let (one, two) = (small().anonymous().unwrap(), small().anonymous().unwrap());
    let ((region, locks), (_, other_locks)) = (descriptors(&one), descriptors(&two));
    let copy = |descriptor: &OwnedFd| descriptor.try_clone().unwrap();
    let lock_file = OpenError::LockFile { channel: LABEL.into(), path: "(the second descriptor)".into() };
    assert_same(&refusal(copy(&locks), copy(&region)), &not_a_channel(NotAChannel::Foreign), "swapped");
    assert_same(&refusal(copy(&region), copy(&region)), &lock_file, "the region twice");
    assert_same(&refusal(copy(&locks), copy(&locks)), &not_a_channel(NotAChannel::Foreign), "the locks twice");
    assert_same(&refusal(copy(&region), other_locks), &lock_file, "of another channel");
    assert_same(&refusal(copy(&region), memfd(&content(&locks), SIZE)), &lock_file, "a copy of the locks");
    assert_same(&refusal(memfd(b"", SIZE), locks), &not_a_channel(NotAChannel::Empty), "an empty memfd");
}

#[test]
fn a_forged_memfd_is_distrusted_like_any_file() {
    let channel = small().anonymous().unwrap();
    let (region, locks) = descriptors(&channel);
    let (bytes, locks) = (content(&region), content(&locks));
    let forged = |bytes: &[u8]| refusal(memfd(bytes, SIZE), memfd(&locks, SIZE));
    let wanted = OpenError::Truncated { channel: LABEL.into(), length: 8192, needed: 12_288 };
    assert_same(&forged(&bytes[..8192]), &wanted, "cut short");
    assert!(matches!(forged(&[&bytes[..], b"x"].concat()), OpenError::BadHeader { field: "file length", .. }));
    let flipped: Vec<u8> = bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 80)).collect();
    assert!(matches!(forged(&flipped), OpenError::BadHeader { field: "checksum", .. }));
    let file = memfd(&bytes, SIZE);
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Image::load(&path).set("capacity", 1 << 31).seal().store();
    let wanted = OpenError::BadHeader {
        channel: LABEL.into(),
        field: "total_bytes",
        found: "12288".into(),
        wanted: "2147491840".into(),
    };
    assert_same(&refusal(file, memfd(&locks, SIZE)), &wanted, "with a checksum that fits");
}

#[test]
fn a_descriptor_that_cannot_be_written_is_refused() {
    let channel = small().anonymous().unwrap();
    let (region, locks) = descriptors(&channel);
    let read_only = |descriptor: BorrowedFd<'_>| {
        OwnedFd::from(File::open(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).unwrap())
    };
    let wanted = OpenError::Permission { channel: LABEL.into(), denied: Denied::Descriptor };
    assert_same(&refusal(read_only(region.as_fd()), locks), &wanted, "to take part means to write");
}

#[test]
fn an_anonymous_channel_has_no_name_to_remove() {
    let channel = small().anonymous().unwrap();
    let wanted = RemoveError::NotFound { channel: LABEL.into() };
    assert_same(&channel.remove().unwrap_err(), &wanted, "anonymous");
    assert!(small().private().unwrap().descriptors().is_none());
    let scratch = Scratch::new();
    assert!(small().create(&scratch.name("named")).unwrap().descriptors().is_none());
}
