//! Whatever goes wrong is one sentence on standard error and a status that tells what sort it is.

use crate::sandbox::{Sandbox, eventually};
use std::os::unix::process::CommandExt;

#[test]
fn wrong_arguments_have_status_2() {
    let sandbox = Sandbox::new();
    let cases: &[(&[&str], &str)] = &[
        (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
        (&["ls", "--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["create"], "<NAME>"),
        (&["send"], "<NAME>"),
        (&["recv"], "<NAME>"),
        (&["rm"], "<NAME>"),
        (&["info", "a", "b"], "unexpected argument 'b'"),
        (&["create", "prices", "--kind", "queue"], "possible values: spsc, mpmc"),
        (&["create", "prices", "--capacity", "12Q"], "invalid value '12Q' for '--capacity <BYTES>'"),
        (
            &["create", "prices", "--capacity", "5G"],
            "invalid value '5G' for '--capacity <BYTES>': a ring has at most 2G",
        ),
        (
            &["create", "prices", "--max-message", "64K", "--capacity", "64K"],
            "channel prices: --max-message 64K has to be at most 7/16 of the capacity",
        ),
        (&["create", "prices", "--payload-alignment", "7"], "8, 16, 32 or 64"),
        (&["create", "prices", "--payload-alignment", "5G"], "8, 16, 32 or 64"),
        (&["create", "prices", "--mode", "999"], "invalid value '999'"),
        (&["create", "prices", "--fence", "none"], "possible values: asymmetric, symmetric"),
        (&["create", "two words"], "`two words` is not a channel name"),
        (&["create", ""], "`` is not a channel name"),
        (&["send", "two words", "hello"], "is not a channel name"),
        (&["recv", "two words"], "is not a channel name"),
        (&["info", ".hidden"], "is not a channel name"),
        (&["rm", "two words"], "is not a channel name"),
        (&["send", "prices", "--framing", "xml"], "possible values: lines, length, raw"),
        (&["send", "prices", "hello", "--framing", "raw"], "cannot be used with"),
        (&["recv", "prices", "--timeout", "soon"], "a duration is"),
        (&["recv", "prices", "--timeout=-1"], "a duration is"),
        (&["recv", "prices", "--count", "0"], "0 is not in"),
        (&["demo", "--seconds", "3600"], "0.05 to 60 seconds"),
        (&["demo", "--rate", "0"], "0 is not in"),
    ];
    for (arguments, part) in cases {
        let sentence = sandbox.run(arguments).failed(2);
        assert!(sentence.contains(part), "{arguments:?}: {sentence}");
    }
    assert!(sandbox.run(&["ls"]).text().is_empty(), "nothing was created");
}

#[test]
fn a_missing_command_shows_the_help_and_has_status_2() {
    let ended = Sandbox::new().run::<&str>(&[]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stdout.is_empty() && ended.stderr.contains("Usage: memlane"));
    assert!(ended.stderr.ends_with("memlane: no command was given\n"), "{}", ended.stderr);
}

#[test]
fn a_missing_channel_has_status_3() {
    let sandbox = Sandbox::new();
    for arguments in [&["info", "nothing"][..], &["rm", "nothing"], &["rm", "--force", "nothing"]] {
        let sentence = sandbox.run(arguments).failed(3);
        assert!(sentence.starts_with("channel nothing does not exist"), "{sentence}");
    }
    assert_eq!(sandbox.run(&["rm", "nothing", "nowhere"]).status.code(), Some(3), "all are missing");
    let sentence = sandbox.run(&["send", "./no/such/folder", "hello"]).failed(1);
    assert!(sentence.contains("folder") && sentence.contains("does not exist"), "{sentence}");
}

#[test]
fn a_file_that_is_not_a_channel_is_left_alone() {
    let sandbox = Sandbox::new();
    let path = sandbox.channels().join("text.lane");
    std::fs::write(&path, "somebody's notes").unwrap();
    for arguments in [&["info", "text"][..], &["send", "text", "hello"], &["recv", "text"], &["rm", "text"]] {
        let sentence = sandbox.run(arguments).failed(1);
        assert!(sentence.starts_with("text is not a channel but a file of another program"), "{sentence}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"somebody's notes");
    let text = sandbox.run(&["ls"]).text();
    assert!(text.contains("unreadable"), "{text}");
    assert!(text.ends_with("\n\ntext is not a channel but a file of another program; use another name\n"), "{text}");
    let listed = sandbox.run(&["ls", "--json"]).json();
    assert_eq!(listed[0]["name"], "text");
    assert!(listed[0]["error"].as_str().unwrap().contains("not a channel"));
    let sentence = sandbox.run(&["rm", "text"]).failed(1);
    assert_eq!(sentence, "text is not a channel but a file of another program; use --force to remove it");
    sandbox.run(&["rm", "--force", "text"]).ok();
    assert!(!path.exists());
}

#[test]
fn a_name_that_is_taken_is_not_created_again() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "prices", "hello"]).ok();
    let sentence = sandbox.run(&["create", "prices"]).failed(1);
    assert_eq!(sentence, "channel prices exists already: open it, or remove it first");
    assert_eq!(sandbox.run(&["recv", "prices"]).text(), "hello\n");
}

#[test]
fn options_that_differ_from_the_channels_are_named() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "prices", "--capacity", "64K", "--type-name", "quote"]).ok();
    sandbox.run(&["send", "prices", "--capacity", "64KiB", "--type-name", "quote", "hello"]).ok();
    let sentence = sandbox.run(&["send", "prices", "--capacity", "1M", "hello"]).failed(1);
    assert_eq!(sentence, "channel prices has --capacity 65536, and 1M was asked for");
    let sentence = sandbox.run(&["send", "prices", "--type-name", "trade", "hello"]).failed(1);
    assert_eq!(
        sentence,
        "channel prices carries messages of type quote, and was opened for trade; use that type, or another name"
    );
    assert_eq!(sandbox.messages("prices"), 1);
}

