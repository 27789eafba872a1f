//! What `create`, `ls` and `info` tell, for people and as JSON.

use crate::sandbox::{Sandbox, eventually};
use serde_json::{Value, json};

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The keys are an interface: scripts depend on them.
const CHANNEL_KEYS: [&str; 30] = [
    "backend",
    "broadcast",
    "calls",
    "capacity",
    "corruption",
    "created_unix_ns",
    "creator_pid",
    "event",
    "fence",
    "instance",
    "kind",
    "lanes",
    "max_message",
    "name",
    "participants",
    "path",
    "payload_alignment",
    "persistent",
    "queue",
    "record_alignment",
    "semaphore",
    "status",
    "total_bytes",
    "type_alignment",
    "type_form",
    "type_hash",
    "type_name",
    "type_size",
    "value",
    "watched_by",
];

#[test]
fn info_tells_who_learns_of_deaths_at_once() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "prices", "--kind", "mpsc"]).ok();
    let info = || sandbox.run(&["info", "prices"]).text();
    let idle = sandbox.start_with_input(&["send", "prices", "--no-watch-peers"]);
    eventually("it has joined", || sandbox.has("prices", "sender"));
    assert!(info().contains("found within 200 ms by those that wait: nobody watches"), "{}", info());
    let receiver = sandbox.start(&["recv", "prices"]);
    let line = format!("told at once, by process {}\n", receiver.pid());
    eventually("the receiver watches", || info().contains(&line));
    drop(idle);
}

#[test]
fn info_tells_everything_as_json() {
    let sandbox = Sandbox::new();
    let options = ["--capacity", "64K", "--max-message", "1000", "--payload-alignment", "16", "--persistent"];
    let more = ["--record-alignment", "32", "--fence", "symmetric", "--type-name", "quote"];
    sandbox.run(&[&["create", "prices", "--kind", "spsc"][..], &options, &more].concat()).ok();
    let mut sender = sandbox.start_with_input(&["send", "prices"]);
    sender.write(b"hello\nagain\n");
    eventually("both lines are sent", || sandbox.messages("prices") == 2);

    let facts = sandbox.run(&["info", "prices", "--json"]).json();
    assert_eq!(keys(&facts), CHANNEL_KEYS);
    let path = sandbox.channels().join("prices.lane");
    let expected = json!({
        "name": "prices", "path": path, "kind": "spsc", "status": "live", "corruption": null, "queue": null, "backend": "futex",
        "fence": "symmetric", "capacity": 65536, "max_message": 1000, "payload_alignment": 16, "record_alignment": 32, "persistent": true,
        "type_name": "quote", "type_form": "named", "type_size": 0, "type_alignment": 0, "type_hash": "5a60f1143b2fd6f7",
        "total_bytes": path.metadata().unwrap().len(),
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&facts[key], value, "{key}");
    }
    assert_eq!(facts["watched_by"], json!([sender.pid()]), "the command watches its peers");
    assert_eq!(facts["lanes"], json!([{ "messages": 2, "committed": 64, "consumed": 0, "used_bytes": 64 }]));
    let participant = &facts["participants"][0];
    let participant_keys = [
        "alive",
        "counters",
        "dying",
        "left_unix_ns",
        "life",
        "name",
        "pid",
        "role",
        "row",
        "started_unix_ns",
        "state",
    ];
    assert_eq!(keys(participant), participant_keys);
    let expected = json!({ "row": 0, "role": "sender", "state": "live", "alive": true, "name": "memlane",
        "pid": sender.pid(), "dying": false });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&participant[key], value, "{key}");
    }
    assert_eq!(
        keys(&participant["counters"]),
        ["bytes", "empty", "full", "lost", "messages", "parks", "reaped", "redelivered", "wakes"]
    );
    assert_eq!((&participant["counters"]["messages"], &participant["counters"]["bytes"]), (&json!(2), &json!(10)));
}

#[test]
fn info_tells_what_the_messages_of_a_typed_channel_are() {
    let sandbox = Sandbox::new();
    let order = "Order{id:u64@0,px:f64@8}#16/8";
    sandbox.run(&["create", "orders", "--kind", "mpmc", "--type-name", order]).ok();
    let facts = sandbox.run(&["info", "orders", "--json"]).json();
    let expected =
        json!({ "type_name": order, "type_form": "one", "type_size": 16, "type_alignment": 8, "max_message": 16 });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&facts[key], value, "{key}");
    }
    sandbox.run(&["create", "levels", "--type-name", "[f64]"]).ok();
    sandbox.run(&["create", "events", "--type-name", "postcard(Event/1)"]).ok();
    sandbox.run(&["create", "lines"]).ok();
    for (name, shown) in [
        ("orders", format!("{order}: 16 bytes each")),
        ("levels", "[f64]: 8 bytes an element".to_owned()),
        ("events", "postcard(Event/1)".to_owned()),
        ("lines", "bytes".to_owned()),
    ] {
        let text = sandbox.run(&["info", name]).text();
        assert!(text.contains(&format!("  message type     {shown}\n")), "{text}");
    }
    // It takes part in them all the same.
    sandbox.run(&["send", "orders", "sixteen bytes ok"]).ok();
    assert_eq!(sandbox.run(&["recv", "orders", "--count", "1"]).text(), "sixteen bytes ok\n");
    let sentence = sandbox.run(&["send", "levels", "--type-name", order, "hello"]).failed(1);
    assert!(sentence.contains(&format!("of type [f64], and was opened for {order}")), "{sentence}");
}

