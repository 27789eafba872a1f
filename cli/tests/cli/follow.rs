//! When `recv` ends, and what it stays for.

use crate::sandbox::{Sandbox, eventually};

#[test]
fn a_follower_stays_across_senders_and_channels() {
    let sandbox = Sandbox::new();
    let mut receiver = sandbox.start(&["recv", "feed", "--follow"]);
    let mut expected = String::new();
    let mut arrives = |sandbox: &Sandbox, word: &str| {
        sandbox.run(&["send", "feed", word]).ok();
        expected += &format!("{word}\n");
        eventually("the message arrives", || receiver.stdout() == expected.as_bytes());
    };
    arrives(&sandbox, "one");
    arrives(&sandbox, "two");
    sandbox.run(&["rm", "--force", "feed"]).ok();
    arrives(&sandbox, "three");
    assert!(receiver.is_running());
}

#[test]
fn a_follower_notices_that_the_channel_was_replaced_while_a_sender_lives() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&["send", "feed"]);
    sender.write(b"one\n");
    let receiver = sandbox.start(&["recv", "feed", "--follow"]);
    eventually("the message arrives", || receiver.stdout() == b"one\n");
    sandbox.run(&["rm", "--force", "feed"]).ok();
    sandbox.run(&["send", "feed", "two"]).ok();
    eventually("the message of the new channel arrives", || receiver.stdout() == b"one\ntwo\n");
}

#[test]
fn a_follower_whose_senders_have_gone_notices_that_the_file_was_deleted() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "feed", "one"]).ok();
    let receiver = sandbox.start(&["recv", "feed", "--follow"]);
    eventually("the message arrives", || receiver.stdout() == b"one\n");
    // By a stranger, who tells nobody.
    std::fs::remove_file(sandbox.channels().join("feed.lane")).unwrap();
    sandbox.run(&["send", "feed", "two"]).ok();
    eventually("the message of the new channel arrives", || receiver.stdout() == b"one\ntwo\n");
}

#[test]
fn a_sender_whose_file_was_deleted_does_not_end_as_if_its_messages_could_be_found() {
    for kind in [&["--kind", "spsc"], &["--kind", "mpmc"]] {
        let sandbox = Sandbox::new();
        let mut sender = sandbox.start_with_input(&[&["send", "feed"][..], kind].concat());
        sender.write(b"one\n");
        eventually("the message was sent", || sandbox.sent("feed") == 1);
        // By a stranger, who tells nobody.
        std::fs::remove_file(sandbox.channels().join("feed.lane")).unwrap();
        sender.end_input();
        assert_eq!(sender.end().failed(3), "channel feed was removed; 1 message was sent before that");
    }
}

#[test]
fn a_receiver_says_that_its_channel_was_removed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "feed"]).ok();
    let receiver = sandbox.start(&["recv", "feed"]);
    eventually("the receiver has joined", || sandbox.has("feed", "receiver"));
    sandbox.run(&["rm", "--force", "feed"]).ok();
    assert_eq!(receiver.end().failed(3), "channel feed was removed");
}

#[test]
fn a_sender_says_that_its_channel_was_removed() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    std::fs::write(&path, "0123456789abcdef\n".repeat(1000)).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--capacity", "4K"], &path);
    eventually("the channel is full", || sandbox.messages("feed") > 100 && sender.is_asleep());
    sandbox.run(&["rm", "--force", "feed"]).ok();
    let sentence = sender.end().failed(3);
    assert!(sentence.starts_with("channel feed was removed; 1"), "{sentence}");
}

#[test]
fn a_sender_learns_that_its_receiver_has_left() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    std::fs::write(&path, "0123456789abcdef\n".repeat(1000)).unwrap();
    let sender = sandbox.start_reading(&["send", "feed", "--capacity", "4K"], &path);
    eventually("the channel is in use", || sandbox.has("feed", "sender"));
    sandbox.run(&["recv", "feed", "--count", "1"]).ok();
    let sentence = sender.end().failed(1);
    assert!(sentence.starts_with("channel feed: every receiver has left"), "{sentence}");
}

#[test]
fn a_persistent_channel_never_disconnects() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "feed", "--persistent", "one"]).ok();
    let receiver = sandbox.start(&["recv", "feed", "--count", "2"]);
    eventually("the first message arrives", || receiver.stdout() == b"one\n");
    sandbox.run(&["send", "feed", "two"]).ok();
    assert_eq!(receiver.end().text(), "one\ntwo\n");
}

