//! Every public call has an example that runs: a code block in its documentation.

#[path = "support/source_text.rs"]
mod source_text;

use source_text::{assert_none, rust_files};
use std::path::Path;

/// A public function: where it begins, its name, and whether its documentation has an example.
#[derive(Debug, PartialEq, Eq)]
struct Call<'a> {
    line: usize,
    name: &'a str,
    has_example: bool,
}

/// The public functions of a source file, in front of its tests.
fn calls(text: &str) -> Vec<Call<'_>> {
    let mut found = Vec::new();
    let mut has_example = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line == "mod tests {" {
            break;
        }
        if let Some(doc) = line.strip_prefix("///") {
            has_example |= doc.trim_start().starts_with("```");
            continue;
        }
        if line.starts_with("#[") {
            continue; // an attribute between the documentation and the function
        }
        let signature = ["pub fn ", "pub const fn ", "pub unsafe fn ", "pub const unsafe fn "];
        if let Some(signature) = signature.iter().find_map(|begin| line.strip_prefix(begin)) {
            let name = signature.split(['(', '<']).next().unwrap();
            found.push(Call { line: at + 1, name, has_example });
        }
        has_example = false;
    }
    found
}

#[test]
fn every_public_call_has_an_example() {
    let files = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let of = |part: &'static str| {
        let files = files.iter().filter(move |(path, _)| path.starts_with(part));
        files.flat_map(|(path, text)| calls(text).into_iter().map(move |call| (path, call)))
    };
    let parts = [
        "any/",
        "channel/",
        "error/",
        "layout/kinds.rs",
        "layout/message_type.rs",
        "region/location/names.rs",
        "region/memory/trust.rs",
        "typed/",
        "lib.rs",
    ];
    assert!(parts.into_iter().flat_map(of).count() > 250);
    let without = parts.into_iter().flat_map(of).filter(|(_, call)| !call.has_example);
    let complaints =
        without.map(|(path, call)| format!("core/src/{path}:{}: `{}` has no example", call.line, call.name));
    assert_none(&complaints.collect::<Vec<_>>());
}

#[test]
fn a_call_without_an_example_is_noticed() {
    let text = "\
/// Sends.
///
/// ```
/// send();
/// ```
#[inline]
pub fn send() {}

/// Receives.
#[must_use]
pub fn recv<K>() {}

pub const fn bare() {}

/// Not public.
pub(crate) fn inner() {}

#[cfg(test)]
mod tests {
    pub fn helper() {}
}
";
    let call = |line, name, has_example| Call { line, name, has_example };
    assert_eq!(calls(text), [call(7, "send", true), call(11, "recv", false), call(13, "bare", false)]);
}
