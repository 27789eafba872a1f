//! Reads Rust files into a tree of modules: what each declares, what it imports, and which paths it names.
//!
//! Only names are read. The lexer is the one of procedural macros, so that comments and texts are no code; where an item ends, its
//! first word tells. What stands behind `#[cfg(…)]` counts, whatever the condition: a test that reaches up is as hard to move as
//! code that does.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// The files of a crate by their paths, with `/` between their parts.
pub type Files = BTreeMap<String, String>;

/// A path as it is written, in parts: `["super", "names", "Location"]`.
pub type Path = Vec<String>;

/// The modules of a crate. The first one is its root.
#[derive(Debug, Default)]
pub struct Tree {
    pub modules: Vec<Module>,
}

#[derive(Debug, Default)]
pub struct Module {
    pub file: String,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// What is defined in it, macros included.
    pub items: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// Paths of two parts or more that its code names.
    pub paths: BTreeSet<Path>,
    /// Macros that its code calls by their bare names.
    pub calls: BTreeSet<String>,
    /// It may define more than can be read: it calls macros where items stand, or declares foreign functions.
    pub is_opaque: bool,
}

/// What a `use` brings in.
#[derive(Debug)]
pub struct Import {
    pub path: Path,
    pub name: Name,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Name {
    /// One thing, by the name that it has here.
    As(String),
    /// All that is in there.
    Glob,
}

impl Tree {
    /// Reads the crate whose root is this file.
    pub fn read(files: &Files, root: &str) -> Self {
        let mut tree = Self::default();
        tree.read_file(files, root, None, folder_of(root));
        tree
    }

    /// Reads a file as a module. `folder`: where the files of its children are.
    fn read_file(&mut self, files: &Files, file: &str, parent: Option<usize>, folder: &str) -> usize {
        let module = self.add(file, parent);
        match files.get(file) {
            Some(text) => {
                let tokens = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
                self.read_items(files, module, tokens, folder);
            }
            // A file of another crate, by `#[path]`.
            None => self.modules[module].is_opaque = true,
        }
        module
    }

    fn add(&mut self, file: &str, parent: Option<usize>) -> usize {
        self.modules.push(Module { file: file.to_owned(), parent, ..Module::default() });
        self.modules.len() - 1
    }

    fn read_items(&mut self, files: &Files, module: usize, tokens: TokenStream, folder: &str) {
        for item in split_items(tokens) {
            match (&*item.keyword, item.name()) {
                ("mod", Some(name)) => {
                    let child = self.read_module(files, module, &item, &name, folder);
                    self.modules[module].children.insert(name, child);
                    continue;
                }
                (
                    "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static" | "macro_rules",
                    Some(name),
                ) => drop(self.modules[module].items.insert(name)),
                ("use" | "impl" | "crate" | "compile_error" | "", _) => {}
                _ => self.modules[module].is_opaque = true,
            }
            self.modules[module].read_code(&item.tokens);
        }
    }

    /// Reads a module that an item of `parent` declares.
    fn read_module(&mut self, files: &Files, parent: usize, item: &Item, name: &str, folder: &str) -> usize {
        if let Some(TokenTree::Group(block)) = item.tokens.last() {
            let child = self.add(&self.modules[parent].file.clone(), Some(parent));
            self.read_items(files, child, block.stream(), &format!("{folder}{name}/"));
            return child;
        }
        let file = match item.path_attribute() {
            Some(path) => format!("{}{path}", folder_of(&self.modules[parent].file)),
            None => {
                let flat = format!("{folder}{name}.rs");
                if files.contains_key(&flat) { flat } else { format!("{folder}{name}/mod.rs") }
            }
        };
        let inner = file.strip_suffix("mod.rs").map_or_else(|| file.replace(".rs", "/"), str::to_owned);
        self.read_file(files, &file, Some(parent), &inner)
    }
}

/// An item of a module.
#[derive(Default)]
struct Item {
    /// What tells its end; empty behind the last item.
    keyword: String,
    /// All of it, with its attributes.
    tokens: Vec<TokenTree>,
    /// How many of these stand before what follows the keyword.
    begins: usize,
}

impl Item {
    fn name(&self) -> Option<String> {
        self.tokens[self.begins..].iter().filter_map(word_of).find(|word| word != "mut")
    }

