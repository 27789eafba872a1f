//! Standard output that nobody reads, that is full, or is not ready: nothing panics, and no message is lost.

use crate::sandbox::{Ended, Sandbox, eventually};
use rustix::fs::{OFlags, fcntl_setfl};
use std::fs::OpenOptions;
use std::io::Read;
use std::process::{Command, Stdio};

/// Runs the command with an output that nobody reads.
fn run_unread(command: &mut Command) -> Ended {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    ended(command.stdout(writer).stderr(Stdio::piped()))
}

fn run_full(command: &mut Command) -> Ended {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    ended(command.stdout(full).stderr(Stdio::piped()))
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended { status: output.status, stdout: output.stdout, stderr: String::from_utf8(output.stderr).unwrap() }
}

#[test]
fn facts_that_nobody_reads_are_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "prices"]).ok();
    let commands: [&[&str]; 7] = [
        &["ls"],
        &["ls", "--json"],
        &["info", "prices"],
        &["info", "prices", "--json"],
        &["create", "another"],
        &["--help"],
        &["demo", "--seconds", "0.05"],
    ];
    for arguments in commands {
        run_unread(&mut sandbox.command(arguments)).ok();
    }
}

#[test]
fn facts_that_cannot_be_written_are_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "prices"]).ok();
    let sentence = run_full(&mut sandbox.command(&["info", "prices"])).failed(1);
    assert!(sentence.starts_with("writing to standard output failed: No space left"), "{sentence}");
    let sentence = run_full(&mut sandbox.command(&["create", "another"])).failed(1);
    assert!(sentence.starts_with("channel another was created, but writing to standard output failed"), "{sentence}");
    for arguments in [&["ls"][..], &["ls", "--json"], &["demo", "--seconds", "0.05"], &["--help"], &["--version"]] {
        let sentence = run_full(&mut sandbox.command(arguments)).failed(1);
        assert!(sentence.starts_with("writing to standard output failed: No space left"), "{arguments:?}: {sentence}");
    }
}

#[test]
fn failures_that_nobody_reads_are_failures_all_the_same() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = sandbox.command(&["info", "nothing"]).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn messages_that_were_not_written_are_not_released() {
    let sandbox = Sandbox::new();
    let lines: String = (0..5000).map(|number| format!("{number}\n")).collect();
    sandbox.run_with(&["send", "feed"], lines.as_bytes()).ok();
    run_unread(&mut sandbox.command(&["recv", "feed"])).ok();
    run_full(&mut sandbox.command(&["recv", "feed"])).failed(1);
    assert_eq!(sandbox.run(&["recv", "feed"]).text(), lines);
}

/// Each kind; a queue that discards what its dead held and gives up what was delivered once loses nothing either.
const KINDS: [&[&str]; 2] =
    [&["--kind", "spsc"], &["--kind", "mpmc", "--on-death", "discard", "--delivery-limit", "1"]];

#[test]
fn a_receiver_whose_output_fails_is_no_farewell_to_the_sender() {
    for kind in KINDS {
        for (fails, status) in [(run_unread as fn(&mut Command) -> Ended, 0), (run_full, 1)] {
            let sandbox = Sandbox::new();
            sandbox.run(&[&["create", "feed"], kind].concat()).ok();
            let mut sender = sandbox.start_with_input(&["send", "feed"]);
            sender.write(b"one\ntwo\n");
            eventually("both lines are sent", || sandbox.sent("feed") == 2);
            let ended = fails(&mut sandbox.command(&["recv", "feed"]));
            assert_eq!(ended.status.code(), Some(status), "{kind:?}: {}", ended.stderr);
            assert!(ended.stdout.is_empty());

            sender.write(b"three\n");
            eventually("the sender sends on", || sandbox.sent("feed") == 3 || !sender.is_running());
            let receiver = sandbox.start(&["recv", "feed"]);
            eventually("the next one gets it all", || receiver.stdout().len() == "one\ntwo\nthree\n".len());
            sender.end_input();
            sender.end().ok();
            let text = receiver.end().text();
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            assert_eq!(lines, ["one", "three", "two"], "{kind:?}");
        }
    }
}

