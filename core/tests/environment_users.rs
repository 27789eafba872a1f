//! Channels between users: owners, groups, and what those can do who may only read.

mod support;

use memlane::spsc::{self, Channel, Options};
use memlane::{Denied, JoinError, OpenError, ParticipantState, RecvError, RecvTimeoutError, RemoveError, mpmc};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::time::Duration;
use support::child::{self, Child, fork, join};
use support::{SOMEBODY, Scratch, eventually, is_root, layout, lock_file, space};

/// Two users who are nobody's, and a group.
const ONE: u32 = SOMEBODY;
const OTHER: u32 = SOMEBODY + 1;
const GROUP: u32 = SOMEBODY + 2;

fn small() -> Options {
    Options::new().capacity(4096)
}

/// A folder with these permission bits.
fn folder(mode: u32) -> Scratch {
    let scratch = Scratch::new();
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(mode)).unwrap();
    scratch
}

/// Takes the places of a part's user and group from its arguments, which the part itself does not see.
fn start(part: &str, user: u32, group: u32, arguments: &[&str]) -> Child {
    let (user, group) = (user.to_string(), group.to_string());
    Child::start(part, &[&[user.as_str(), group.as_str()], arguments].concat())
}

fn become_of(arguments: &[String]) -> &[String] {
    space::become_user(arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    &arguments[2..]
}

#[test]
fn child_part() {
    child::play(&[
        ("creates and sends", |arguments| {
            let arguments = become_of(arguments);
            let mode = u32::from_str_radix(&arguments[1], 8).unwrap();
            let mut sender = small().mode(mode).create(&arguments[0]).unwrap().sender().unwrap();
            sender.send(b"from another user").unwrap();
            child::tell("sent");
            child::stay();
        }),
        ("receives", |arguments| {
            let arguments = become_of(arguments);
            child::tell(format_args!("{:?}", spsc::open(&arguments[0]).err()));
            let channel = match Options::new().any_owner(true).open(&arguments[0]) {
                Ok(channel) => channel,
                Err(error) => return child::tell(format_args!("{error:?}")),
            };
            let mut receiver = channel.receiver().unwrap();
            assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { .. })));
            child::tell(String::from_utf8(receiver.recv().unwrap().to_vec()).unwrap());
            child::hear();
            assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected, "by the other user's death");
            assert_eq!(channel.info().participants[0].state, ParticipantState::Dead);
            drop(receiver);
            child::tell(format_args!("{:?}", memlane::remove(&arguments[0])));
        }),
        ("only reads", |arguments| only_reads(become_of(arguments))),
        ("sleeps where receivers do", |arguments| sleeps_where_receivers_do(become_of(arguments))),
        ("drops its privileges", |arguments| drops_its_privileges(&arguments[0])),
        ("locks no memory", |arguments| locks_no_memory(become_of(arguments))),
    ]);
}

#[test]
fn a_channel_of_another_user_works_where_it_is_asked_for() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = folder(0o777);
    let name = scratch.name("shared");
    let mut sends = start("creates and sends", ONE, ONE, &[&name, "666"]);
    sends.expect("sent");
    let mut receives = start("receives", OTHER, OTHER, &[&name]);
    receives.expect(&format!("{:?}", Some(OpenError::ForeignOwner { channel: name.clone(), owner: ONE })));
    receives.expect("from another user");
    sends.kill();
    receives.say("killed");
    receives.expect("Ok(())");
    receives.finish();
    assert_eq!(scratch.files(), [""; 0], "in a folder where everybody may write");
}

#[test]
fn a_channel_for_a_group_is_for_its_members() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = folder(0o1777);
    let name = scratch.name("shared");
    let mut sends = start("creates and sends", ONE, GROUP, &[&name, "660"]);
    sends.expect("sent");
    let denied = Denied::File { mode: 0o660, owner: ONE, user: OTHER };
    let refused = OpenError::Permission { channel: name.clone(), denied };
    let mut outsider = start("receives", OTHER, OTHER, &[&name]);
    outsider.expect(&format!("{:?}", Some(OpenError::ForeignOwner { channel: name.clone(), owner: ONE })));
    outsider.expect(&format!("{refused:?}"));
    outsider.finish();
    let mut member = start("receives", OTHER, GROUP, &[&name]);
    member.line();
    member.expect("from another user");
    sends.kill();
    member.say("killed");
    let denied = Denied::Sticky { folder: scratch.path().display().to_string(), owner: ONE };
    let kept: Result<(), _> = Err(RemoveError::Permission { channel: name.clone(), denied });
    member.expect(&format!("{kept:?}"));
    member.finish();
    assert_eq!(scratch.files().len(), 2, "in a sticky folder, only its owner removes a file");
}

