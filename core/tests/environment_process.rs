//! What may befall a process: its descriptors closed or exchanged, its limits, another root, forks.

mod support;

use memlane::spsc::{self, Options};
use memlane::{
    AckError, CreateError, GrantError, JoinError, OpenError, Origin, ParticipantState, RecvError, RemoveError,
    SendError, TryRecvError, TrySendError, mpmc,
};
use rustix::process::Resource;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, FromRawFd};
use support::child::{self, alone, fork, join};
use support::{Scratch, assert_same, eventually, image, space};

fn small() -> Options {
    Options::new().capacity(4096)
}

/// Closes every descriptor but the standard ones and the one that keeps the test's folder.
fn close_every_descriptor(scratch: &Scratch) {
    let kept = scratch.descriptor().as_raw_fd() as u32;
    for (first, last) in [(3, kept - 1), (kept + 1, u32::MAX)].into_iter().filter(|(first, last)| first <= last) {
        // SAFETY: nothing in this process but the channels under test relies on these descriptors.
        assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) }, 0);
    }
}

#[test]
fn after_every_descriptor_was_closed_all_calls_work() {
    alone("after_every_descriptor_was_closed_all_calls_work", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let mut receiver = channel.receiver().unwrap();
        close_every_descriptor(&scratch);
        // A sender that dies, and is found dead.
        join(fork(|| {
            let mut sender = spsc::open(&name).unwrap().sender().unwrap();
            sender.send(b"one").unwrap();
            std::mem::forget(sender);
        }));
        assert_eq!(receiver.recv().unwrap().to_vec(), b"one");
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(channel.info().participants[0].state, ParticipantState::Dead);
        let mut sender = channel.sender().unwrap();
        sender.send(b"two").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"two");
        assert!(matches!(memlane::remove(&name), Err(RemoveError::InUse { participants: 2, .. })));
        drop((sender, receiver));
        channel.remove().unwrap();
        assert_eq!(scratch.files(), [""; 0]);
    });
}

/// An anonymous channel keeps two descriptors. Without them it goes on, but nobody can join any more by this handle.
#[test]
fn an_anonymous_channel_outlives_its_descriptors() {
    alone("an_anonymous_channel_outlives_its_descriptors", || {
        let scratch = Scratch::new();
        let channel = small().anonymous().unwrap();
        let [region, locks] = {
            let (region, locks) = channel.descriptors().unwrap();
            [region.as_raw_fd(), locks.as_raw_fd()]
        };
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        close_every_descriptor(&scratch);
        let taken = JoinError::RoleTaken {
            channel: "(anonymous)".into(),
            role: "sender",
            seats: 1,
            away: 0,
            pid: std::process::id(),
        };
        assert_same(&channel.sender().unwrap_err(), &taken, "closed");
        sender.send(b"one").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"one");
        assert_eq!(
            channel.info().participants[0].alive,
            Some(true),
            "this process needs no lock file to know of its own"
        );

        // Other files under the same numbers: of somebody who knows nothing of channels.
        let path = scratch.join("diary");
        fs::write(&path, "dear diary").unwrap();
        let diary = File::options().read(true).write(true).open(&path).unwrap();
        for number in [region, locks] {
            // SAFETY: the number is free: it was closed above.
            assert_eq!(unsafe { libc::dup2(diary.as_raw_fd(), number) }, number);
        }
        sender.send(b"two").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"two");
        drop((sender, receiver));
        let lost = JoinError::LockFile { channel: "(anonymous)".into(), path: "(the second descriptor)".into() };
        assert_same(&channel.sender().unwrap_err(), &lost, "a life that begins has to be locked");
        drop(channel);
        for number in [region, locks] {
            // SAFETY: made by dup2 above, and nobody else's.
            let copy = unsafe { File::from_raw_fd(number) };
            assert_eq!(copy.metadata().unwrap().len(), 10, "still open, and as it was");
            std::mem::forget(copy);
        }
    });
}

/// Calls `act` where only descriptors below this number can be made.
fn with_descriptors_below<R>(number: u64, act: impl FnOnce() -> R) -> R {
    space::limit(Resource::Nofile, number);
    let outcome = act();
    space::limit(Resource::Nofile, 256);
    outcome
}

/// Joining has a table of descriptors of its own, so that it does not matter how many this process has.
fn assert_joins_with_few_descriptors<S>(mut join: impl FnMut() -> Result<S, JoinError>) {
    let Err(error) = with_descriptors_below(3, &mut join) else { panic!("it needs none") };
    assert!(error.to_string().contains("Too many open files"), "{error}");
    assert!(with_descriptors_below(6, join).is_ok(), "three places, and two files");
}