#[test]
fn a_seat_that_is_taken_is_refused() {
    let sandbox = Sandbox::new();
    let sender = sandbox.start_with_input(&["send", "prices"]);
    eventually("the sender has joined", || sandbox.has("prices", "sender"));
    let sentence = sandbox.run(&["send", "prices", "hello"]).failed(1);
    assert_eq!(
        sentence,
        format!("channel prices has its sender already (process {}); stop that one first", sender.pid())
    );
    let receiver = sandbox.start(&["recv", "prices"]);
    eventually("the receiver has joined", || sandbox.has("prices", "receiver"));
    let sentence = sandbox.run(&["recv", "prices"]).failed(1);
    assert_eq!(
        sentence,
        format!("channel prices has its receiver already (process {}); stop that one first", receiver.pid())
    );
}

#[test]
fn a_line_that_is_too_long_stops_behind_those_before_it() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "small", "--max-message", "10"]).ok();
    let ended = sandbox.run_with(&["send", "small"], b"one\n0123456789\n0123456789a\nfour\n");
    let sentence = ended.failed(1);
    assert_eq!(
        sentence,
        "line 3 has 11 bytes, and channel small takes at most 10 (--max-message); for such messages, remove it and `memlane create small --max-message 11`; 2 messages were sent before that"
    );
    assert_eq!(sandbox.run(&["recv", "small"]).text(), "one\n0123456789\n");
}

#[test]
fn a_long_line_is_measured_only_after_those_before_it_were_sent() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&["send", "small", "--capacity", "4K"]);
    sender.write(b"one\n");
    sender.write(&[b'x'; 30_000]);
    eventually("the line before it is sent", || sandbox.messages("small") == 1);
    sender.write(&[b'x'; 30_000]);
    sender.write(b"\ntwo\n");
    let sentence = sender.end().failed(1);
    let expected = "line 2 has 60000 bytes, and channel small takes at most 1784 (--max-message); for such messages, remove it and `memlane create small --max-message 60000`; 1 message was sent before that";
    assert_eq!(sentence, expected);
    assert_eq!(sandbox.run(&["recv", "small"]).text(), "one\n");
}

