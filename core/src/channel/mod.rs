//! The channel kinds: endpoints over `ring`, `wait` and `liveness`.
//!
//! One file or folder a kind. What they share:
//!
//! - `options`: what can be asked for when a channel is created or opened, and how it is found.
//! - `endpoint`: what every sender and receiver is made of besides its ring.
//! - `lane`: the ring of a mapped or private region.
//! - [`inspect`], [`remove`]: looking at a channel from outside, and deleting it.

mod endpoint;
pub(crate) mod inspect;
mod lane;
mod options;
pub(crate) mod remove;
pub mod spsc;
