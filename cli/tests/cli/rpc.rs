//! `rpc` channels: `serve` and `call`.

use crate::sandbox::{Sandbox, eventually};
use serde_json::json;

#[test]
fn a_command_answers_each_call() {
    let sandbox = Sandbox::new();
    let mut serving = sandbox.start(&["serve", "shout", "--", "tr", "a-z", "A-Z"]);
    assert_eq!(sandbox.run(&["call", "shout", "hello", "--wait", "60"]).text(), "HELLO\n");
    assert_eq!(sandbox.run_with(&["call", "shout"], b"two\nlines\n").text(), "TWO\nLINES\n");
    assert_eq!(sandbox.run_with(&["call", "shout", "--raw"], b"").text(), "");
    let facts = sandbox.look("shout").unwrap();
    assert_eq!((&facts["kind"], &facts["calls"]["frames"]), (&json!("rpc"), &json!(256)));
    assert_eq!(facts["calls"]["free"], json!(256));
    let sentence = sandbox.run(&["call", "shout", &"x".repeat(1025)]).failed(1);
    assert!(sentence.contains("has 1025 bytes") && sentence.contains("at most 1024"), "{sentence}");
    serving.kill();
    let sentence = sandbox.run(&["call", "shout", "hello"]).failed(1);
    assert!(sentence.contains("has no server"), "{sentence}");
    let sentence = sandbox.run(&["call", "shout", "hello", "--wait", "50ms"]).failed(4);
    assert_eq!(sentence, "channel shout got no server within 0.05 s");
}

#[test]
fn a_command_that_fails_is_told_and_the_next_call_is_answered() {
    let sandbox = Sandbox::new();
    let script = "read word; test \"$word\" = good && echo \"$word\"";
    let serving = sandbox.start(&["serve", "picky", "--count", "3", "--", "sh", "-c", script]);
    assert_eq!(sandbox.run(&["call", "picky", "good", "--wait", "60"]).text(), "good\n");
    let sentence = sandbox.run(&["call", "picky", "bad"]).failed(1);
    assert!(sentence.contains("the server died or dropped the call"), "{sentence}");
    assert_eq!(sandbox.run(&["call", "picky", "good"]).text(), "good\n");
    eventually("it says so", || serving.stderr().contains("the command failed: exit status: 1"));
}

#[test]
fn one_process_answers_line_by_line() {
    let sandbox = Sandbox::new();
    // Numbers its lines: the same process answers all of them.
    let script = "n=0; while read line; do n=$((n + 1)); echo \"$n $line\"; done";
    let serving = sandbox.start(&["serve", "numbers", "--lines", "--count", "3", "--", "sh", "-c", script]);
    assert_eq!(sandbox.run(&["call", "numbers", "one", "--wait", "60"]).text(), "1 one\n");
    assert_eq!(sandbox.run_with(&["call", "numbers"], b"two\nlines").text(), "2 two lines\n");
    assert_eq!(sandbox.run(&["call", "numbers", ""]).text(), "3 \n");
    serving.end().ok();
}

#[test]
fn a_call_ends_at_its_timeout() {
    let sandbox = Sandbox::new();
    let _serving = sandbox.start(&["serve", "slow", "--", "sleep", "60"]);
    eventually("it serves", || sandbox.has("slow", "receiver"));
    let sentence = sandbox.run(&["call", "slow", "hello", "--timeout", "50ms"]).failed(4);
    assert_eq!(sentence, "channel slow: no answer within 0.05 s");
}

#[test]
fn what_is_not_to_be_called_is_told() {
    let sandbox = Sandbox::new();
    assert!(sandbox.run(&["call", "others", "x"]).failed(3).contains("does not exist"));
    sandbox.run(&["create", "prices"]).ok();
    assert!(sandbox.run(&["call", "prices", "x"]).failed(1).contains("is of kind spsc"));
    assert!(sandbox.run(&["serve", "new", "--kind", "spsc", "--", "cat"]).failed(2).contains("has no calls"));
    assert!(sandbox.run(&["serve", "new"]).failed(2).contains("COMMAND"));
}