#[test]
fn an_argument_that_is_too_long_stops_behind_those_before_it() {
    let sandbox = Sandbox::new();
    let sentence = sandbox.run(&["send", "small", "--max-message", "3", "one", "four", "two"]).failed(1);
    let expected = "message 2 has 4 bytes, and channel small takes at most 3 (--max-message); for such messages, remove it and `memlane create small --max-message 4`; 1 message was sent before that";
    assert_eq!(sentence, expected);
    assert_eq!(sandbox.run(&["recv", "small"]).text(), "one\n");
}

#[test]
fn a_broken_length_frame_says_what_is_missing() {
    let sandbox = Sandbox::new();
    let cases: [(&[u8], &str); 3] = [
        (b"\x0a\0\0\0abc", "standard input ends inside message 2: 7 bytes missing; 1 message was sent before that"),
        (
            b"\x0a\0\0",
            "standard input ends inside the length of message 2: 1 byte missing; 1 message was sent before that",
        ),
        (
            b"\xff\xff\xff\xff",
            "message 2 has 4294967295 bytes, and channel framed takes at most 458744 (--max-message); cut such messages into shorter ones; 1 message was sent before that",
        ),
    ];
    for (broken, expected) in cases {
        let stream = [b"\x03\0\0\0one", broken].concat();
        assert_eq!(sandbox.run_with(&["send", "framed", "--framing", "length"], &stream).failed(1), expected);
    }
    assert_eq!(sandbox.run(&["recv", "framed"]).text(), "one\none\none\n");
}

#[test]
fn input_that_cannot_be_read_is_a_failure() {
    let sandbox = Sandbox::new();
    let sentence = sandbox.start_reading(&["send", "prices"], sandbox.channels()).end().failed(1);
    assert!(sentence.starts_with("reading standard input failed: Is a directory"), "{sentence}");
}

#[test]
fn a_channel_in_use_is_removed_only_by_force() {
    let sandbox = Sandbox::new();
    let mut sender = sandbox.start_with_input(&["send", "prices"]);
    eventually("the sender has joined", || sandbox.has("prices", "sender"));
    let sentence = sandbox.run(&["rm", "prices"]).failed(1);
    assert_eq!(sentence, "channel prices is in use by 1 live participant; stop them, or use --force");
    sandbox.run(&["rm", "--force", "prices"]).ok();
    sandbox.run(&["info", "prices"]).failed(3);
    sender.end_input();
    sender.end();
}

#[test]
fn one_channel_that_cannot_be_removed_does_not_keep_the_others() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "one"]).ok();
    sandbox.run(&["create", "two"]).ok();
    let ended = sandbox.run(&["rm", "one", "nothing", "two", "nowhere"]);
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(
        ended.stderr,
        "memlane: channel nothing does not exist; nothing was removed\nmemlane: channel nowhere does not exist; nothing was removed\n"
    );
    std::fs::write(sandbox.channels().join("text.lane"), "notes").unwrap();
    assert_eq!(sandbox.run(&["rm", "nothing", "text"]).status.code(), Some(1), "one is not missing");
    std::fs::remove_file(sandbox.channels().join("text.lane")).unwrap();
    assert!(sandbox.run(&["ls"]).text().is_empty());
}

#[test]
fn a_missing_permission_is_said() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "prices", "hello"]).ok();
    // The folder is open to its owner alone: somebody else, if this is root; or its owner, once the folder is closed.
    let is_root = rustix::process::geteuid().is_root();
    let _closed = (!is_root).then(|| Closed::close(sandbox.channels()));
    for arguments in [
        &["info", "prices"][..],
        &["recv", "prices"],
        &["send", "prices", "hello"],
        &["create", "another"],
        &["rm", "prices"],
        &["ls"],
    ] {
        let mut command = sandbox.command(arguments);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        match command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).output() {
            Ok(output) => {
                let stderr = String::from_utf8(output.stderr).unwrap();
                let ended = crate::sandbox::Ended { status: output.status, stdout: output.stdout, stderr };
                let sentence = ended.failed(1).to_lowercase();
                assert!(sentence.contains("permission"), "{arguments:?}: {sentence}");
            }
            // Where the build folder is private, too, this cannot be tried.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
        }
    }
}