/// Everything that read permission allows.
fn only_reads(arguments: &[String]) {
    let [name, lock] = [&arguments[0], &arguments[1]];
    assert!(matches!(spsc::open(name), Err(OpenError::Permission { .. })), "the API tells it so");
    assert_eq!(memlane::inspect(name).unwrap().participants[0].alive, None, "it sees, but not who lives");
    assert!(File::options().write(true).open(name).is_err() && File::open(lock).is_err());
    let file = File::open(name).unwrap();
    let again = File::options().write(true).open(format!("/proc/self/fd/{}", file.as_raw_fd()));
    assert!(again.is_err(), "not by its own descriptor either");
    // SAFETY: a fresh mapping at an address of the kernel's choice, which is only read.
    unsafe {
        let page = libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0);
        assert_ne!(page, libc::MAP_FAILED);
        assert_eq!(std::slice::from_raw_parts(page.cast::<u8>(), 8), b"\x89memlane");
        assert_ne!(libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_WRITE), 0);
    }
    // SAFETY: an all-zero flock is valid: a read lock is filled in on everything, from the first byte to the last.
    let mut everything: libc::flock = unsafe { std::mem::zeroed() };
    everything.l_type = libc::F_RDLCK as libc::c_short;
    // SAFETY: the descriptor is open, and fcntl reads one flock.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &everything) }, 0);
    child::tell("locked");
    child::hear();
}

#[test]
fn who_may_only_read_keeps_nobody_from_joining_or_being_reaped() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = folder(0o755);
    let name = scratch.name("readable");
    let channel = small().mode(0o644).create(&name).unwrap();
    let mut sender = channel.sender().unwrap();
    let mut reads = start("only reads", OTHER, OTHER, &[&name, lock_file(&name).to_str().unwrap()]);
    reads.expect("locked");
    let mut receiver = channel.receiver().unwrap();
    sender.send(b"undisturbed").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"undisturbed");
    drop((sender, receiver));
    drop((channel.sender().unwrap(), channel.receiver().unwrap()));
    let mut dead = Child::start("drops its privileges", &[&name]);
    dead.expect("joined");
    dead.kill();
    drop(channel.receiver().expect("the dead one's seat"));
    // Removing and replacing lock elsewhere.
    memlane::remove(&name).unwrap();
    small().mode(0o644).create(&name).unwrap();
    reads.say("enough");
    reads.finish();
}

/// Where in the file the word stands that receivers sleep on.
fn place_of_the_receivers_word(name: &str) -> usize {
    let control = support::image::Image::load(name).get("control_at") as usize;
    control + layout::field("ChannelControl", "data").offset
}

/// The address of a word of the file, in a mapping for reading.
fn word_to_read(name: &str, at: usize) -> usize {
    let file = File::open(name).unwrap();
    let length = file.metadata().unwrap().len() as usize;
    // SAFETY: a fresh mapping at an address of the kernel's choice, which is only read.
    let start =
        unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0) };
    assert_ne!(start, libc::MAP_FAILED);
    start as usize + at
}

/// Sleeps on a word until it is woken. Whether it slept.
fn sleep_on(word: usize) -> bool {
    // SAFETY: an aligned word of a mapping that stays; FUTEX_WAIT only reads it.
    unsafe {
        let word = word as *const std::sync::atomic::AtomicU32;
        let now = (*word).load(std::sync::atomic::Ordering::Relaxed);
        libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, now, std::ptr::null::<libc::timespec>()) == 0
    }
}

/// Wakes everybody on a word. How many they were.
fn wake_everybody_on(word: usize) -> i64 {
    // SAFETY: as above; FUTEX_WAKE does not even read it.
    unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE, i32::MAX) }
}

/// How many sleep on a word: all are moved from it to itself, and none is woken.
fn sleepers_on(word: usize) -> i64 {
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_REQUEUE, 0, i32::MAX as usize, word) }
}

/// Sleeps on the receivers' word by many threads, again and again: wakes that are meant for one receiver come here.
fn sleeps_where_receivers_do(arguments: &[String]) {
    let word = word_to_read(&arguments[0], arguments[1].parse().unwrap());
    for _ in 0..8 {
        std::thread::spawn(move || {
            loop {
                sleep_on(word);
            }
        });
    }
    child::tell("sleeping");
    child::stay();
}

