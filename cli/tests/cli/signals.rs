//! Semaphores and events: `acquire`, `signal` and `wait`.

use crate::sandbox::{Sandbox, eventually};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

fn licences(sandbox: &Sandbox, permits: &str) {
    sandbox.run(&["create", "licences", "--kind", "semaphore", "--permits", permits]).ok();
}

/// Permits that nobody holds, and that somebody holds.
fn counts(sandbox: &Sandbox) -> (u64, u64) {
    let facts = sandbox.look("licences").unwrap();
    let number = |name: &str| facts["semaphore"][name].as_u64().unwrap();
    (number("available"), number("held"))
}

#[test]
fn a_command_runs_with_its_permits_and_its_status_is_passed_on() {
    let sandbox = Sandbox::new();
    licences(&sandbox, "3");
    assert_eq!(sandbox.run(&["acquire", "licences", "--", "echo", "-n", "hello"]).text(), "hello");
    assert_eq!(counts(&sandbox), (3, 0));
    let held = sandbox.start(&["acquire", "licences", "--permits", "2", "--", "sleep", "1000"]);
    eventually("it holds two", || counts(&sandbox) == (1, 2));
    let sentence = sandbox.run(&["acquire", "licences", "--permits", "2", "--timeout", "0", "--", "true"]).failed(4);
    assert!(sentence.contains("there were not enough permits within 0"), "{sentence}");
    sandbox.run(&["acquire", "licences", "--", "true"]).ok();
    kill_process(Pid::from_raw(held.pid() as i32).unwrap(), Signal::TERM).unwrap();
    assert_eq!(held.end().status.code().unwrap(), 128 + 15, "the command was ended, and said so");
    assert_eq!(counts(&sandbox), (3, 0));
    for status in [1, 7, 255] {
        let exit = format!("exit {status}");
        assert_eq!(sandbox.run(&["acquire", "licences", "--", "sh", "-c", &exit]).status.code(), Some(status));
    }
    let sentence = sandbox.run(&["acquire", "licences", "--", "/nonexistent"]).failed(1);
    assert!(sentence.contains("running /nonexistent failed"), "{sentence}");
    let sentence = sandbox.run(&["acquire", "licences", "--permits", "65", "--", "true"]).failed(1);
    assert!(sentence.contains("65 permits are too many"), "{sentence}");
    assert_eq!(counts(&sandbox), (3, 0));
}

#[test]
fn a_command_whose_holder_is_killed_does_not_run_on_and_the_permits_come_back() {
    let sandbox = Sandbox::new();
    licences(&sandbox, "1");
    let holder = sandbox.start(&["acquire", "licences", "--", "sh", "-c", "echo $$; exec sleep 1000"]);
    eventually("the command runs", || holder.stdout().ends_with(b"\n"));
    let command: i32 = String::from_utf8(holder.stdout().to_vec()).unwrap().trim().parse().unwrap();
    let command = Pid::from_raw(command).unwrap();
    let waiting = sandbox.start(&["acquire", "licences", "--", "echo", "mine"]);
    kill_process(Pid::from_raw(holder.pid() as i32).unwrap(), Signal::KILL).unwrap();
    assert_eq!(waiting.end().text(), "mine\n");
    eventually("the command is killed, too", || test_kill_process(command).is_err());
    assert_eq!(counts(&sandbox), (1, 0));
    drop(holder);
}

#[test]
fn a_signal_is_found_by_one_that_waits_now_and_by_one_that_comes_later() {
    let sandbox = Sandbox::new();
    let waiting = sandbox.start(&["wait", "ready"]);
    eventually("it waits", || waiting.is_asleep());
    sandbox.run(&["signal", "ready"]).ok();
    assert_eq!(waiting.end().text(), "0x1\n");
    assert_eq!(sandbox.run(&["wait", "ready", "1"]).text(), "0x1\n", "it stays set");
    sandbox.run(&["signal", "ready", "0x80000004"]).ok();
    assert_eq!(sandbox.run(&["wait", "ready", "0b101", "--all"]).text(), "0x80000005\n");
    let sentence = sandbox.run(&["wait", "ready", "2", "--timeout", "50ms"]).failed(4);
    assert!(sentence.contains("was not set within 0.05 s"), "{sentence}");
    assert_eq!(sandbox.run(&["wait", "ready", "5", "--clear"]).text(), "0x80000005\n");
    assert_eq!(sandbox.run(&["wait", "ready", "--clear"]).text(), "0x80000000\n");
    sandbox.run(&["wait", "ready", "--timeout", "10ms"]).failed(4);
    let facts = sandbox.look("ready").unwrap();
    assert_eq!((facts["kind"].as_str(), &facts["event"]), (Some("event"), &json!({ "bits": 0, "count": 2 })));
    assert!(sandbox.run(&["signal", "ready", "12x"]).failed(2).contains("bits are a number"));
}

#[test]
fn what_is_no_semaphore_and_no_event_is_refused() {
    let sandbox = Sandbox::new();
    licences(&sandbox, "2");
    let info = sandbox.run(&["info", "licences"]).text();
    assert!(info.contains("permits\n  available        2\n"), "{info}");
    assert!(sandbox.run(&["ls"]).text().contains("semaphore"), "listed");
    assert!(sandbox.run(&["signal", "licences"]).failed(1).contains("is of kind semaphore, and no event"));
    assert!(sandbox.run(&["send", "licences"]).failed(1).contains("carries no messages"));
    sandbox.run(&["signal", "ready"]).ok();
    assert!(sandbox.run(&["acquire", "ready", "--", "true"]).failed(1).contains("is of kind event, and no semaphore"));
    sandbox.run(&["acquire", "others", "--", "true"]).failed(3);
    let sentence = sandbox.run(&["create", "many", "--kind", "semaphore", "--permits", "16777216"]).failed(2);
    assert!(sentence.contains("--permits 16777216"), "{sentence}");
}
