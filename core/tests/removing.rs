//! Removing: what is in use stays, what is no channel is left alone, and whoever still takes part is told.

mod support;

use memlane::spsc::{self, Channel, Options};
use memlane::{Denied, JoinError, NotAChannel, OpenError, RecvError, RemoveError, SendError, TrySendError};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::time::Duration;
use support::child::{self, Child};
use support::image::{Image, forge, make_stale};
use support::{SOMEBODY, Scratch, assert_same, eventually, is_root, lock_file, space};

fn small() -> Options {
    Options::new().capacity(4096)
}

fn in_use(name: &str, participants: usize) -> RemoveError {
    RemoveError::InUse { channel: name.to_owned(), participants }
}

fn not_found(name: &str) -> RemoveError {
    RemoveError::NotFound { channel: name.to_owned() }
}

#[test]
fn child_part() {
    child::play(&[
        ("holds a sender", |arguments| {
            let mut sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            child::tell("joined");
            child::hear();
            child::tell(format_args!("{:?}", sender.try_send(b"anybody?")));
            child::stay();
        }),
        ("joins at each word", |_| {
            let mut held = None;
            loop {
                let channel = spsc::open(&child::hear()).unwrap();
                child::tell("opened");
                assert_eq!(child::hear(), "go");
                let sender = channel.sender();
                child::tell(match &sender {
                    Ok(_) => "joined".to_owned(),
                    Err(JoinError::Removed { .. }) => "removed".to_owned(),
                    Err(error) => error.to_string(),
                });
                drop(held.replace(sender));
            }
        }),
    ]);
}

#[test]
fn a_channel_in_use_stays() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = small().create(&name).unwrap();
    let sender = channel.sender().unwrap();
    assert_same(&memlane::remove(&name).unwrap_err(), &in_use(&name, 1), "a sender");
    let receiver = channel.receiver().unwrap();
    assert_same(&channel.remove().unwrap_err(), &in_use(&name, 2), "both");
    drop(sender);
    assert_same(&memlane::remove(&name).unwrap_err(), &in_use(&name, 1), "a receiver");
    assert_eq!(scratch.files().len(), 2);
    drop(receiver);
    memlane::remove(&name).unwrap();
    assert_eq!(scratch.files(), [""; 0]);
    assert_same(&memlane::remove(&name).unwrap_err(), &not_found(&name), "again");
    assert_same(&channel.remove().unwrap_err(), &not_found(&name), "by the handle");
    assert!(matches!(channel.sender(), Err(JoinError::Removed { .. })));
}

#[test]
fn a_participant_of_another_process_counts_until_it_dies() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    small().create(&name).unwrap();
    let mut child = Child::start("holds a sender", &[&name]);
    child.expect("joined");
    assert_same(&memlane::remove(&name).unwrap_err(), &in_use(&name, 1), "alive");
    child.stop();
    assert_same(&memlane::remove(&name).unwrap_err(), &in_use(&name, 1), "stopped");
    child.kill();
    memlane::remove(&name).unwrap();
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn removal_by_force_tells_the_participants() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = small().create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send(b"the last one").unwrap();
    memlane::remove_forced(&name).unwrap();
    assert_eq!(scratch.files(), [""; 0]);
    assert_eq!(sender.try_send(b"x"), Err(TrySendError::Removed), "senders at once");
    assert_eq!(sender.send(b"x"), Err(SendError::Removed));
    assert_eq!(receiver.recv().unwrap().to_vec(), b"the last one", "receivers after what is left");
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Removed);
    drop((sender, receiver));
    assert!(matches!(channel.sender(), Err(JoinError::Removed { .. })));
    assert!(matches!(channel.receiver(), Err(JoinError::Removed { .. })));
    assert_same(
        &spsc::open(&name).unwrap_err(),
        &OpenError::NotFound { channel: name.clone(), path: name.clone() },
        "opening",
    );
    small().create(&name).unwrap();
}

#[test]
fn removal_by_force_tells_a_participant_of_another_process() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    small().create(&name).unwrap();
    let mut child = Child::start("holds a sender", &[&name]);
    child.expect("joined");
    memlane::remove_forced(&name).unwrap();
    child.say("try");
    child.expect("Err(Removed)");
}

/// Runs `blocked` in a thread, waits until a participant sleeps, and then does `meanwhile`.
fn while_blocked<R: Send>(channel: &Channel, blocked: impl FnOnce() -> R + Send, meanwhile: impl FnOnce()) -> R {
    std::thread::scope(|scope| {
        let thread = scope.spawn(blocked);
        let sleeps = || channel.info().participants.iter().any(|participant| participant.counters.parks > 0);
        eventually("a participant sleeps", sleeps);
        meanwhile();
        thread.join().unwrap()
    })
}

