//! Which guardians of a channel are on duty.
//!
//! Two guardians watch; all others sleep, so that a death wakes two processes, however many take part. The duties are two words, each
//! of which names the life that has it:
//!
//! ```text
//! duty     0, or a life that is over ──take, by a CAS──► a guardian's life ──leave, by a CAS──► 0
//! calls    the word on which the guardians without a duty sleep: an eventcount
//!
//! without a duty   try to take one · say that it sleeps · heavy fence · try again · sleep
//! going            duty → 0 · light fence · wake as many as there are vacant duties
//! after a look     light fence · wake as many as there are vacant duties
//! ```
//!
//! Invariants:
//! 1. *A duty is vacant if its word is 0, or if the kernel says that the life there is over.* So nobody has to clear the word of one
//!    that died, and a CAS from a word that was seen vacant takes it from nobody: no life is used twice.
//! 2. *No guardian sleeps beside a duty that was left in good order.* Either the one that leaves sees that it sleeps, or it sees the 0
//!    (Dekker, as in the eventcount).
//! 3. *A death of one on duty is seen by the other one*, which wakes a third. If both die, any participant whose slice ends finds the
//!    vacant duties. One that was woken may die as well, before it takes the duty: that death, too, is seen by the one on duty.
//! 4. *A call is not swallowed.* One that was woken takes a duty, or finds none vacant; or it goes, and then it looks, and calls again.
//!
//! The words prove nothing, since a peer may write anything to them. A guardian that is kept off duty by that finds nothing early;
//! slices find the dead all the same.

use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU32, AtomicU64};
use crate::wait::eventcount::{self, Parking, Ticket, Wakes};

/// The duties of a channel, and the word on which guardians without a duty sleep.
#[derive(Debug, Clone, Copy)]
pub struct Duties<'a> {
    /// Who has them.
    pub words: &'a [AtomicU64; 2],
    /// Where the others sleep.
    pub calls: &'a AtomicU32,
}

/// The lives that are on duty in this region, and not over as far as can be told.
#[cfg(not(loom))]
pub(crate) fn on_duty(region: &crate::region::Region, query: &mut crate::region::LockQuery<'_>) -> Vec<u64> {
    let lives = Duties::of(region).words.iter().map(|word| word.load(Relaxed));
    lives.filter(|&life| life != VACANT && query.is_over(life).is_ok_and(|is_over| !is_over)).collect()
}

/// A word of a duty that nobody has.
const VACANT: u64 = 0;

#[cfg(not(loom))]
impl<'a> Duties<'a> {
    /// The duties of this channel.
    pub(super) fn of(region: &'a crate::region::Region) -> Self {
        let control = region.control();
        Self { words: &control.duties, calls: &control.calls }
    }
}

impl Duties<'_> {
    /// Takes a duty for this life, if one is vacant; or has it already. `is_over` asks the kernel whether a life is over.
    // Relaxed: the words carry nothing but themselves. The kernel orders what it is asked with the end of a life.
    pub fn take(self, life: u64, mut is_over: impl FnMut(u64) -> bool) -> bool {
        self.has(life)
            || self.words.iter().any(|word| {
                let seen = word.load(Relaxed);
                is_vacant(seen, &mut is_over) && word.compare_exchange(seen, life, Relaxed, Relaxed).is_ok()
            })
    }

    /// Whether this life has a duty.
    pub fn has(self, life: u64) -> bool {
        self.words.iter().any(|word| word.load(Relaxed) == life)
    }

    /// The guardian with this life goes in good order: gives its duty back, if it has one. If it was called just now, it passes the call on.
    pub fn retire<P: Parking>(self, parking: &P, life: u64, is_over: impl FnMut(u64) -> bool) {
        // At most one of them is its own, and no other participant writes to that one while it lives.
        let _ = self.words.iter().any(|word| word.compare_exchange(life, VACANT, Relaxed, Relaxed).is_ok());
        self.fill(parking, is_over);
    }

    /// Wakes a sleeping guardian for each vacant duty. To be called after each look for the dead.
    pub fn fill<P: Parking>(self, parking: &P, mut is_over: impl FnMut(u64) -> bool) {
        let vacant = self.words.iter().filter(|word| is_vacant(word.load(Relaxed), &mut is_over)).count();
        if vacant > 0 {
            eventcount::notify_some(parking, self.calls, vacant as u32);
        }
    }

    /// Says that the caller, which has no duty, is about to sleep on the word of calls. Before it does, it tries once more to take one.
    pub fn prepare_to_sleep<P: Parking>(self, parking: &P) -> Ticket {
        eventcount::prepare(parking, self.calls, Wakes::One)
    }
}

fn is_vacant(word: u64, is_over: impl FnOnce(u64) -> bool) -> bool {
    word == VACANT || is_over(word)
}