#[test]
fn an_output_that_is_not_ready_is_waited_for() {
    let sandbox = Sandbox::new();
    let lines: String = (0..100_000).map(|number| format!("{number}\n")).collect();
    sandbox.run_with(&["send", "feed", "--capacity", "8M"], lines.as_bytes()).ok();
    let (mut reader, writer) = std::io::pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    let receiver = {
        let mut command = sandbox.command(&["recv", "feed"]);
        command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap()
    };
    eventually("the pipe is full, and it waits", || crate::sandbox::is_asleep(receiver.id()));
    let mut received = String::new();
    reader.read_to_string(&mut received).unwrap();
    let output = receiver.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(received == lines);
}

#[test]
fn an_input_that_is_not_ready_is_waited_for() {
    let sandbox = Sandbox::new();
    let (reader, mut writer) = std::io::pipe().unwrap();
    fcntl_setfl(&reader, OFlags::NONBLOCK).unwrap();
    let sender = sandbox.spawn(sandbox.command(&["send", "feed"]).stdin(reader));
    for number in 1..=3 {
        eventually("it waits for more", || sender.is_asleep());
        std::io::Write::write_all(&mut writer, b"line\n").unwrap();
        eventually("the line is sent", || sandbox.sent("feed") == number);
    }
    drop(writer);
    sender.end().ok();
}

#[test]
fn a_closed_output_is_an_error_before_anything_is_taken_or_made() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "feed", "one"]).ok();
    sandbox.run(&["send", "jobs", "--kind", "mpmc", "one"]).ok();
    let commands: [&[&str]; 10] = [
        &["recv", "feed"],
        &["recv", "jobs"],
        &["recv", "not-there-yet"],
        &["info", "feed"],
        &["info", "feed", "--json"],
        &["ls"],
        &["create", "another"],
        &["demo"],
        &["--help"],
        &["--version"],
    ];
    for arguments in commands {
        let sentence = sandbox.run_in_shell(arguments, ">&-").failed(1);
        assert!(sentence.starts_with("standard output is closed"), "{arguments:?}: {sentence}");
    }
    assert_eq!(sandbox.run(&["recv", "feed"]).text(), "one\n");
    assert_eq!(sandbox.run(&["recv", "jobs"]).text(), "one\n");
    assert!(sandbox.look("another").is_none(), "nothing was made");
}

#[test]
fn an_output_that_cannot_be_written_to_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "feed", "one"]).ok();
    for arguments in [&["recv", "feed"][..], &["info", "feed"]] {
        let sentence = sandbox.run_in_shell(arguments, "1</dev/null").failed(1);
        assert!(sentence.starts_with("writing to standard output failed: Bad file descriptor"), "{sentence}");
    }
    assert_eq!(sandbox.run(&["recv", "feed"]).text(), "one\n");
}

#[test]
fn a_closed_input_is_an_error_before_a_channel_is_made() {
    let sandbox = Sandbox::new();
    let sentence = sandbox.run_in_shell(&["send", "feed"], "<&-").failed(1);
    assert!(sentence.starts_with("standard input is closed"), "{sentence}");
    assert!(sandbox.look("feed").is_none(), "nothing was made");
    sandbox.run_in_shell(&["send", "feed", "one"], "<&- >&-").ok();
    assert_eq!(sandbox.run_in_shell(&["recv", "feed"], "<&-").text(), "one\n", "it needs none");
}

#[test]
fn commands_do_their_work_without_standard_error() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run_in_shell(&["info", "nothing"], "2>&-").status.code(), Some(3));
    sandbox.run_in_shell(&["send", "feed", "one"], "<&- >&- 2>&-").ok();
    assert_eq!(sandbox.run_in_shell(&["recv", "feed"], "2>&-").text(), "one\n");
    sandbox.run_in_shell(&["rm", "feed"], "<&- >&- 2>&-").ok();
}
