//! What a name means, followed through imports and re-exports to the file that holds it.
//!
//! Modules, types, values and macros have names of their own in Rust. Here one name may mean several things, and a file that
//! names it needs them all.

use super::source::{Name, Tree};
use std::collections::BTreeSet;

/// What a name may stand for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    Module(usize),
    /// Something that this file holds.
    Item(String),
    /// Another crate's, or not a module's: a type's parameter, a variable.
    Foreign,
}

/// Names that are being followed, by the module that they stand in: what imports itself adds nothing to what it is.
type Followed = BTreeSet<(usize, String)>;

/// What a path means in a module. Nothing: it is a path of the crate, and leads nowhere.
pub fn resolve(tree: &Tree, module: usize, path: &[String]) -> BTreeSet<Meaning> {
    follow(tree, module, path, &mut Followed::new())
}

fn follow(tree: &Tree, module: usize, path: &[String], followed: &mut Followed) -> BTreeSet<Meaning> {
    let mut meanings = BTreeSet::from([Meaning::Module(module)]);
    for (at, part) in path.iter().enumerate() {
        meanings = step(tree, &meanings, part, followed);
        if at == 0 && meanings.is_empty() && !matches!(&**part, "crate" | "self" | "super") {
            return [Meaning::Foreign].into();
        }
        // Where more follows, a module is meant rather than an item of its name.
        if at + 1 < path.len() && meanings.iter().any(|meaning| matches!(meaning, Meaning::Module(_))) {
            meanings.retain(|meaning| matches!(meaning, Meaning::Module(_)));
        }
    }
    meanings
}

/// What the next part of a path means.
fn step(tree: &Tree, meanings: &BTreeSet<Meaning>, part: &str, followed: &mut Followed) -> BTreeSet<Meaning> {
    let mut next = BTreeSet::new();
    for meaning in meanings {
        match meaning {
            Meaning::Module(module) => match part {
                "crate" => drop(next.insert(Meaning::Module(0))),
                "self" => drop(next.insert(Meaning::Module(*module))),
                "super" => next.extend(tree.modules[*module].parent.map(Meaning::Module)),
                name => next.extend(look_up(tree, *module, name, followed)),
            },
            // A variant, or a function of a type.
            other => drop(next.insert(other.clone())),
        }
    }
    next
}

/// What a name means in a module: what that declares, defines or imports.
fn look_up(tree: &Tree, at: usize, name: &str, followed: &mut Followed) -> BTreeSet<Meaning> {
    let (module, mut meanings) = (&tree.modules[at], BTreeSet::new());
    meanings.extend(module.children.get(name).map(|child| Meaning::Module(*child)));
    if module.items.contains(name) {
        meanings.insert(Meaning::Item(module.file.clone()));
    }
    // `pub use many::many` begins with the module, not with what it imports.
    if !followed.insert((at, name.to_owned())) {
        return meanings;
    }
    for import in module.imports.iter().filter(|import| matches!(&import.name, Name::As(own) if own == name)) {
        meanings.extend(follow(tree, at, &import.path, followed));
    }
    if meanings.is_empty() {
        for import in module.imports.iter().filter(|import| import.name == Name::Glob) {
            for meaning in follow(tree, at, &import.path, followed) {
                if let Meaning::Module(other) = meaning {
                    meanings.extend(look_up(tree, other, name, followed));
                }
            }
        }
    }
    if meanings.is_empty() && module.is_opaque {
        meanings.insert(Meaning::Item(module.file.clone()));
    }
    followed.remove(&(at, name.to_owned()));
    meanings
}

/// What a glob over these may bring in: what a module holds, or what it leads to if it only re-exports.
pub fn all_in(tree: &Tree, meanings: &BTreeSet<Meaning>) -> BTreeSet<Meaning> {
    let mut all = BTreeSet::new();
    for meaning in meanings {
        match meaning {
            Meaning::Module(at) if tree.modules[*at].items.is_empty() => {
                for import in &tree.modules[*at].imports {
                    all.extend(resolve(tree, *at, &import.path));
                }
            }
            Meaning::Module(at) => drop(all.insert(Meaning::Item(tree.modules[*at].file.clone()))),
            other => drop(all.insert(other.clone())),
        }
    }
    all
}

/// A macro that is called by its bare name: imported, or defined in this module or in one around it.
pub fn of_macro(tree: &Tree, at: usize, name: &str) -> BTreeSet<Meaning> {
    let module = &tree.modules[at];
    let imported = module.imports.iter().any(|import| matches!(&import.name, Name::As(own) if own == name));
    if imported || module.items.contains(name) {
        return look_up(tree, at, name, &mut Followed::new());
    }
    module.parent.map_or_else(BTreeSet::new, |around| {
        let outer = &tree.modules[around];
        if outer.items.contains(name) {
            [Meaning::Item(outer.file.clone())].into()
        } else {
            of_macro(tree, around, name)
        }
    })
}
