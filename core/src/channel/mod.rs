//! The channel kinds: endpoints over `ring`, `wait` and `liveness`.
//!
//! One folder a kind, with what only it has. What they share:
//!
//! - `options`: how a channel is created or opened; `wishes`: what was asked for. `opened`: the channel that comes of it.
//! - `handing`: handing an anonymous one over to another process.
//! - `shared`: that channel, as all that was made from it share it.
//! - `end`: what every sender and receiver is made of besides its ring.
//! - `kind`: what a kind is made of. `port`: the rings of a mapped or private region, as senders and receivers use them.
//! - `sender`: the sending end, of any kind; `sending`, `sending_batches`: its calls that copy; `grant`: filling in place.
//! - `receiver`, `receiving`, `copying`: the receiving end; `exact`: messages that have one length.
//! - `at_once`: copying by the straight way alone, for callers that have a way of their own for everything else.
//! - `message`, `batch`, `messages`: what a receiver hands out. `contents`: what can be done with the bytes of a message. `on_drop`:
//!   what dropping one means. `places`: where the messages of a batch are, and which of them are left.
//! - `seed`: what another handle of the same channel and role is made from.
//! - `levels`: how full a channel is. `peers`: who takes part; `awaiting`: waiting for them.
//! - `named`: receivers of a `broadcast` that come back by their names.
//! - `succession`: handing a sender's or a receiver's seat over to another process.
//! - `pipe`: streams of bytes through an `spsc` channel. `fate`: what became of its sender.
//! - `optional`: what only some kinds have, asked of any.
//! - `rpc`: calls with answers, as `watch` beside the ports.
//! - `watch`, `semaphore`, `event`: the kinds without messages: they share the options, the open channel and the ends with the others, and
//!   nothing of the ports.
//! - `asynchronous`: the calls of tasks.
//! - `waitable`: what can be waited for together with other things.
//! - `debug`: what handles print of themselves.
//! - [`inspect`], [`remove`]: looking at a channel from outside, and deleting it. `signal_info`: what is seen of the kinds without messages.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

#[cfg(feature = "async")]
mod asynchronous;
pub(crate) mod at_once;
mod awaiting;
pub(crate) mod batch;
pub mod broadcast;
pub(crate) mod calls_info;
pub(crate) mod contents;
mod copying;
mod debug;
mod end;
pub mod event;
pub(crate) mod exact;
mod fate;
pub(crate) mod grant;
mod handing;
pub(crate) mod inspect;
pub(crate) mod kind;
mod levels;
pub(crate) mod message;
pub(crate) mod messages;
pub mod mpmc;
pub mod mpsc;
mod named;
pub(crate) mod on_drop;
pub(crate) mod opened;
mod optional;
pub(crate) mod options;
pub(crate) mod peers;
pub mod pipe;
mod places;
mod port;
pub(crate) mod receiver;
mod receiving;
pub(crate) mod remove;
pub mod rpc;
mod seed;
pub mod semaphore;
pub(crate) mod sender;
mod sending;
mod sending_batches;
pub(crate) mod shared;
pub(crate) mod signal_info;
pub mod spsc;
mod succession;
pub(crate) mod waitable;
#[cfg(test)]
mod waitable_test;
pub mod watch;
pub(crate) mod wishes;

pub use self::end::Interrupter;
