//! Ending a wait from outside: from another thread, or from a signal handler.
//!
//! ```text
//! waiter        ... · prepare the word · heavy fence · look at the data · look at the flag · sleep while the word is unchanged
//! interrupter   raise the flag · full fence · step the word · wake all that sleep there
//! ```
//!
//! Invariants:
//! 1. *A waiter sees the flag or does not sleep.* If the step came before the waiter's look at the word, the fences order the flag before
//!    the waiter's look at it. If it came after, the word is not what the waiter expects: it does not sleep, or is woken.
//! 2. *The flag stays until a wait has ended for it.* So an interruption that comes before the wait ends it, too. Several that come before one
//!    wait are one.
//! 3. *Data comes first.* A waiter that finds what it waits for returns it, and leaves the flag for the next wait.
//! 4. *Raising takes loads, stores and one system call*: no lock, no memory, so it may stand in a signal handler.
//!
//! The step is made whether or not a sleeper's flag is set there. Others that sleep on that word wake up for nothing, and sleep again.

use super::eventcount::{self, Parking};
use crate::sync::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::sync::{AtomicU32, fence};

/// Whether a wait is to end. See the module.
#[derive(Debug)]
pub struct Interruption(AtomicU32);

/// A wait ended because it was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl Interruption {
    /// None is asked for.
    pub fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Has the wait end that sleeps on one of these words, or the next one.
    pub fn raise<'a, P: Parking>(&self, parking: &P, words: impl IntoIterator<Item = &'a AtomicU32>) {
        // EDGE interrupt→interrupted: pairs with the Acquire in `Interruption::take`.
        self.0.fetch_or(1, Release);
        fence(SeqCst); // FENCE interrupter: pairs with FENCE sleeper in `prepare`
        for word in words {
            eventcount::wake_all_now(parking, word);
        }
    }

    /// Whether a wait is to end. It does not end by that.
    pub fn is_raised(&self) -> bool {
        // Relaxed: what counts is that `take` says so, too.
        self.0.load(Relaxed) != 0
    }

    /// Whether a wait is to end. It ends by that: the next one goes on.
    pub fn take(&self) -> bool {
        // EDGE interrupt→interrupted: pairs with the Release in `Interruption::raise`.
        self.is_raised() && self.0.compare_exchange(1, 0, Acquire, Relaxed).is_ok()
    }
}

impl Default for Interruption {
    fn default() -> Self {
        Self::new()
    }
}
