//! One-way channels: whoever gets one receives what is sent, and cannot write a byte of it, by whatever way.

mod support;

use memlane::broadcast::{self, Start};
use memlane::{Denied, OpenError, RecvError, any, watch};
use rustix::fs::{FallocateFlags, Mode, OFlags};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use support::Scratch;
use support::child::{self, Child};

#[test]
fn child_part() {
    child::play(&[
        ("sends until it is killed", |arguments| {
            let channel = broadcast::Options::new().one_way().unwrap();
            let mut tx = channel.sender().unwrap();
            channel.send_read_only_to(UnixStream::connect(&arguments[0]).unwrap()).unwrap();
            child::hear();
            for number in 0..100u32 {
                tx.send(&number.to_le_bytes()).unwrap();
            }
            child::tell("sent");
            child::stay();
        }),
        ("looks at what it inherited", |_| {
            let mut rx = watch::Options::new().open_inherited_read_only("LIMITS").unwrap();
            assert_eq!(rx.changed().unwrap(), b"10");
            child::tell("got it");
            assert_eq!(rx.changed(), Err(RecvError::Disconnected));
            child::tell("got the end");
        }),
    ]);
}

#[test]
fn a_sender_that_is_killed_is_found_dead_by_those_that_only_read() {
    let scratch = Scratch::new();
    let listener = UnixListener::bind(scratch.join("socket")).unwrap();
    let mut child = Child::start("sends until it is killed", &[&scratch.name("socket")]);
    let (socket, _) = listener.accept().unwrap();
    let mut rx = broadcast::Options::new().receive_read_only_from(&socket, Start::Now).unwrap();
    child.say("go");
    child.expect("sent");
    child.kill();
    for number in 0..100u32 {
        assert_eq!(rx.recv().unwrap(), number.to_le_bytes());
    }
    assert_eq!(rx.recv(), Err(RecvError::Disconnected), "all was received, and nobody is left");
}

#[test]
fn a_child_inherits_what_it_may_only_read() {
    let channel = watch::Options::new().one_way().unwrap();
    let mut tx = channel.sender().unwrap();
    let child = Child::start_with("looks at what it inherited", &[], |command| {
        channel.pass_read_only_to(command, "LIMITS").unwrap();
    });
    tx.set(b"10").unwrap();
    child.expect("got it");
    drop(tx);
    child.expect("got the end");
}

/// The descriptors that come with the next message.
fn take(socket: &UnixStream) -> [OwnedFd; 2] {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [0; 32];
    rustix::net::recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::empty()).unwrap();
    let all = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files.collect::<Vec<_>>()),
        _ => None,
    });
    all.flatten().collect::<Vec<_>>().try_into().unwrap()
}

/// What the kernel says to each way of writing to a file that a receiver has got.
fn attempts(file: BorrowedFd<'_>) -> Vec<(&'static str, Result<(), Errno>)> {
    let map = |file: BorrowedFd<'_>, protection| {
        // SAFETY: a fresh mapping at an address of the kernel's choice; nothing is accessed through it.
        unsafe { rustix::mm::mmap(std::ptr::null_mut(), 4096, protection, MapFlags::SHARED, file, 0) }
    };
    let protect = |file| {
        let page = map(file, ProtFlags::READ)?;
        // SAFETY: the page that was just mapped, and nothing else.
        unsafe { rustix::mm::mprotect(page, 4096, rustix::mm::MprotectFlags::READ | rustix::mm::MprotectFlags::WRITE) }
    };
    let again = rustix::fs::open(format!("/proc/self/fd/{}", file.as_raw_fd()), OFlags::RDWR, Mode::empty());
    let again = again.expect("the kernel opens a memfd of this user's again, whatever is sealed");
    let writes = ProtFlags::READ | ProtFlags::WRITE;
    vec![
        ("mapped for writing", map(file, writes).map(drop)),
        ("mapped for reading, then made writable", protect(file)),
        ("written", rustix::io::pwrite(file, b"x", 100).map(drop)),
        ("opened again and mapped for writing", map(again.as_fd(), writes).map(drop)),
        ("opened again, mapped for reading, then made writable", protect(again.as_fd())),
        ("opened again and written", rustix::io::pwrite(&again, b"x", 100).map(drop)),
        ("cut short", rustix::fs::ftruncate(&again, 0)),
        ("emptied", rustix::fs::fallocate(&again, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, 4096)),
        ("sealed otherwise", rustix::fs::fcntl_add_seals(&again, rustix::fs::SealFlags::WRITE)),
    ]
}

#[test]
fn nobody_can_write_to_a_one_way_channel_by_any_way() {
    let (here, there) = UnixStream::pair().unwrap();
    let channel = broadcast::Options::new().one_way().unwrap();
    let mut tx = channel.sender().unwrap();
    channel.send_read_only_to(&here).unwrap();
    for (what, file) in ["region", "lock file"].into_iter().zip(take(&there)) {
        for (how, outcome) in attempts(file.as_fd()) {
            assert!(matches!(outcome, Err(Errno::PERM | Errno::ACCESS | Errno::BADF)), "{what} {how}: {outcome:?}");
        }
    }
    channel.send_read_only_to(&here).unwrap();
    let [region, locks] = take(&there);
    let wanted = OpenError::Permission { channel: "(anonymous)".into(), denied: Denied::OneWay };
    let refused = any::Options::default().open_descriptors(region, locks).unwrap_err();
    assert_eq!(format!("{refused:?}"), format!("{wanted:?}"), "nobody else takes part");
    channel.send_read_only_to(&here).unwrap();
    let mut rx = broadcast::Options::new().receive_read_only_from(&there, Start::Now).unwrap();
    tx.send(b"the one that made it goes on").unwrap();
    assert_eq!(rx.recv().unwrap(), b"the one that made it goes on");
    let mut another = channel.sender();
    assert!(another.is_err());
    drop(tx);
    another = channel.sender();
    another.expect("the seat is free again").send(b"and again").unwrap();
    assert_eq!(rx.recv().unwrap(), b"and again");
}

#[test]
fn what_is_handed_over_for_reading_is_not_open_for_writing() {
    let (here, there) = UnixStream::pair().unwrap();
    let channel = broadcast::Options::new().anonymous().unwrap();
    channel.send_read_only_to(&here).unwrap();
    for file in take(&there) {
        assert_eq!(rustix::fs::fcntl_getfl(&file).unwrap() & OFlags::ACCMODE, OFlags::RDONLY);
        assert_eq!(rustix::io::pwrite(&file, b"x", 100), Err(Errno::BADF));
    }
    let mut tx = channel.sender().unwrap();
    channel.send_to(&here).unwrap();
    let mut rx = broadcast::Options::new().receive_read_only_from(&there, Start::Now).unwrap();
    tx.send(b"10").unwrap();
    assert_eq!(rx.recv().unwrap(), b"10", "less than what was allowed is allowed");
    assert_eq!(channel.info().participants.len(), 1);
}