/// A folder that nobody but root can enter, until this is dropped.
struct Closed<'a>(&'a std::path::Path);

impl<'a> Closed<'a> {
    fn close(folder: &'a std::path::Path) -> Self {
        rustix::fs::chmod(folder, rustix::fs::Mode::empty()).unwrap();
        Self(folder)
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        let _ = rustix::fs::chmod(self.0, rustix::fs::Mode::RWXU);
    }
}

#[test]
fn what_was_probably_meant_is_said() {
    let sandbox = Sandbox::new();
    for (arguments, meant) in [
        (&["creatte", "prices"][..], "a similar subcommand exists: 'create'"),
        (&["create", "prices", "--capcity", "1M"], "a similar argument exists: '--capacity'"),
        (&["create", "prices", "--kind", "mpnc"], "similar value exists: 'mp"),
        (&["send", "prices", "--12"], "to pass '--12' as a value, use '-- --12'"),
    ] {
        let sentence = sandbox.run(arguments).failed(2);
        assert!(sentence.contains(meant) && sentence.ends_with("; see --help"), "{sentence}");
    }
}

#[test]
fn every_help_has_the_statuses() {
    let sandbox = Sandbox::new();
    for command in
        ["create", "ls", "info", "rm", "send", "recv", "set", "get", "demo"].map(Some).into_iter().chain([None])
    {
        let arguments: Vec<&str> = command.into_iter().chain(["--help"]).collect();
        let text = sandbox.run(&arguments).text();
        let documented = include_str!("../../../docs/cli.md").split("## Statuses and output").nth(1).unwrap();
        let numbers = |text: &str| {
            let number = |line: &str| line.split_whitespace().next()?.parse::<u8>().ok();
            text.lines().filter_map(number).collect::<Vec<_>>()
        };
        let (shown, documented) = (text.split("\nExit status:\n").nth(1).unwrap(), documented.replace("| ", ""));
        assert_eq!(numbers(shown), [0, 1, 2, 3, 4]);
        assert_eq!(numbers(shown), numbers(&documented), "docs/cli.md has the same");
    }
}

#[test]
fn a_way_out_of_a_too_long_line_works_as_it_is_told() {
    for kind in ["spsc", "mpmc"] {
        let sandbox = Sandbox::new();
        sandbox.run(&["create", "small", "--kind", kind, "--max-message", "10"]).ok();
        let sentence = sandbox.run_with(&["send", "small"], &[b'x'; 3_000_000]).failed(1);
        let told = sentence.split('`').nth(1).unwrap_or_else(|| panic!("{sentence}"));
        sandbox.run(&["rm", "small"]).ok();
        let created = sandbox.run(&told.split(' ').skip(1).collect::<Vec<_>>());
        assert!(created.status.success(), "{}", created.stderr);
        sandbox.run_with(&["send", "small"], &[b'x'; 3_000_000]).ok();
        assert_eq!(sandbox.look("small").unwrap()["kind"], kind);
    }
}