/// Calls `act` with 0, 1, 2 … descriptors to spare until it succeeds: at least once it has too few, and says so. After each
/// call there are as many files as `files` says of its success.
fn with_more_and_more_descriptors<R, E: std::error::Error>(
    scratch: &Scratch,
    files: fn(bool) -> usize,
    mut act: impl FnMut() -> Result<R, E>,
) -> R {
    for spare in 0..8 {
        let lowest_free = File::open("/dev/null").unwrap().as_raw_fd();
        let outcome = with_descriptors_below(lowest_free as u64 + spare, &mut act);
        assert_eq!(scratch.files().len(), files(outcome.is_ok()), "{spare} to spare");
        match outcome {
            Ok(_) if spare == 0 => panic!("it needs none"),
            Ok(success) => return success,
            Err(error) => assert!(error.to_string().contains("Too many open files"), "{spare} to spare: {error}"),
        }
    }
    panic!("8 descriptors do not suffice");
}

#[test]
fn without_descriptors_every_call_fails_cleanly_until_there_are_enough() {
    alone("without_descriptors_every_call_fails_cleanly_until_there_are_enough", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let two_if = |success: bool| 2 * usize::from(success);
        space::limit(Resource::Nofile, 256);
        with_more_and_more_descriptors(&scratch, two_if, || small().create(&name));
        let channel = with_more_and_more_descriptors(&scratch, |_| 2, || spsc::open(&name));
        with_more_and_more_descriptors(&scratch, |_| 2, || memlane::inspect(&name));
        assert_joins_with_few_descriptors(|| channel.sender());
        let anonymous = with_more_and_more_descriptors(&scratch, |_| 2, || small().anonymous());
        assert_joins_with_few_descriptors(|| anonymous.receiver());
        image::make_stale(&name);
        let replaced = with_more_and_more_descriptors(&scratch, |_| 2, || small().open_or_create(&name));
        assert_eq!(replaced.origin(), Origin::ReplacedStale);
        with_more_and_more_descriptors(&scratch, |success| if success { 0 } else { 2 }, || memlane::remove(&name));
    });
}

#[test]
fn without_memory_a_channel_is_neither_opened_nor_joined() {
    alone("without_memory_a_channel_is_neither_opened_nor_joined", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = Options::new().capacity(64 << 20).create(&name).unwrap();
        let unlimited = rustix::process::getrlimit(Resource::As);
        space::limit(Resource::As, space::address_space() + (32 << 20));
        match spsc::open(&name).unwrap_err() {
            OpenError::Io { action: "mapping the file", source, .. } => {
                assert_eq!(source.kind(), ErrorKind::OutOfMemory);
            }
            other => panic!("{other}"),
        }
        // Not even a page, from which a lock could hang.
        space::limit(Resource::As, 4096);
        let outcome = channel.sender();
        rustix::process::setrlimit(Resource::As, unlimited).unwrap();
        match outcome.unwrap_err() {
            JoinError::Io { action: "locking the lock file", source, .. } => {
                assert_eq!(source.kind(), ErrorKind::OutOfMemory);
            }
            other => panic!("{other}"),
        }
        assert_eq!(channel.info().participants, [], "nobody ever sat there");
        channel.sender().unwrap();
        spsc::open(&name).unwrap();
    });
}

#[test]
fn a_file_size_limit_is_nothing_to_those_who_take_part() {
    alone("a_file_size_limit_is_nothing_to_those_who_take_part", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        small().create(&name).unwrap();
        space::limit(Resource::Fsize, 0);
        let channel = spsc::open(&name).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for _ in 0..100 {
            sender.send(&[7; 1000]).unwrap();
            assert_eq!(receiver.recv().unwrap().to_vec(), [7; 1000]);
        }
        drop((sender, receiver));
        memlane::remove(&name).unwrap();
    });
}

#[test]
fn in_another_root_a_channel_seems_removed() {
    alone("in_another_root_a_channel_seems_removed", || {
        if !support::is_root("chroot") {
            return child::skip("needs root for chroot");
        }
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        join(fork(|| {
            // The child's own, which then changes its root.
            let channel = mpmc::Options::new().create(&scratch.name("jobs")).unwrap();
            let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
            sender.send(b"that somebody joined is no news any more").unwrap();
            receiver.recv().unwrap().ack().unwrap();
            std::os::unix::fs::chroot(scratch.path()).unwrap();
            sender.send(b"it is mapped").unwrap();
            assert_eq!(receiver.recv().unwrap().to_vec(), b"it is mapped");
            assert_eq!(receiver.recv().unwrap_err(), RecvError::Removed, "its name leads nowhere here");
            assert!(matches!(channel.sender(), Err(JoinError::Removed { .. })));
        }));
        sender.send(b"still here").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"still here");
    });
}

