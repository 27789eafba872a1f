//! The channel kinds: endpoints over `ring`, `wait` and `liveness`.
//!
//! One file or folder a kind. What they share:
//!
//! - `options`: what can be asked for when a channel is created or opened, and how it is found.
//! - `shared`: that channel, as all that was made from it share it.
//! - `endpoint`: what every sender and receiver is made of besides its ring.
//! - `lane`, `slots`: the rings of a mapped or private region.
//! - `batch`: room for the places of several messages.
//! - `contents`: what can be done with the bytes of a message.
//! - `debug`: what handles print of themselves.
//! - [`inspect`], [`remove`]: looking at a channel from outside, and deleting it.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

mod batch;
pub(crate) mod contents;
mod debug;
mod endpoint;
pub(crate) mod inspect;
mod lane;
pub mod mpmc;
mod options;
pub(crate) mod remove;
mod shared;
mod slots;
pub mod spsc;
