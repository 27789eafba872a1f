//! How a command fails: with one sentence and a status.

use crate::size;
use memlane::{CreateError, ForgetError, JoinError, NotAChannel, OpenError, OutOfMemory, RemoveError};

/// What a command comes to.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The arguments make no sense, whatever the state of the system.
    Usage(String),
    /// There is no such channel, or it was removed meanwhile.
    Missing(String),
    /// A wait took longer than was allowed.
    TimedOut(String),
    /// Everything else.
    Failed(String),
    /// What had to be said was said already.
    Reported(Status),
    /// A command that was run ended so.
    OfCommand(u8),
    /// Whoever read our output has gone, as in `memlane ls | head -0`. Nobody is left to tell.
    OutputClosed,
}

/// How the process ends. The numbers are an interface: scripts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Missing = 3,
    TimedOut = 4,
}

/// The statuses, for `--help`.
pub const STATUSES: &str = "\
Exit status:
  0  done, or nobody reads the output any more
  1  failed
  2  the arguments make no sense
  3  there is no such channel, or it was removed
  4  a --timeout or --wait was over";

impl Failure {
    /// A failure like most.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }

    /// What the process ends with.
    pub fn status(&self) -> Status {
        match self {
            Self::OutputClosed => Status::Done,
            Self::Failed(_) => Status::Failed,
            Self::Usage(_) => Status::Usage,
            Self::Missing(_) => Status::Missing,
            Self::TimedOut(_) => Status::TimedOut,
            Self::Reported(status) => *status,
            Self::OfCommand(_) => Status::Failed,
        }
    }

    /// The number that it ends with: of a command that was run, that one's.
    pub fn number(&self) -> u8 {
        match self {
            Self::OfCommand(status) => *status,
            other => other.status() as u8,
        }
    }
}

impl From<OutOfMemory> for Failure {
    fn from(error: OutOfMemory) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        let sentence = error.to_string();
        match error {
            CreateError::InvalidName { .. } | CreateError::InvalidOption { .. } | CreateError::NoSuchOption { .. } => {
                Self::Usage(sentence)
            }
            CreateError::NoSpace { bytes, smaller, .. } => {
                let words = smaller.split(' ').map(|word| match word {
                    "capacity" | "slots" | "max_message" => flag(word),
                    other => other.to_owned(),
                });
                let sentence = sentence.replace(smaller, &words.collect::<Vec<_>>().join(" "));
                Self::Failed(sentence.replace(&format!("{bytes} bytes:"), &format!("{}:", size::show(bytes))))
            }
            _ => Self::Failed(sentence),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Create(create) => create.into(),
            OpenError::NotFound { .. } => Self::Missing(error.to_string()),
            OpenError::ForeignOwner { channel, owner } => Self::Failed(format!(
                "channel {channel} belongs to user {owner}; use --any-owner if you trust that user"
            )),
            OpenError::FenceUnavailable { channel } => Self::Failed(format!(
                "channel {channel} needs membarrier, which this system refuses; create it with --fence symmetric"
            )),
            OpenError::TrustNeeded { channel } => Self::Failed(format!(
                "channel {channel} wakes by semaphores, through which a faulty peer could harm this process; use --trust-peers \
                 to vouch for all who can write to it, or create it with --backend futex"
            )),
            OpenError::Stale { channel, .. } => Self::Failed(format!(
                "channel {channel} is from before the last reboot; `memlane send` starts it afresh, or remove it"
            )),
            OpenError::Permission { .. } => Self::Failed(error.to_string().replace("the option mode", "--mode")),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Removed { .. } => Self::Missing(error.to_string()),
            JoinError::InvalidReaderName { .. } => Self::Usage(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<ForgetError> for Failure {
    fn from(error: ForgetError) -> Self {
        match error {
            ForgetError::Channel(error) => error.into(),
            ForgetError::UnknownName { .. } => Self::Missing(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<RemoveError> for Failure {
    fn from(error: RemoveError) -> Self {
        match error {
            RemoveError::InvalidName { .. } => Self::Usage(error.to_string()),
            RemoveError::NotFound { .. } => Self::Missing(error.to_string()),
            RemoveError::InUse { channel, participants } => {
                let participants = size::count(participants as u64, "live participant");
                Self::Failed(format!("channel {channel} is in use by {participants}; stop them, or use --force"))
            }
            RemoveError::NotAChannel {
                channel,
                found: found @ (NotAChannel::Empty | NotAChannel::Foreign | NotAChannel::Symlink),
            } => Self::Failed(format!("{channel} is not a channel but {found}; use --force to remove it")),
            RemoveError::UnsupportedFilesystem { channel, filesystem } => Self::Failed(format!(
                "channel {channel}: through {filesystem} it cannot be seen whether somebody uses it; remove it where it was \
                 made, or use --force"
            )),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What the library's option of this name is called here.
pub fn flag(option: &str) -> String {
    format!("--{}", option.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_options_are_the_callers_fault_and_the_rest_is_not() {
        let invalid = CreateError::InvalidName { channel: "a b".into() };
        assert!(matches!(Failure::from(OpenError::Create(invalid)), Failure::Usage(_)));
        let missing = OpenError::NotFound { channel: "prices".into(), path: "prices".into() };
        assert_eq!(
            Failure::from(missing),
            Failure::Missing("channel prices does not exist; create it first".to_owned())
        );
    }
}
