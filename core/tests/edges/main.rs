//! Every synchronising edge stands at both ends in the code, where `docs/memory-model.md` says, and every ordering says why.

mod document;
mod source;
#[path = "../support/source_text.rs"]
mod source_text;

use document::{Row, rows_of};
use source::{Function, functions_of};
use source_text::{assert_none, rust_files};
use std::path::Path;

/// What is wrong with the edges of these functions, of which this document says where they are.
fn complaints(functions: &[Function], rows: &[Row]) -> Vec<String> {
    let mut complaints = Vec::new();
    // Of a function that something else names.
    let mut check = |name: &str, edges: &[String], whose: &str| {
        let mut called = functions.iter().filter(|function| function.is_called(name)).peekable();
        if called.peek().is_none() {
            complaints.push(format!("{whose}: {}: there is no function `{name}`", edges.join(", ")));
        } else if !called.any(|function| edges.iter().any(|edge| function.edges.contains(edge))) {
            complaints.push(format!("{whose}: {}: `{name}` does not cite it", edges.join(", ")));
        }
    };
    for row in rows {
        for name in row.ends.iter().flatten() {
            check(name, std::slice::from_ref(&row.name), "the document");
        }
    }
    for function in functions {
        for (edges, name) in &function.cites {
            check(name, edges, &function.place);
        }
    }
    for row in rows.iter().filter(|row| row.ends.iter().any(Vec::is_empty)) {
        complaints.push(format!("the document: {}: an end without a function", row.name));
    }
    for function in functions {
        for edge in &function.edges {
            let Function { place, .. } = function;
            let Some(row) = rows.iter().find(|row| row.name == *edge) else {
                complaints.push(format!("{place}: {edge} is not in the document"));
                continue;
            };
            if !row.ends.iter().flatten().any(|name| function.is_called(name)) {
                complaints.push(format!("{place}: {edge}: the document does not name `{}`", function.name()));
            }
        }
    }
    complaints
}

/// The functions whose orderings nothing explains: neither an edge nor a comment that speaks of the ordering.
fn unexplained(functions: &[Function]) -> Vec<String> {
    let is_explained =
        |function: &&Function| !function.edges.is_empty() || function.orderings.is_subset(&function.explained);
    let others = functions.iter().filter(|function| !is_explained(function));
    others.map(|function| format!("{}: `{}`: {:?}", function.place, function.name(), function.orderings)).collect()
}

/// The functions of the engine, but for those that hand atomics out.
fn functions_of_the_engine() -> Vec<Function> {
    let files = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut functions: Vec<_> = files.iter().flat_map(|(file, text)| functions_of(file, text)).collect();
    functions.retain(|function| function.path[0] != "sync");
    functions
}

#[test]
fn every_edge_is_where_the_document_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/memory-model.md");
    let rows = rows_of(&std::fs::read_to_string(path).unwrap());
    assert!(rows.len() > 10, "{rows:?}");
    assert_none(&complaints(&functions_of_the_engine(), &rows));
}

#[test]
fn every_ordering_but_relaxed_says_why() {
    let functions = functions_of_the_engine();
    assert!(functions.iter().filter(|function| !function.orderings.is_empty()).count() > 30);
    assert_none(&unexplained(&functions));
}

const DOCUMENT: &str = "\
| edge | from | to | what |
| --- | --- | --- | --- |
| give→take | `Giver::give`: *word* | `take` | bytes |
";

const CODE: &str = "\
impl<T> Giver<T> {
    fn give(&self) {
        // EDGE give→take: pairs with the Acquire in
        // `hands::take`.
        self.word.store(1, Release);
    }
}

fn take(word: &AtomicU64) {
    word.load(Acquire); // EDGE give→take
}
";

/// What is wrong with a file of hands, and what the document says of it.
fn found(code: &str, document: &str) -> Vec<String> {
    let functions = functions_of("hands.rs", code);
    let unexplained = unexplained(&functions).into_iter().map(|what| format!("{what} unexplained"));
    complaints(&functions, &rows_of(document)).into_iter().chain(unexplained).collect()
}

#[test]
fn what_is_in_order_is_left_alone() {
    assert_eq!(found(CODE, DOCUMENT), [""; 0]);
}

#[test]
fn a_function_that_does_not_exist_is_noticed() {
    let document = DOCUMENT.replace("`take`", "`hands::grab`");
    assert_eq!(
        found(CODE, &document),
        [
            "the document: EDGE give→take: there is no function `hands::grab`",
            "hands.rs:9: EDGE give→take: the document does not name `hands::take`"
        ]
    );
    let code = CODE.replace("`hands::take`", "`Taker::take`");
    assert_eq!(found(&code, DOCUMENT), ["hands.rs:2: EDGE give→take: there is no function `Taker::take`"]);
}

#[test]
fn an_edge_that_moved_to_another_function_is_noticed() {
    let code =
        CODE.replace(" // EDGE give→take\n", "\n") + "\nfn look() {\n    // EDGE give→take\n    load(Acquire);\n}\n";
    assert_eq!(
        found(&code, DOCUMENT),
        [
            "the document: EDGE give→take: `take` does not cite it",
            "hands.rs:2: EDGE give→take: `hands::take` does not cite it",
            "hands.rs:13: EDGE give→take: the document does not name `hands::look`",
            "hands.rs:9: `hands::take`: {\"Acquire\"} unexplained"
        ]
    );
}

#[test]
fn an_edge_that_the_document_lacks_is_noticed() {
    let code = format!(
        "{CODE}\nfn more() {{\n    fence(SeqCst); // FENCE more: pairs with EDGE give→take in `take` and `more`\n}}\n"
    );
    assert_eq!(
        found(&code, DOCUMENT),
        ["hands.rs:13: EDGE give→take: `more` does not cite it", "hands.rs:13: FENCE more is not in the document"]
    );
    let document = format!("{DOCUMENT}| keep→lose | `take` | nobody | |\n");
    assert_eq!(
        found(CODE, &document),
        [
            "the document: EDGE keep→lose: `take` does not cite it",
            "the document: EDGE keep→lose: an end without a function"
        ]
    );
}

#[test]
fn functions_are_told_apart_however_they_stand() {
    let code = "
        trait Hand: Sized {
            fn declared(&self);
            fn declared_at_length(
                &self,
            ) -> u8;
            fn given(&self) {}
        }
        unsafe impl<'a, F: Fn(u8) -> u8> crate::Hand for Left<'a, F> where F: Clone {
            pub(in crate::a) const unsafe fn held<T>(
                self,
            ) -> u8
            where
                T: Copy,
            {
                fn inner() {
                    // Acquire: for nothing.
                    load(Acquire);
                }
                \"} // EDGE in→text\"
            }
        }
        mod tests {
            fn test() {
                load(SeqCst);
            }
        }
        fn last() {
            load(Release);
        }
    ";
    let functions = functions_of("room/mod.rs", &code.replace("\n        ", "\n"));
    let names: Vec<_> =
        functions.iter().filter(|function| !function.orderings.is_empty()).map(Function::name).collect();
    assert_eq!(names, ["room::Left::held", "room::last"]);
    assert_eq!(unexplained(&functions), ["room/mod.rs:28: `room::last`: {\"Release\"}"]);
    assert!(functions.iter().all(|function| function.edges.is_empty()), "{functions:?}");
    assert!(functions.iter().any(|function| function.is_called("Hand::given")));
}
