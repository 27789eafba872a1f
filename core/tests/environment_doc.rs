//! `docs/environment.md` and `docs/failure-model.md` name what shows each of their rows: all of that exists. And the errors
//! say what the first page says that they say.

#[path = "support/source_text.rs"]
mod source_text;

use memlane::{
    Corruption, CreateError, Denied, JoinError, NotAChannel, OpenError, RecvError, RemoveError, SendError, Shortage,
};
use source_text::defines;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join("docs").join(name)).expect("a page")
}

/// The text of every test file: those of one binary that has a folder together.
fn test_files() -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, String>::new();
    for folder in [root().join("core/tests"), root().join("loom-tests/tests")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let files = if path.is_dir() {
                std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect()
            } else {
                vec![path.clone()]
            };
            let text: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
            found.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), text);
        }
    }
    found
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Tests are named for behaviour, so nothing else has such a long name.
fn is_test_name(word: &str) -> bool {
    is_word(word) && word.matches('_').count() >= 3
}

fn holds(text: &str, test: &str) -> bool {
    defines(text, test) || test == "*"
}

#[test]
fn every_test_that_the_pages_name_exists() {
    let files = test_files();
    let sweep = std::fs::read_to_string(root().join("torture/src/steps/scenario.rs")).expect("the sweep's operations");
    let mut missing = Vec::new();
    for name in ["environment.md", "failure-model.md"] {
        let text = page(name);
        let mut named = 0;
        for word in quoted(&text) {
            let exists = match word.split_once("::") {
                None if word.starts_with("sweep: ") => {
                    let operation = word["sweep: ".len()..].split(", about").next().unwrap();
                    operation.ends_with('…') || sweep.contains(&format!("\"{operation}\""))
                }
                Some((file, test)) if is_word(file) && (is_word(test) || test == "*") => {
                    files.get(file).is_some_and(|text| holds(text, test))
                }
                // A test, or a file of tests.
                None if is_test_name(word) => files.contains_key(word) || files.values().any(|text| holds(text, word)),
                _ => continue,
            };
            named += 1;
            if !exists {
                missing.push(format!("docs/{name} names `{word}`"));
            }
        }
        assert!(named > 50, "docs/{name} names {named} tests");
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_environment_test_has_its_row() {
    let text = page("environment.md");
    let mut missing = Vec::new();
    for (file, source) in test_files().iter().filter(|(file, _)| file.starts_with("environment_")) {
        let tests = source.split("#[test]\nfn ").skip(1).filter_map(|rest| rest.split_once('(')).map(|(test, _)| test);
        for test in tests.filter(|&test| file != "environment_doc" && test != "child_part") {
            if !text.contains(&format!("`{file}::{test}`")) {
                missing.push(format!("{file}::{test}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in docs/environment.md: {missing:#?}");
}

#[test]
fn every_row_names_what_shows_it() {
    let rows = page("environment.md");
    let rows = rows.lines().skip_while(|line| !line.starts_with("## ")).take_while(|line| !line.contains("errors say"));
    let rows =
        rows.filter(|line| line.starts_with("| ") && !line.starts_with("| ---") && !line.ends_with("shown by |"));
    let mut count = 0;
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(last.starts_with("the same") || last.contains("::"), "{row}");
        assert_eq!(row.matches(" | ").count(), 3, "four cells: {row}");
        count += 1;
    }
    assert!(count > 60, "{count} rows");
}

#[test]
fn the_errors_say_what_the_page_says() {
    let channel = || "prices".to_owned();
    let lock = || "prices.lock".to_owned();
    let (length, needed, found) = (4096, 12288, NotAChannel::Foreign);
    let folder = "/dev/shm/memlane-1000".to_owned();
    let shortage = Shortage::Filesystem { folder: "/dev/shm".to_owned(), free: 4096 };
    let denied = Denied::File { mode: 0o600, owner: 65534, user: 1000 };
    let said = [
        ("OpenError::Truncated", OpenError::Truncated { channel: channel(), length, needed }.to_string()),
        ("JoinError::Truncated", JoinError::Truncated { channel: channel(), length, needed }.to_string()),
        ("RecvError::Corrupted", RecvError::Corrupted(Corruption::FileLength).to_string()),
        ("OpenError::NotAChannel", OpenError::NotAChannel { channel: channel(), found }.to_string()),
        ("OpenError::LockFile", OpenError::LockFile { channel: channel(), path: lock() }.to_string()),
        ("JoinError::LockFile", JoinError::LockFile { channel: channel(), path: lock() }.to_string()),
        ("JoinError::Removed", JoinError::Removed { channel: channel() }.to_string()),
        ("JoinError::Forked", JoinError::Forked { channel: channel() }.to_string()),
        ("SendError::Forked", SendError::Forked.to_string()),
        (
            "JoinError::RoleTaken",
            JoinError::RoleTaken { channel: channel(), role: "sender", seats: 1, away: 0, pid: 42 }.to_string(),
        ),
        (
            "CreateError::NoSpace",
            CreateError::NoSpace { channel: channel(), bytes: needed, shortage, smaller: "a smaller capacity" }
                .to_string(),
        ),
        ("CreateError::UnsafeFolder", CreateError::UnsafeFolder { channel: channel(), folder }.to_string()),
        ("OpenError::Permission", OpenError::Permission { channel: channel(), denied }.to_string()),
        ("OpenError::ForeignOwner", OpenError::ForeignOwner { channel: channel(), owner: 65534 }.to_string()),
        ("RemoveError::InUse", RemoveError::InUse { channel: channel(), participants: 2 }.to_string()),
    ];
    let text = page("environment.md");
    let rows: Vec<_> = text.lines().skip_while(|line| *line != "| error | text |").skip(2).collect();
    let wanted: Vec<_> = said.iter().map(|(error, text)| format!("| `{error}` | {text} |")).collect();
    assert_eq!(rows, wanted);
}
