//! What becomes of a channel's file while it is in use: truncated, lengthened, full of holes, on a full disk.

mod support;

use memlane::spsc::{self, Channel, Options};
use memlane::{
    ChannelStatus, Corruption, CreateError, JoinError, NotAChannel, OpenError, RecvError, RecvTimeoutError,
    RemoveError, SendError, Shortage, TryRecvError, TrySendError, mpmc,
};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use support::child::{self, Child, alone, fork};
use support::image::{self, Image, PAGE, forge};
use support::{Scratch, assert_same, files_in, space};

const PAGE_BYTES: u64 = PAGE as u64;

/// A ring of 64 KiB behind the header page and one of control words.
const RING: u64 = 64 << 10;
const RING_AT: u64 = 2 * PAGE_BYTES;
const TOTAL: u64 = RING_AT + RING;

fn probe(scratch: &Scratch) -> (String, Channel) {
    let name = scratch.name("probe");
    let channel = Options::new().capacity(RING as usize).create(&name).unwrap();
    assert_eq!(channel.info().total_bytes, TOTAL);
    (name, channel)
}

fn file(name: &str) -> File {
    File::options().read(true).write(true).open(name).unwrap()
}

fn cut(name: &str, length: u64) {
    file(name).set_len(length).unwrap();
}

const CUT_SHORT: Corruption = Corruption::FileLength;

#[test]
fn child_part() {
    child::play(&[
        ("receives", |arguments| {
            space::no_core();
            let mut receiver = spsc::open(&arguments[0]).unwrap().receiver().unwrap();
            child::tell("joined");
            child::tell(format_args!("{:?}", receiver.recv().map(|_| ())));
        }),
        ("sends", |arguments| {
            space::no_core();
            let mut sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            child::tell("joined");
            child::hear();
            child::tell(format_args!("{:?}", sender.send(b"x")));
        }),
        ("learns of a truncation", |_| learns_of_a_truncation()),
        ("joins after a truncation", |_| joins_after_a_truncation()),
    ]);
}

#[test]
fn a_file_truncated_under_a_participant_ends_its_process_by_sigbus() {
    for length in [0, 1, PAGE_BYTES, RING_AT] {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        drop(channel);
        let mut receiver = Child::start("receives", &[&name]);
        receiver.expect("joined");
        let mut sender = Child::start("sends", &[&name]);
        sender.expect("joined");
        cut(&name, length);
        sender.say("send");
        for (what, child) in [("receiver", &mut receiver), ("sender", &mut sender)] {
            let (status, told) = child.end();
            assert_eq!((status.signal(), told), (Some(libc::SIGBUS), vec![]), "{what}, {length} bytes");
        }
        let wanted = match length {
            0 => OpenError::NotAChannel { channel: name.clone(), found: NotAChannel::Empty },
            1 => OpenError::NotAChannel { channel: name.clone(), found: NotAChannel::Foreign },
            _ => OpenError::Truncated { channel: name.clone(), length, needed: TOTAL },
        };
        assert_same(&spsc::open(&name).unwrap_err(), &wanted, "whoever comes after");
    }
}

#[test]
fn a_truncation_that_no_access_met_is_noticed_when_a_slice_ends() {
    // In a process of its own: what this is about would end it.
    let (status, told) = Child::start("learns of a truncation", &[]).end();
    assert!(status.success(), "{status}: {told:?}");
}

fn learns_of_a_truncation() {
    let scratch = Scratch::new();
    let (name, channel) = probe(&scratch);
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    cut(&name, TOTAL - 1);
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Corrupted(CUT_SHORT), "who waits");
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Corrupted(CUT_SHORT), "again");
    assert_eq!(sender.try_send(b"x"), Err(TrySendError::Corrupted(CUT_SHORT)), "the others, at once");
    drop((sender, receiver, channel));
    memlane::remove(&name).unwrap();

    let (name, channel) = probe(&scratch);
    let mut sender = channel.sender().unwrap();
    while sender.try_send(&[0; 1000]).is_ok() {}
    cut(&name, RING_AT);
    assert_eq!(sender.send(&[0; 1000]), Err(SendError::Corrupted(CUT_SHORT)), "who waits for room");
    let info = channel.info();
    assert_eq!(info.status, ChannelStatus::Corrupted(CUT_SHORT));
    assert!(info.lanes.is_empty() && info.participants.is_empty(), "nothing else is looked at");
    drop((sender, channel));
    memlane::remove(&name).unwrap();
    assert_eq!(scratch.files(), [""; 0]);

    for spin in [memlane::Strategy::Park, memlane::Strategy::Spin] {
        let name = scratch.name("queue");
        let channel = mpmc::Options::new().slots(256).create(&name).unwrap();
        let mut receiver = channel.receiver().unwrap();
        receiver.set_strategy(spin);
        let total = channel.info().total_bytes;
        cut(&name, total - 128 * 1024);
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Corrupted(CUT_SHORT), "a queue");
        // Leaving touches none of the slots that are gone.
        drop((receiver, channel));
        memlane::remove(&name).unwrap();
    }
}

