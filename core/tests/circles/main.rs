//! No file of a crate needs itself through others. Where two need each other, a third one below them holds what both need.

mod graph;
mod names;
mod source;
#[path = "../support/source_text.rs"]
mod source_text;

use graph::Graph;
use source::Files;
use source_text::{assert_none, rust_files};
use std::collections::BTreeSet;
use std::path::Path;

/// The crates that are looked at, by their folders.
const CRATES: [&str; 7] = ["core", "derive", "ffi", "cli", "torture", "benches", "loom-tests"];

/// The sources of a crate.
fn files_of(name: &str) -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
    rust_files(&folder).into_iter().map(|(file, text)| (format!("src/{file}"), text)).collect()
}

fn graph_of(files: &Files) -> Graph {
    let roots: Vec<_> = ["src/lib.rs", "src/main.rs"].into_iter().filter(|root| files.contains_key(*root)).collect();
    assert!(!roots.is_empty(), "a crate has a root");
    Graph::of(files, &roots)
}

#[test]
fn no_file_needs_itself_through_others() {
    let mut complaints = Vec::new();
    for name in CRATES {
        let graph = graph_of(&files_of(name));
        complaints.extend(graph.unread.iter().chain(&graph.circles()).map(|what| format!("{name}/{what}")));
    }
    assert_none(&complaints);
}

/// Folders are rooms: none of these needs itself through others, either.
#[test]
fn no_room_needs_itself_through_others() {
    let mut complaints = Vec::new();
    for name in CRATES {
        let files = files_of(name);
        let graph = graph_of(&files);
        let folders: BTreeSet<_> =
            files.keys().flat_map(|file| file.match_indices('/').map(|(at, _)| &file[..at])).collect();
        for folder in folders {
            complaints.extend(graph.of_parts(folder).circles().into_iter().map(|what| format!("{name}/{what}")));
        }
    }
    assert_none(&complaints);
}

/// A made-up crate: its root, and a room of two files besides.
fn made_up(root: &str, index: &str, one: &str, two: &str) -> Files {
    let files = [("lib", root), ("room/mod", index), ("room/one", one), ("room/two", two)];
    files.map(|(name, text)| (format!("src/{name}.rs"), text.to_owned())).into()
}

/// The circles of a crate without the names that make them.
fn circles(files: &Files) -> Vec<String> {
    let graph = graph_of(files);
    assert_none(&graph.unread);
    graph.circles().iter().map(|circle| circle.lines().next().unwrap().replace("src/", "")).collect()
}

const INDEX: &str = "mod one; mod two; pub use self::{one::One, two::{Two, helper as help}};";
const ONE: &str = "pub struct One;";
const TWO: &str = "pub struct Two; pub fn helper() {} pub struct Other;";

/// Whether `one` needs `two` if it has this text: then a `two` that needs `one` closes the circle.
fn needs(text: &str) -> bool {
    let one = format!("{ONE} {text}");
    let two = format!("{TWO} use super::One;");
    let found = circles(&made_up("mod room;", INDEX, &one, &two));
    assert!(found.is_empty() || found == ["room/one.rs → room/two.rs → room/one.rs"], "{found:?}");
    !found.is_empty()
}

#[test]
fn a_name_leads_through_indexes_to_the_file_that_holds_it() {
    for text in [
        "use super::Two;",
        "use crate::room::Two as Second;",
        "use crate::room::{self, Two};",
        "use super::help;",
        "use super::two::*;",
        "use super::*;",
        "use super::two; fn f() { two::helper() }",
        "use crate::room; fn f() -> room::Two { todo!() }",
        "use crate::room::two as second; type T = Vec<second::Other>;",
        "fn f() { super::two::helper() }",
        "fn f() { use super::Two; }",
        "fn f() -> Option<crate::room::Two> { None }",
        "fn f() { g(0..crate::room::help()) }",
        "mod tests { use super::super::Two; }",
        "#[derive(super::two::Other)] struct S;",
        "macro_rules! m { () => { $crate::room::Two } }",
        "impl One { const C: u8 = { super::two::helper }; }",
    ] {
        assert!(needs(text), "{text}");
    }
}

