//! Reads the tables of `docs/memory-model.md`. In their cells that say where an edge or a fence is, functions, and nothing else,
//! stand in backticks.

use crate::source::in_backticks;

/// An edge or a fence.
#[derive(Debug)]
pub struct Row {
    /// As comments cite it: `EDGE commit→poll`.
    pub name: String,
    /// The functions of each end. A fence has one list, and names its other end.
    pub ends: Vec<Vec<String>>,
}

/// The rows of the tables whose first columns are `edge` and `fence`.
pub fn rows_of(document: &str) -> Vec<Row> {
    let functions = |cell: &str| in_backticks(cell).map(str::to_owned).collect::<Vec<_>>();
    let edges = table(document, "edge")
        .into_iter()
        .map(|cells| Row { name: format!("EDGE {}", cells[0]), ends: vec![functions(cells[1]), functions(cells[2])] });
    let fences = table(document, "fence")
        .into_iter()
        .map(|cells| Row { name: cells[0].to_owned(), ends: vec![functions(cells[1])] });
    edges.chain(fences).collect()
}

/// The cells of the table whose first column has this title.
fn table<'a>(document: &'a str, title: &str) -> Vec<Vec<&'a str>> {
    let cells = |line: &'a str| -> Option<Vec<&'a str>> {
        Some(line.strip_prefix('|')?.trim_end().trim_end_matches('|').split('|').map(str::trim).collect())
    };
    let below = document.lines().skip_while(|line| cells(line).is_none_or(|cells| cells[0] != title));
    below.skip(2).map_while(cells).collect()
}
