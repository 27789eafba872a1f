//! The rules of the engine's source that the compiler does not know: layers, the one room for `unsafe`, the one place
//! for atomics, the length of files, phrases and names that readers stumble over, and the tests that docs/testing.md names. Of
//! orderings `edges` is about, of circles `circles`.

#[path = "support/source_text.rs"]
mod source_text;

use source_text::{assert_none, code_length, defines, rust_files, words};
use std::path::{Path, PathBuf};

/// The modules, each of which imports only what stands before it.
const LAYERS: [&str; 11] =
    ["sync", "error", "layout", "region", "ring", "wait", "liveness", "channel", "any", "typed", "pattern"];

/// Lines of a source file, and of a test file, at most.
const SOURCE_LINES_MAX: usize = 600;
const TEST_LINES_MAX: usize = 400;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One source file.
struct Source {
    /// Relative to the package.
    path: PathBuf,
    text: String,
}

impl Source {
    /// The module of `core/src` that it belongs to; `None` for the crate's root.
    fn layer(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src").ok()?.components().next()?;
        let name = first.as_os_str().to_str().unwrap();
        (name != "lib.rs").then_some(name)
    }

    /// Its lines without comments, each with its number.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, &line[..code_length(line)]))
    }

    fn complain(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path.display())
    }
}

/// Every Rust file below a folder of the package.
fn sources(folder: &str) -> Vec<Source> {
    let files = rust_files(&package().join(folder)).into_iter();
    files.map(|(path, text)| Source { path: Path::new(folder).join(path), text }).collect()
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|&other| other == layer)
}