#[test]
fn what_names_nothing_of_a_file_does_not_need_it() {
    for text in [
        "",
        "use super::two;",
        "// use super::Two;",
        "const TEXT: &str = \"use super::Two;\";",
        "/// [`super::Two`]\nstruct Documented;",
        "use std::fmt; fn f() { fmt::two() }",
        "fn f(two: One) { two.helper(); <One>::two() }",
        "use self::One as Two;",
        "fn f<'two>(x: &'two One) {}",
        "macro_rules! m { ($two:ident) => { $two::helper() } }",
    ] {
        assert!(!needs(text), "{text}");
    }
}

#[test]
fn an_index_is_no_part_of_a_circle_and_what_defines_something_is_no_index() {
    let uses_index = "pub struct One; fn f() { super::own() }";
    assert!(circles(&made_up("mod room;", INDEX, "use super::Two; pub struct One;", TWO)).is_empty());
    let found = circles(&made_up("mod room;", &format!("{INDEX} fn own() {{}}"), uses_index, TWO));
    assert_eq!(found, ["room/mod.rs → room/one.rs → room/mod.rs"]);
}

#[test]
fn a_function_that_is_called_as_its_module_is_found() {
    let index = "mod one; mod two; pub use one::One; pub use two::two;";
    let two = "use super::One; pub fn two() {}";
    for one in ["use super::two; pub struct One;", "pub struct One; fn f() { crate::room::two() }"] {
        assert_eq!(
            circles(&made_up("mod room;", index, one, two)),
            ["room/one.rs → room/two.rs → room/one.rs"],
            "{one}"
        );
    }
}

#[test]
fn a_macro_is_found_by_its_bare_name() {
    let index = "macro_rules! around { () => {} } mod one; mod two; pub use one::One;";
    let found = circles(&made_up("mod room;", index, "around!(); pub struct One;", TWO));
    assert_eq!(found, ["room/mod.rs → room/one.rs → room/mod.rs"]);
    let two = "macro_rules! of_two { () => {} } pub(super) use of_two; use super::one::One; struct Two;";
    let one = "use super::two::of_two; of_two!(); pub struct One;";
    let found = circles(&made_up("mod room;", "mod one; mod two;", one, two));
    assert_eq!(found, ["room/one.rs → room/two.rs → room/one.rs"]);
}

#[test]
fn a_circle_of_many_is_told_once_with_the_names_that_make_it_one() {
    let root = "mod room; pub struct Root; fn f() -> room::Two { todo!() }";
    let files = made_up(root, INDEX, "use crate::Root; pub struct One;", &format!("{TWO} use super::One;"));
    assert_eq!(
        graph_of(&files).circles(),
        ["src/lib.rs → src/room/two.rs → src/room/one.rs → src/lib.rs\n    \
          src/lib.rs names room::Two\n    \
          src/room/two.rs names super::One\n    \
          src/room/one.rs names crate::Root"]
    );
}

#[test]
fn rooms_can_need_each_other_though_no_file_does() {
    let mut files = made_up("mod room; mod upper;", INDEX, "use crate::upper::Low; pub struct One;", TWO);
    files.insert("src/upper.rs".to_owned(), "pub struct Low;".to_owned());
    assert!(graph_of(&files).of_parts("src").circles().is_empty());
    files.insert("src/upper/high.rs".to_owned(), "use crate::room::Two; struct High;".to_owned());
    files.insert("src/upper/low.rs".to_owned(), "pub struct Low;".to_owned());
    files.insert("src/upper.rs".to_owned(), "mod high; mod low; pub use low::Low;".to_owned());
    assert!(circles(&files).is_empty());
    let found = graph_of(&files).of_parts("src").circles();
    assert!(found[0].starts_with("src/room → src/upper → src/room\n"), "{found:?}");
}

#[test]
fn what_is_not_understood_is_told() {
    let mut files = made_up("mod room;", INDEX, "use super::Missing; pub struct One;", TWO);
    files.insert("src/stray.rs".to_owned(), String::new());
    let told = graph_of(&files).unread;
    assert_eq!(told, ["src/room/one.rs: super::Missing leads nowhere", "src/stray.rs: no module"]);
}
