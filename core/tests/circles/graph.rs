//! Which file needs which, and the circles among them.
//!
//! A file that only declares and re-exports is an *index*. It needs nothing, and nothing is found in it: a name that comes
//! through it leads to the file that holds what is named. A file that defines something itself needs what it re-exports.

use super::names::{self, Meaning};
use super::source::{Files, Module, Name, Path, Tree};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug, Default)]
pub struct Graph {
    /// For each file those that it needs, and by which of their names.
    edges: BTreeMap<String, BTreeMap<String, String>>,
    /// What was not understood: paths into the crate that lead nowhere, and files that no module is.
    pub unread: Vec<String>,
}

impl Graph {
    /// Of crates with these roots that share a folder.
    pub fn of(files: &Files, roots: &[&str]) -> Self {
        let mut graph = Self::default();
        let mut read = BTreeSet::new();
        for root in roots {
            let tree = Tree::read(files, root);
            graph.add(&tree);
            read.extend(tree.modules.into_iter().map(|module| module.file));
        }
        graph.unread.extend(files.keys().filter(|file| !read.contains(*file)).map(|file| format!("{file}: no module")));
        graph
    }

    fn add(&mut self, tree: &Tree) {
        let holds_something = |module: &&Module| !module.items.is_empty() || module.is_opaque;
        let holders: BTreeSet<&str> = tree.modules.iter().filter(holds_something).map(|module| &*module.file).collect();
        for (at, module) in tree.modules.iter().enumerate().filter(|(_, module)| holders.contains(&*module.file)) {
            for path in &module.paths {
                let meanings = self.resolve(tree, at, path);
                self.need(module, meanings, &path.join("::"));
            }
            for import in &module.imports {
                let (meanings, path) = (self.resolve(tree, at, &import.path), import.path.join("::"));
                match import.name {
                    Name::As(_) => self.need(module, meanings, &path),
                    Name::Glob => self.need(module, names::all_in(tree, &meanings), &format!("{path}::*")),
                }
            }
            for call in &module.calls {
                self.need(module, names::of_macro(tree, at, call), &format!("{call}!"));
            }
        }
    }

    /// What a path means; one of the crate's has to mean something.
    fn resolve(&mut self, tree: &Tree, module: usize, path: &Path) -> BTreeSet<Meaning> {
        let meanings = names::resolve(tree, module, path);
        if meanings.is_empty() {
            self.unread.push(format!("{}: {} leads nowhere", tree.modules[module].file, path.join("::")));
        }
        meanings
    }

    fn need(&mut self, module: &Module, meanings: BTreeSet<Meaning>, path: &str) {
        for meaning in meanings {
            if let Meaning::Item(file) = meaning
                && file != module.file
            {
                let needed = self.edges.entry(module.file.clone()).or_default();
                needed.entry(file).or_insert_with(|| path.to_owned());
            }
        }
    }

    /// The same for the parts of a folder: each is a file, or a folder with all that stands in it.
    pub fn of_parts(&self, folder: &str) -> Self {
        let part = |file: &str| {
            let name = file.strip_prefix(folder)?.strip_prefix('/')?;
            Some(format!("{folder}/{}", name.split('/').next()?.trim_end_matches(".rs")))
        };
        let mut parts = Self::default();
        for (from, needed) in &self.edges {
            for (to, path) in needed {
                if let (Some(from_part), Some(to_part)) = (part(from), part(to))
                    && from_part != to_part
                {
                    let needed = parts.edges.entry(from_part).or_default();
                    needed.entry(to_part).or_insert_with(|| format!("{path} (in {from})"));
                }
            }
        }
        parts
    }

    /// The circles as `a.rs → b.rs → a.rs`, and by which names each is one: the shortest through each file, once.
    pub fn circles(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        for file in self.edges.keys() {
            if let Some(mut circle) = self.way_back(file) {
                let first = circle.iter().enumerate().min_by_key(|(_, file)| *file).map_or(0, |(at, _)| at);
                circle.rotate_left(first);
                found.insert(circle);
            }
        }
        found.iter().map(|circle| self.told(circle)).collect()
    }

    /// The files of the shortest circle through this one, which is the first of them.
    fn way_back<'a>(&'a self, start: &'a str) -> Option<Vec<&'a str>> {
        let mut came_from = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for next in self.edges.get(file).into_iter().flat_map(BTreeMap::keys).map(String::as_str) {
                if next == start {
                    let mut way = vec![file];
                    while let Some(&before) = came_from.get(way[way.len() - 1]) {
                        way.push(before);
                    }
                    way.reverse();
                    return Some(way);
                }
                if !came_from.contains_key(next) {
                    came_from.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    fn told(&self, circle: &[&str]) -> String {
        let mut told = format!("{} → {}", circle.join(" → "), circle[0]);
        for (at, file) in circle.iter().enumerate() {
            let next = circle[(at + 1) % circle.len()];
            told += &format!("\n    {file} names {}", self.edges[*file][next]);
        }
        told
    }
}
