//! One small error enum per operation.
//!
//! Each message says what happened, to which channel, and what to do next. Every enum is `#[non_exhaustive]`,
//! `Send + Sync + 'static`, and converts into [`std::io::Error`] with the fitting kind.
//!
//! - [`setup`]: errors of naming, creating and opening a channel. [`joining`], [`removal`]: of joining one, of removing one. None
//!   of these is on the hot path, so they carry the channel's name.
//! - [`forgetting`]: of forgetting a named receiver.
//! - [`passing`]: of handing an anonymous channel over.
//! - [`handover`]: of handing a seat over to a successor.
//! - [`calling`]: errors of calls and answers.
//! - [`getting`]: errors of looking at a value.
//! - [`transfer`]: errors of sending and receiving. They are small `Copy` values. A message is passed by reference, so it stays
//!   with the caller; a batch error says how many of its messages went out.
//! - [`waiting`]: of waiting for several handles.
//! - [`signalling`]: errors of semaphores and events.
//! - [`pipe`]: why a byte pipe broke.
//! - [`refusal`]: what stood in a channel's place, what it lacked, and what refused it, in words.
//! - [`sentences`]: messages of errors that depend on more than one field.
//! - [`corruption`]: what was found that no correct participant writes.
//! - [`printable`]: how texts that others chose are shown.
//! - `into_io`: conversion into `std::io::Error`.

mod calling;
mod corruption;
mod forgetting;
mod getting;
mod handover;
mod into_io;
mod joining;
mod passing;
mod pipe;
mod printable;
mod refusal;
mod removal;
mod sentences;
mod setup;
mod signalling;
mod transfer;
mod waiting;

pub use calling::{CallError, RespondError};
pub use corruption::Corruption;
pub use forgetting::ForgetError;
pub use getting::GetError;
pub use handover::{HandOverError, NotTakenOver, TakeOverError};
pub use joining::JoinError;
pub use passing::{NotHandedOver, PassError};
pub use pipe::PipeError;
pub use printable::Printable;
pub use refusal::{Denied, NotAChannel, Shortage};
pub use removal::RemoveError;
pub use setup::{CreateError, OpenError};
pub use signalling::{
    AcquireError, AcquireTimeoutError, EventError, EventTimeoutError, ReleaseError, TryAcquireError, TryEventError,
};
pub use transfer::{
    AckAtError, AckError, BufferTooSmall, GrantError, NoSuchPriority, OutOfMemory, RecvError, RecvTimeoutError,
    SendBatchError, SendError, SendTimeoutError, TryRecvError, TrySendError, WaitForPeerError,
};
pub use waiting::WaitSetError;