/// What a kind is made of, the format's table says. Elsewhere nobody asks which kind it is: a further kind would have to be
/// found at each such place.
#[test]
fn outside_the_format_and_a_kinds_own_folder_no_kind_is_told_from_the_others() {
    let kinds = ["spsc", "mpmc"];
    let mut complaints = Vec::new();
    for source in sources("src").iter().filter(|source| source.layer() != Some("layout")) {
        // The list of kinds gives each its row.
        let is_own =
            |kind| source.path.starts_with(format!("src/channel/{kind}")) || source.path.ends_with("channel/kind.rs");
        for (number, line) in source.code().take_while(|(_, line)| !line.starts_with("mod tests")) {
            let by_name = kinds.iter().any(|kind| {
                let variant = format!("Kind::{}{}", kind[..1].to_uppercase(), &kind[1..]);
                !is_own(kind) && words(line, &variant).next().is_some()
            });
            let by_store = words(line, "slots").any(|at| {
                let rest = line[at + 5..].trim_start();
                ["> 0", "== 0", "!= 0"].iter().any(|comparison| rest.starts_with(comparison))
            });
            if by_name || by_store {
                complaints.push(source.complain(number, "asks which kind this is: ask its row in layout/kinds.rs"));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn a_module_imports_only_what_stands_above_it() {
    let mut complaints = Vec::new();
    for source in sources("src") {
        let Some(layer) = source.layer() else { continue };
        let Some(own) = rank(layer) else {
            complaints.push(source.complain(1, "belongs to no layer: name it in LAYERS"));
            continue;
        };
        for (number, line) in source.code() {
            for at in words(line, "crate").filter(|&at| line[at..].starts_with("crate::")) {
                let import: String = line[at + 7..].chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
                let allowed =
                    rank(&import).is_some_and(|other| other <= own) && (layer, &*import) != ("ring", "region");
                if !allowed {
                    complaints.push(source.complain(number, &format!("`{layer}` must not import `crate::{import}`")));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn atomics_come_from_sync_alone() {
    let mut complaints = Vec::new();
    for source in sources("src").into_iter().filter(|source| source.layer() != Some("sync")) {
        for (number, line) in source.code() {
            if line.contains("sync::atomic") || line.contains("loom::") {
                complaints.push(source.complain(number, "atomics come from crate::sync, or no model sees them"));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn unsafe_stands_in_region_alone() {
    let mut complaints = Vec::new();
    for source in sources("src").into_iter().filter(|source| source.layer() != Some("region")) {
        for (number, line) in source.code().filter(|(_, line)| words(line, "unsafe").next().is_some()) {
            complaints.push(source.complain(number, &format!("`unsafe` outside region: {}", line.trim())));
        }
        let opens_it = |line: &str| line.contains("allow(unsafe_code") || line.contains("expect(unsafe_code");
        for (number, _) in source.code().filter(|(_, line)| opens_it(line)) {
            complaints.push(source.complain(number, "only region may allow unsafe code"));
        }
    }
    assert_none(&complaints);
    let root = std::fs::read_to_string(package().join("src/lib.rs")).unwrap();
    assert!(root.contains("\n#![deny(unsafe_code)]\n"), "src/lib.rs denies unsafe code");
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let mut complaints = Vec::new();
    let limits = [("src", SOURCE_LINES_MAX), ("tests", TEST_LINES_MAX)];
    for (source, max) in limits.iter().flat_map(|&(folder, max)| sources(folder).into_iter().map(move |s| (s, max))) {
        let lines = source.text.lines().count();
        if lines > max {
            complaints.push(source.complain(lines, &format!("{lines} lines; at most {max}")));
        }
        if !source.text.starts_with("//! ") {
            complaints.push(source.complain(1, "does not open with what it is for"));
        }
    }
    assert_none(&complaints);
}

/// Phrases that hide who acts or what is meant, and what to write instead.
const VAGUE: [(&str, &str); 4] = [
    ("whoever", "name the actor: a receiver that sleeps"),
    ("second thought", "name the fast path, and what leaves it"),
    ("decides nothing", "say what the caller does next"),
    ("nobody's business", "say which participant may do it"),
];

/// Endings of names that say neither which way of an operation it is nor what differs in it.
const WAYS: [&str; 5] = ["_shortly", "_carefully", "_patiently", "_quickly", "_slowly"];

/// What a reader stumbles over in a source file: the number of the line, and why.
fn stumbles(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_item_doc = false;
    for (at, line) in text.lines().enumerate() {
        let doc = ["///", "//!"].iter().find_map(|mark| line.trim_start().strip_prefix(mark));
        if let Some(doc) = doc.map(str::to_lowercase) {
            let vague = VAGUE.iter().filter(|(phrase, _)| doc.contains(phrase));
            found.extend(vague.map(|(phrase, instead)| (at + 1, format!("{phrase:?}: {instead}"))));
            if !in_item_doc && doc.starts_with(" the same ") {
                found.push((at + 1, "a first line stands alone in an index: the same as what?".to_owned()));
            }
        }
        in_item_doc = doc.is_some();
        let code = &line[..code_length(line)];
        let names = code.split(|character: char| !(character.is_alphanumeric() || character == '_'));
        let ways = names.filter(|name| WAYS.iter().any(|way| name.ends_with(way)));
        found.extend(ways.map(|name| (at + 1, format!("`{name}`: the ways of an operation are _fast and _slow"))));
    }
    found
}

#[test]
fn readers_stumble_over_no_phrase_and_no_name() {
    let complaints = sources("src").into_iter().flat_map(|source| {
        let found = stumbles(&source.text);
        found.into_iter().map(|(line, why)| source.complain(line, &why)).collect::<Vec<_>>()
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

#[test]
fn what_readers_stumble_over_is_noticed() {
    let text = "\
/// Wakes a receiver. The same holds for senders.
/// The same again, on a line that is not the first.
fn wake() { poll_slow(); /* quickly */ } // Whoever reads this reads no page.

/// The same for Whoever waits.
/// `None` decides nothing.
fn wake_slowly() {}";
    let lines: Vec<usize> = stumbles(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [5, 5, 6, 7]);
}

#[test]
fn errors_show_texts_that_others_chose_as_printable() {
    let mut complaints = Vec::new();
    let mut shown = 0;
    for source in sources("src/error") {
        let text: String = source.code().map(|(_, line)| line.to_owned() + "\n").collect();
        for variant in text.split("#[error(").skip(1) {
            let (attribute, rest) = variant.split_once(")]\n").unwrap();
            // Up to the first line that is not indented as a field is.
            let fields = rest.lines().skip(1).take_while(|line| line.is_empty() || line.starts_with("        "));
            for name in fields.filter_map(|line| line.trim().strip_suffix(": String,")) {
                if attribute.contains(&format!("{{{name}}}")) {
                    shown += 1;
                    if !attribute.contains(&format!("{name} = Printable(.{name})")) {
                        complaints.push(source.complain(0, &format!("shows `{name}` as it is: {attribute}")));
                    }
                }
            }
        }
    }
    assert_none(&complaints);
    assert!(shown > 30, "{shown}");
}

/// Whether a test or file that a page names exists: `deadlines::some_test`, `some_test_somewhere` or `core/tests/some.rs`. `None`:
/// the word names neither.
fn exists(word: &str, sources: &[Source]) -> Option<bool> {
    let is_in = |source: &Source, file: &str| package().join(&source.path).ends_with(file);
    if word.ends_with(".rs") {
        return Some(sources.iter().any(|source| is_in(source, word)));
    }
    let (modules, test) = word.rsplit_once("::").unwrap_or(("", word));
    // Tests are named for behaviour, so nothing else has such a long name.
    if test.matches('_').count() < 3 || !test.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let file = modules.trim_end_matches("::tests").replace("::", "/") + ".rs";
    let may_hold = |source: &&Source| modules.is_empty() || is_in(source, &file);
    Some(sources.iter().filter(may_hold).any(|source| defines(&source.text, test)))
}

#[test]
fn every_test_of_a_fault_from_the_field_exists() {
    let page = std::fs::read_to_string(package().join("../docs/testing.md")).expect("docs/testing.md lists the faults");
    let table = page.split("\n## Faults from the field").nth(1).unwrap().split("\n## ").next().unwrap();
    let sources: Vec<Source> = ["src", "tests", "../cli/tests", "../ffi/tests"].into_iter().flat_map(sources).collect();
    let tests = table.lines().filter_map(|row| row.strip_suffix(" |")?.rsplit_once(" | "));
    let named = tests.flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2));
    let found: Vec<_> = named.filter_map(|word| Some((word, exists(word, &sources)?))).collect();
    assert!(found.len() > 100, "{} tests", found.len());
    let missing = found.iter().filter(|(_, exists)| !exists);
    let complaints = missing.map(|(word, _)| format!("docs/testing.md names `{word}`, which does not exist"));
    assert_none(&complaints.collect::<Vec<_>>());
}
