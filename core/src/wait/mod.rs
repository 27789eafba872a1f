//! Waiting: spin, then yield, then park.
//!
//! - [`eventcount`]: how a sleeper and a waker never miss each other, on one 32-bit word.
//! - [`sleepers`]: the kernel's part of that, on semaphores instead of a futex.
//! - `strategy`: how long to spin before parking.
//! - `pace`: falling back a little while messages stream.
//! - `patience`: how one participant waits, in slices.
//! - `waiting`: what a wait asks of its owner, a `Waiting` call of a `Waiter`.
//! - `block`: the loop that puts them together.
//! - `calls`: that loop for some time, for as long as it takes, or not at all.
//!
//! This layer knows no channel and no message: it asks a `Waiting` whether the wait is over, and tells its `Waiter` at the
//! end of each slice, which then looks for the dead.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

pub mod eventcount;
pub mod sleepers;

#[cfg(not(loom))]
pub(crate) mod block;
#[cfg(not(loom))]
mod calls;
#[cfg(all(test, not(loom)))]
mod mirage;
#[cfg(not(loom))]
mod pace;
#[cfg(not(loom))]
mod parking;
#[cfg(not(loom))]
mod patience;
#[cfg(not(loom))]
mod strategy;
#[cfg(not(loom))]
mod waiting;
#[cfg(not(loom))]
pub(crate) use self::{
    calls::Calls,
    waiting::{Waiter, Waiting},
};
#[cfg(not(loom))]
pub use self::{
    pace::{Pace, Taken},
    parking::forget_sleeper,
    patience::{Patience, SLICE},
    strategy::Strategy,
};
