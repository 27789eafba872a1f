//! Reads the functions of Rust files: where each stands, which edges it cites, and which orderings it uses.
//!
//! Read by lines, as `rustfmt` leaves them: what begins at some indentation ends with the next brace at the same one. A function
//! within another one is part of it. Modules of tests are left out.

use crate::source_text::{code_length, words};
use std::collections::BTreeSet;

/// The orderings that say something.
const ORDERINGS: [&str; 4] = ["Acquire", "Release", "AcqRel", "SeqCst"];

/// A function with a body.
#[derive(Debug, Default)]
pub struct Function {
    /// Its modules, its type if it has one, and its name.
    pub path: Vec<String>,
    /// Where it begins, for people.
    pub place: String,
    /// The edges and fences that its comments cite, as `EDGE commit→poll`.
    pub edges: BTreeSet<String>,
    /// Edges, and the name of a function that the comment about them cites.
    pub cites: Vec<(Vec<String>, String)>,
    /// What it orders by, apart from Relaxed.
    pub orderings: BTreeSet<&'static str>,
    /// Orderings that its comments speak of.
    pub explained: BTreeSet<&'static str>,
}

impl Function {
    /// Whether it is one that this name may mean.
    pub fn is_called(&self, name: &str) -> bool {
        let name: Vec<_> = name.split("::").collect();
        self.path.len() >= name.len() && self.path[self.path.len() - name.len()..] == name[..]
    }

    pub fn name(&self) -> String {
        self.path.join("::")
    }
}

/// What is not closed yet.
enum Open {
    Function(usize),
    Named(String),
    Tests,
}

/// The functions of a file, whose path is relative to the folder of sources.
pub fn functions_of(file: &str, text: &str) -> Vec<Function> {
    let mut reader = Reader::default();
    let modules = file.trim_end_matches(".rs").trim_end_matches("mod").trim_end_matches("lib").trim_end_matches('/');
    let modules: Vec<_> = modules.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    for (number, line) in text.lines().enumerate() {
        reader.read(line, &modules, || format!("{file}:{}", number + 1));
    }
    reader.functions
}

#[derive(Default)]
struct Reader {
    functions: Vec<Function>,
    /// With the indentation of each.
    open: Vec<(usize, Open)>,
    /// What the comment that goes on is about.
    citing: Vec<String>,
}

impl Reader {
    fn read(&mut self, line: &str, modules: &[String], place: impl Fn() -> String) {
        let (code, comment) = line.split_at(code_length(line));
        let (indentation, code) = (code.len() - code.trim_start().len(), code.trim());
        if code.is_empty() {
            self.read_comment(comment);
            return;
        }
        self.citing.clear();
        let ends = code.starts_with('}') || code.ends_with(';') && !code.starts_with("let ");
        if ends && self.open.last().is_some_and(|(at, _)| *at == indentation) {
            self.open.pop();
            return;
        }
        if let Some(open) = self.opened_by(code, modules, place)
            && !(code.ends_with('}') || code.ends_with(';'))
        {
            self.open.push((indentation, open));
        }
        if let Some(function) = self.current().filter(|_| !code.starts_with("use ")) {
            function.orderings.extend(ORDERINGS.iter().filter(|ordering| words(code, ordering).next().is_some()));
        }
        self.read_comment(comment);
        self.citing.clear();
    }

    /// What begins on this line.
    fn opened_by(&mut self, code: &str, modules: &[String], place: impl Fn() -> String) -> Option<Open> {
        let start = code.split(['(', '<', '{', '"']).next()?;
        let mut before =
            start.split_whitespace().filter(|word| !matches!(*word, "pub" | "const" | "unsafe" | "async" | "extern"));
        // `pub(in …)` was cut at its bracket.
        let declared = match code.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")) {
            Some((_, rest)) => return self.opened_by(rest, modules, place),
            None => (before.next()?, before.next()),
        };
        match declared {
            ("fn", Some(name)) => {
                let named = self.open.iter().filter_map(|(_, open)| match open {
                    Open::Named(name) => Some(name),
                    Open::Function(_) | Open::Tests => None,
                });
                let path = modules.iter().chain(named).cloned().chain([name.to_owned()]).collect();
                self.functions.push(Function { path, place: place(), ..Function::default() });
                Some(Open::Function(self.functions.len() - 1))
            }
            ("impl", _) => Some(Open::Named(type_of(code))),
            ("trait", Some(name)) => Some(Open::Named(name.trim_end_matches(':').to_owned())),
            ("mod", Some(name)) if name.ends_with("tests") => Some(Open::Tests),
            ("mod", Some(name)) => Some(Open::Named(name.to_owned())),
            _ => None,
        }
    }

    /// The function that this line is in, unless that is a test's.
    fn current(&mut self) -> Option<&mut Function> {
        let is_test = self.open.iter().any(|(_, open)| matches!(open, Open::Tests));
        let outermost = self.open.iter().find_map(|(_, open)| match open {
            Open::Function(index) => Some(*index),
            Open::Named(_) | Open::Tests => None,
        });
        outermost.filter(|_| !is_test).map(|index| &mut self.functions[index])
    }

    fn read_comment(&mut self, comment: &str) {
        let Some(comment) = comment.strip_prefix("//").filter(|rest| !rest.starts_with(['/', '!'])) else {
            self.citing.clear();
            return;
        };
        let mut citing = std::mem::take(&mut self.citing);
        let (mut held, mut cites) = (Vec::new(), Vec::new());
        let mut seen = 0;
        for (at, edge) in edges_in(comment) {
            cites.extend(in_backticks(&comment[seen..at]).map(|name| (citing.clone(), name.to_owned())));
            // What stands behind `with` is the other end's.
            if comment[..at].trim_end().ends_with("with") {
                citing = vec![edge];
            } else {
                held.push(edge);
                citing.clone_from(&held);
            }
            seen = at;
        }
        cites.extend(in_backticks(&comment[seen..]).map(|name| (citing.clone(), name.to_owned())));
        if let Some(function) = self.current() {
            function.explained.extend(ORDERINGS.iter().filter(|ordering| words(comment, ordering).next().is_some()));
            function.edges.extend(held);
            function.cites.extend(cites.into_iter().filter(|(edges, _)| !edges.is_empty()));
        }
        self.citing = citing;
    }
}

/// The edges and fences that a comment names, each with its place.
fn edges_in(comment: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for keyword in ["EDGE", "FENCE"] {
        for at in words(comment, keyword) {
            let rest = comment[at + keyword.len()..].trim_start();
            let name: String = rest.chars().take_while(|&c| c.is_alphanumeric() || "_→".contains(c)).collect();
            found.push((at, format!("{keyword} {name}")));
        }
    }
    found.sort_unstable();
    found
}

/// The last part of the name of the type that `impl … {` is about.
fn type_of(code: &str) -> String {
    let mut depth = 0;
    let mut plain = String::new();
    let mut last = ' ';
    for character in code.chars() {
        match character {
            '<' => depth += 1,
            '>' if last != '-' => depth -= 1,
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
        last = character;
    }
    let words = plain.trim_start_matches("unsafe ").trim_start_matches("impl").trim();
    let about = words.split_once(" for ").map_or(words, |(_, about)| about);
    about.split([' ', '{']).next().unwrap().rsplit("::").next().unwrap().trim_start_matches('&').to_owned()
}

/// What stands in backticks.
pub fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
