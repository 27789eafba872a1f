//! Fences and wake-ups, as the participants of one channel need them.
//!
//! - `signals`: the two sides of the store→load fence, futexes, and which of both ways of sleeping a channel has.
//! - `semaphores`: the participants' semaphores, where the channel was created with them.
//!
//! What holds: *semaphores are touched only where every participant is trusted*; with futexes, a peer that writes anything costs a
//! sleeper no more than a wake-up for nothing, or one that its slice's end makes up for.
//!
//! It needs `sys`, the region and its words from `views`. When to sleep and whom to wake, `wait` decides.

mod semaphores;
mod signals;

pub(crate) use self::{
    semaphores::SemaphoresView,
    signals::{Signals, Sleep},
};
