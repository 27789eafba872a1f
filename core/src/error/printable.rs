//! Text that others chose, made safe to read on a terminal.

use std::fmt::{self, Display, Formatter, Write};

/// Shows a value on one line and without a character that does something to a terminal or to the order of what is read there.
///
/// Names of channels, types and participants, paths, and what is found in files are chosen by others: a participant may call
/// itself `"\x1b[2J"`, or write its name from right to left. Such characters appear escaped, as `\u{1b}`, and all others as
/// they are: control characters (C0, DEL and C1), marks and overrides of the direction of writing, and the separators of lines
/// and paragraphs. The errors of this crate show their texts so.
///
/// ```
/// use memlane::Printable;
///
/// assert_eq!(Printable("naïve\x1b[2J").to_string(), r"naïve\u{1b}[2J");
/// assert_eq!(Printable("two\nlines").to_string(), r"two\nlines");
/// # let path = std::path::Path::new("/dev/shm/prices");
/// println!("{}", Printable(path.display()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Printable<T>(
    /// What is shown.
    pub T,
);

impl Printable<char> {
    /// Whether [`Printable`] shows this character escaped.
    ///
    /// ```
    /// # use memlane::Printable;
    /// assert!(Printable('\u{202e}').escapes() && !Printable('µ').escapes());
    /// ```
    #[must_use]
    pub fn escapes(self) -> bool {
        self.0.is_control()
            || matches!(self.0, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    }
}

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(Escaping(formatter), "{}", self.0)
    }
}

/// Passes text on, escaped.
struct Escaping<'a, 'b>(&'a mut Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(|character| Printable(character).escapes()) {
            match part.chars().next_back().filter(|last| Printable(*last).escapes()) {
                Some(last) => write!(self.0, "{}{}", &part[..part.len() - last.len_utf8()], last.escape_default())?,
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_does_something_is_escaped_and_no_other() {
        let ranges = [
            '\0'..='\x1f',
            '\x7f'..='\u{9f}',
            '\u{61c}'..='\u{61c}',
            '\u{200e}'..='\u{200f}',
            '\u{2028}'..='\u{202e}',
            '\u{2066}'..='\u{2069}',
        ];
        for character in '\0'..=char::MAX {
            let shown = Printable(character).to_string();
            if ranges.iter().any(|range| range.contains(&character)) {
                assert_eq!(shown, character.escape_default().to_string());
            } else {
                assert_eq!(shown, character.to_string());
            }
        }
    }

    #[test]
    fn what_stands_between_stays() {
        assert_eq!(Printable("").to_string(), "");
        assert_eq!(Printable("\u{85}a\u{85}µ\n").to_string(), r"\u{85}a\u{85}µ\n");
        assert_eq!(Printable(format_args!("{}\t{}", 1, 'b')).to_string(), r"1\tb");
    }
}