#[test]
fn what_a_forked_child_has_of_a_queue_is_its_parents() {
    alone("what_a_forked_child_has_of_a_queue_is_its_parents", || {
        let scratch = Scratch::new();
        let channel = mpmc::Options::new().slots(8).create(&scratch.name("jobs")).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut other = channel.sender().unwrap();
        sender.send_batch(["one", "two", "three"]).unwrap();
        let message = receiver.recv().unwrap();
        let grant = other.reserve(8).unwrap();
        let before = channel.info();
        let mut inherited = Some((message, grant));
        join(fork(|| {
            let (message, grant) = inherited.take().unwrap();
            assert_eq!(message.ack(), Err(AckError::Forked));
            assert_eq!(grant.commit(8), Err(GrantError::Forked));
        }));
        join(fork(|| assert_eq!(inherited.take().unwrap().0.nack(), Err(AckError::Forked))));
        join(fork(|| drop(inherited.take())));
        join(fork(|| {
            assert_eq!(sender.send(b"x"), Err(SendError::Forked));
            assert_eq!(sender.try_send(b"x"), Err(TrySendError::Forked));
            assert!(matches!(channel.receiver(), Err(JoinError::Forked { .. })));
            channel.close();
        }));
        assert_eq!(channel.info(), before, "nothing was acknowledged, given back, sent or freed");
        let (message, mut grant) = inherited.unwrap();
        message.nack().unwrap();
        grant.write_at(0, b"parent's").unwrap();
        grant.commit(8).unwrap();
        join(fork(|| assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Forked)));
        let rest: Vec<_> = (0..4).map(|_| receiver.recv().unwrap().to_vec()).collect();
        assert_eq!(rest, [&b"two"[..], b"three", b"one", b"parent's"]);
    });
}

/// Children that are forked while other threads join, send and leave have no seat, and leave none locked.
#[test]
fn a_child_forked_from_many_busy_threads_finds_every_seat_taken_or_free() {
    alone("a_child_forked_from_many_busy_threads_finds_every_seat_taken_or_free", || {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = mpmc::Options::new().slots(8).max_senders(4).max_receivers(1).create(&name).unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let _ = channel.sender().unwrap().try_send(b"from a thread");
                    }
                });
            }
            for _ in 0..50 {
                join(fork(|| {
                    assert!(matches!(channel.sender(), Err(JoinError::Forked { .. })));
                    // Dies in its own seat.
                    std::mem::forget(mpmc::open(&name).unwrap().sender().unwrap());
                }));
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        eventually("nobody is left", || {
            drop(channel.sender().unwrap());
            let info = channel.info();
            info.participants.iter().all(|participant| participant.alive == Some(false))
        });
        assert_eq!(channel.remove().map_err(|error| error.to_string()), Ok(()));
    });
}

#[test]
fn a_queue_has_the_seats_that_were_asked_for() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = mpmc::Options::new().slots(8).max_senders(2).max_receivers(1).create(&name).unwrap();
    let mut held = vec![channel.sender().unwrap(), mpmc::open(&name).unwrap().sender().unwrap()];
    let taken =
        |role, seats| JoinError::RoleTaken { channel: name.clone(), role, seats, away: 0, pid: std::process::id() };
    assert_same(&channel.sender().unwrap_err(), &taken("sender", 2), "a third");
    held.remove(0);
    held.push(channel.sender().expect("the seat of who left"));
    let receiver = channel.receiver().unwrap();
    assert_same(&receiver.try_clone().unwrap_err(), &taken("receiver", 1), "a second");
}

#[test]
fn a_queue_out_of_range_is_named_and_leaves_nothing() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let o = mpmc::Options::new;
    for (options, option) in [
        (o().slots(0), "slots"),
        (o().slots(65_537), "slots"),
        (o().slots(usize::MAX), "slots"),
        (o().max_message(usize::MAX), "max_message"),
        (o().priorities(0), "priorities"),
        (o().priorities(u8::MAX), "priorities"),
        (o().max_senders(0), "senders"),
        (o().max_senders(usize::MAX), "senders"),
        (o().max_receivers(0), "receivers"),
        (o().max_receivers(usize::MAX), "receivers"),
        (o().payload_alignment(0), "payload_alignment"),
        (o().payload_alignment(usize::MAX), "payload_alignment"),
    ] {
        match options.create(&name).unwrap_err() {
            CreateError::InvalidOption { option: named, .. } => assert_eq!(named, option),
            other => panic!("{option}: {other}"),
        }
        assert_eq!(scratch.files(), [""; 0]);
    }
    o().slots(1).max_message(0).max_senders(1).max_receivers(1).create(&name).unwrap();
}
