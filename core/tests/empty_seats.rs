//! Seats that nobody has, and slots that nobody uses, cost nothing: those who open a channel, join it and leave it touch no more
//! of its memory in a large one than in a small one.

mod support;

use memlane::{mpmc, mpsc};
use support::Scratch;

/// Pages that this thread found missing while it did this: each page of a mapping, or a few neighbours at once, when it is first
/// touched.
fn faults_of(act: impl FnOnce()) -> i64 {
    let faults = || {
        // SAFETY: an all-zero structure is valid, and the call fills it in.
        unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            assert_eq!(libc::getrusage(libc::RUSAGE_THREAD, &mut usage), 0);
            usage.ru_minflt
        }
    };
    let before = faults();
    act();
    faults() - before
}

/// The fewest of many times: what comes from elsewhere does not come each time, nor do the kernel's neighbours of a page.
fn fewest(act: impl Fn()) -> i64 {
    (0..64).map(|_| faults_of(&act)).min().unwrap_or(0)
}

/// What it does in a channel with few seats and in one with many costs about as many pages.
#[track_caller]
fn assert_no_more(what: &str, few: impl Fn(), many: impl Fn()) {
    let (few, many) = (fewest(few), fewest(many));
    // The kernel fills in several neighbours of a page at once. What is touched lies in as many such groups as there are parts of
    // the memory, in both channels, and each of two of them may begin in one group and end in the next.
    const SLACK: i64 = 2;
    assert!(many <= few + SLACK, "{what}: {many} pages in place of {few}");
}

#[test]
fn a_queue_is_joined_and_left_without_a_look_at_empty_seats_or_at_slots() {
    let scratch = Scratch::new();
    let [small, large] = ["small", "large"].map(|name| scratch.name(name));
    let _small = mpmc::Options::new().max_senders(127).max_receivers(128).slots(1024).create(&small).unwrap();
    let _large = mpmc::Options::new().max_senders(511).max_receivers(512).slots(4096).create(&large).unwrap();
    let send = |name: &str| drop(mpmc::open(name).unwrap().sender().unwrap());
    let receive = |name: &str| drop(mpmc::open(name).unwrap().receiver().unwrap());
    let with_others = |name: &str| {
        let channel = mpmc::open(name).unwrap();
        let _others = (channel.sender().unwrap(), channel.receiver().unwrap());
        drop(channel.receiver().unwrap());
    };
    assert_no_more("a sender", || send(&small), || send(&large));
    assert_no_more("a receiver", || receive(&small), || receive(&large));
    assert_no_more("another receiver", || with_others(&small), || with_others(&large));
}

#[test]
fn a_channel_of_many_lanes_is_joined_and_left_without_a_look_at_those_that_nobody_ever_had() {
    let scratch = Scratch::new();
    let [small, large] = ["small", "large"].map(|name| scratch.name(name));
    let _small = mpsc::Options::new().max_senders(255).capacity(4096).create(&small).unwrap();
    let _large = mpsc::Options::new().max_senders(1023).capacity(4096).create(&large).unwrap();
    let send = |name: &str| drop(mpsc::open(name).unwrap().sender().unwrap());
    let talk = |name: &str| {
        let channel = mpsc::open(name).unwrap();
        let (mut rx, mut tx) = (channel.receiver().unwrap(), channel.sender().unwrap());
        tx.send(b"hello").unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), b"hello");
        drop(rx);
    };
    assert_no_more("a sender", || send(&small), || send(&large));
    assert_no_more("a receiver and a sender", || talk(&small), || talk(&large));
}