    /// The text of its `#[path = "…"]`.
    fn path_attribute(&self) -> Option<String> {
        self.tokens[..self.begins].iter().find_map(|token| {
            let TokenTree::Group(attribute) = token else { return None };
            match &attribute.stream().into_iter().collect::<Vec<_>>()[..] {
                [name, sign, text] if word_of(name)? == "path" && is_sign(Some(sign), '=') => {
                    Some(text.to_string().trim_matches('"').to_owned())
                }
                _ => None,
            }
        })
    }
}

fn split_items(tokens: TokenStream) -> Vec<Item> {
    let (mut items, mut item) = (Vec::new(), Item::default());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let word = word_of(&token).unwrap_or_default();
        let is_end = if item.keyword.is_empty() {
            let is_modifier = match &*word {
                "" | "pub" | "unsafe" | "async" | "extern" => true,
                "const" => tokens
                    .peek()
                    .and_then(word_of)
                    .is_some_and(|next| matches!(&*next, "fn" | "unsafe" | "async" | "extern")),
                _ => false,
            };
            if is_block(&token) {
                // `extern "C" { … }`
                item.keyword = "extern".to_owned();
            } else if !is_modifier {
                (item.keyword, item.begins) = (word, item.tokens.len() + 1);
            }
            is_block(&token)
        } else {
            let ends_by_block = !matches!(&*item.keyword, "use" | "const" | "static" | "type");
            is_sign(Some(&token), ';') || (ends_by_block && is_block(&token))
        };
        item.tokens.push(token);
        if is_end {
            items.push(std::mem::take(&mut item));
        }
    }
    items.push(item);
    items
}

impl Module {
    /// Collects what code names, and the imports in it, wherever they stand.
    fn read_code(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                TokenTree::Group(group) => {
                    self.read_code(&group.stream().into_iter().collect::<Vec<_>>());
                    1
                }
                // Not `impl Trait + use<'a>`.
                TokenTree::Ident(word) if word == "use" && !is_sign(tokens.get(at + 1), '<') => {
                    let length = tokens[at..].iter().take_while(|token| !is_sign(Some(token), ';')).count();
                    self.read_use(&tokens[at + 1..at + length], &[]);
                    length
                }
                TokenTree::Ident(_) => {
                    let (path, length) = read_path(&tokens[at..]);
                    if begins_path(&tokens[..at], &path[0]) {
                        match path.len() {
                            1 if is_sign(tokens.get(at + 1), '!') => drop(self.calls.insert(path[0].clone())),
                            1 => {}
                            _ => drop(self.paths.insert(path)),
                        }
                    }
                    length
                }
                _ => 1,
            }
        }
    }

    /// Notes what a `use` brings in, or a part of it that stands behind `prefix`.
    fn read_use(&mut self, tokens: &[TokenTree], prefix: &[String]) {
        for tree in tokens.split(|token| is_sign(Some(token), ',')).filter(|tree| !tree.is_empty()) {
            let is_own = tree.get(1).and_then(word_of).is_some_and(|word| word == "crate");
            let mut rest = if is_own { &tree[1..] } else { tree };
            let mut path = prefix.to_vec();
            while let Some(word) = rest.first().and_then(word_of).filter(|word| word != "as") {
                path.push(word);
                rest = if is_separator(&rest[1..]) { &rest[3..] } else { &rest[1..] };
            }
            // `a::{self}` is `a`.
            path.pop_if(|last| last == "self" && !prefix.is_empty());
            match rest {
                [TokenTree::Group(group), ..] => {
                    self.read_use(&group.stream().into_iter().collect::<Vec<_>>(), &path);
                }
                [sign, ..] if is_sign(Some(sign), '*') => self.imports.push(Import { path, name: Name::Glob }),
                // `::name` is another crate's; what a macro's variable stands for cannot be read here.
                [TokenTree::Punct(_), ..] => {}
                _ => {
                    let name = rest.get(1).and_then(word_of).or_else(|| path.last().cloned());
                    self.imports.extend(name.map(|name| Import { path, name: Name::As(name) }));
                }
            }
        }
    }
}

/// The path at the beginning of these tokens, and how many of them it takes.
fn read_path(tokens: &[TokenTree]) -> (Path, usize) {
    let mut path: Path = word_of(&tokens[0]).into_iter().collect();
    let mut length = 1;
    while is_separator(&tokens[length..])
        && let Some(word) = tokens.get(length + 2).and_then(word_of)
    {
        path.push(word);
        length += 3;
    }
    (path, length)
}

/// Whether a word behind these tokens begins a path. It does not as a field, a method, a lifetime or a macro's variable, nor behind
/// `<T>::`.
fn begins_path(before: &[TokenTree], word: &str) -> bool {
    let back = |count: usize| before.len().checked_sub(count).map(|at| &before[at]);
    let Some(TokenTree::Punct(sign)) = back(1) else { return true };
    match sign.as_char() {
        '.' => is_sign(back(2), '.'),
        ':' => !is_sign(back(2), ':'),
        '\'' => false,
        '$' => word == "crate",
        _ => true,
    }
}

/// The folder of a file, with the `/` behind it.
fn folder_of(file: &str) -> &str {
    file.rfind('/').map_or("", |at| &file[..=at])
}

fn word_of(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string().trim_start_matches("r#").to_owned()),
        _ => None,
    }
}

fn is_sign(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether these tokens begin with `::`.
fn is_separator(tokens: &[TokenTree]) -> bool {
    is_sign(tokens.first(), ':') && is_sign(tokens.get(1), ':')
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}
