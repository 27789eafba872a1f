//! One small error enum per operation.
//!
//! Each message says what happened, to which channel, and what to do next. Every enum is `#[non_exhaustive]`,
//! `Send + Sync + 'static`, and converts into [`std::io::Error`] with the fitting kind.
//!
//! - [`setup`]: naming, creating, opening. [`joining`]. [`removal`]. Not on the hot path, so these carry the channel's name.
//! - [`transfer`]: sending and receiving. Small `Copy` values; a message is passed by reference and so stays with the
//!   caller, and a batch error says how many of its messages went out.
//! - [`refusal`]: what stood in a channel's place, what it lacked, and what refused it, in words.
//! - [`sentences`]: those that depend on more than one field.
//! - [`corruption`]: what was found that no correct participant writes.
//! - [`printable`]: how texts that others chose are shown.

/// Converts into `io::Error` with the kind that each variant maps to; `Io` keeps the kind of its source.
macro_rules! into_io_error {
    ($name:ident { $($variant:pat => $kind:ident),* $(,)? }) => {
        impl From<$name> for std::io::Error {
            fn from(error: $name) -> Self {
                #[allow(unused_imports, reason = "not every enum names every variant")]
                use $name::*;
                let kind = match &error {
                    $name::Io { source, .. } => source.kind(),
                    $($variant => std::io::ErrorKind::$kind,)*
                };
                Self::new(kind, error)
            }
        }
    };
}

mod corruption;
mod joining;
mod printable;
mod refusal;
mod removal;
mod sentences;
mod setup;
mod transfer;

pub use corruption::Corruption;
pub use joining::JoinError;
pub use printable::Printable;
pub use refusal::{Denied, NotAChannel, Shortage};
pub use removal::RemoveError;
pub use setup::{CreateError, OpenError};
pub use transfer::{
    AckError, BufferTooSmall, GrantError, NoSuchPriority, OutOfMemory, RecvError, RecvTimeoutError, SendBatchError,
    SendError, SendTimeoutError, TryRecvError, TrySendError,
};