#[test]
fn info_tells_everything_to_people() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "prices", "--capacity", "64K", "hello"]).ok();
    let text = sandbox.run(&["info", "prices"]).text();
    for part in ["64.00 KiB (65,536 bytes)", "messages         1 since it was created", "sender", "closed", "memlane"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    sandbox.run(&["create", "lines", "--record-alignment", "64"]).ok();
    let lines = sandbox.run(&["info", "lines"]).text();
    assert!(lines.contains("alignment        8 bytes; each starts at a multiple of 64 bytes"), "{lines}");
    assert!(text.contains("alignment        8 bytes\n"), "{text}");
    let longest = text.lines().filter(|line| !line.contains("path")).map(|line| line.chars().count()).max();
    assert!(longest.unwrap() <= 100, "{text}");
}

#[test]
fn a_participant_that_died_is_shown_as_such() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&["send", "prices"]);
    eventually("the sender has joined", || sandbox.has("prices", "sender"));
    sender.kill();
    let participant = &sandbox.look("prices").unwrap()["participants"][0];
    assert_eq!((&participant["state"], &participant["alive"]), (&json!("live"), &json!(false)));
    assert!(sandbox.run(&["info", "prices"]).text().contains("died"));
}

#[test]
fn ls_lists_channels_by_name() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["ls"]).text(), "");
    assert_eq!(sandbox.run(&["ls", "--json"]).json(), json!([]));
    sandbox.run(&["create", "two"]).ok();
    sandbox.run(&["send", "one", "hello"]).ok();
    std::fs::write(sandbox.channels().join("notes.txt"), "not a channel").unwrap();
    let listed = sandbox.run(&["ls", "--json"]).json();
    let names: Vec<&Value> = listed.as_array().unwrap().iter().map(|channel| &channel["name"]).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(listed[0], sandbox.look("one").unwrap(), "the same facts as info's");
    let text = sandbox.run(&["ls"]).text();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["name", "kind", "status", "file", "in", "use", "messages", "senders", "receivers"]);
    assert_eq!(lines[1], ["one", "spsc", "live", "1.01", "MiB", "16", "B", "1", "0", "0"]);
    assert_eq!(lines.len(), 3);
}

#[test]
fn ls_of_a_folder_that_does_not_exist_says_so() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["ls"]);
    let folder = sandbox.channels().join("slip");
    command.env("MEMLANE_DIR", &folder);
    let sentence = sandbox.spawn(&mut command).end().failed(1);
    assert!(sentence.contains(&format!("{} does not exist", folder.display())), "{sentence}");
}

#[test]
fn create_tells_how_large_the_channel_became() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["create", "prices", "--capacity", "50K", "--prefault"]).text();
    let bytes = sandbox.channels().join("prices.lane").metadata().unwrap().len();
    assert_eq!(bytes, 64 * 1024 + 8192);
    assert!(text.starts_with("created prices: spsc, 72.00 KiB (73,728 bytes) in all\n"), "{text}");
    assert!(text.contains("prefault") && text.contains("granted"), "{text}");
    assert!(!text.contains("lock-memory"), "what was not asked for is not mentioned: {text}");
}

#[test]
fn create_tells_the_same_as_json() {
    let sandbox = Sandbox::new();
    let facts = sandbox.run(&["create", "prices", "--capacity", "64K", "--prefault", "--json"]).json();
    let memory = json!({ "prefaulted": { "granted": true, "reason": null }, "locked": null, "huge_pages": null });
    assert_eq!(facts["memory"], memory);
    let mut without_memory = facts.clone();
    without_memory.as_object_mut().unwrap().remove("memory");
    assert_eq!(without_memory, sandbox.look("prices").unwrap());
}

#[test]
fn a_mode_needs_a_path_or_a_folder_of_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let path = sandbox.channels().join("shared");
    sandbox.run(&["create", path.to_str().unwrap(), "--mode", "660"]).ok();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
    sandbox.run(&["rm", path.to_str().unwrap()]).ok();
}