#[test]
fn who_may_only_read_takes_no_wake_for_longer_than_a_slice() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = folder(0o755);
    let name = scratch.name("readable");
    let channel = mpmc::Options::new().slots(8).mode(0o644).create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    receiver.set_strategy(memlane::Strategy::Park);
    let at = place_of_the_receivers_word(&name).to_string();
    let intruder = start("sleeps where receivers do", OTHER, OTHER, &[&name, &at]);
    intruder.expect("sleeping");
    let sleeps = || {
        let info = channel.info();
        info.participants.iter().map(|participant| participant.counters.parks).sum::<u64>()
    };
    for number in 0..3u8 {
        let before = sleeps();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| receiver.recv().unwrap().to_vec());
            eventually("it sleeps", || sleeps() > before);
            sender.send(&[number]).unwrap();
            assert_eq!(waits.join().unwrap(), [number]);
        });
    }
}

#[test]
fn a_crowd_that_may_only_read_costs_a_call_no_more_wake_ups_than_there_are_seats() {
    const CROWD: i64 = 1000;
    let scratch = folder(0o755);
    let name = scratch.name("readable");
    let channel = Options::new().mode(0o644).create(&name).unwrap();
    let mut sender = channel.sender().unwrap();
    let mut receiver = channel.receiver().unwrap();
    receiver.set_strategy(memlane::Strategy::Park);
    let word = word_to_read(&name, place_of_the_receivers_word(&name));
    let crowd: Vec<_> = (0..CROWD).map(|_| std::thread::spawn(move || sleep_on(word))).collect();
    eventually("the crowd sleeps", || sleepers_on(word) == CROWD);
    // It sets the flag, finds nothing, and leaves it set.
    assert_eq!(receiver.recv_timeout(Duration::from_millis(1)).unwrap_err(), RecvTimeoutError::Timeout);
    sender.send(b"wakes those who sleep").unwrap();
    let left = wake_everybody_on(word);
    assert!((1..CROWD).contains(&left) && left >= CROWD - 64, "{left} of {CROWD} were still asleep");
    assert!(crowd.into_iter().all(|thread| thread.join().unwrap()));
    assert_eq!(receiver.recv().unwrap().to_vec(), b"wakes those who sleep");
}

/// Joins as root, then goes on as somebody else, who may not even enter the channel's folder.
fn drops_its_privileges(name: &str) {
    let channel = spsc::open(name).unwrap();
    let mut receiver = channel.receiver().unwrap();
    child::tell("joined");
    space::become_user(ONE, ONE);
    let message = child::hear();
    assert_eq!(receiver.recv().unwrap().to_vec(), message.as_bytes());
    child::hear();
    let two_slices = Duration::from_millis(250);
    assert_eq!(receiver.recv_timeout(two_slices).unwrap_err(), RecvTimeoutError::Timeout, "it can prove nothing");
    match channel.sender().unwrap_err() {
        JoinError::Io { source, .. } => assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied),
        other => panic!("{other}"),
    }
    child::tell("waited");
    child::stay();
    drop(receiver);
}

#[test]
fn who_drops_its_privileges_goes_on_but_proves_nobodys_death() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = folder(0o700);
    let name = scratch.name("private");
    let channel = small().create(&name).unwrap();
    let mut child = Child::start("drops its privileges", &[&name]);
    child.expect("joined");
    join(fork(|| {
        let mut sender = spsc::open(&name).unwrap().sender().unwrap();
        sender.send(b"hello").unwrap();
        std::mem::forget(sender);
    }));
    child.say("hello");
    child.say("go on");
    child.expect("waited");
    assert_eq!(channel.info().participants[0].state, ParticipantState::Live, "dead, but nobody who may has looked");
    let taken: Result<Channel, _> = spsc::open(&name);
    let info = taken.unwrap().info();
    assert_eq!((info.participants[0].alive, info.participants[1].alive), (Some(false), Some(true)));
    child.say("");
    child.finish();
    assert_eq!(channel.info().participants[1].state, ParticipantState::Closed, "it left in good order");
}

/// Memory that may not be locked.
fn locks_no_memory(arguments: &[String]) {
    space::limit(rustix::process::Resource::Memlock, 0);
    let options = small().lock_memory(true).prefault(true);
    let channel = options.create(&arguments[0]).unwrap();
    assert!(matches!(channel.memory().locked, memlane::Granted::No(_)), "{:?}", channel.memory());
    assert_eq!(channel.memory().prefaulted, memlane::Granted::Yes);
    channel.sender().unwrap().send(b"works all the same").unwrap();
    assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"works all the same");
}

#[test]
fn where_memory_cannot_be_locked_the_report_says_so() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = folder(0o777);
    start("locks no memory", ONE, ONE, &[&scratch.name("locked")]).finish();
    chown(scratch.path(), Some(0), None).unwrap();
}
