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
//! - `into_io`: how they become `std::io::Error`.

mod corruption;
mod into_io;
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
