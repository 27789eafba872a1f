//! Waiting: spin, then yield, then park.
//!
//! - [`eventcount`]: how a sleeper and a waker never miss each other, on one 32-bit word.
//! - [`sleepers`]: the kernel's part of that, on semaphores instead of a futex.
//! - [`strategy`]: how long to spin before parking.
//! - `pace`: falling back a little while messages stream.
//! - [`block`]: the loop that puts both together, in slices.
//!
//! This layer knows no participant and no message: it asks a [`block::Waiting`] whether the wait is over, and calls back
//! at the end of each slice so that its owner can look for the dead.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

pub mod eventcount;
pub mod sleepers;

#[cfg(not(loom))]
pub mod block;
#[cfg(not(loom))]
mod pace;
#[cfg(not(loom))]
mod parking;
#[cfg(not(loom))]
mod strategy;
#[cfg(not(loom))]
pub use self::{
    pace::{Pace, Taken},
    parking::forget_sleeper,
    strategy::{SpinWindow, Strategy},
};
