//! Standard output for facts, standard error for everything else. Neither panics when nobody reads.
//!
//! What holds: a terminal gets nothing that does something to it. [`print`], [`print_json`] and [`complain`] are the only ways
//! out for anything but messages, and each escapes what [`Printable`] does. A text from outside that could begin a line of its
//! own is escaped where it is put between others, too.

use crate::failure::{Failure, Outcome};
use crate::size;
use crate::streams::Output;
use indicatif::BinaryBytes;
use memlane::{Info, Printable};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Writes lines to standard output.
pub fn print(text: &str) -> Outcome {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    write(&lines.join("\n"))
}

fn write(text: &str) -> Outcome {
    Output::standard()?.write_all(text.as_bytes()).map_err(|error| write_failed(&error))
}

/// Writes `value` to standard output as JSON. Characters that [`Printable`] escapes are escaped as JSON does.
pub fn print_json<T: Serialize>(value: &T) -> Outcome {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::failed(format!("the result cannot be written as JSON: {error}")))?;
    let mut escaped = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        // In JSON, a line end can only stand between values.
        if character != '\n' && Printable(character).escapes() {
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    write(&(escaped + "\n"))
}

/// What a failed write to standard output means.
pub fn write_failed(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::OutputClosed;
    }
    Failure::failed(format!("writing to standard output failed: {error}"))
}

/// Writes one line to standard error.
pub fn complain(sentence: &str) {
    // If nobody reads standard error either, there is nothing left to do.
    let _ = writeln!(io::stderr(), "memlane: {}", printable(sentence));
}

/// Tells whoever reads standard error what went wrong, and yields the status that the process ends with.
pub fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Usage(sentence)
        | Failure::Missing(sentence)
        | Failure::TimedOut(sentence)
        | Failure::Failed(sentence) => complain(sentence),
        Failure::Reported(_) | Failure::OfCommand(_) | Failure::OutputClosed => {}
    }
    ExitCode::from(failure.number())
}

/// Text that others chose, safe for a terminal and on one line.
pub fn printable(text: &str) -> String {
    Printable(text).to_string()
}

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Rows under headings, each line indented and ended. Cells are escaped.
pub fn table(indent: &str, columns: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let rows = rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect());
    let lines: Vec<Vec<String>> = std::iter::once(headings).chain(rows).collect();
    let width_of = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width_of).collect();
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(columns).zip(&widths).map(|((cell, (_, align)), &width)| match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        let cells: Vec<String> = cells.collect();
        text.push_str(indent);
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// How much fits into a channel.
pub fn capacity(info: &Info) -> String {
    if let Some(calls) = &info.calls {
        return size::count(calls.frames, "call");
    }
    match (&info.queue, &info.value, &info.semaphore, &info.event) {
        (Some(queue), ..) => size::count(queue.slots, "message"),
        (_, Some(_), ..) => "1 value".to_owned(),
        (_, _, Some(semaphore), _) => format!("{} held at once", size::count(semaphore.max_held, "permit")),
        (.., Some(_)) => "32 bits".to_owned(),
        (None, None, None, None) => size::show(info.capacity),
    }
}

/// How much of that is in use.
pub fn in_use(info: &Info) -> String {
    if let Some(calls) = &info.calls {
        return format!("{} of {}", calls.frames.saturating_sub(calls.free), calls.frames);
    }
    match (&info.queue, &info.value, &info.semaphore, &info.event) {
        (Some(queue), ..) => format!("{} of {}", queue.slots.saturating_sub(queue.free), queue.slots),
        (_, Some(value), ..) => BinaryBytes(value.length).to_string(),
        (_, _, Some(semaphore), _) => {
            format!("{} of {}", semaphore.held, semaphore.held.saturating_add(semaphore.available))
        }
        (.., Some(event)) => format!("{:#x}", event.bits),
        (None, None, None, None) => BinaryBytes(sum(info.lanes.iter().map(|lane| lane.used_bytes()))).to_string(),
    }
}

/// How many messages a channel carried: of a queue, those that it passed on or holds; of a watch, how often its value was set; of an event, how often
/// any bit was.
pub fn messages(info: &Info) -> u64 {
    let queued = info.queue.iter().flat_map(|queue| queue.queued.iter().chain(&queue.passed));
    let set = info.value.iter().map(|value| value.version);
    let events = info.event.iter().map(|event| event.count.into());
    sum(info.lanes.iter().map(|lane| lane.messages).chain(queued.copied()).chain(set).chain(events))
}

/// The sum of numbers, of which a peer may have written each.
fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".into(), "1000".into()], vec!["long".into(), "1".into()]];
        let text = table("  ", &[("name", Align::Left), ("n", Align::Right)], &rows);
        assert_eq!(text, "  name     n\n  a     1000\n  long     1\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\x1b[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(table("", &[("name", Align::Left)], &[vec!["a\n\u{202e}".into()]]), "name\na\\n\\u{202e}\n");
    }
}