#[test]
fn a_file_truncated_between_opening_and_joining_is_truncated() {
    let (status, told) = Child::start("joins after a truncation", &[]).end();
    assert!(status.success(), "{status}: {told:?}");
}

fn joins_after_a_truncation() {
    for length in [0, 1, PAGE_BYTES - 1, PAGE_BYTES, RING_AT, TOTAL - 1] {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        cut(&name, length);
        for error in [channel.sender().unwrap_err(), channel.receiver().unwrap_err()] {
            let wanted = JoinError::Truncated { channel: name.clone(), length, needed: TOTAL };
            assert_same(&error, &wanted, "joining");
        }
        assert_eq!(channel.info().status, ChannelStatus::Corrupted(CUT_SHORT));
    }
}

#[test]
fn a_file_that_grows_harms_nobody_who_has_it() {
    let scratch = Scratch::new();
    let (name, channel) = probe(&scratch);
    let mut sender = channel.sender().unwrap();
    cut(&name, 1 << 40);
    let mut receiver = channel.receiver().unwrap();
    assert_eq!(receiver.recv_timeout(Duration::from_millis(250)).unwrap_err(), RecvTimeoutError::Timeout, "two slices");
    sender.send(b"still here").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"still here");
    let wanted = OpenError::BadHeader {
        channel: name.clone(),
        field: "file length",
        found: (1u64 << 40).to_string(),
        wanted: TOTAL.to_string(),
    };
    assert_same(&spsc::open(&name).unwrap_err(), &wanted, "whoever comes after");
    cut(&name, TOTAL);
    spsc::open(&name).unwrap();
}

#[test]
fn a_sparse_file_of_a_tebibyte_is_refused_by_its_numbers() {
    let scratch = Scratch::new();
    let nothing = scratch.name("nothing");
    File::create(&nothing).unwrap().set_len(1 << 40).unwrap();
    let wanted = OpenError::NotAChannel { channel: nothing.clone(), found: NotAChannel::Foreign };
    assert_same(&spsc::open(&nothing).unwrap_err(), &wanted, "zeros");
    let (name, _) = probe(&scratch);
    cut(&name, 1 << 40);
    forge(&name, |image| {
        image.set("capacity", 1 << 39).set("total_bytes", 1 << 40);
    });
    match spsc::open(&name).unwrap_err() {
        OpenError::BadHeader { field: "capacity", .. } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn a_hole_in_the_header_ends_the_channel_at_the_next_change() {
    let scratch = Scratch::new();
    let (name, channel) = probe(&scratch);
    let (mut sender, receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send(b"that somebody joined is no news any more").unwrap();
    space::punch(&file(&name), 0, PAGE_BYTES);
    sender.send(b"geometry is private").unwrap();
    let wanted = OpenError::NotAChannel { channel: name.clone(), found: NotAChannel::Foreign };
    assert_same(&spsc::open(&name).unwrap_err(), &wanted, "whoever comes after");
    drop(receiver);
    let wanted = JoinError::Corrupted { channel: name.clone(), reason: Corruption::Status };
    assert_same(&channel.receiver().unwrap_err(), &wanted, "joining");
    assert_eq!(sender.send(b"x"), Err(SendError::Corrupted(Corruption::Status)), "somebody left");
    let foreign = RemoveError::NotAChannel { channel: name.clone(), found: NotAChannel::Foreign };
    assert_same(&memlane::remove(&name).unwrap_err(), &foreign, "removing");
}

#[test]
fn a_hole_in_the_rows_is_noticed_when_a_seat_is_taken_twice() {
    let scratch = Scratch::new();
    let (name, channel) = probe(&scratch);
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send(b"that somebody joined is no news any more").unwrap();
    receiver.recv().unwrap();
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    space::punch(&file(&name), PAGE_BYTES, 512);
    assert_eq!(channel.info().participants, [], "nobody, by the rows");
    sender.send(b"still here").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"still here");
    let mut second = channel.sender().expect("the row says that the seat is free");
    let corrupted = SendError::Corrupted(Corruption::Participant);
    assert_eq!(sender.send(b"x"), Err(corrupted), "its seat is another's");
    assert_eq!(second.send(b"x"), Err(corrupted));
}

#[test]
fn a_hole_in_the_ring_is_noticed_if_messages_stood_there() {
    for lost in ["who waits", "who comes later", "who learns that the sender left"] {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        sender.send(b"read").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"read");
        space::punch(&file(&name), RING_AT, RING);
        sender.send(b"in a drained ring, a hole is what was there").unwrap();
        receiver.recv().unwrap();

        sender.send_batch(["one", "two"]).unwrap();
        space::punch(&file(&name), RING_AT, RING);
        sender.send(b"three").unwrap();
        let missing = Corruption::RecordHeader;
        match lost {
            "who waits" => {}
            "who comes later" => {
                drop(receiver);
                receiver = channel.receiver().unwrap();
            }
            _ => drop(sender),
        }
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Corrupted(missing), "{lost}");
    }
}

