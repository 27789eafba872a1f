//! The text of Rust files, for the tests that read the project's own source.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::path::Path;

/// Every Rust file below a folder: its path within it, and its text. Sorted by path.
pub fn rust_files(folder: &Path) -> Vec<(String, String)> {
    fn collect(folder: &Path, within: &str, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{within}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                collect(&path, &format!("{name}/"), into);
            } else if name.ends_with(".rs") {
                into.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    collect(folder, "", &mut files);
    assert!(!files.is_empty(), "{} has sources", folder.display());
    files.sort();
    files
}

/// The length of a line's part before `//`, unless that stands in a string.
pub fn code_length(line: &str) -> usize {
    let (mut in_string, mut escaped) = (false, false);
    for (at, character) in line.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '/' if !in_string && line[at..].starts_with("//") => return at,
            _ => {}
        }
    }
    line.len()
}

/// The places at which a word stands by itself.
pub fn words<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = usize> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}

/// Whether the text defines this function, generic or not.
pub fn defines(text: &str, function: &str) -> bool {
    ["(", "<"].iter().any(|begin| text.contains(&format!("fn {function}{begin}")))
}

#[track_caller]
pub fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
