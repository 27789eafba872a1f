//! What becomes of a channel's names while it is in use: files exchanged, renamed, linked, and lock files lost.

mod support;

use memlane::spsc::{self, Channel, Options};
use memlane::{CreateError, JoinError, OpenError, ParticipantState, RecvError, RecvTimeoutError};
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;
use support::child::{alone, fork, join};
use support::{SOMEBODY, Scratch, assert_same, image::Image, is_root, lock_file, space};

fn probe(scratch: &Scratch) -> (String, Channel) {
    let name = scratch.name("probe");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    (name, channel)
}

#[track_caller]
fn assert_works(channel: &Channel) {
    channel.sender().unwrap().send(b"still here").unwrap();
    assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"still here");
}

#[test]
fn a_channel_replaced_between_opening_and_joining_is_removed() {
    type Replace = fn(&Scratch, &str);
    let ways: [(&str, Replace); 4] = [
        ("nothing", |_, name| fs::remove_file(name).unwrap()),
        ("a channel made after it was removed", |_, name| {
            memlane::remove(name).unwrap();
            Options::new().capacity(4096).create(name).unwrap();
        }),
        ("another channel's file", |scratch, name| {
            Options::new().capacity(4096).create(&scratch.name("other")).unwrap();
            fs::rename(scratch.join("other"), name).unwrap();
        }),
        ("a link to it", |scratch, name| {
            fs::rename(name, scratch.join("moved")).unwrap();
            symlink(scratch.join("moved"), name).unwrap();
        }),
    ];
    for (what, replace) in ways {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        replace(&scratch, &name);
        for error in [channel.sender().unwrap_err(), channel.receiver().unwrap_err()] {
            assert_same(&error, &JoinError::Removed { channel: name.clone() }, what);
        }
    }
}

#[test]
fn a_channel_that_was_renamed_lacks_its_lock_file() {
    let scratch = Scratch::new();
    let (name, channel) = probe(&scratch);
    let renamed = scratch.name("renamed");
    fs::rename(&name, &renamed).unwrap();
    let path = format!("{renamed}.{}.lock", channel.info().instance);
    let wanted = OpenError::LockFile { channel: renamed.clone(), path };
    assert_same(&spsc::open(&renamed).unwrap_err(), &wanted, "by its new name");
    fs::rename(&renamed, &name).unwrap();
    assert_works(&channel);
}

/// What stands in a lock file's place afterwards.
const LOST: [(&str, fn(&Path)); 6] = [
    ("nothing", |_| {}),
    ("a link to it", |lock| symlink(lock.with_extension("kept"), lock).unwrap()),
    ("a FIFO", |lock| rustix::fs::mkfifoat(rustix::fs::CWD, lock, 0o600.into()).unwrap()),
    ("a folder", |lock| fs::create_dir(lock).unwrap()),
    ("a socket", |lock| drop(UnixListener::bind(lock).unwrap())),
    ("a copy", |lock| fs::write(lock, fs::read(lock.with_extension("kept")).unwrap()).unwrap()),
];

#[test]
fn without_the_lock_file_that_it_was_opened_with_nobody_joins_and_nobody_is_declared_dead() {
    for (what, act) in LOST {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        let mut sender = channel.sender().unwrap();
        let elsewhere = spsc::open(&name).unwrap();
        let lock = lock_file(&name);
        let kept = lock.with_extension("kept");
        fs::rename(&lock, &kept).unwrap();
        act(&lock);
        let wanted = JoinError::LockFile { channel: name.clone(), path: lock.display().to_string() };
        assert_same(&elsewhere.receiver().unwrap_err(), &wanted, what);
        for (handle, alive) in [(&elsewhere, None), (&channel, Some(true))] {
            let seen = &handle.info().participants[0];
            assert_eq!((seen.state, seen.alive), (ParticipantState::Live, alive), "{what}");
        }
        sender.send(b"who is in stays in").unwrap();
        let _ = fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock));
        fs::rename(&kept, &lock).unwrap();
        assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"who is in stays in", "{what}");
    }
}

/// The copy says the same as the lock file, but nobody who is alive holds a lock on it.
#[test]
fn a_copy_of_the_lock_file_in_its_place_lets_nobody_in_and_declares_nobody_dead() {
    let scratch = Scratch::new();
    let (name, channel) = probe(&scratch);
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let lock = lock_file(&name);
    let [kept, copy] = ["kept", "copy"].map(|file| scratch.join(file));
    fs::hard_link(&lock, &kept).unwrap();
    fs::copy(&lock, &copy).unwrap();
    fs::rename(&copy, &lock).unwrap();

    let wanted = OpenError::LockFile { channel: name.clone(), path: lock.display().to_string() };
    assert!(wanted.to_string().contains("was replaced"), "{wanted}");
    assert_same(&spsc::open(&name).unwrap_err(), &wanted, "opening");
    assert_same(&Options::new().open_or_create(&name).unwrap_err(), &wanted, "opening or creating");
    let look = memlane::inspect(&name).unwrap();
    let seen: Vec<_> = look.participants.iter().map(|row| (row.state, row.alive)).collect();
    assert_eq!(seen, [(ParticipantState::Live, None); 2], "nothing is known of anybody");
    sender.send(b"who is in stays in").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"who is in stays in");

    fs::rename(&kept, &lock).unwrap();
    drop((sender, receiver));
    assert_works(&spsc::open(&name).unwrap());
}

