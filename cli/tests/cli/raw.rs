//! `--framing raw` through a channel of one sender and one receiver: a pipe, with a pipe's ends.

use crate::crashes::pipe_is_full;
use crate::sandbox::{Sandbox, eventually, is_asleep};
use std::fs;
use std::io::Read;
use std::process::Stdio;

const RAW: [&str; 2] = ["--framing", "raw"];

/// Bytes of every value, in no order.
fn binary(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn send<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["send", name], &RAW[..], more].concat()
}

fn recv<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["recv", name], &RAW[..], more].concat()
}

#[test]
fn any_bytes_arrive_whoever_comes_first() {
    let sandbox = Sandbox::new();
    let (bytes, path) = (binary(1_000_000), sandbox.scratch());
    fs::write(&path, &bytes).unwrap();
    for (name, capacity) in [("small", "4K"), ("large", "4M")] {
        let receiver = sandbox.start(&recv(name, &[]));
        eventually("the receiver waits", || receiver.is_asleep());
        sandbox.start_reading(&send(name, &["--capacity", capacity]), &path).end().ok();
        assert!(receiver.end().ok() == bytes, "{name}");
        let before = sandbox.messages(name);
        let sender = sandbox.start_reading(&send(name, &[]), &path);
        eventually("the sender was there", || sandbox.messages(name) > before || sandbox.has(name, "sender"));
        assert!(sandbox.run(&recv(name, &[])).ok() == bytes, "{name}, the receiver last");
        sender.end().ok();
    }
    // A queue carries a stream as messages.
    sandbox.start_reading(&send("queue", &["--kind", "mpmc"]), &path).end().ok();
    assert!(sandbox.run(&recv("queue", &[])).ok() == bytes);
}

#[test]
fn bytes_arrive_as_soon_as_they_are_typed() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&send("typed", &[]));
    let receiver = sandbox.start(&recv("typed", &[]));
    let mut expected = Vec::new();
    for bytes in [&b"one"[..], b"\0", b"\n\xff"] {
        sender.write(bytes);
        expected.extend_from_slice(bytes);
        eventually("they arrive while the sender waits for more", || receiver.stdout() == expected);
    }
    sender.end_input();
    sender.end().ok();
    assert_eq!(receiver.end().ok(), expected);
}

#[test]
fn a_receiver_whose_output_is_closed_ends_quietly_and_breaks_the_pipe_of_its_sender() {
    let sandbox = Sandbox::new();
    let (bytes, path) = (binary(3_000_000), sandbox.scratch());
    fs::write(&path, &bytes).unwrap();
    let sender = sandbox.start_reading(&send("feed", &["--capacity", "64K"]), &path);
    let mut receiver = sandbox.command(&recv("feed", &[]));
    let mut receiver = receiver.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = receiver.stdout.take().unwrap();
    let mut head = vec![0; 100_000];
    output.read_exact(&mut head).unwrap();
    assert!(head == bytes[..100_000]);
    eventually("it waits to write", || pipe_is_full(&output) && is_asleep(receiver.id()));
    drop(output);
    let ended = receiver.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr)), (Some(0), "".into()));
    let sentence = sender.end().failed(1);
    assert!(
        sentence.starts_with("channel feed: the pipe's reader has left or died, or the channel was closed; ")
            && sentence.ends_with(" bytes were sent before that"),
        "{sentence}"
    );
}

#[test]
fn bytes_that_could_not_be_written_are_there_for_the_next_receiver() {
    let sandbox = Sandbox::new();
    let (bytes, path) = (binary(50_000), sandbox.scratch());
    fs::write(&path, &bytes).unwrap();
    sandbox.start_reading(&send("feed", &[]), &path).end().ok();
    let sentence = sandbox.run_in_shell(&recv("feed", &[]), ">/dev/full").failed(1);
    assert!(sentence.starts_with("writing to standard output failed: No space left"), "{sentence}");
    assert!(sandbox.run(&recv("feed", &[])).ok() == bytes);
}

#[test]
fn a_sender_that_was_killed_is_no_end_of_the_stream() {
    let sandbox = Sandbox::new();
    let receiver = sandbox.start(&recv("feed", &[]));
    let mut sender = sandbox.start_with_input(&send("feed", &[]));
    sender.write(b"so far");
    eventually("that arrives", || receiver.stdout() == b"so far");
    sender.kill();
    let ended = receiver.end();
    assert_eq!(ended.stdout, b"so far");
    assert_eq!(
        ended.failed(1),
        "channel feed: its sender died; all that it had sent was written, and the rest is missing"
    );

    let receiver = sandbox.start(&recv("feed", &["--follow"]));
    for round in 1..=2 {
        let mut sender = sandbox.start_with_input(&send("feed", &[]));
        sender.write(b"again");
        eventually("a follower gets it", || receiver.stdout() == b"again".repeat(round));
        sender.kill();
    }
}

#[test]
fn a_receiver_that_was_killed_breaks_the_pipe() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, binary(1_000_000)).unwrap();
    let mut receiver = sandbox.command(&recv("feed", &[])).stdout(Stdio::piped()).spawn().unwrap();
    let sender = sandbox.start_reading(&send("feed", &["--capacity", "64K"]), &path);
    eventually("it waits to write", || pipe_is_full(receiver.stdout.as_ref().unwrap()) && is_asleep(receiver.id()));
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    let sentence = sender.end().failed(1);
    assert!(sentence.contains("the pipe's reader has left or died"), "{sentence}");
}

#[test]
fn each_end_waits_for_so_long_as_it_is_told() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, binary(10_000)).unwrap();
    for (limit, said) in [("0", "0 s"), ("5ms", "0.005 s")] {
        let name = format!("feed{}", limit.len());
        let sentence = sandbox.start_reading(&send(&name, &["--capacity", "4K", "--timeout", limit]), &path).end();
        assert_eq!(
            sentence.failed(4),
            format!("channel {name} stayed full for {said}; 3,528 bytes were sent before that")
        );
        let ended = sandbox.run(&recv(&name, &["--timeout", limit]));
        assert!(ended.ok() == binary(3528));
        let sentence = sandbox.run(&recv(&name, &["--timeout", limit])).failed(4);
        assert_eq!(sentence, format!("channel {name}: no message came within {said}"));
    }
}

#[test]
fn messages_that_are_counted_are_messages_however_they_are_framed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "words", "one", "two", "three"]).ok();
    assert_eq!(sandbox.run(&recv("words", &["--count", "2"])).text(), "onetwo");
    assert_eq!(sandbox.run(&recv("words", &[])).text(), "three");
}

#[test]
fn both_ends_say_that_their_channel_was_removed() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&send("feed", &[]));
    let receiver = sandbox.start(&recv("feed", &[]));
    sender.write(b"one");
    eventually("that arrives", || receiver.stdout() == b"one");
    sandbox.run(&["rm", "--force", "feed"]).ok();
    assert_eq!(receiver.end().failed(3), "channel feed was removed");
    sender.end_input();
    assert_eq!(sender.end().failed(3), "channel feed was removed; 3 bytes were sent before that");
}
