//! The eventcount: a thread sleeps until the data may have changed, and never misses a change.
//!
//! ```text
//! word   ┌───────────────────────────────┬──────────┬──────────┐
//!        │ sequence, 30 bits             │ all      │ sleepers │
//!        └───────────────────────────────┴──────────┴──────────┘
//! sleeper   set *sleepers*, or both flags · heavy fence · look at the data again · futex-wait while the word is unchanged
//! waker     change the data · light fence · load the word
//!             *sleepers* is clear                           → done
//!             many can use the change, or *all* is set      → one CAS {s, flags} → {s+1, none}, then wake all
//!             one can use the change                        → {s+1}, then wake one; if *all* was set meanwhile, wake all
//! ```
//!
//! Invariants:
//! 1. *Either the waker sees the flag or the sleeper sees the data.* Both sides write, fence, then read what the other
//!    wrote (Dekker). The heavy fence orders the light side as well: it is a `membarrier` where the light fence is only
//!    a compiler fence, and both are full fences in symmetric mode and in the models.
//! 2. *The CAS that clears the flags also bumps the sequence.* Suppose it did not. A sleeper sets the flag; a waker clears it
//!    and wakes; another sleeper sets it again; only now the first one calls futex-wait. It finds the word as it left it, and
//!    sleeps through its wake-up.
//! 3. *One CAS is enough.* If it fails and finds no flag, another waker has cleared the flag, and wakes every sleeper that had
//!    set it. A sleeper that sets it later looks at the data after its fence, and the data had changed before. If the CAS fails
//!    and finds the flag, another waker may have woken one sleeper, or a sleeper has set *all*: then this waker bumps the
//!    sequence, leaves the flags, and wakes all.
//! 4. *Where one sleeper is enough, the flag stays set.* [`notify_one`] bumps the sequence and wakes one. Only if it finds no
//!    sleeper, it clears the flag by the CAS of 2, and then wakes all.
//! 5. *A change is not swallowed.* A sleeper that may be unable to use the change that wakes it sets *all* before it sleeps. If
//!    [`notify_one`] woke such a sleeper, it then loads the word again. It finds *all*; or another waker has cleared *all*
//!    since, and wakes everybody. (Semaphores do better, since their wake-ups of all take a while: see
//!    [`sleepers`](super::sleepers).)
//! 6. *Nothing counts the sleepers.* So a killed sleeper leaves only a flag behind, which costs the next waker one wake-up.
//!
//! A waker that is killed between the change and the wake-up wakes nobody. That is why no sleep is longer than a slice.
//!
//! Source: eventcounts are Reed and Kanodia's (1979); the sequence-and-flag word follows Folly's EventCount and
//! futex-based condition variables.

use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;

/// The flag *sleepers*: a thread sleeps, or is about to.
const SLEEPERS: u32 = 1;
/// The flag *all*: one of the sleepers may be unable to use the change that wakes it, so wakers wake all.
const ALL: u32 = 2;
/// Both flags.
const FLAGS: u32 = SLEEPERS | ALL;
/// One step of the sequence.
const STEP: u32 = 4;

/// Which wake-ups a sleeper takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// Those for one sleeper, and those for all. This sleeper can use every change that one sleeper can use, and does.
    One,
    /// Only those for all. The change may be too small for this sleeper; or it waits for several things, and acts on another one.
    All,
}

/// The sequence that a word holds.
pub fn sequence(word: u32) -> u32 {
    word / STEP
}

/// The fences, and the ways to sleep and to wake, that an eventcount is made over.
pub trait Parking {
    /// When a sleep ends at the latest.
    type Until: Copy;

    /// The waker's fence: together with the sleeper's [`Parking::heavy_fence`], orders the waker's change before its look at the
    /// word.
    fn light_fence(&self);

    /// The sleeper's fence: orders its flag before its look at the data, and the change of every waker that is running before
    /// that waker's look at the word.
    fn heavy_fence(&self);

    /// Sleeps while `word` is as the ticket says, until a waker wakes the caller, or until `until`. May return early for any
    /// reason.
    fn park(&self, word: &AtomicU32, ticket: Ticket, until: Self::Until);

    /// Wakes every thread that sleeps on `word`.
    fn unpark_all(&self, word: &AtomicU32);

    /// Wakes one of the threads that sleep on `word`. False: there was none.
    fn unpark_one(&self, word: &AtomicU32) -> bool;
}

/// What [`prepare`] saw. The caller may sleep only while the word still says this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "look at the data again, then sleep with the ticket or forget it"]
pub struct Ticket {
    /// The word.
    pub expected: u32,
    /// Which wake-ups the sleeper takes.
    pub wakes: Wakes,
}

/// Announces that the caller is about to sleep. The caller must look at the data again before it calls [`sleep`].
///
/// A caller that finds something then drops the ticket. That is harmless: the next waker makes one wake-up too many.
pub fn prepare<P: Parking>(parking: &P, word: &AtomicU32, wakes: Wakes) -> Ticket {
    let flags = match wakes {
        Wakes::One => SLEEPERS,
        Wakes::All => FLAGS,
    };
    let expected = word.fetch_or(flags, Relaxed) | flags;
    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `notify` and `notify_one`
    Ticket { expected, wakes }
}