#[test]
fn a_blocked_receiver_learns_that_somebody_unlinked_the_file() {
    type Unlink = fn(&str);
    let ways: [(&str, Unlink); 4] = [
        ("rm", |name| fs::remove_file(name).unwrap()),
        ("mv", |name| fs::rename(name, format!("{name}.away")).unwrap()),
        ("another file in its place", |name| {
            fs::write(format!("{name}.new"), "").unwrap();
            fs::rename(format!("{name}.new"), name).unwrap();
        }),
        ("memlane rm --force", |name| memlane::remove_forced(name).unwrap()),
    ];
    for (way, unlink) in ways {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let _sender = channel.sender().unwrap();
        let mut receiver = channel.receiver().unwrap();
        let outcome = while_blocked(&channel, || receiver.recv().map(|_| ()), || unlink(&name));
        assert_eq!(outcome, Err(RecvError::Removed), "{way}");
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Removed, "{way}, asked again");
    }
}

#[test]
fn a_blocked_sender_learns_that_somebody_unlinked_the_file() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = small().create(&name).unwrap();
    let _receiver = channel.receiver().unwrap();
    let mut sender = channel.sender().unwrap();
    while sender.try_send(&[0; 1000]).is_ok() {}
    let outcome = while_blocked(&channel, || sender.send(&[0; 1000]), || fs::remove_file(&name).unwrap());
    assert_eq!(outcome, Err(SendError::Removed));
}

#[test]
fn who_never_waits_learns_of_the_removal_too() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = small().create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    while sender.try_send(&[0; 1000]).is_ok() {}
    fs::remove_file(&name).unwrap();
    let polled = |mut done: Box<dyn FnMut() -> bool + '_>| eventually("Removed", || (0..100_000).any(|_| done()));
    polled(Box::new(|| sender.try_send(&[0; 1000]) == Err(TrySendError::Removed)));
    polled(Box::new(|| matches!(receiver.try_recv(), Err(memlane::TryRecvError::Removed))));
}

#[test]
fn what_is_no_channel_is_left_alone() {
    let scratch = Scratch::new();
    let channel = scratch.name("channel");
    small().create(&channel).unwrap();
    let [empty, foreign, folder, fifo, socket, link] =
        ["empty", "foreign", "folder", "fifo", "socket", "link"].map(|file| scratch.name(file));
    fs::write(&empty, "").unwrap();
    fs::write(&foreign, "dear reader").unwrap();
    fs::create_dir(&folder).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).unwrap();
    let _listener = UnixListener::bind(&socket).unwrap();
    symlink(&channel, &link).unwrap();
    let before = scratch.files();
    for (name, found, by_force) in [
        (empty.as_str(), NotAChannel::Empty, true),
        (&foreign, NotAChannel::Foreign, true),
        (&folder, NotAChannel::Directory, false),
        (&fifo, NotAChannel::Fifo, false),
        (&socket, NotAChannel::Socket, false),
        (&link, NotAChannel::Symlink, true),
        ("/dev/null", NotAChannel::Device, false),
    ] {
        let wanted = RemoveError::NotAChannel { channel: name.to_owned(), found };
        assert_same(&memlane::remove(name).unwrap_err(), &wanted, name);
        assert_eq!(wanted.to_string().contains("by force"), by_force, "{wanted}");
        if !by_force {
            assert_same(&memlane::remove_forced(name).unwrap_err(), &wanted, name);
        }
    }
    assert_eq!(scratch.files(), before);
    for name in ["", "two words", "a/"] {
        let wanted = RemoveError::InvalidName { channel: name.to_owned() };
        assert_same(&memlane::remove(name).unwrap_err(), &wanted, name);
    }
    assert_same(&memlane::remove(&format!("{foreign}/x")).unwrap_err(), &not_found(&format!("{foreign}/x")), "below");
}

#[test]
fn what_cannot_be_opened_any_more_can_be_removed() {
    let spoil: [(&str, fn(&str)); 12] = [
        ("stale", |name| make_stale(name)),
        ("closed", |name| spsc::open(name).unwrap().close()),
        ("poisoned", |name| Image::load(name).set_status(0x203).store()),
        ("status unknown", |name| Image::load(name).set_status(u64::MAX).store()),
        ("checksum wrong", |name| Image::load(name).set("crc", 0).store()),
        ("from the future", |name| {
            forge(name, |image| {
                image.set("major", 9);
            });
        }),
        ("truncated", |name| fs::File::options().write(true).open(name).unwrap().set_len(5000).unwrap()),
        ("nothing but a magic", |name| fs::write(name, b"\x89memlane").unwrap()),
        ("without lock file", |name| fs::remove_file(lock_file(name)).unwrap()),
        ("another's lock file", |name| fs::write(lock_file(name), [7; 16]).unwrap()),
        ("a link instead of the lock file", |name| {
            let lock = lock_file(name);
            fs::remove_file(&lock).unwrap();
            symlink("nowhere", &lock).unwrap();
        }),
        ("a FIFO instead of the lock file", |name| {
            let lock = lock_file(name);
            fs::remove_file(&lock).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, &lock, 0o600.into()).unwrap();
        }),
    ];
    for (what, act) in spoil {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        small().create(&name).unwrap();
        act(&name);
        spsc::open(&name).unwrap_err();
        memlane::remove(&name).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(scratch.files(), [""; 0], "{what}");
    }
}

