//! A recorded market feed, byte for byte.

use crate::sandbox::{Sandbox, eventually};
use crate::transfer::length_framed;
use std::fs;
use std::sync::LazyLock;

#[path = "../../../core/tests/support/feed.rs"]
mod recording;

static FEED: LazyLock<Vec<u8>> = LazyLock::new(recording::feed);

fn same(received: &[u8], sent: &[u8]) {
    assert_eq!(received.len(), sent.len());
    assert!(received == sent, "what arrived differs from what was sent");
}

#[test]
fn the_feed_arrives_at_a_receiver_that_waits() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, &*FEED).unwrap();
    let receiver = sandbox.start(&["recv", "feed"]);
    eventually("the receiver waits", || receiver.is_asleep());
    sandbox.start_reading(&["send", "feed"], &path).end().ok();
    same(&receiver.end().ok(), &FEED);
}

#[test]
fn the_feed_arrives_through_a_small_ring_at_a_receiver_that_comes_last() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, &*FEED).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--capacity", "128K"], &path);
    eventually("the sender waits", || sandbox.messages("feed") > 0 && sender.is_asleep());
    same(&sandbox.run(&["recv", "feed"]).ok(), &FEED);
    sender.end().ok();
}

#[test]
fn the_feed_arrives_through_a_queue_as_it_is_by_default() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, &*FEED).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--kind", "mpmc"], &path);
    same(&sandbox.run(&["recv", "feed"]).ok(), &FEED);
    sender.end().ok();
    let bytes = sandbox.look("feed").unwrap()["total_bytes"].as_u64().unwrap();
    assert!(bytes <= 17 << 20, "{bytes} bytes: a container has 64 MiB of /dev/shm");
}

#[test]
fn the_feed_arrives_as_a_stream() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, &*FEED).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--framing", "raw", "--capacity", "64K"], &path);
    same(&sandbox.run(&["recv", "feed", "--framing", "raw"]).ok(), &FEED);
    sender.end().ok();
}

#[test]
fn the_feed_arrives_with_length_framing() {
    let sandbox = Sandbox::new();
    let lines: Vec<&[u8]> = FEED.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n').collect();
    let stream = length_framed(&lines);
    let path = sandbox.scratch();
    fs::write(&path, &stream).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--framing", "length"], &path);
    same(&sandbox.run(&["recv", "feed", "--framing", "length"]).ok(), &stream);
    sender.end().ok();
    assert_eq!(sandbox.messages("feed"), lines.len() as u64);
}