/// Sleeps until a waker changes the word, or until `until`. May return early for any reason.
pub fn sleep<P: Parking>(parking: &P, word: &AtomicU32, ticket: Ticket, until: P::Until) {
    parking.park(word, ticket, until);
}

/// Wakes every sleeper on `word`, after a change that they wait for. Returns whether there may have been one.
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
    let cleared = seen.wrapping_add(STEP) & !FLAGS;
    // Relaxed: the word carries no data. A woken sleeper reads the data itself with Acquire.
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

/// Wakes one of the sleepers on `word`, after a change that one sleeper can use; all of them, if one of them may be unable to
/// use it. Returns whether there may have been one.
///
/// The flag stays set while there are sleepers. To clear it would cost one CAS for each wake-up, and would have to wake all. A
/// waker that finds nobody asleep clears it, and then wakes all: another thread may have set it again just before, and gone to
/// sleep on the word as it was.
#[inline]
pub fn notify_one<P: Parking>(parking: &P, word: &AtomicU32) -> bool {
    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
    let seen = word.load(Relaxed);
    if seen & SLEEPERS == 0 {
        return false;
    }
    notify_one_sleeper(parking, word, seen)
}

#[cold]
fn notify_one_sleeper<P: Parking>(parking: &P, word: &AtomicU32, seen: u32) -> bool {
    let mut seen = seen;
    if seen & ALL == 0 {
        // A sleeper that stands between flag and sleep must not sleep through this.
        seen = word.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        if seen & ALL == 0 && parking.unpark_one(word) {
            // The sleeper that was woken may have set *all* before it went to sleep: see invariant 5.
            let now = word.load(Relaxed);
            if now & ALL != 0 {
                notify_sleepers(parking, word, now);
            }
            return true;
        }
    }
    notify_sleepers(parking, word, seen)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// What a waker asked for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Asked {
        All,
        One,
    }

    /// Counts wake-ups. Somebody sleeps there or not; and another sleeper may set its flags while one is woken.
    #[derive(Debug, Default)]
    struct Bench {
        is_asleep: bool,
        joins: Cell<Option<Wakes>>,
        asked: RefCell<Vec<Asked>>,
    }

    impl Parking for Bench {
        type Until = ();

        fn light_fence(&self) {}

        fn heavy_fence(&self) {}

        fn park(&self, _: &AtomicU32, _: Ticket, (): ()) {}

        fn unpark_all(&self, _: &AtomicU32) {
            self.asked.borrow_mut().push(Asked::All);
        }

        fn unpark_one(&self, word: &AtomicU32) -> bool {
            self.asked.borrow_mut().push(Asked::One);
            if let Some(wakes) = self.joins.take() {
                let _ = prepare(self, word, wakes);
            }
            self.is_asleep
        }
    }

    /// Which sleepers are asked to be woken, and the word afterwards: sequence and flags.
    fn after(
        bench: Bench,
        sleepers: &[Wakes],
        notify: fn(&Bench, &AtomicU32) -> bool,
    ) -> (bool, Vec<Asked>, (u32, u32)) {
        let word = AtomicU32::new(0);
        for &wakes in sleepers {
            let _ = prepare(&bench, &word, wakes);
        }
        let woke = notify(&bench, &word);
        let word = word.load(Relaxed);
        (woke, bench.asked.into_inner(), (sequence(word), word & FLAGS))
    }

    #[test]
    fn the_bits_stand_where_the_layout_says() {
        let (bench, word) = (Bench::default(), AtomicU32::new(5 << 2));
        assert_eq!(prepare(&bench, &word, Wakes::One).expected, 5 << 2 | 1);
        assert_eq!(prepare(&bench, &word, Wakes::All).expected, 5 << 2 | 1 << 1 | 1);
        assert!(notify(&bench, &word));
        assert_eq!(word.load(Relaxed), 6 << 2);
    }

    #[test]
    fn one_is_woken_unless_a_sleeper_asks_for_all() {
        use Asked::{All, One};
        let asleep = || Bench { is_asleep: true, ..Bench::default() };
        assert_eq!(after(asleep(), &[], notify_one), (false, vec![], (0, 0)));
        assert_eq!(after(asleep(), &[Wakes::One], notify_one), (true, vec![One], (1, 1)), "the flag stays");
        assert_eq!(after(asleep(), &[Wakes::All], notify_one), (true, vec![All], (1, 0)));
        assert_eq!(after(asleep(), &[Wakes::One, Wakes::All], notify_one), (true, vec![All], (1, 0)));
        assert_eq!(after(asleep(), &[Wakes::All, Wakes::One], notify), (true, vec![All], (1, 0)));
        assert_eq!(after(Bench::default(), &[Wakes::One], notify_one), (true, vec![One, All], (2, 0)), "none asleep");
    }

    #[test]
    fn a_sleeper_that_asks_for_all_while_one_is_woken_has_all_woken() {
        let joins = |wakes| Bench { is_asleep: true, joins: Cell::new(Some(wakes)), ..Bench::default() };
        let (_, asked, word) = after(joins(Wakes::All), &[Wakes::One], notify_one);
        assert_eq!((asked, word), (vec![Asked::One, Asked::All], (2, 0)));
        let (_, asked, word) = after(joins(Wakes::One), &[Wakes::One], notify_one);
        assert_eq!((asked, word), (vec![Asked::One], (1, 1)));
    }
}
