//! Locks of other programs on a channel's lock file: they are named for what they are, keep nobody alive, and declare nobody
//! dead.

mod support;

use memlane::mpmc::{Channel, Options};
use memlane::{JoinError, ParticipantState, RemoveError};
use std::fs::File;
use std::os::fd::AsRawFd;
use support::child::{self, Child, Part};
use support::{Scratch, assert_same, eventually, lock_file};

const PARTS: [(&str, Part); 2] = [("locks", locks), ("takes part", takes_part)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

/// Lives of a process: `docs/layout.md`.
const BLOCK: i64 = 4096;

/// Locks bytes of a file, as a process or by an open file description, until it is told to end.
fn locks(arguments: &[String]) {
    let [path, command, kind, start, length] = arguments else { panic!("five arguments") };
    let file = File::options().read(true).write(true).open(path).unwrap();
    // SAFETY: an all-zero flock is a valid one.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = if kind == "write" { libc::F_WRLCK } else { libc::F_RDLCK } as _;
    (lock.l_start, lock.l_len) = (start.parse().unwrap(), length.parse().unwrap());
    let command = if command == "process" { libc::F_SETLK } else { libc::F_OFD_SETLK };
    // SAFETY: fcntl reads one flock.
    let locked = unsafe { libc::fcntl(file.as_raw_fd(), command, &lock) } == 0;
    child::tell(if locked { "locked" } else { "refused" });
    child::stay();
}

fn takes_part(arguments: &[String]) {
    let _sender = memlane::mpmc::open(&arguments[0]).unwrap().sender().unwrap();
    child::tell("joined");
    child::stay();
}

/// Another program with a lock on the channel's lock file.
fn lock(name: &str, command: &str, kind: &str, start: i64, length: i64) -> Child {
    let path = lock_file(name).display().to_string();
    let child = Child::start("locks", &[&path, command, kind, &start.to_string(), &length.to_string()]);
    child.expect("locked");
    child
}

fn channel(scratch: &Scratch) -> (String, Channel) {
    let name = scratch.name("jobs");
    let channel = Options::new().slots(16).max_message(100).create(&name).unwrap();
    (name, channel)
}

#[track_caller]
fn assert_works(channel: &Channel) {
    channel.sender().unwrap().send(b"works").unwrap();
    channel.receiver().unwrap().recv().unwrap().ack().unwrap();
}

#[test]
fn a_lock_of_another_program_is_named_by_what_the_kernel_says() {
    for command in ["process", "description"] {
        // `lockf` of all that follows, what a database locks, and a backup that locks for reading.
        for (kind, start, length) in
            [("write", 0, 0), ("write", 0, 1 << 40), ("write", 100, 1 << 40), ("read", 0, 0), ("read", 0, 1 << 40)]
        {
            let scratch = Scratch::new();
            let (name, channel) = channel(&scratch);
            let mut other = lock(&name, command, kind, start, length);
            let process = (command == "process").then(|| other.id());
            let (label, path) = (|| name.clone(), lock_file(&name).display().to_string());
            let wanted = JoinError::Locked { channel: label(), path: path.clone(), process };
            let what = format!("for {kind}, by a {command}, {length} bytes from {start}");
            assert_same(&channel.sender().unwrap_err(), &wanted, &what);
            assert_same(&channel.receiver().unwrap_err(), &wanted, &what);
            let wanted = RemoveError::Locked { channel: label(), path, process };
            assert_same(&memlane::remove(&name).unwrap_err(), &wanted, &what);
            other.kill();
            assert_works(&channel);
            memlane::remove(&name).unwrap();
        }
    }
}

#[test]
fn participants_stay_in_beside_a_lock_of_another_program() {
    for command in ["process", "description"] {
        let scratch = Scratch::new();
        let (name, channel) = channel(&scratch);
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut elsewhere = Child::start("takes part", &[&name]);
        elsewhere.expect("joined");
        // Not the lives of these two processes, which nobody else can lock, but others.
        let mut other = lock(&name, command, "write", 3 * BLOCK, 100 * BLOCK);
        let alive: Vec<_> = channel.info().participants.iter().map(|row| (row.state, row.alive)).collect();
        assert_eq!(alive, [(ParticipantState::Live, Some(true)); 3], "{command}");
        let in_use = RemoveError::InUse { channel: name.clone(), participants: 3 };
        assert_same(&memlane::remove(&name).unwrap_err(), &in_use, command);
        // A process that takes part already has lives left.
        assert_works(&channel);
        sender.send(b"still here").unwrap();
        receiver.recv().unwrap().ack().unwrap();
        // The dead are found beside it, too.
        elsewhere.kill();
        assert_eq!(channel.info().participants[1].alive, Some(false), "{command}");
        other.kill();
    }
}

#[test]
fn a_lock_of_another_shape_keeps_no_dead_one_alive() {
    // Of a process, even the shape of a block means nothing: participants lock by descriptions.
    for (command, start, length) in
        [("description", BLOCK, 1), ("description", BLOCK + 1, BLOCK), ("description", 0, 0), ("process", BLOCK, BLOCK)]
    {
        let scratch = Scratch::new();
        let (name, channel) = channel(&scratch);
        let mut dead = Child::start("takes part", &[&name]);
        dead.expect("joined");
        assert_eq!(channel.info().participants[0].life, BLOCK as u64);
        dead.kill();
        let mut other = lock(&name, command, "write", start, length);
        let what = format!("by a {command}, {length} bytes from {start}");
        assert_eq!(channel.info().participants[0].alive, Some(false), "{what}");
        if length != 0 {
            let receiver = channel.receiver().unwrap();
            let first = || channel.info().participants[0].state;
            assert_eq!(first(), ParticipantState::Dead, "whoever joins reaps; {what}");
            drop(receiver);
        }
        other.kill();
        eventually("the channel is free", || memlane::remove(&name).is_ok());
    }
}