#[test]
fn a_channel_in_use_stays_though_its_header_cannot_be_read() {
    let spoil: [(&str, fn(&str)); 3] = [
        ("damaged", |name| Image::load(name).set("crc", 0).store()),
        ("from the future", |name| {
            forge(name, |image| {
                image.set("major", 9);
            });
        }),
        ("truncated", |name| fs::File::options().write(true).open(name).unwrap().set_len(8192).unwrap()),
    ];
    for (what, act) in spoil {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        small().create(&name).unwrap();
        let mut child = Child::start("holds a sender", &[&name]);
        child.expect("joined");
        act(&name);
        assert_same(&memlane::remove(&name).unwrap_err(), &in_use(&name, 1), what);
        assert_eq!(scratch.files().len(), 2, "{what}");
        memlane::remove_forced(&name).unwrap();
        assert!(!fs::exists(&name).unwrap(), "{what}, by force");
        child.kill();
        small().create(&name).unwrap();
        assert_eq!(scratch.files().len(), 2, "{what}: its lock file goes with the next creation");
    }
}

#[test]
fn a_channel_in_use_stays_though_the_remover_lacks_memory_or_descriptors() {
    child::alone("a_channel_in_use_stays_though_the_remover_lacks_memory_or_descriptors", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = Options::new().capacity(64 << 20).create(&name).unwrap();
        let _sender = channel.sender().unwrap();
        space::limit(rustix::process::Resource::As, space::address_space() + (32 << 20));
        for _ in 0..2 {
            memlane::remove(&name).unwrap_err();
            assert_eq!(scratch.files().len(), 2);
        }
        let files = || fs::read_dir("/proc/self/fd").unwrap().count() as u64 - 1;
        for header in ["sound", "damaged"] {
            if header == "damaged" {
                Image::load(&name).set_bytes("boot", &[0x11; 16]).store();
            }
            for spare in (0..12).rev() {
                space::limit(rustix::process::Resource::Nofile, files() + spare);
                let outcome = memlane::remove(&name);
                space::limit(rustix::process::Resource::Nofile, 64);
                assert!(outcome.is_err() && scratch.files().len() == 2, "{header}: {spare} descriptors to spare");
            }
        }
    });
}

#[test]
fn without_permission_a_channel_is_not_removed() {
    child::alone("without_permission_a_channel_is_not_removed", || {
        if !is_root("becoming another user") {
            return child::skip("needs root to become another user");
        }
        let scratch = Scratch::new();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let [closed, shared] = ["closed", "shared"].map(|file| scratch.name(file));
        small().create(&closed).unwrap();
        small().mode(0o666).create(&shared).unwrap();
        // SAFETY: takes an integer; this process is the test's own.
        assert_eq!(unsafe { libc::seteuid(SOMEBODY) }, 0);
        let sticky = Denied::Sticky { folder: scratch.path().display().to_string(), owner: 0 };
        // Whether somebody lives in what may not even be read, there is no telling.
        let unread = Denied::File { mode: 0o600, owner: 0, user: SOMEBODY };
        for (name, denied) in [(&closed, &unread), (&shared, &sticky)] {
            let wanted = |denied: &Denied| RemoveError::Permission { channel: name.clone(), denied: denied.clone() };
            assert_same(&memlane::remove(name).unwrap_err(), &wanted(denied), name);
            assert_same(&memlane::remove_forced(name).unwrap_err(), &wanted(&sticky), name);
        }
        // SAFETY: as above; root again, to clean up.
        assert_eq!(unsafe { libc::seteuid(0) }, 0);
        assert_eq!(scratch.files().len(), 4);
        let mut sender = spsc::open(&shared).unwrap().sender().unwrap();
        sender.send(b"an attempt to remove by force does no harm").unwrap();
    });
}

/// Joining in one process and removing in another at the same time: one of the two succeeds, never both, and neither
/// leaves half of it.
#[test]
fn who_joins_what_is_being_removed_is_in_or_out() {
    let scratch = Scratch::new();
    let mut joiner = Child::start("joins at each word", &[]);
    let (mut joined, mut removed) = (0, 0);
    for round in 0..400 {
        let name = scratch.name(&format!("channel-{round}"));
        small().create(&name).unwrap();
        joiner.say(&name);
        joiner.expect("opened");
        joiner.say("go");
        let outcome = memlane::remove(&name);
        match (joiner.line().as_str(), outcome) {
            ("joined", Err(RemoveError::InUse { .. })) => joined += 1,
            ("removed", Ok(())) => removed += 1,
            (sender, outcome) => panic!("{sender}, {outcome:?}"),
        }
        assert_eq!(scratch.files().len(), 2 * joined);
    }
    joiner.kill();
    eprintln!("joined {joined} times, removed {removed} times");
}

#[test]
fn a_blocking_call_with_a_deadline_learns_of_the_removal_before_it() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = small().create(&name).unwrap();
    let _sender = channel.sender().unwrap();
    let mut receiver = channel.receiver().unwrap();
    let wait = || receiver.recv_timeout(Duration::from_secs(3600)).map(|_| ());
    let outcome = while_blocked(&channel, wait, || fs::remove_file(&name).unwrap());
    assert_eq!(outcome, Err(memlane::RecvTimeoutError::Removed));
}
