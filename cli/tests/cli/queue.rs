//! `mpmc` channels: several receivers share the messages, and kills lose none.

use crate::crashes::pipe_is_full;
use crate::sandbox::{Running, Sandbox, eventually, is_asleep};
use std::collections::HashMap;
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
    std::fs::write(&path, feed()).unwrap();
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
    assert_eq!(sandbox.look("feed").unwrap()["queue"]["free"], 1024);
}

#[test]
fn one_receiver_gets_everything_in_order() {
    let sandbox = Sandbox::new();
    sandbox.run_with(&["send", "feed", "--kind", "mpmc", "--slots", "65536"], feed().as_bytes()).ok();
    assert_eq!(sandbox.run(&["recv", "feed"]).text(), feed());
}

#[test]
fn receivers_killed_one_after_the_other_lose_nothing_and_mark_what_comes_again() {
    const KILLS_MIN: usize = 5;
    let sandbox = Sandbox::new();
    let path = sandbox.scratch();
    std::fs::write(&path, feed()).unwrap();
    sandbox.run(&["create", "feed", "--kind", "mpmc", "--slots", "256"]).ok();
    let mut sender = sandbox.start_reading(&["send", "feed"], &path);
    let mut outputs = Vec::new();
    while sender.is_running() {
        let mut command = sandbox.command(&["recv", "feed", "--show-redelivered"]);
        let mut receiver = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = receiver.stdout.take().unwrap();
        // Nobody reads on: it stands in a write, in the middle of a batch.
        let stands = |sender: &mut Running| pipe_is_full(&output) && is_asleep(receiver.id()) || !sender.is_running();
        eventually("the pipe is full, or all is sent", || stands(&mut sender));
        receiver.kill().unwrap();
        receiver.wait().unwrap();
        let mut written = Vec::new();
        output.read_to_end(&mut written).unwrap();
        outputs.push(written);
    }
    assert!(outputs.len() >= KILLS_MIN, "{} kills", outputs.len());
    if sandbox.look("feed").unwrap()["queue"]["free"] != 256 {
        outputs.push(sandbox.run(&["recv", "feed", "--show-redelivered"]).ok());
    }
    sender.end().ok();

    // A line: how often it came at all, and how often without a mark.
    let mut came: HashMap<String, (usize, usize)> = HashMap::new();
    for output in outputs {
        let text = String::from_utf8(output).unwrap();
        let (whole, _fragment) = text.rsplit_once('\n').unwrap_or_default();
        for line in whole.lines() {
            let marked = line.strip_prefix("redelivered ");
            let (all, unmarked) = came.entry(marked.unwrap_or(line).to_owned()).or_default();
            *all += 1;
            *unmarked += usize::from(marked.is_none());
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
