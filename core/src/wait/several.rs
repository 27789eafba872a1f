//! Sleeping on several words at once, until one of several things may have come.
//!
//! ```text
//! sleeper   set *sleepers* and *all* in each word · one heavy fence · look at everything · sleep while every word is unchanged
//! wakers    as ever: each changes its data, and looks at its own word
//! ```
//!
//! Invariants:
//! 1. *For each word, what an eventcount promises holds.* Its flag is set before the one fence, and its data is looked at behind it.
//! 2. *The kernel compares all words before it sleeps.* So a waker that stepped one of them after it was announced is not slept through.
//! 3. *Each wake-up it takes is one of all*: what woke it, it may leave to another sleeper there, whose wake-up it must not have used up.
//!
//! A sleeper leaves its flags in the words on which it was not woken. Each costs the next waker there one system call.

use super::eventcount::{Ticket, Wakes, announce};
use crate::sync::AtomicU32;

/// Several things, and the words on which one sleeps that waits for them.
pub trait Several {
    /// What a look finds.
    type Found;
    /// When a sleep ends at the latest.
    type Until: Copy;

    /// How many words there are.
    fn count(&self) -> usize;

    /// One of them.
    fn word(&self, at: usize) -> &AtomicU32;

    /// The sleeper's fence, against the wakers of all words.
    fn heavy_fence(&self);

    /// Looks at everything, and overlooks nothing.
    fn look(&mut self) -> Option<Self::Found>;

    /// Sleeps while each word is as its ticket says, until a waker of one of them wakes the caller, or until `until`. May return early.
    fn park(&self, tickets: &[Ticket], until: Self::Until);
}

/// Sleeps once, and looks before and behind the sleep. `tickets` is room to work in.
pub fn park<S: Several>(several: &mut S, tickets: &mut Vec<Ticket>, until: S::Until) -> Option<S::Found> {
    tickets.clear();
    tickets.extend((0..several.count()).map(|at| announce(several.word(at), Wakes::All)));
    several.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `seen_asleep`
    if let Some(found) = several.look() {
        return Some(found);
    }
    several.park(tickets, until);
    several.look()
}
