//! The demo: that it checks and reports, and leaves nothing behind. How fast it is, is not a test's business.

use crate::sandbox::{Sandbox, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::os::unix::process::ExitStatusExt;

fn left_behind(sandbox: &Sandbox) -> usize {
    fs::read_dir(sandbox.channels()).unwrap().count()
}

#[test]
fn the_demo_checks_a_generated_feed() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["demo", "--seconds", "0.2", "--rate", "2000"]).text();
    for part in
        ["100,000 messages", "full speed", "messages/s", "MB/s", "p50", "p99.9", "max", "all arrived, once, in order"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(left_behind(&sandbox), 0);
}

#[test]
fn the_demo_replays_a_file() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, format!("one\n\n{}\nlast", "x".repeat(2_000_000))).unwrap();
    let file = path.to_str().unwrap();
    let facts = sandbox.run(&["demo", file, "--json", "--seconds", "0.2", "--rate", "500"]).json();
    let feed = &facts["feed"];
    assert_eq!((feed["messages"].as_u64(), feed["bytes"].as_u64()), (Some(4), Some(2_000_007)));
    assert_eq!((feed["file"].as_str(), feed["largest_bytes"].as_u64()), (Some(file), Some(2_000_000)));
    let number = |part: &str, key: &str| facts[part][key].as_f64().unwrap();
    let messages = number("full_speed", "messages") + number("fixed_rate", "messages");
    assert_eq!(facts["verified_messages"].as_f64().unwrap(), messages);
    assert!(number("full_speed", "messages") >= 4.0 && number("full_speed", "megabytes_per_second") > 0.0);
    let latency = ["p50_ns", "p99_ns", "p999_ns", "max_ns"].map(|key| number("fixed_rate", key));
    assert!(latency.is_sorted() && latency[0] > 0.0, "{latency:?}");
    assert_eq!(left_behind(&sandbox), 0);
}

#[test]
fn three_receivers_share_the_demo_and_one_is_killed() {
    let sandbox = Sandbox::new();
    let facts = sandbox.run(&["demo", "--kind", "mpmc", "--json", "--seconds", "0.2", "--rate", "2000"]).json();
    let number = |part: &str, key: &str| facts[part][key].as_u64().unwrap();
    let received: Vec<u64> =
        facts["full_speed"]["received"].as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).collect();
    assert_eq!((received.len(), received.iter().sum::<u64>()), (3, number("full_speed", "messages")));
    assert!(number("killed", "redelivered") > 0 && number("killed", "messages") >= 100_000, "{facts}");
    let messages = ["full_speed", "fixed_rate", "killed"].map(|part| number(part, "messages"));
    assert_eq!(facts["verified_messages"].as_u64(), Some(messages.iter().sum()));
    assert_eq!((facts["channel"]["kind"].as_str(), facts["channel"]["slots"].as_u64()), (Some("mpmc"), Some(256)));
    assert_eq!(left_behind(&sandbox), 0);
}

#[test]
fn each_of_three_receivers_of_a_broadcast_gets_all_of_the_demo() {
    let sandbox = Sandbox::new();
    let facts = sandbox.run(&["demo", "--kind", "broadcast", "--json", "--seconds", "0.2", "--rate", "2000"]).json();
    let sent = &facts["full_speed"]["messages"];
    assert_eq!(facts["full_speed"]["received"], serde_json::json!([sent, sent, sent]));
    assert!(facts["killed"].is_null() && facts["channel"]["kind"] == "broadcast", "{facts}");
}

#[test]
fn a_shared_demo_says_who_got_what() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, "one\n\nthree").unwrap();
    let file = path.to_str().unwrap();
    let text = sandbox.run(&["demo", file, "--kind", "mpmc", "--seconds", "0.2", "--rate", "2000"]).text();
    for part in ["three receivers", "256 slots", "shared out", "marked as redelivered", "each receiver's in order"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(left_behind(&sandbox), 0);
}

#[test]
fn a_file_that_cannot_be_replayed_is_named() {
    let sandbox = Sandbox::new();
    assert!(
        sandbox.run(&["demo", "/no/such/file"]).failed(1).starts_with("reading /no/such/file failed: No such file")
    );
    assert!(sandbox.run(&["demo", "/dev/null"]).failed(1).starts_with("/dev/null is not a regular file"));
    assert_eq!(left_behind(&sandbox), 0);
}

/// The demo's processes: what each does, and its process id.
fn peers(demo: u32) -> Vec<(String, Pid)> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let peer = |id: i32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name in brackets: the state, and the parent.
        let parent: u32 = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).ok()?;
        let mut arguments = line.split('\0').skip(1);
        (parent == demo && arguments.next() == Some("demo-peer")).then(|| arguments.next().unwrap().to_owned())
    };
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter_map(|id| Some((peer(id)?, Pid::from_raw(id)?))).collect()
}

/// Whether the process is there, and not only for its parent to hear of its end.
fn is_alive(id: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[test]
fn a_demo_that_is_interrupted_or_killed_leaves_nothing_behind() {
    for kind in ["spsc", "mpmc"] {
        for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
            let sandbox = Sandbox::new();
            let demo = sandbox.start(&["demo", "--seconds", "20", "--kind", kind]);
            eventually("its processes run", || peers(demo.pid()).len() == if kind == "spsc" { 2 } else { 4 });
            let peers = peers(demo.pid());
            kill_process(Pid::from_raw(demo.pid() as i32).unwrap(), signal).unwrap();
            assert_eq!(demo.end().status.signal(), Some(signal.as_raw()));
            eventually("they have ended", || !peers.iter().any(|(_, id)| is_alive(*id)));
            assert_eq!(left_behind(&sandbox), 0);
        }
    }
}

#[test]
fn a_demo_whose_process_dies_says_so_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let demo = sandbox.start(&["demo", "--seconds", "20"]);
    let mut receiver = None;
    eventually("there is a receiver", || {
        receiver = peers(demo.pid()).into_iter().find(|(role, _)| role == "receiver");
        receiver.is_some()
    });
    kill_process(receiver.unwrap().1, Signal::KILL).unwrap();
    assert_eq!(demo.end().failed(1), "the demo's receiver failed: signal: 9 (SIGKILL)");
    assert_eq!(left_behind(&sandbox), 0);
}
