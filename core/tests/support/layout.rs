//! Where everything stands, read from the tables of `docs/layout.md`.

use std::sync::OnceLock;

/// One struct of the file.
#[derive(Debug)]
pub struct Structure {
    pub name: String,
    pub bytes: usize,
    /// Its place in the file, if it is fixed.
    pub at: Option<u64>,
    /// In the order of the table. Reserved space has the name "–".
    pub fields: Vec<Field>,
}

/// One field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub offset: usize,
    pub bytes: usize,
}

impl Field {
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.bytes
    }
}

/// What stands in the table for reserved space.
pub const RESERVED: &str = "–";

const TEXT: &str = include_str!("../../../docs/layout.md");

/// All structs, in the order of the page.
pub fn structures() -> &'static [Structure] {
    static STRUCTURES: OnceLock<Vec<Structure>> = OnceLock::new();
    STRUCTURES.get_or_init(|| parse(TEXT))
}

/// One of them.
pub fn structure(name: &str) -> &'static Structure {
    structures().iter().find(|structure| structure.name == name).expect("a struct of docs/layout.md")
}

/// One field of one of them.
pub fn field(structure_name: &str, name: &str) -> &'static Field {
    let fields = &structure(structure_name).fields;
    fields.iter().find(|field| field.name == name).expect("a field of docs/layout.md")
}

/// The rows of every table with these column titles, without their backquotes.
pub fn rows(titles: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in TEXT.lines() {
        let Some(cells) = cells(line) else {
            inside = false;
            continue;
        };
        if cells == titles {
            inside = true;
        } else if inside && !cells[0].starts_with('-') {
            rows.push(cells);
        }
    }
    assert!(!rows.is_empty(), "docs/layout.md has no table {titles:?}");
    rows
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
}

/// A struct is a heading ``## Title: `Name`, N bytes`` (perhaps `, at N`) and the first table below it.
fn parse(text: &str) -> Vec<Structure> {
    let mut structures: Vec<Structure> = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        if line.starts_with("## ") {
            in_table = false;
            let mut parts = line.split('`').skip(1);
            let (Some(name), Some(rest)) = (parts.next(), parts.next()) else { continue };
            let numbers: Vec<u64> = rest.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
            let at = numbers.get(1).copied();
            structures.push(Structure { name: name.into(), bytes: numbers[0] as usize, at, fields: Vec::new() });
        }
        let Some(cells) = cells(line) else {
            in_table = false;
            continue;
        };
        if cells[..] == ["offset", "bytes", "field", "content"] {
            in_table = true;
        } else if in_table && !cells[0].starts_with('-') {
            let number = |cell: &str| cell.parse().expect("a number in docs/layout.md");
            let field = Field { name: cells[2].clone(), offset: number(&cells[0]), bytes: number(&cells[1]) };
            structures.last_mut().expect("a heading above the table").fields.push(field);
        }
    }
    structures
}
