//! The eventcount: sleeping until something may have changed, without missing the change.
//!
//! ```text
//! word   ┌───────────────────────────────┬──────────┐
//!        │ sequence, 31 bits             │ sleepers │
//!        └───────────────────────────────┴──────────┘
//! sleeper   set the flag · heavy fence · look at the data again · futex-wait while the word is unchanged
//! waker     change the data · light fence · load the word; flag clear → done
//!                                                         flag set   → one CAS {s,1} → {s+1,0}, wake all
//! ```
//!
//! Invariants:
//! 1. *Either the waker sees the flag or the sleeper sees the data.* Both sides write, fence, then read what the other
//!    wrote (Dekker). The heavy fence orders the light side as well: it is a `membarrier` where the light fence is only
//!    a compiler fence, and both are full fences in symmetric mode and in the models.
//! 2. *Clearing the flag bumps the sequence in the same CAS.* Otherwise a sleeper that stands between flag and wait
//!    would find the word as it left it, after another sleeper set the flag again, and sleep through its wake.
//! 3. *One CAS suffices.* If it fails and finds no flag, somebody else cleared it and wakes everybody who had set it; whoever
//!    sets it later looks at the data after its fence, and the data had changed before. If it fails and finds the flag,
//!    somebody may just have woken one: then all are woken, and the flag stays.
//! 4. *Where one waiter is enough, the flag is sticky*: [`notify_one`] bumps the sequence and wakes one; it clears the
//!    flag only when that woke nobody, by the CAS of 2, and then wakes all.
//! 5. *No counts of waiters*, so a killed sleeper leaves nothing stale but a flag that costs the next waker one wake.
//!
//! A waker killed between change and wake wakes nobody. That is why no sleep is longer than a slice.
//!
//! Source: eventcounts are Reed and Kanodia's (1979); the sequence-and-flag word follows Folly's EventCount and
//! futex-based condition variables.

use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;

/// The flag: somebody sleeps or is about to.
const SLEEPERS: u32 = 1;
/// One step of the sequence.
const STEP: u32 = 2;

/// What an eventcount needs from its surroundings.
pub trait Parking {
    /// When a sleep ends at the latest.
    type Until: Copy;

    /// Orders the waker's change before its look at the word, together with [`Parking::heavy_fence`].
    fn light_fence(&self);

    /// Orders the sleeper's flag before its look at the data, and every running waker's change before its look.
    fn heavy_fence(&self);

    /// Sleeps while `word` is `expected`, until woken, or until `until`. May return early for any reason.
    fn park(&self, word: &AtomicU32, expected: u32, until: Self::Until);

    /// Wakes everybody who sleeps on `word`.
    fn unpark_all(&self, word: &AtomicU32);

    /// Wakes one of those who sleep on `word`. Whether there was one.
    fn unpark_one(&self, word: &AtomicU32) -> bool;
}

/// What [`prepare`] saw: sleeping is right only while the word still says this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "look at the data again, then sleep with the ticket or forget it"]
pub struct Ticket(u32);

/// Announces that the caller is about to sleep. It must look at the data again before it calls [`sleep`].
///
/// Forgetting the ticket is harmless: the next waker makes one wake too many.
pub fn prepare<P: Parking>(parking: &P, word: &AtomicU32) -> Ticket {
    let seen = word.fetch_or(SLEEPERS, Relaxed) | SLEEPERS;
    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `notify`
    Ticket(seen)
}

/// Sleeps until a waker changes the word, until `until`, or for no reason at all.
pub fn sleep<P: Parking>(parking: &P, word: &AtomicU32, ticket: Ticket, until: P::Until) {
    parking.park(word, ticket.0, until);
}

/// Wakes whoever sleeps on `word`, after a change that they wait for. Returns whether there was anybody.
#[inline]
pub fn notify<P: Parking>(parking: &P, word: &AtomicU32) -> bool {
    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
    let seen = word.load(Relaxed);
    if seen & SLEEPERS == 0 {
        return false;
    }
    notify_sleepers(parking, word, seen)
}

#[cold]
fn notify_sleepers<P: Parking>(parking: &P, word: &AtomicU32, seen: u32) -> bool {
    let cleared = seen.wrapping_add(STEP) & !SLEEPERS;
    // Relaxed: the word carries no data; whoever wakes reads the data itself with Acquire.
    match word.compare_exchange(seen, cleared, Relaxed, Relaxed) {
        Ok(_) => {}
        Err(found) if found & SLEEPERS == 0 => return false,
        Err(_) => {
            word.fetch_add(STEP, Relaxed);
        }
    }
    parking.unpark_all(word);
    true
}

/// Wakes one of those who sleep on `word`, after a change that one of them can use up. Returns whether there was anybody.
///
/// The flag stays set while there are sleepers: taking it back would take one CAS a wake, and all of them out of their
/// sleep. Whoever finds nobody asleep clears it, and then wakes all: somebody may have set it again just before, and gone
/// to sleep on the word as it was.
#[inline]
pub fn notify_one<P: Parking>(parking: &P, word: &AtomicU32) -> bool {
    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
    if word.load(Relaxed) & SLEEPERS == 0 {
        return false;
    }
    notify_one_sleeper(parking, word)
}

#[cold]
fn notify_one_sleeper<P: Parking>(parking: &P, word: &AtomicU32) -> bool {
    // Who stands between flag and sleep must not sleep through this.
    let seen = word.fetch_add(STEP, Relaxed).wrapping_add(STEP);
    if parking.unpark_one(word) {
        return true;
    }
    notify_sleepers(parking, word, seen)
}
