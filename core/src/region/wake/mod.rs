//! Fences and wake-ups, as the participants of one channel need them.
//!
//! - `signals`: the two sides of the store→load fence, futexes, and which of both ways of sleeping a channel has.
//! - `semaphores`: the participants' semaphores, where the channel was created with them.
//!
//! What holds: *semaphores are touched only where every participant is trusted*. With futexes, a peer that writes anything to the
//! words costs a sleeper no more than a wake-up for nothing, or a missed one that the end of its slice makes up for.
//!
//! It needs `sys`, the region and its words from `views`. `wait` decides when to sleep and which sleepers to wake.

mod semaphores;
mod signals;

pub(crate) use self::{
    semaphores::SemaphoresView,
    signals::{BEDS_MAX, Bed, Futex, Signals, Sleep, heavy_fence_of_all, sleep_on_any},
};
