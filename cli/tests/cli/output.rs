//! Standard output that is closed, or full: nothing panics, and no message is lost.

use crate::sandbox::{Ended, Sandbox};
use std::fs::OpenOptions;
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
}

#[test]
fn failures_that_nobody_reads_are_failures_all_the_same() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = sandbox.command(&["info", "nothing"]).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
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
