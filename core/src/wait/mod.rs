//! Waiting: spin, then yield, then park.
//!
//! - [`eventcount`]: how a sleeper and a waker never miss each other, on one 32-bit word.
//! - [`interrupt`]: ending a wait from outside.
//! - [`several`]: sleeping on several words at once.
//! - [`sleepers`]: the kernel's part of that, on semaphores instead of a futex.
//! - [`relay`]: a thread that sleeps in the place of tasks and descriptors.
//! - `strategy`: how long to spin before parking.
//! - `pace`: how a receiver backs off for a moment while messages stream.
//! - `patience`: how one participant waits: its strategy, and its slices.
//! - `waiting`: the two traits that a wait is made over: `Waiting`, the call, and `Waiter`, the participant that makes it.
//! - `parking`: sleeping and waking in a real process, on futexes or semaphores.
//! - `block`: the loop that spins, yields and parks.
//! - `looks`: how many looks a wait that spins makes between two readings of the clock.
//! - `arm`: what a call that found nothing does in place of a sleep, for a descriptor or a task. `polled`: calls of tasks.
//! - `calls`: the ways to wait that callers use: not at all, until a deadline, or for as long as it takes.
//!
//! This layer knows no channel and no message. It asks a `Waiting` whether the wait is over. At the end of each slice it tells
//! the `Waiter`, which then looks for dead peers.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

pub mod eventcount;
pub mod interrupt;
pub mod relay;
pub mod several;
pub mod sleepers;

#[cfg(not(loom))]
mod arm;
#[cfg(not(loom))]
pub(crate) mod block;
#[cfg(not(loom))]
mod calls;
#[cfg(not(loom))]
mod looks;
#[cfg(all(test, not(loom)))]
mod mirage;
#[cfg(not(loom))]
mod pace;
#[cfg(not(loom))]
mod parking;
#[cfg(not(loom))]
mod patience;
#[cfg(feature = "async")]
mod polled;
#[cfg(not(loom))]
mod strategy;
#[cfg(not(loom))]
mod waiting;
#[cfg(feature = "async")]
pub(crate) use self::{arm::arm_for_task, polled::poll};
#[cfg(not(loom))]
pub(crate) use self::{
    arm::subscribe,
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
