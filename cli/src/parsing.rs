//! What the argument parser has to say, as a command says it.

use crate::failure::{Failure, Outcome};
use crate::output;
use crate::streams::Output;
use clap::error::ErrorKind;

/// Passes on what the parser stopped for: help and version to standard output, or what is wrong.
pub fn stopped(error: &clap::Error) -> Outcome {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Output::standard()?;
            // The parser knows whether the terminal takes colours.
            error.print().map_err(|error| output::write_failed(&error))
        }
        // `memlane` alone: the help itself is the best answer, but it is not what was asked for.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Err(Failure::Usage("no command was given".to_owned()))
        }
        _ => Err(Failure::Usage(sentence(&error.render().to_string()))),
    }
}

/// The parser's paragraphs up to the usage as one line, without their prefixes, and where to read on.
fn sentence(rendered: &str) -> String {
    let paragraphs = rendered.split("\n\n").take_while(|paragraph| !paragraph.starts_with("Usage:"));
    let lines = paragraphs.flat_map(|paragraph| paragraph.split("\n  tip: ")).map(|text| {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        ["error: ", "tip: "].iter().find_map(|prefix| line.strip_prefix(prefix)).unwrap_or(&line).to_owned()
    });
    let lines: Vec<String> = lines.filter(|line| !line.starts_with("For more information")).collect();
    format!("{}; see --help", lines.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_error_becomes_one_line() {
        let rendered =
            "error: the following required arguments were not provided:\n  <NAME>\n\nUsage: memlane info <NAME>\n";
        assert_eq!(sentence(rendered), "the following required arguments were not provided: <NAME>; see --help");
        let rendered = "error: unexpected argument '--x' found\n\n  tip: a similar argument exists: '--y'\n  tip: to pass '--x' \
                        as a value, use '-- --x'\n\nUsage: memlane ls\n\nFor more information, try '--help'.\n";
        let expected = "unexpected argument '--x' found; a similar argument exists: '--y'; to pass '--x' as a value, use '-- \
                        --x'; see --help";
        assert_eq!(sentence(rendered), expected);
    }
}
