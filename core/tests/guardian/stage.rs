//! Other processes of a test, and the kernel's accounts of threads.

use crate::support::child::{self, Child, Part};
use crate::support::eventually;
use memlane::{Info, ParticipantState, mpmc, watch};
use std::path::PathBuf;

/// What another process does.
pub const PARTS: &[(&str, Part)] = &[
    ("takes part", |arguments| {
        let watches = arguments[1] == "watches";
        let channel = memlane::any::Options::default().watch_peers(watches).open(&arguments[0]).unwrap();
        let _sender = channel.sender().unwrap();
        child::tell("joined");
        child::stay();
    }),
    ("sets values", |arguments| {
        let channel = watch::open(&arguments[0]).unwrap();
        let _sender = channel.sender().unwrap();
        child::tell("joined");
        child::stay();
    }),
    ("holds a message", |arguments| {
        let mut receiver = mpmc::open(&arguments[0]).unwrap().receiver().unwrap();
        std::mem::forget(receiver.recv().unwrap());
        child::tell("holds");
        child::stay();
    }),
];

/// A process with a sender in this channel, which leaves when it is told to.
pub fn sender(name: &str, watches: bool) -> Child {
    let child = Child::start("takes part", &[name, if watches { "watches" } else { "" }]);
    child.expect("joined");
    child
}

/// So many of them.
pub fn senders(name: &str, watches: bool, count: usize) -> Vec<Child> {
    (0..count).map(|_| sender(name, watches)).collect()
}

/// Waits until the participant of this process was found dead.
#[track_caller]
pub fn is_found_dead(pid: u32, info: impl Fn() -> Info) {
    eventually("it was found dead", || {
        info().participants.iter().any(|one| one.pid == pid && one.state == ParticipantState::Dead)
    });
}

/// The guardian's thread of a process, if it has one; more than one is a failure.
pub fn guardian_of(pid: u32) -> Option<PathBuf> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|entry| entry.unwrap().path());
    // The kernel keeps 15 bytes of a name.
    let is_guardian =
        |path: &PathBuf| std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "memlane-guardia");
    let mut guardians = threads.filter(is_guardian);
    let found = guardians.next();
    assert_eq!(guardians.next(), None, "two guardians");
    found
}

/// How many times the guardian of this process has gone to sleep.
pub fn sleeps_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(guardian_of(pid).expect("a guardian").join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

/// How many threads and descriptors this process has.
pub fn threads_and_descriptors() -> (usize, usize) {
    (std::fs::read_dir("/proc/self/task").unwrap().count(), std::fs::read_dir("/proc/self/fd").unwrap().count())
}
