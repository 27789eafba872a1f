//! What comes out is what went in: whoever starts first, however it is framed.

use crate::sandbox::{Sandbox, eventually};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// Lines of every sort: empty, with a carriage return, with zero bytes, not UTF-8, as long as an 8 KiB ring takes.
fn odd_lines() -> Vec<u8> {
    let all_bytes: Vec<u8> = (0..=255).filter(|&byte| byte != b'\n').collect();
    let longest = vec![b'x'; 3576];
    let odd: [&[u8]; 7] = [b"", b"\r", b"carriage return\r", b"a\0b", &all_bytes, &longest, b"\xff\xfe"];
    let mut lines = Vec::new();
    for number in 0..3000 {
        lines.extend_from_slice(format!("{number} ").as_bytes());
        lines.extend_from_slice(b"a line like the others\n");
        lines.extend_from_slice(odd[number % odd.len()]);
        lines.push(b'\n');
    }
    lines
}

#[test]
fn a_receiver_that_waits_for_its_channel_gets_every_byte() {
    let sandbox = Sandbox::new();
    let (feed, path) = (odd_lines(), sandbox.scratch());
    fs::write(&path, &feed).unwrap();
    let receiver = sandbox.start(&["recv", "odd"]);
    eventually("the receiver waits", || receiver.is_asleep());
    sandbox.start_reading(&["send", "odd", "--capacity", "8K"], &path).end().ok();
    assert!(receiver.end().ok() == feed);
}

#[test]
fn a_receiver_that_waits_in_its_channel_gets_every_byte() {
    let sandbox = Sandbox::new();
    let (feed, path) = (odd_lines(), sandbox.scratch());
    fs::write(&path, &feed).unwrap();
    sandbox.run(&["create", "odd", "--kind", "spsc", "--capacity", "8K"]).ok();
    let receiver = sandbox.start(&["recv", "odd"]);
    eventually("the receiver has joined", || sandbox.has("odd", "receiver"));
    sandbox.start_reading(&["send", "odd"], &path).end().ok();
    assert!(receiver.end().ok() == feed);
}

#[test]
fn a_receiver_that_comes_last_gets_every_byte() {
    let sandbox = Sandbox::new();
    let (feed, path) = (odd_lines(), sandbox.scratch());
    fs::write(&path, &feed).unwrap();
    let sender = sandbox.start_reading(&["send", "odd", "--capacity", "8K"], &path);
    eventually("the channel is in use", || sandbox.messages("odd") > 0);
    eventually("the sender waits", || sender.is_asleep());
    assert!(sandbox.run(&["recv", "odd"]).ok() == feed);
    sender.end().ok();
}

#[test]
fn messages_outlive_their_sender() {
    let sandbox = Sandbox::new();
    sandbox.run_with(&["send", "kept"], b"one\ntwo\n").ok();
    assert_eq!(sandbox.run(&["recv", "kept"]).text(), "one\ntwo\n");
}

#[test]
fn a_last_line_without_an_end_is_a_message() {
    let sandbox = Sandbox::new();
    sandbox.run_with(&["send", "lines"], b"one\n\nlast").ok();
    assert_eq!(sandbox.messages("lines"), 3);
    assert_eq!(sandbox.run(&["recv", "lines"]).text(), "one\n\nlast\n");
}

#[test]
fn input_without_messages_sends_none() {
    let sandbox = Sandbox::new();
    for framing in ["lines", "length", "raw"] {
        sandbox.run_with(&["send", "none", "--framing", framing], b"").ok();
    }
    assert_eq!(sandbox.messages("none"), 0);
}

#[test]
fn each_argument_is_a_message() {
    let sandbox = Sandbox::new();
    let arguments = ["send", "words", "hello", "two words", "", "two\nlines", "--", "--not-an-option"].map(OsStr::new);
    let odd = OsStr::from_bytes(b"\xff\xfe");
    sandbox.run(&[&arguments[..], &[odd]].concat()).ok();
    assert_eq!(sandbox.messages("words"), 6);
    let received = sandbox.run(&["recv", "words", "--framing", "length"]).ok();
    let expected: [&[u8]; 6] = [b"hello", b"two words", b"", b"two\nlines", b"--not-an-option", b"\xff\xfe"];
    assert_eq!(received, length_framed(&expected));
}

