//! Names and texts with characters that do something to a terminal: no error shows them as they are.

mod support;

use memlane::{Printable, spsc};
use std::error::Error;
use std::fmt::Display;
use std::io;
use support::Scratch;

/// A part of a file name with a character of every sort: C0, DEL, C1, directions, lines and paragraphs.
const HOSTILE: &str =
    "a\x1b[2J\x07\r\n\t\x7f\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}z";

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|character| Printable(character).escapes())
}

/// The error and everything behind it.
#[track_caller]
fn assert_harmless<E: Error + Into<io::Error>>(error: E) {
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(error) = cause {
        assert!(is_harmless(&error.to_string()), "{error:?}");
        cause = error.source();
    }
    let text = error.to_string();
    assert!(text.contains(r"a\u{1b}[2J\u{7}\r\n\t\u{7f}\u{85}\u{9b}"), "it is named: {text}");
    assert_eq!(error.into().to_string(), text);
}

#[test]
fn errors_name_channels_and_folders_harmlessly() {
    let folder = Scratch::new();
    let path = |name: &dyn Display| format!("{}/{name}", folder.path().display());
    let name = path(&HOSTILE);

    assert_harmless(spsc::Options::new().create(HOSTILE).unwrap_err());
    assert_harmless(spsc::open(HOSTILE).unwrap_err());
    assert_harmless(memlane::remove(HOSTILE).unwrap_err());
    assert_harmless(memlane::inspect(HOSTILE).unwrap_err());

    assert_harmless(spsc::open(&name).unwrap_err());
    assert_harmless(memlane::inspect(&name).unwrap_err());
    assert_harmless(memlane::remove(&name).unwrap_err());
    assert_harmless(spsc::Options::new().create(&path(&format!("{HOSTILE}/prices"))).unwrap_err());

    let channel = spsc::Options::new().create(&name).unwrap();
    assert_harmless(spsc::Options::new().create(&name).unwrap_err());
    assert_harmless(spsc::Options::new().max_message(1 << 40).create(&path(&format!("{HOSTILE}2"))).unwrap_err());
    assert_harmless(memlane::mpmc::open(&name).unwrap_err());
    let sender = channel.sender().unwrap();
    assert_harmless(channel.sender().unwrap_err());
    assert_harmless(memlane::remove(&name).unwrap_err());
    drop(sender);
    memlane::remove(&name).unwrap();
    assert_harmless(channel.sender().unwrap_err());

    std::fs::write(&name, "somebody's notes").unwrap();
    assert_harmless(spsc::open(&name).unwrap_err());
    assert_harmless(memlane::remove(&name).unwrap_err());
}

#[test]
fn errors_name_types_harmlessly() {
    let folder = Scratch::new();
    let name = folder.name("prices");
    let _channel = spsc::Options::new().type_name(HOSTILE).create(&name).unwrap();
    assert_harmless(spsc::Options::new().type_name("quote").open(&name).unwrap_err());
    assert_harmless(spsc::Options::new().type_name(&HOSTILE.repeat(70_000)).create(&name).unwrap_err());
}

#[test]
fn a_lock_file_is_named_harmlessly() {
    let folder = Scratch::new();
    let name = format!("{}/{HOSTILE}", folder.path().display());
    let channel = spsc::Options::new().create(&name).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "lock") {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert_harmless(channel.sender().unwrap_err());
    assert_harmless(spsc::open(&name).unwrap_err());
}