#[test]
fn a_bounded_wait_ends_with_a_sentence() {
    let sandbox = Sandbox::new();
    let missing = sandbox.run(&["recv", "nowhere", "--timeout", "30ms"]).failed(4);
    let place = sandbox.channels().join("nowhere.lane");
    let expected = format!("channel nowhere did not appear within 0.03 s; its place is {}", place.display());
    assert_eq!(missing, expected);
    sandbox.run(&["create", "quiet", "--persistent"]).ok();
    sandbox.run(&["send", "quiet", "one"]).ok();
    for more in [&[][..], &["--follow"]] {
        let ended = sandbox.run(&[&["recv", "quiet", "--timeout", "0.03"], more].concat());
        assert_eq!(ended.failed(4), "channel quiet: no message came within 0.03 s");
    }
    sandbox.run(&["send", "left", "one"]).ok();
    let ended = sandbox.run(&["recv", "left", "--follow", "--timeout", "30ms"]);
    assert_eq!(ended.stdout, b"one\n");
    assert_eq!(ended.failed(4), "channel left: no message came within 0.03 s");
}

#[test]
fn the_end_of_an_empty_stream_is_heard_once_whoever_starts_first() {
    for kind in ["spsc", "mpmc"] {
        let sandbox = Sandbox::new();
        sandbox.run_with(&["send", "feed", "--kind", kind], b"").ok();
        assert_eq!(sandbox.run(&["recv", "feed"]).text(), "", "{kind}: the sender came first");

        let receiver = sandbox.start(&["recv", "feed"]);
        eventually("the receiver waits: that end was heard", || {
            receiver.is_asleep() && sandbox.has("feed", "receiver")
        });
        sandbox.run_with(&["send", "feed"], b"").ok();
        assert_eq!(receiver.end().text(), "", "{kind}: the receiver came first");

        sandbox.run(&["send", "feed", "one"]).ok();
        sandbox.run_with(&["send", "feed"], b"").ok();
        assert_eq!(sandbox.run(&["recv", "feed"]).text(), "one\n", "{kind}: what is there comes before the end");
    }
}

#[test]
fn a_killed_sender_that_sent_nothing_is_an_end_as_well() {
    for kind in ["spsc", "mpmc"] {
        let sandbox = Sandbox::new();
        let mut sender = sandbox.start_with_input(&["send", "feed", "--kind", kind]);
        eventually("the sender has joined", || sandbox.has("feed", "sender"));
        sender.kill();
        assert_eq!(sandbox.run(&["recv", "feed"]).text(), "");
    }
}

#[test]
fn a_persistent_channel_has_no_end() {
    let sandbox = Sandbox::new();
    sandbox.run_with(&["send", "feed", "--persistent"], b"").ok();
    let receiver = sandbox.start(&["recv", "feed", "--count", "1"]);
    eventually("the receiver waits", || receiver.is_asleep() && sandbox.has("feed", "receiver"));
    sandbox.run(&["send", "feed", "one"]).ok();
    assert_eq!(receiver.end().text(), "one\n");
}

#[test]
fn a_long_wait_for_a_channel_says_where_it_looks() {
    let sandbox = Sandbox::new();
    let receiver = sandbox.start(&["recv", "feed"]);
    let place = sandbox.channels().join("feed.lane");
    let said = format!("memlane: waiting for channel feed to appear; its place is {}\n", place.display());
    eventually("it says so", || receiver.stderr() == said);
    sandbox.run(&["send", "feed", "one"]).ok();
    assert_eq!(receiver.end().text(), "one\n");
}

#[test]
fn a_drained_channel_is_no_reason_to_wait_for_the_workers_of_a_pool() {
    for kind in ["spsc", "mpmc"] {
        let sandbox = Sandbox::new();
        sandbox.run(&["create", "jobs", "--kind", kind]).ok();
        let early = sandbox.start(&["recv", "jobs", "--drain"]);
        eventually("it waits for the first sender", || early.is_asleep() && sandbox.has("jobs", "receiver"));
        sandbox.run(&["send", "jobs", "one"]).ok();
        assert_eq!(early.end().text(), "one\n");
        for _ in 0..3 {
            assert_eq!(sandbox.run(&["recv", "jobs", "--drain"]).text(), "", "{kind}: it comes too late");
        }
    }
}