#[test]
fn without_its_lock_file_a_channel_waits_for_the_dead_until_it_is_back() {
    alone("without_its_lock_file_a_channel_waits_for_the_dead_until_it_is_back", || {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        let mut receiver = channel.receiver().unwrap();
        join(fork(|| std::mem::forget(spsc::open(&name).unwrap().sender().unwrap())));
        let lock = lock_file(&name);
        fs::rename(&lock, scratch.join("kept")).unwrap();
        let two_slices = Duration::from_millis(250);
        assert_eq!(receiver.recv_timeout(two_slices).unwrap_err(), RecvTimeoutError::Timeout, "nothing is proved");
        fs::rename(scratch.join("kept"), &lock).unwrap();
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
    });
}

#[test]
fn a_lock_file_of_another_user_is_not_believed() {
    if !is_root("a file of another user") {
        return;
    }
    let scratch = Scratch::new();
    let (name, _) = probe(&scratch);
    let lock = lock_file(&name);
    chown(&lock, Some(SOMEBODY), None).unwrap();
    let wanted = OpenError::LockFile { channel: name.clone(), path: lock.display().to_string() };
    assert_same(&spsc::open(&name).unwrap_err(), &wanted, "a stranger's");
    chown(&name, Some(SOMEBODY), None).unwrap();
    assert_works(&Options::new().any_owner(true).open(&name).unwrap());
}

#[test]
fn a_folder_on_the_way_may_be_a_link() {
    let scratch = Scratch::new();
    let [here, there, link] = ["here", "there", "link"].map(|folder| scratch.name(folder));
    for folder in [&here, &there] {
        fs::create_dir(folder).unwrap();
    }
    symlink(&here, &link).unwrap();
    let channel = Options::new().capacity(4096).create(&format!("{link}/probe")).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), spsc::open(&format!("{here}/probe")).unwrap());
    sender.send(b"the same channel").unwrap();
    assert_eq!(receiver.receiver().unwrap().recv().unwrap().to_vec(), b"the same channel");

    // A name is looked up at each slow step: where it leads elsewhere, the channel is gone for who came by it.
    fs::remove_file(&link).unwrap();
    symlink(&there, &link).unwrap();
    let removed = JoinError::Removed { channel: format!("{link}/probe") };
    assert_same(&channel.receiver().unwrap_err(), &removed, "the link leads elsewhere");
    receiver = spsc::open(&format!("{here}/probe")).unwrap();
    receiver.receiver().unwrap();
}

#[test]
fn a_folder_that_is_a_broken_link_is_missing() {
    let scratch = Scratch::new();
    let [dangling, ring] = ["dangling", "ring"].map(|link| scratch.name(link));
    symlink(scratch.join("nowhere"), &dangling).unwrap();
    symlink(&ring, &ring).unwrap();
    let name = format!("{dangling}/probe");
    let wanted = CreateError::NoFolder { channel: name.clone(), folder: dangling.clone() };
    assert_same(&Options::new().create(&name).unwrap_err(), &wanted, "creating");
    assert_same(
        &spsc::open(&name).unwrap_err(),
        &OpenError::NotFound { channel: name.clone(), path: name.clone() },
        "opening",
    );
    let name = format!("{ring}/probe");
    assert!(matches!(Options::new().create(&name), Err(CreateError::Io { .. })));
    assert!(matches!(spsc::open(&name), Err(OpenError::Io { .. })));
}

/// Where a header does not say who is alive, the lock files in the folder do; so the folder has to be read.
#[test]
fn a_damaged_channel_in_use_stays_though_its_folder_cannot_be_read() {
    alone("a_damaged_channel_in_use_stays_though_its_folder_cannot_be_read", || {
        let scratch = Scratch::new();
        let (name, channel) = probe(&scratch);
        let mut sender = channel.sender().unwrap();
        Image::load(&name).set("crc", 0).store();
        let files = || fs::read_dir("/proc/self/fd").unwrap().count() as u64 - 1;
        for spare in (0..12).rev() {
            space::limit(rustix::process::Resource::Nofile, files() + spare);
            let outcome = memlane::remove(&name);
            space::limit(rustix::process::Resource::Nofile, 64);
            assert!(outcome.is_err() && scratch.files().len() == 2, "{spare} descriptors to spare");
        }
        sender.send(b"still here").unwrap();
        drop(sender);
        memlane::remove(&name).unwrap();
    });
}