#[test]
fn sizes_are_quoted_as_they_were_typed() {
    let sandbox = Sandbox::new();
    for (arguments, quoted) in [
        (&["--capacity", "3G"][..], "invalid value '3G' for '--capacity <BYTES>': a ring has at most 2G"),
        (&["--capacity", "0.1MB", "--max-message", "0.5M"], "--max-message 0.5M has to be at most"),
        (&["--max-message", "1.5GiB"], "--max-message 1.5GiB "),
        (&["--kind", "mpmc", "--max-message", "2G"], "--max-message 2G has to be"),
        (&["--kind", "mpmc", "--slots", "100000"], "--slots 100000 has to be"),
        (&["--kind", "mpmc", "--senders", "2000"], "--senders 2000 has to be"),
    ] {
        let sentence = sandbox.run(&[&["create", "prices"], arguments].concat()).failed(2);
        assert!(sentence.contains(quoted), "{sentence}");
    }
    sandbox.run(&["create", "prices", "--capacity", "1.5MiB", "--max-message", "64kB"]);
    let facts = sandbox.look("prices").unwrap();
    assert_eq!((&facts["capacity"], &facts["max_message"]), (&(2 << 20).into(), &64_000.into()));
}

#[test]
fn a_sender_gives_up_after_its_timeout_and_sent_what_fitted() {
    for kind in ["spsc", "mpmc"] {
        let sandbox = Sandbox::new();
        let more: &[&str] = if kind == "spsc" { &["--capacity", "4K"] } else { &["--slots", "4"] };
        sandbox.run(&[&["create", "full", "--kind", kind], more].concat()).ok();
        let ended = sandbox.run_with(&["send", "full", "--timeout", "30ms"], "0123456789\n".repeat(1000).as_bytes());
        let sentence = ended.failed(4);
        let sent = sentence.strip_prefix("channel full stayed full for 0.03 s; ").unwrap();
        let sent: usize = sent.split(' ').next().unwrap().parse().unwrap();
        assert!((4..1000).contains(&sent), "{sentence}");
        let received = sandbox.run(&["recv", "full"]).text();
        assert_eq!(received, "0123456789\n".repeat(sent), "{kind}");
    }
}

#[test]
fn a_corrupted_channel_is_listed_with_its_reason() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "prices"]).ok();
    let file = std::fs::OpenOptions::new().write(true).open(sandbox.channels().join("prices.lane")).unwrap();
    file.set_len(4096).unwrap();
    let text = sandbox.run(&["ls"]).text();
    let (table, reasons) = text.split_once("\n\n").unwrap();
    assert!(table.contains("unreadable") && reasons.contains("channel prices is truncated"), "{text}");
}

#[test]
fn a_channel_that_does_not_fit_names_the_options_that_make_it_smaller() {
    let sandbox = Sandbox::new();
    for (kind, options) in [("spsc", "a smaller --capacity"), ("mpmc", "fewer --slots or a smaller --max-message")] {
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", r#"ulimit -f 64; exec "$0" "$@""#, env!("CARGO_BIN_EXE_memlane")]);
        command.args(["create", "large", "--kind", kind]).env("MEMLANE_DIR", sandbox.channels());
        let sentence = sandbox.spawn(&mut command).end().failed(1);
        assert!(sentence.contains(options) && sentence.contains(" MiB ("), "{sentence}");
        assert!(sandbox.look("large").is_none());
    }
}

#[test]
fn options_are_named_as_they_are_typed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "waking", "--backend", "semaphore"]).ok();
    sandbox.run(&["create", "jobs", "--kind", "mpmc", "--senders", "1"]).ok();
    let mut sender = sandbox.start_with_input(&["send", "jobs"]);
    eventually("the only seat is taken", || sandbox.has("jobs", "sender"));
    for arguments in [
        &["recv", "waking"][..],
        &["send", "waking", "hello"],
        &["send", "jobs", "hello"],
        &["send", "jobs", "hello", "--max-message", "1"],
        &["create", "open", "--mode", "777"],
        &["create", "large", "--kind", "mpmc", "--max-message", "2G"],
        &["create", "large", "--max-message", "3G"],
        &["create", "odd", "--type-name", &"x".repeat(70_000)],
    ] {
        let ended = sandbox.run(arguments);
        assert!(!ended.status.success(), "{arguments:?}");
        let words = ["_", "set any", "set trust", "0o"];
        assert!(!words.iter().any(|word| ended.stderr.contains(word)), "{}", ended.stderr);
    }
    sender.end_input();
    sender.end().ok();
}