#[test]
fn a_hole_in_a_queue_is_noticed_by_who_holds_a_message() {
    let scratch = Scratch::new();
    let name = scratch.name("queue");
    let channel = mpmc::Options::new().slots(64).max_message(1008).create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send(b"one").unwrap();
    let message = receiver.recv().unwrap();
    let (image, total) = (Image::load(&name), channel.info().total_bytes);
    space::punch(&file(&name), image.get("data_at"), total - image.get("data_at"));
    let slot_state = Corruption::SlotState;
    assert_eq!(message.ack(), Err(memlane::AckError::Corrupted(slot_state)));
    assert_eq!(sender.send(b"two"), Err(SendError::Corrupted(slot_state)));
}

#[test]
fn a_hole_in_the_cells_of_a_queue_makes_it_stand_still() {
    let scratch = Scratch::new();
    let name = scratch.name("queue");
    let channel = mpmc::Options::new().slots(64).create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send_batch(["one", "two"]).unwrap();
    let image = Image::load(&name);
    space::punch(&file(&name), image.get("cells_at"), image.get("data_at") - image.get("cells_at"));
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    while sender.try_send(b"more").is_ok() {}
    assert_eq!(sender.try_send(b"more"), Err(TrySendError::Full));
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    drop(sender);
    let two_slices = Duration::from_millis(250);
    assert_eq!(receiver.recv_timeout(two_slices).unwrap_err(), RecvTimeoutError::Timeout, "not taken for drained");
}

#[test]
fn a_disk_that_fills_up_later_harms_nobody() {
    alone("a_disk_that_fills_up_later_harms_nobody", || {
        let scratch = Scratch::new();
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", scratch.path(), "size=1m").unwrap();
        let name = scratch.name("probe");
        let channel = Options::new().capacity(512 << 10).create(&name).unwrap();
        space::fill(scratch.path());
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for number in 0..2000u64 {
            let message = [number.to_le_bytes()[0]; 1000];
            sender.send(&message).unwrap();
            assert_eq!(receiver.recv().unwrap().to_vec(), message, "three laps of the ring");
        }
        drop((sender, receiver));
        let wanted = CreateError::NoSpace {
            channel: scratch.name("other"),
            bytes: RING_AT + 4096,
            shortage: Shortage::Filesystem { folder: scratch.path().display().to_string(), free: 0 },
            smaller: "a smaller capacity",
        };
        let error = Options::new().capacity(4096).create(&scratch.name("other")).unwrap_err();
        assert_same(&error, &wanted, "one more");
        memlane::remove(&name).unwrap();
        assert_eq!(scratch.files(), ["filling"]);
    });
}

#[test]
fn a_stale_channel_stays_where_there_is_no_room_for_its_successor() {
    alone("a_stale_channel_stays_where_there_is_no_room_for_its_successor", || {
        let scratch = Scratch::new();
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", scratch.path(), "size=1m").unwrap();
        let name = scratch.name("probe");
        let large = Options::new().capacity(512 << 10);
        let instance = large.create(&name).unwrap().info().instance;
        image::make_stale(&name);
        let before = files_in(scratch.path());
        for _ in 0..4 {
            let error = large.open_or_create(&name).unwrap_err();
            let OpenError::Create(CreateError::NoSpace { bytes, .. }) = error else {
                panic!("no room for both: {error}")
            };
            assert_eq!(bytes, RING_AT + (512 << 10));
        }
        assert_eq!((files_in(scratch.path()), memlane::inspect(&name).unwrap().instance), (before, instance));
        memlane::remove(&name).unwrap();
        large.open_or_create(&name).unwrap();
    });
}

/// What was backed at creation is not any more.
#[test]
fn a_hole_that_a_full_disk_does_not_fill_again_is_sigbus() {
    alone("a_hole_that_a_full_disk_does_not_fill_again_is_sigbus", || {
        let scratch = Scratch::new();
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", scratch.path(), "size=1m").unwrap();
        let name = scratch.name("probe");
        drop(Options::new().capacity(RING as usize).create(&name).unwrap());
        let sender = fork(|| {
            space::no_core();
            let mut sender = spsc::open(&name).unwrap().sender().unwrap();
            space::punch(&file(&name), RING_AT, RING);
            space::fill(scratch.path());
            let _ = sender.send(b"x");
        });
        let mut status = 0;
        // SAFETY: waits for a child of this process.
        assert_eq!(unsafe { libc::waitpid(sender, &mut status, 0) }, sender);
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGBUS, "{status:#x}");
    });
}
