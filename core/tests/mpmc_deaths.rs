//! `mpmc` between processes that are killed or stopped: what they held comes back, or stays theirs.

mod support;

use memlane::TrySendError;
use memlane::mpmc::{Channel, Options, Receiver};
use std::time::Duration;
use support::Scratch;
use support::child::{self, Child, Part};

fn small() -> Options {
    Options::new().slots(4).max_message(100)
}

fn free(channel: &Channel) -> u64 {
    channel.info().queue.unwrap().free
}

fn next(receiver: &mut Receiver) -> Vec<u8> {
    receiver.recv().unwrap().to_vec()
}

const PARTS: [(&str, Part); 2] =
    [("holds a message of a queue", holds_a_message), ("holds a grant of a queue", holds_a_grant)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn holds_a_message(arguments: &[String]) {
    let mut rx = memlane::mpmc::open(&arguments[0]).unwrap().receiver().unwrap();
    let message = rx.recv().unwrap();
    child::tell(format_args!("holds {}", String::from_utf8(message.to_vec()).unwrap()));
    child::stay();
}

fn holds_a_grant(arguments: &[String]) {
    let mut tx = memlane::mpmc::open(&arguments[0]).unwrap().sender().unwrap();
    let _grant = tx.reserve(4).unwrap();
    child::tell("holds a grant");
    child::stay();
}

#[test]
fn what_a_killed_receiver_held_comes_again_marked() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = small().create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    tx.send_batch(["1", "2"]).unwrap();
    let mut child = Child::start("holds a message of a queue", &[&name]);
    child.expect("holds 1");
    let mut rx = channel.receiver().unwrap();
    assert_eq!(next(&mut rx), b"2");
    child.kill();
    let again = rx.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(again.redelivered());
    assert_eq!(again.to_vec(), b"1");
    again.ack().unwrap();
    assert_eq!(free(&channel), 4);
    assert_eq!(channel.info().participants[2].counters.reaped, 1);
}

#[test]
fn what_a_killed_sender_had_reserved_is_free_again() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = small().create(&name).unwrap();
    let mut child = Child::start("holds a grant of a queue", &[&name]);
    child.expect("holds a grant");
    assert_eq!(free(&channel), 3);
    child.kill();
    let mut tx = channel.sender().unwrap();
    tx.send_batch(["1", "2", "3", "4"]).unwrap();
    assert_eq!(tx.try_send(b"5"), Err(TrySendError::Full));
}

#[test]
fn a_stopped_receiver_keeps_its_message_and_delays_nobody() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = small().create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    tx.send(b"held").unwrap();
    let child = Child::start("holds a message of a queue", &[&name]);
    child.expect("holds held");
    child.signal(libc::SIGSTOP);
    let mut rx = channel.receiver().unwrap();
    for number in 0..1000u32 {
        tx.send(&number.to_le_bytes()).unwrap();
        assert_eq!(next(&mut rx), number.to_le_bytes());
    }
    // Whoever joins reaps who is dead.
    drop(channel.receiver().unwrap());
    assert_eq!(channel.info().queue.unwrap().consumed, 1);
}
