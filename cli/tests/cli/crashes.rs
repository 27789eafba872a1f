//! SIGKILL loses nothing.

use crate::sandbox::{Sandbox, eventually, is_asleep};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::process::{ChildStdout, Stdio};

const LINES: usize = 20_000;

fn line(number: usize) -> String {
    format!("{number:06} {}", "x".repeat(number % 90))
}

/// What `recv` writes at once, and so what its successor may repeat.
const BATCH_MAX: usize = 1024;

#[test]
fn receivers_killed_one_after_the_other_miss_nothing() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    let feed: String = (0..LINES).map(|number| line(number) + "\n").collect();
    std::fs::write(&path, &feed).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--capacity", "128K"], &path);

    // Where the next receiver may start at the latest: behind every line that was written completely.
    let mut seen = 0;
    for round in 0..5 {
        eventually("the channel is full", || used_bytes(&sandbox) > 100_000);
        let mut process = sandbox.command(&["recv", "feed"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut written = String::new();
        for _ in 0..100 * round + 1 {
            output.read_line(&mut written).unwrap();
        }
        // Nobody reads on: it stands in a write, in the middle of a batch.
        eventually("the pipe is full", || pipe_is_full(output.get_ref()) && is_asleep(process.id()));
        process.kill().unwrap();
        process.wait().unwrap();
        output.read_to_string(&mut written).unwrap();
        seen = check(&written, seen);
    }
    let last = sandbox.run(&["recv", "feed"]).text();
    assert_eq!(check(&last, seen), LINES, "the last one got the rest");
    sender.end().ok();
    assert_eq!(sandbox.messages("feed"), LINES as u64);
}

fn used_bytes(sandbox: &Sandbox) -> u64 {
    sandbox.look("feed").map_or(0, |facts| facts["lanes"][0]["used_bytes"].as_u64().unwrap())
}

/// Whether who writes into the pipe waits. The number of bytes in it does not tell: a pipe is a number of pages, and a write
/// that does not fit into what is left of the last one begins another.
pub fn pipe_is_full(pipe: &ChildStdout) -> bool {
    // The other end, for this moment only: as long as it is open, the pipe does not end.
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let end = open(path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let mut looks = [PollFd::new(&end, PollFlags::OUT)];
    poll(&mut looks, Some(&Timespec::default())).unwrap() == 0
}

/// Checks what one receiver wrote: consecutive lines that repeat at most a batch of what was seen and miss nothing.
/// Returns how many lines have been seen by now.
fn check(written: &str, seen: usize) -> usize {
    let (whole, fragment) = written.rsplit_once('\n').unwrap_or(("", written));
    let first: usize = whole.get(..6).map_or(seen, |number| number.parse().unwrap());
    assert!(first <= seen, "lines {seen} to {first} are missing");
    assert!(seen - first <= BATCH_MAX, "{} lines came again", seen - first);
    let mut next = first;
    for got in whole.lines() {
        assert_eq!(got, line(next));
        next += 1;
    }
    assert!(line(next).starts_with(fragment), "an incomplete line is the start of the next");
    next.max(seen)
}

#[test]
fn a_killed_sender_ends_its_receiver_after_the_last_message() {
    let sandbox = Sandbox::new();
    let receiver = sandbox.start(&["recv", "feed"]);
    let mut sender = sandbox.start_with_input(&["send", "feed"]);
    sender.write(b"one\ntwo\nthree");
    eventually("what was whole is sent", || sandbox.messages("feed") == 2);
    sender.kill();
    assert_eq!(receiver.end().text(), "one\ntwo\n");

    sandbox.run(&["send", "feed", "three"]).ok();
    assert_eq!(sandbox.run(&["recv", "feed"]).text(), "three\n", "a new sender goes on");
    sandbox.run(&["rm", "feed"]).ok();
    sandbox.run(&["create", "feed", "--capacity", "64K"]).ok();
}

#[test]
fn a_killed_sender_has_a_successor_for_a_follower() {
    let sandbox = Sandbox::new();
    let receiver = sandbox.start(&["recv", "feed", "--follow"]);
    for round in 1..=3 {
        let mut sender = sandbox.start_with_input(&["send", "feed"]);
        sender.write(b"line\n");
        eventually("the line arrives", || receiver.stdout() == b"line\n".repeat(round));
        sender.kill();
    }
    assert_eq!(sandbox.messages("feed"), 3);
}

#[test]
fn the_name_is_free_at_once_when_everybody_was_killed() {
    let sandbox = Sandbox::new();
    let mut receiver = sandbox.start(&["recv", "feed"]);
    let mut sender = sandbox.start_with_input(&["send", "feed"]);
    eventually("both have joined", || sandbox.has("feed", "sender") && sandbox.has("feed", "receiver"));
    sandbox.run(&["rm", "feed"]).failed(1);
    sender.kill();
    receiver.kill();
    sandbox.run(&["rm", "feed"]).ok();
    assert!(std::fs::read_dir(sandbox.channels()).unwrap().next().is_none(), "nothing is left behind");
    sandbox.run(&["create", "feed"]).ok();
}
