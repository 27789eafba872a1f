//! Descriptors and locks: none stays open, running out of them does no harm, and a seat is free as soon as its holder is
//! dead, whoever looks at it at that moment.

mod support;

use memlane::spsc::{self, Channel, Options};
use memlane::{JoinError, OpenError, ParticipantState};
use std::os::fd::AsRawFd;
use std::sync::Barrier;
use support::child::{self, Child, alone, fork, join};
use support::{Scratch, assert_same, lock_file, space};

fn small() -> Options {
    Options::new().capacity(4096)
}

/// Lets this process open this many more descriptors, at most.
fn allow_more_descriptors(spare: u64) {
    // The limit is one of numbers: those below the lowest free one are in use.
    space::limit(rustix::process::Resource::Nofile, 256);
    let lowest_free = std::fs::File::open("/dev/null").unwrap().as_raw_fd();
    space::limit(rustix::process::Resource::Nofile, lowest_free as u64 + spare);
}

/// How many descriptors this process has open.
fn open_descriptors() -> u64 {
    std::fs::read_dir("/proc/self/fd").unwrap().count() as u64 - 1
}

#[test]
fn no_descriptor_stays_open_while_handles_live() {
    alone("no_descriptor_stays_open_while_handles_live", || {
        let scratch = Scratch::new();
        let before = open_descriptors();
        let mut handles = Vec::new();
        for number in 0..20 {
            let name = scratch.name(&format!("channel-{number}"));
            let created = small().create(&name).unwrap();
            let opened = spsc::open(&name).unwrap();
            let (mut sender, mut receiver) = (created.sender().unwrap(), opened.receiver().unwrap());
            sender.send(b"x").unwrap();
            drop(receiver.recv().unwrap());
            assert!(created.sender().is_err() && created.info() == opened.info() && memlane::inspect(&name).is_ok());
            handles.push((created, opened, sender, receiver));
        }
        assert_eq!(open_descriptors(), before, "with 80 handles alive");
        let private = small().private().unwrap();
        let _ends = (private.sender().unwrap(), private.receiver().unwrap());
        assert_eq!(open_descriptors(), before);
        let anonymous = small().anonymous().unwrap();
        let ends = (anonymous.sender().unwrap(), anonymous.receiver().unwrap());
        assert_eq!(open_descriptors(), before + 2, "an anonymous channel keeps its two");
        drop((anonymous, ends));
        assert_eq!(open_descriptors(), before);
    });
}

#[test]
fn what_fails_leaves_no_descriptor_open() {
    alone("what_fails_leaves_no_descriptor_open", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let before = open_descriptors();
        small().create(&name).unwrap_err();
        small().capacity(8192).open(&name).unwrap_err();
        channel.close();
        spsc::open(&name).unwrap_err();
        channel.sender().unwrap_err();
        std::fs::write(&name, "short").unwrap();
        spsc::open(&name).unwrap_err();
        memlane::remove(&name).unwrap_err();
        assert_eq!(open_descriptors(), before);
    });
}

#[test]
fn without_descriptors_a_call_fails_and_nothing_else() {
    alone("without_descriptors_a_call_fails_and_nothing_else", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let limited = |spare: u64, act: &mut dyn FnMut()| {
            allow_more_descriptors(spare);
            act();
            allow_more_descriptors(64);
        };
        // Also where it is the boot id or the lock file that cannot be opened: the channel is not to blame.
        for spare in 0..3 {
            limited(spare, &mut || assert!(matches!(spsc::open(&name), Err(OpenError::Io { .. })), "open, {spare}"));
        }
        for spare in 0..2 {
            limited(spare, &mut || assert!(small().create(&scratch.name("new")).is_err(), "create, {spare}"));
            limited(spare, &mut || assert!(memlane::remove(&name).is_err(), "remove, {spare}"));
        }
        limited(0, &mut || assert!(matches!(channel.sender(), Err(JoinError::Io { .. }))));
        assert_eq!(channel.info().participants, [], "nobody ever sat there");
        assert_eq!(scratch.files().len(), 2);
        let mut sender = channel.sender().unwrap();
        // Talking needs none.
        let mut receiver = channel.receiver().unwrap();
        limited(0, &mut || {
            sender.send(b"x").unwrap();
            assert_eq!(receiver.recv().unwrap().to_vec(), b"x");
        });
    });
}

#[test]
fn child_part() {
    child::play(&[("reaps at each word", reaps_at_each_word)]);
}

fn reaps_at_each_word(arguments: &[String]) {
    let channel = spsc::open(&arguments[0]).unwrap();
    while child::hear() == "go" {
        drop(channel.sender().unwrap());
        child::tell("joined");
    }
}

