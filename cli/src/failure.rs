//! How a command fails: with one sentence on standard error, and a status.

use crate::output;
use crate::streams::Output;
use clap::error::ErrorKind;
use memlane::{CreateError, JoinError, OpenError, RemoveError};
use std::process::ExitCode;

/// What a command comes to.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The arguments make no sense, whatever the state of the system. Status 2.
    Usage(String),
    /// Everything else. Status 1.
    Failed(String),
    /// What had to be said was said already. Status 1.
    Reported,
    /// Whoever read our output has gone, as in `memlane ls | head -0`. Nobody is left to tell: status 0.
    OutputClosed,
}

impl Failure {
    /// A failure of status 1.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }

    /// Tells whoever reads standard error, and yields the status.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Usage(sentence) => {
                output::complain(sentence);
                ExitCode::from(2)
            }
            Self::Failed(sentence) => {
                output::complain(sentence);
                ExitCode::FAILURE
            }
            Self::Reported => ExitCode::FAILURE,
            Self::OutputClosed => ExitCode::SUCCESS,
        }
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        let sentence = error.to_string();
        match error {
            CreateError::InvalidName { .. } | CreateError::InvalidOption { .. } => Self::Usage(sentence),
            _ => Self::Failed(sentence),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Create(create) => create.into(),
            OpenError::ForeignOwner { channel, owner } => Self::Failed(format!(
                "channel {channel} belongs to user {owner}; use --any-owner if you trust that user"
            )),
            OpenError::FenceUnavailable { channel } => Self::Failed(format!(
                "channel {channel} needs membarrier, which this system refuses; create it with --fence symmetric"
            )),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<RemoveError> for Failure {
    fn from(error: RemoveError) -> Self {
        match error {
            RemoveError::InvalidName { .. } => Self::Usage(error.to_string()),
            RemoveError::InUse { channel, participants } => {
                let participants = output::count(participants as u64, "live participant");
                Self::Failed(format!("channel {channel} is in use by {participants}; stop them, or use --force"))
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What the argument parser has to say: help and version for standard output, or what is wrong.
pub fn of_arguments(error: &clap::Error) -> Outcome {
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

/// The parser's first paragraph as one line, without its prefix, and where to read on.
fn sentence(rendered: &str) -> String {
    let paragraph = rendered.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let line = words.join(" ");
    format!("{}; see --help", line.strip_prefix("error: ").unwrap_or(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_error_becomes_one_line() {
        let rendered =
            "error: the following required arguments were not provided:\n  <NAME>\n\nUsage: memlane info <NAME>\n";
        assert_eq!(sentence(rendered), "the following required arguments were not provided: <NAME>; see --help");
    }

    #[test]
    fn wrong_options_are_the_callers_fault_and_the_rest_is_not() {
        let invalid = CreateError::InvalidName { channel: "a b".into() };
        assert!(matches!(Failure::from(OpenError::Create(invalid)), Failure::Usage(_)));
        let missing = OpenError::NotFound { channel: "prices".into() };
        assert_eq!(Failure::from(missing), Failure::failed("channel prices does not exist"));
    }
}