#[test]
fn a_line_end_inside_a_message_is_written_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "words", "two\nlines", "one"]).ok();
    assert_eq!(sandbox.run(&["recv", "words"]).text(), "two\nlines\none\n");
}

#[test]
fn length_framing_carries_any_bytes() {
    let sandbox = Sandbox::new();
    let long = vec![b'\n'; 100_000];
    let messages: [&[u8]; 5] = [b"", b"\n", b"one\ntwo\n", &long, b"\0\0\0\0"];
    let stream = length_framed(&messages).repeat(20);
    let path = sandbox.scratch();
    fs::write(&path, &stream).unwrap();
    let sender = sandbox.start_reading(&["send", "framed", "--framing", "length", "--capacity", "512K"], &path);
    assert!(sandbox.run(&["recv", "framed", "--framing", "length"]).ok() == stream);
    sender.end().ok();
    assert_eq!(sandbox.messages("framed"), 100);
}

#[test]
fn raw_framing_carries_a_stream() {
    let sandbox = Sandbox::new();
    let stream: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    let path = sandbox.scratch();
    fs::write(&path, &stream).unwrap();
    let sender = sandbox.start_reading(&["send", "raw", "--framing", "raw", "--capacity", "16K"], &path);
    assert!(sandbox.run(&["recv", "raw", "--framing", "raw"]).ok() == stream);
    sender.end().ok();
    // Each record takes an eighth of the ring, and one the rest.
    assert_eq!(sandbox.messages("raw"), (stream.len() as u64).div_ceil((16 << 10) / 8 - 8));
}

#[test]
fn a_line_is_sent_as_soon_as_it_is_typed() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&["send", "typed"]);
    let receiver = sandbox.start(&["recv", "typed"]);
    let mut expected = Vec::new();
    for line in ["one\n", "two\nthree\n", "\n"] {
        sender.write(line.as_bytes());
        expected.extend_from_slice(line.as_bytes());
        eventually("the line arrives while the sender waits for more", || receiver.stdout() == expected);
    }
    sender.write(b"unfinished");
    sender.end_input();
    sender.end().ok();
    expected.extend_from_slice(b"unfinished\n");
    assert_eq!(receiver.end().ok(), expected);
}

#[test]
fn a_counted_receiver_leaves_the_rest_to_the_next() {
    let sandbox = Sandbox::new();
    let lines: String = (0..5000).map(|number| format!("{number}\n")).collect();
    sandbox.run_with(&["send", "counted"], lines.as_bytes()).ok();
    assert_eq!(sandbox.run(&["recv", "counted", "--count", "2"]).text(), "0\n1\n");
    assert_eq!(sandbox.run(&["recv", "counted", "--count", "1"]).text(), "2\n");
    let rest = sandbox.run(&["recv", "counted", "--count", "9999"]).text();
    assert_eq!(format!("0\n1\n2\n{rest}"), lines);
}

/// Each message behind its length.
pub fn length_framed(messages: &[&[u8]]) -> Vec<u8> {
    let mut stream = Vec::new();
    for message in messages {
        stream.extend_from_slice(&(message.len() as u32).to_le_bytes());
        stream.extend_from_slice(message);
    }
    stream
}

#[test]
fn a_channel_with_semaphores_wants_its_peers_trusted() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "waking", "--backend", "semaphore"]).ok();
    for arguments in [["send", "waking", "in vain"], ["recv", "waking", "--count=1"]] {
        let ended = sandbox.run(&arguments);
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains("use --trust-peers"), "{}", ended.stderr);
    }
    let receiver = sandbox.start(&["recv", "waking", "--trust-peers"]);
    eventually("the receiver waits", || receiver.is_asleep());
    sandbox.run(&["send", "waking", "one", "two", "--trust-peers"]).ok();
    assert_eq!(receiver.end().text(), "one\ntwo\n");
    assert_eq!(sandbox.look("waking").unwrap()["backend"], "semaphore");
}
