//! `mpmc` channels: several receivers share the messages, and kills lose none.

use crate::crashes::pipe_is_full;
use crate::sandbox::{Running, Sandbox, eventually, is_asleep};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;

const LINES: usize = 20_000;

fn feed() -> String {
    (0..LINES).map(|number| format!("{number:06} {}\n", "x".repeat(number % 90))).collect()
}

#[test]
fn three_receivers_share_the_messages() {
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, feed()).unwrap();
    sandbox.run(&["create", "feed", "--kind", "mpmc"]).ok();
    let receivers = [(); 3].map(|()| sandbox.start(&["recv", "feed"]));
    eventually("all of them wait", || receivers.iter().all(|receiver| receiver.is_asleep()));
    sandbox.start_reading(&["send", "feed"], &path).end().ok();
    let mut lines = Vec::new();
    for receiver in receivers {
        let text = receiver.end().text();
        let own: Vec<_> = text.lines().map(str::to_owned).collect();
        assert!(own.is_sorted(), "each gets its part in order");
        lines.extend(own);
    }
    lines.sort();
    assert_eq!(lines.join("\n") + "\n", feed());
    assert_eq!(sandbox.look("feed").unwrap()["queue"]["free"], 256);
}

#[test]
fn one_receiver_gets_everything_in_order() {
    let sandbox = Sandbox::new();
    sandbox.run_with(&["send", "feed", "--kind", "mpmc", "--slots", "65536"], feed().as_bytes()).ok();
    assert_eq!(sandbox.run(&["recv", "feed"]).text(), feed());
}

/// The numbers of the messages that came again, counted from 1.
fn marks(errors: &str) -> impl Iterator<Item = usize> {
    errors.lines().map(|line| {
        let mark = line.strip_prefix("memlane: message ").and_then(|rest| rest.strip_suffix(" was delivered before"));
        mark.unwrap_or_else(|| panic!("not a mark: {line}")).parse().unwrap()
    })
}

#[test]
fn receivers_killed_one_after_the_other_lose_nothing_and_mark_what_comes_again() {
    const KILLS_MIN: usize = 5;
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    fs::write(&path, feed()).unwrap();
    sandbox.run(&["create", "feed", "--kind", "mpmc", "--slots", "256"]).ok();
    let mut sender = sandbox.start_reading(&["send", "feed"], &path);
    let mut outputs = Vec::new();
    while sender.is_running() {
        let mut command = sandbox.command(&["recv", "feed", "--show-redelivered"]);
        let errors = sandbox.scratch();
        let mut receiver = command.stdout(Stdio::piped()).stderr(File::create(&errors).unwrap()).spawn().unwrap();
        let mut output = receiver.stdout.take().unwrap();
        // Nobody reads on: it stands in a write, in the middle of a batch.
        let stands = |sender: &mut Running| pipe_is_full(&output) && is_asleep(receiver.id()) || !sender.is_running();
        eventually("the pipe is full, or all is sent", || stands(&mut sender));
        receiver.kill().unwrap();
        receiver.wait().unwrap();
        let mut written = Vec::new();
        output.read_to_end(&mut written).unwrap();
        outputs.push((written, fs::read_to_string(errors).unwrap()));
    }
    assert!(outputs.len() >= KILLS_MIN, "{} kills", outputs.len());
    if sandbox.look("feed").unwrap()["queue"]["free"] != 256 {
        let ended = sandbox.run(&["recv", "feed", "--show-redelivered"]);
        assert!(ended.status.success());
        outputs.push((ended.stdout, ended.stderr));
    }
    sender.end().ok();

    // A line: how often it came at all, and how often without a mark.
    let mut came: HashMap<String, (usize, usize)> = HashMap::new();
    for (output, errors) in outputs {
        let marked: HashSet<usize> = marks(&errors).collect();
        let text = String::from_utf8(output).unwrap();
        let (whole, _fragment) = text.rsplit_once('\n').unwrap_or_default();
        for (number, line) in (1..).zip(whole.lines()) {
            let (all, unmarked) = came.entry(line.to_owned()).or_default();
            *all += 1;
            *unmarked += usize::from(!marked.contains(&number));
        }
    }
    for line in feed().lines() {
        let (all, unmarked) = came.remove(line).unwrap_or_default();
        assert!(all >= 1, "{line} is missing");
        assert!(unmarked <= 1, "{line} came again without a mark");
    }
    assert!(came.is_empty(), "lines that were never sent: {:?}", came.keys().next());
    let facts = sandbox.look("feed").unwrap();
    assert_eq!((&facts["queue"]["free"], &facts["queue"]["queued"][0]), (&256.into(), &0.into()));
}