/// Leaves a receiver that died: its row says "live", its lock is gone.
fn leave_a_dead_receiver(name: &str) {
    join(fork(|| std::mem::forget(spsc::open(name).unwrap().receiver().unwrap())));
}

#[test]
fn without_descriptors_nobody_is_declared_dead() {
    alone("without_descriptors_nobody_is_declared_dead", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let mut sender = channel.sender().unwrap();
        leave_a_dead_receiver(&name);
        while sender.try_send(&[0; 1000]).is_ok() {}
        let wait = std::time::Duration::from_millis(250);
        allow_more_descriptors(0);
        assert!(sender.send_timeout(&[0; 1000], wait).is_err());
        allow_more_descriptors(64);
        assert_eq!(channel.info().participants[1].state, ParticipantState::Live, "nothing could be proved");
        assert!(sender.send_timeout(&[0; 1000], wait).is_err());
        assert_eq!(channel.info().participants[1].state, ParticipantState::Dead);
    });
}

/// A dead holder's seat may be free: as long as nobody can look, nobody says that it is taken.
#[test]
fn a_joiner_who_cannot_look_whether_a_holder_is_dead_says_why() {
    alone("a_joiner_who_cannot_look_whether_a_holder_is_dead_says_why", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        leave_a_dead_receiver(&name);
        let refusal = || channel.receiver().unwrap_err().to_string();
        let looking_fails = |why: &str| format!("channel {name}: looking at the lock file failed: {why}");
        // A life is locked in a table of descriptors of its own, however many this process has open. The look for the dead is
        // made in that of the process.
        let _open: Vec<_> = (0..8).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        allow_more_descriptors(0);
        let why = "Too many open files (os error 24); close some descriptors, or raise the limit (ulimit -n)";
        assert_eq!(refusal(), looking_fails(why));
        // Whose seat is free needs no proof, and of its own this process knows without a look.
        let sender = channel.sender().unwrap();
        let taken =
            JoinError::RoleTaken { channel: name.clone(), role: "sender", seats: 1, away: 0, pid: std::process::id() };
        assert_same(&channel.sender().unwrap_err(), &taken, "beside a receiver nobody can look at");
        allow_more_descriptors(64);
        let lock = lock_file(&name);
        let elsewhere = scratch.join("elsewhere");
        std::fs::rename(&lock, &elsewhere).unwrap();
        let gone = JoinError::LockFile { channel: name.clone(), path: lock.display().to_string() };
        assert_same(&channel.receiver().unwrap_err(), &gone, "gone");
        std::fs::write(&lock, "another file").unwrap();
        assert_same(&channel.receiver().unwrap_err(), &gone, "replaced");
        std::fs::rename(&elsewhere, &lock).unwrap();
        assert_eq!(channel.info().participants[1].state, ParticipantState::Live, "nothing was proved");
        channel.receiver().unwrap();
        drop(sender);
    });
}

/// Two processes look at a dead one's row at the same time: one reaps it, the other takes it.
#[test]
fn a_dead_ones_seat_is_free_though_somebody_reaps_it_at_this_moment() {
    alone("a_dead_ones_seat_is_free_though_somebody_reaps_it_at_this_moment", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let mut reaper = Child::start("reaps at each word", &[&name]);
        for round in 0..1000 {
            leave_a_dead_receiver(&name);
            reaper.say("go");
            let receiver = channel.receiver();
            assert!(receiver.is_ok(), "round {round}: {}", receiver.unwrap_err());
            reaper.expect("joined");
        }
        reaper.kill();
    });
}

#[test]
fn a_seat_is_taken_once_however_many_want_it() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    small().create(&name).unwrap();
    let handles: Vec<Channel> = (0..8).map(|_| spsc::open(&name).unwrap()).collect();
    for _ in 0..100 {
        let barrier = Barrier::new(handles.len());
        let seats: Vec<_> = std::thread::scope(|scope| {
            let one = |channel: &Channel| {
                barrier.wait();
                channel.sender()
            };
            let threads: Vec<_> = handles.iter().map(|channel| scope.spawn(move || one(channel))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let taken = seats.iter().filter(|seat| seat.is_ok()).count();
        assert_eq!(taken, 1);
        assert!(seats.iter().flat_map(Result::as_ref).all(|sender| sender.sent() == 0));
        let refused = |seat: &Result<_, _>| matches!(seat, Ok(_) | Err(JoinError::RoleTaken { .. }));
        assert!(seats.iter().all(refused), "{seats:?}");
    }
}
