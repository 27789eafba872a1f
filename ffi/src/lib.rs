//! The C interface of memlane. `include/memlane.h` is generated from what stands here; `docs/c.md` is its manual.
//!
//! It mirrors the Rust interface file for file:
//!
//! - `version`: whether header and library belong together.
//! - `status`, `detail`: what every call returns, and the sentence that explains a failure.
//! - `options`, `channel`, `stats`: creating, opening, looking, removing.
//! - `peers`: how full a channel is, who takes part, waiting for the other side.
//! - `deadline`: the timeout that is left until a moment.
//! - `sender`, `receiver`, `message`, `batch`, `batch_iov`, `batch_in_place`: sending and receiving.
//! - `rpc`: calling servers, and answering.
//! - `watch`: setting a value, looking at it, waiting for another one. `onlooker`: receiving from a broadcast without a seat.
//! - `waitset`: waiting for several handles at once.
//! - `interrupter`: ending a call that waits, from another thread or from a signal handler.
//!
//! And what carries it:
//!
//! - `call`: the wrapper around every entry point; no panic gets past it.
//! - `errors`: the engine's errors, each with its status.
//! - `handles`, `table`: the numbers that a C program holds. What they lead to stands in `channel`, `sender` and `receiver`.
//! - `lending`: a message or grant that stays open from one call to the next.
//! - `kinds`: the kinds of channel, by number.
//! - `arguments`: what a C program passes in, checked.
//!
//! # Safety
//!
//! One contract for all calls, which is C's own: a pointer is null or points to what its type says, for as many bytes as
//! are said to be there, for as long as the call takes, and nobody else writes to it meanwhile. Everything else (null,
//! numbers out of range, handles that are stale, closed, forged, of another type or in use by another thread) is checked.

#![allow(clippy::missing_safety_doc, reason = "one contract for all calls, above")]

mod arguments;
mod call;
mod errors;
mod handles;
mod lending;
mod table;

// In the order of the header.
mod version;
pub use version::*;

mod status;
pub use status::*;

mod detail;
pub use detail::*;

mod kinds;
pub use handles::{ChannelHandle, ReceiverHandle, SenderHandle};
pub use kinds::*;

mod options;
pub use options::*;

mod channel;
pub use channel::*;

mod stats;
pub use stats::*;

mod deadline;
pub use deadline::*;

mod sender;
pub use sender::*;

mod receiver;
pub use receiver::*;

mod message;
pub use message::*;

mod peers;
pub use peers::*;

mod batch;
pub use batch::*;

mod batch_iov;
pub use batch_iov::*;

mod batch_in_place;
pub use batch_in_place::*;

mod rpc;
pub use rpc::*;

mod watch;
pub use watch::*;

mod onlooker;
pub use onlooker::*;

mod pipe;
pub use pipe::*;

mod interrupter;
pub use interrupter::*;

mod waitset;
pub use waitset::*;

mod handing;
pub use handing::*;

mod semaphore;
pub use semaphore::*;

mod event;
pub use event::*;

mod signalling_errors;
