//! Names and texts that others chose, with characters that do something to a terminal: it gets none of them.

use crate::sandbox::{Ended, Sandbox, eventually};
use memlane::Printable;
use serde_json::Value;

/// A character of every sort: C0, DEL, C1, directions, lines and paragraphs.
const HOSTILE: &str = "\x1b[2J\r\n\t\x7f\u{85}\u{9b}\u{61c}\u{200e}\u{2028}\u{2029}\u{202e}\u{2066}";

/// Nothing that it wrote does something to a terminal; and it named the text, escaped.
#[track_caller]
fn assert_harmless(ended: &Ended, names_it: bool) {
    let written = [String::from_utf8(ended.stdout.clone()).unwrap(), ended.stderr.clone()];
    for text in &written {
        let escaped = |character: char| character != '\n' && Printable(character).escapes();
        assert!(!text.chars().any(escaped), "{text:?}");
        assert!(!text.contains("[2J\n") && !text.contains("\n\\t"), "it begins a line: {text}");
    }
    let shown = [r"\u{1b}[2J\r\n\t\u{7f}\u{85}\u{9b}", r"\u001b[2J\r\n\t\u007f\u0085\u009b"];
    assert!(!names_it || shown.iter().any(|shown| written.iter().any(|text| text.contains(shown))), "{written:?}");
}

#[test]
fn what_others_chose_is_shown_escaped() {
    let sandbox = Sandbox::new();
    let name = format!("{}/odd{HOSTILE}", sandbox.channels().display());
    let options = memlane::spsc::Options::new().participant_name(HOSTILE).type_name(HOSTILE);
    let channel = options.create(&name).unwrap();
    let sender = channel.sender().unwrap();

    assert_harmless(&sandbox.run(&["info", &name]), true);
    let looked = sandbox.run(&["info", "--json", &name]);
    assert_harmless(&looked, true);
    let facts: Value = serde_json::from_slice(&looked.stdout).unwrap();
    assert_eq!((facts["name"].as_str(), facts["path"].as_str()), (Some(&*name), Some(&*name)));
    assert_eq!(facts["type_name"], HOSTILE);
    assert_eq!(facts["participants"][0]["name"], HOSTILE);

    for arguments in [
        &["create", &name][..],
        &["create", "--json", &format!("{name}2")],
        &["create", &format!("{name}3")],
        &["create", HOSTILE],
        &["send", &name, "taken"],
        &["send", &format!("{name}/no/folder"), "hello"],
        &["send", &name, "--type-name", "quote", "hello"],
        &["recv", &format!("{name}4"), "--timeout", "0"],
        &["rm", &name],
        &["rm", HOSTILE, &format!("{name}5")],
        &["demo", &format!("{name}6")],
    ] {
        assert_harmless(&sandbox.run(arguments), true);
    }
    // Of these, the argument parser leaves out some.
    for arguments in [
        &[HOSTILE][..],
        &["ls", HOSTILE],
        &["ls", &format!("--{HOSTILE}")],
        &["demo", "--rate", HOSTILE],
        &["create", "prices", "--capacity", HOSTILE],
    ] {
        let ended = sandbox.run(arguments);
        assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
        assert_harmless(&ended, false);
    }
    drop(sender);
    sandbox.run(&["rm", &name]).ok();
}

#[test]
fn a_removal_is_told_harmlessly() {
    let sandbox = Sandbox::new();
    let name = format!("{}/odd{HOSTILE}", sandbox.channels().display());
    sandbox.run(&["create", &name]);
    let receiver = sandbox.start(&["recv", &name]);
    let mut sender = sandbox.start_with_input(&["send", &name]);
    sender.write(b"one\n");
    eventually("both have joined", || receiver.stdout() == b"one\n");
    sandbox.run(&["rm", "--force", &name]).ok();
    sender.write(b"hello\n");
    sender.end_input();
    assert_harmless(&sender.end(), true);
    assert_harmless(&receiver.end(), true);
}

#[test]
fn a_file_that_is_replayed_is_named_harmlessly() {
    let sandbox = Sandbox::new();
    let path = format!("{}{HOSTILE}", sandbox.scratch().display());
    std::fs::write(&path, "one\n").unwrap();
    for more in [&[][..], &["--json"]] {
        let arguments = [&["demo", &path, "--seconds", "0.05", "--rate", "100"], more].concat();
        assert_harmless(&sandbox.run(&arguments), true);
    }
}