#[test]
fn an_option_of_another_kind_is_a_mistake() {
    let sandbox = Sandbox::new();
    for (arguments, sentence) in [
        (&["create", "jobs", "--slots", "4"][..], "--slots is not an option of spsc"),
        (&["create", "jobs", "--kind", "mpmc", "--capacity", "4K"], "--capacity is not an option of mpmc"),
    ] {
        let ended = sandbox.run(arguments);
        assert_eq!(ended.status.code(), Some(2));
        assert!(ended.stderr.contains(sentence), "{}", ended.stderr);
    }
    sandbox.run(&["create", "jobs", "--kind", "mpmc"]).ok();
    let ended = sandbox.run_with(&["send", "jobs", "--kind", "spsc"], b"one\n");
    assert!(ended.stderr.contains("mpmc"), "{}", ended.stderr);
}

#[test]
fn what_came_again_is_marked_beside_the_output_and_not_in_it() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "jobs", "--kind", "mpmc", "{\"job\":1}", "{\"job\":2}"]).ok();
    sandbox.run_in_shell(&["recv", "jobs"], ">/dev/full").failed(1);
    sandbox.run(&["send", "jobs", "{\"job\":3}"]).ok();
    for framing in ["lines", "length"] {
        let ended = sandbox.run(&["recv", "jobs", "--show-redelivered", "--framing", framing]);
        assert!(ended.status.success());
        if framing == "lines" {
            let jobs: Vec<Value> = String::from_utf8(ended.stdout)
                .unwrap()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let again: Vec<&Value> = marks(&ended.stderr).map(|number| &jobs[number - 1]["job"]).collect();
            assert_eq!(again, [1, 2], "{jobs:?}");
            sandbox.run(&["send", "jobs", "{\"job\":4}"]).ok();
        } else {
            assert_eq!((ended.stderr.as_str(), ended.stdout.len()), ("", 4 + 9));
        }
    }
}

#[test]
fn priorities_and_seats_are_chosen() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "jobs", "--kind", "mpmc", "--priorities", "3", "--senders", "1", "--receivers", "2"]).ok();
    for (priority, job) in [(None, "least"), (Some("0"), "most"), (Some("2"), "least, too"), (Some("1"), "middle")] {
        let more = priority.map(|priority| ["--priority", priority]);
        sandbox.run(&[&["send", "jobs", job][..], more.as_ref().map_or(&[][..], |more| &more[..])].concat()).ok();
    }
    let sentence = sandbox.run(&["send", "jobs", "--priority", "3", "none"]).failed(1);
    assert_eq!(
        sentence,
        "channel jobs: --priority: priority 3 does not exist: the channel has 3, from 0, the most urgent"
    );
    assert_eq!(sandbox.run(&["recv", "jobs"]).text(), "most\nmiddle\nleast\nleast, too\n");
    let _sender = sandbox.start_with_input(&["send", "jobs"]);
    eventually("it has the only seat", || sandbox.has("jobs", "sender"));
    sandbox.run(&["send", "jobs", "in vain"]).failed(1);
    let sentence = sandbox.run(&["send", "lane", "--priority", "0", "none"]).failed(2);
    assert_eq!(sentence, "--priority is not an option of spsc");
    assert!(sandbox.look("lane").is_none(), "nothing was made");
    for (name, role) in [("fan-in", "--senders"), ("fan-out", "--receivers")] {
        sandbox.run(&["create", name, "--kind", "mpmc", "--slots", "1", role, "1000"]).ok();
    }
}
