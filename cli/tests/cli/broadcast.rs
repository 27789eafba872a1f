//! `broadcast` channels: every `recv` gets all, from where it begins; and one that lost some says how many.

use crate::sandbox::{Sandbox, eventually};
use serde_json::json;

/// Lines with the numbers from `first` up to `end`.
fn lines(first: u64, end: u64) -> String {
    (first..end).map(|number| format!("{number}\n")).collect()
}

#[test]
fn every_receiver_gets_all_lines() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "news", "--kind", "broadcast", "--receivers", "3", "--capacity", "4096"]).ok();
    let receivers = [(); 3].map(|()| sandbox.start(&["recv", "news"]));
    eventually("all have joined", || {
        sandbox.look("news").unwrap()["participants"].as_array().is_some_and(|all| all.len() == 3)
    });
    let sentence = sandbox.run(&["recv", "news"]).failed(1);
    assert!(sentence.contains("news"), "{sentence}");
    sandbox.run_with(&["send", "news"], lines(0, 5000).as_bytes()).ok();
    for receiver in receivers {
        assert_eq!(receiver.end().text(), lines(0, 5000));
    }
    let facts = sandbox.look("news").unwrap();
    assert_eq!((&facts["kind"], &facts["broadcast"]["policy"]), (&json!("broadcast"), &json!("block")));
}

#[test]
fn a_receiver_begins_where_it_is_told_to() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "news", "--kind", "broadcast"]).ok();
    sandbox.run_with(&["send", "news"], lines(0, 100).as_bytes()).ok();
    for (options, first) in [
        (&["--from", "oldest"][..], 0),
        (&["--from", "40"], 40),
        (&["--history", "7"], 93),
        (&["--history", "1000"], 0),
    ] {
        let found = sandbox.run(&[&["recv", "news", "--drain"][..], options].concat());
        assert_eq!(found.text(), lines(first, 100), "{options:?}");
    }
    let late = sandbox.run(&["recv", "news", "--timeout", "50ms"]).failed(4);
    assert!(late.contains("no message came"), "from now: {late}");
    let sentence = sandbox.run(&["recv", "news", "--from", "101"]).failed(1);
    assert!(sentence.contains("no message has number 101, only 100 were sent"), "{sentence}");
    sandbox.run(&["create", "other"]).ok();
    let sentence = sandbox.run(&["recv", "other", "--from", "oldest"]).failed(1);
    assert!(sentence.contains("channel other is no broadcast"), "{sentence}");
}

#[test]
fn a_receiver_that_lost_some_says_how_many_and_goes_on() {
    ["overwrite", "evict"].into_iter().for_each(loses_some);
}

fn loses_some(policy: &str) {
    let sandbox = Sandbox::new();
    let options = ["--kind", "broadcast", "--policy", policy, "--capacity", "4096"];
    sandbox.run(&[&["create", "ticks"][..], &options].concat()).ok();
    // Nobody receives, and the sender does not wait.
    sandbox.run_with(&["send", "ticks"], lines(0, 10_000).as_bytes()).ok();
    let found = sandbox.run(&["recv", "ticks", "--from", "10", "--drain"]);
    let text = String::from_utf8(found.stdout.clone()).unwrap();
    let first: u64 = text.lines().next().unwrap().parse().unwrap();
    assert_eq!(text, lines(first, 10_000));
    let lost = first - 10;
    let said = format!("memlane: channel ticks: {lost} messages were overwritten before this command received them\n");
    assert_eq!((found.status.code(), found.stderr), (Some(0), said));
}

#[test]
fn a_sender_that_does_not_wait_fails() {
    let sandbox = Sandbox::new();
    let options = ["--kind", "broadcast", "--policy", "fail", "--capacity", "4096"];
    sandbox.run(&[&["create", "news"][..], &options].concat()).ok();
    let mut receiver = sandbox.start(&["recv", "news", "--count", "1"]);
    eventually("it has joined", || sandbox.has("news", "receiver"));
    sandbox.run(&["send", "news", "one"]).ok();
    eventually("it has got it", || receiver.stdout() == b"one\n");
    receiver.kill();
    // Nobody receives: nothing is full.
    sandbox.run_with(&["send", "news"], lines(0, 5000).as_bytes()).ok();
}

#[test]
fn a_named_receiver_that_is_killed_goes_on_where_it_was() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "news", "--kind", "broadcast", "--receivers", "2", "--capacity", "4096"]).ok();
    // Until it has joined, what is sent is for nobody.
    let mut archive = sandbox.start(&["recv", "news", "--as", "archive"]);
    eventually("it has joined", || sandbox.has("news", "receiver"));
    let sender = sandbox.start_with_input(&["send", "news"]);
    let mut sender = sender;
    sender.write(lines(0, 20).as_bytes());
    eventually("it has written them", || archive.stdout() == lines(0, 20).as_bytes());
    let in_use = sandbox.run(&["recv", "news", "--as", "archive"]).failed(1);
    assert!(in_use.contains("has its receiver archive already (process "), "{in_use}");
    let alive = sandbox.run(&["forget", "news", "archive"]).failed(1);
    assert!(alive.contains("its receiver archive is alive"), "{alive}");
    archive.kill();
    sender.write(lines(20, 40).as_bytes());
    eventually("they are sent", || sandbox.messages("news") == 40);
    let text = sandbox.run(&["info", "news"]).text();
    let row = text.lines().find(|line| line.contains(" archive ") && line.ends_with(" 20"));
    assert!(row.is_some() && text.contains("named receivers"), "{text}");
    let mut again = sandbox.start(&["recv", "news", "--as", "archive", "--from", "oldest", "--count", "5"]);
    eventually("it has five", || !again.is_running());
    assert_eq!(String::from_utf8(again.stdout()).unwrap(), lines(20, 25), "whatever --from says");
    let facts = sandbox.look("news").unwrap();
    let reader = &facts["broadcast"]["readers"][0];
    assert_eq!((&reader["name"], &reader["away"], &reader["behind"]), (&json!("archive"), &json!(true), &json!(15)));
    assert!(facts["participants"][1]["left_unix_ns"].as_u64().unwrap() > 0, "{facts}");
    sandbox.run(&["forget", "news", "archive"]).ok();
    let unknown = sandbox.run(&["forget", "news", "archive"]).failed(3);
    assert!(unknown.contains("keeps nothing for a receiver archive"), "{unknown}");
    sender.end_input();
    sender.end();
    let invalid = sandbox.run(&["recv", "news", "--as", ""]).failed(2);
    assert!(invalid.contains("is empty"), "{invalid}");
    sandbox.run(&["create", "other"]).ok();
    for arguments in [&["recv", "other", "--as", "archive"][..], &["forget", "other", "archive"]] {
        assert!(sandbox.run(arguments).failed(1).contains("other is "), "{arguments:?}");
    }
}

#[test]
fn a_read_only_receiver_takes_no_seat() {
    let sandbox = Sandbox::new();
    // A lossless one, whose sender does not wait for who only reads.
    sandbox.run(&["create", "news", "--kind", "broadcast", "--receivers", "1", "--capacity", "4096"]).ok();
    let followers = [(); 2].map(|()| sandbox.start(&["recv", "news", "--read-only", "--from", "oldest", "--follow"]));
    sandbox.run(&["send", "news", "one", "two"]).ok();
    eventually("they have got both", || followers.iter().all(|one| one.stdout() == b"one\ntwo\n"));
    let file = sandbox.channels().join("news.lane");
    let before = std::fs::read(&file).unwrap();
    for (options, expected) in [
        (&["--from", "oldest"][..], "one\ntwo\n"),
        (&["--from", "1"], "two\n"),
        (&["--history", "1"], "two\n"),
        (&["--from", "oldest", "--count", "1"], "one\n"),
        (&["--drain"], ""),
    ] {
        let found = sandbox.run(&[&["recv", "news", "--read-only"][..], options].concat());
        assert_eq!(found.text(), expected, "{options:?}");
    }
    let late = sandbox.run(&["recv", "news", "--read-only", "--timeout", "50ms"]).failed(4);
    assert!(late.contains("no message came"), "from now: {late}");
    assert!(std::fs::read(&file).unwrap() == before, "it wrote something");
    let seats = sandbox.look("news").unwrap()["participants"].as_array().unwrap().len();
    assert_eq!(seats, 1, "only the sender took one");
    sandbox.run_with(&["send", "news"], lines(0, 100_000).as_bytes()).ok();
    let found = sandbox.run(&["recv", "news", "--read-only", "--from", "2"]);
    let text = String::from_utf8(found.stdout.clone()).unwrap();
    let first: u64 = text.lines().next().unwrap().parse().unwrap();
    assert_eq!(text, lines(first, 100_000));
    let said = format!("memlane: channel news: {first} messages were overwritten before this command received them\n");
    assert_eq!((found.status.code(), found.stderr), (Some(0), said));
    // Followers stay with the name.
    sandbox.run(&["rm", "news"]).ok();
    sandbox.run(&["create", "news", "--kind", "broadcast"]).ok();
    sandbox.run(&["send", "news", "again"]).ok();
    eventually("they have got it", || followers.iter().all(|one| one.stdout().ends_with(b"99999\nagain\n")));
    for follower in &followers {
        let (written, said) = (follower.stdout().iter().filter(|&&byte| byte == b'\n').count(), follower.stderr());
        let overwritten = said.lines().filter(|line| line.contains("overwritten"));
        let lost: usize = overwritten.map(|line| line.split(' ').nth(3).unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!(written + lost, 2 + 100_000 + 1, "written, or said to be lost: {said}");
    }
    sandbox.run(&["create", "other"]).ok();
    assert!(sandbox.run(&["recv", "other", "--read-only"]).failed(1).contains("spsc"), "its kind is named");
    assert!(sandbox.run(&["recv", "news", "--read-only", "--show-redelivered"]).status.code() == Some(2));
}

#[test]
fn several_senders_have_a_ring_each() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "news", "--kind", "broadcast", "--senders", "2", "--capacity", "4096"]).ok();
    let receiver = sandbox.start(&["recv", "news"]);
    eventually("it has joined", || sandbox.has("news", "receiver"));
    let mut first = sandbox.start_with_input(&["send", "news"]);
    eventually("one has joined", || sandbox.has("news", "sender"));
    sandbox.run_with(&["send", "news"], lines(0, 1000).as_bytes()).ok();
    first.write(lines(1000, 2000).as_bytes());
    first.end_input();
    first.end().ok();
    let text = receiver.end().text();
    let mut numbers: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..2000).collect::<Vec<_>>());
    let facts = sandbox.look("news").unwrap();
    assert_eq!(facts["lanes"].as_array().map(Vec::len), Some(2));
    let refused = sandbox.run(&["recv", "news", "--from", "5"]).failed(1);
    assert!(refused.contains("there are seats for 2 senders"), "{refused}");
}
