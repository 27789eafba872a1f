//! The eventcount: sleeping until something may have changed, without missing the change.
//!
//! ```text
//! word   ┌───────────────────────────────┬──────────┬──────────┐
//!        │ sequence, 30 bits             │ all      │ sleepers │
//!        └───────────────────────────────┴──────────┴──────────┘
//! sleeper   set the flag, or both · heavy fence · look at the data again · futex-wait while the word is unchanged
//! waker     change the data · light fence · load the word
//!             sleepers clear                         → done
//!             many can use the change, or *all* set  → one CAS {s, flags} → {s+1, none}, wake all
//!             one can use the change                 → {s+1}, wake one; *all* set meanwhile → wake all after all
//! ```
//!
//! Invariants:
//! 1. *Either the waker sees the flag or the sleeper sees the data.* Both sides write, fence, then read what the other
//!    wrote (Dekker). The heavy fence orders the light side as well: it is a `membarrier` where the light fence is only
//!    a compiler fence, and both are full fences in symmetric mode and in the models.
//! 2. *Clearing the flags bumps the sequence in the same CAS.* Otherwise a sleeper that stands between flag and wait
//!    would find the word as it left it, after another sleeper set the flag again, and sleep through its wake.
//! 3. *One CAS suffices.* If it fails and finds no flag, another waker cleared it and wakes every sleeper that had set it. A
//!    sleeper that sets it later looks at the data after its fence, and the data had changed before. If it fails and finds the
//!    flag, another waker may just have woken one, or *all* was just set: then all are woken, and the flags stay.
//! 4. *Where one waiter is enough, the flag is sticky*: [`notify_one`] bumps the sequence and wakes one; it clears the
//!    flag only when that woke nobody, by the CAS of 2, and then wakes all.
//! 5. *A change is not swallowed.* A sleeper that may not use up what woke it sets *all* before it sleeps. If [`notify_one`]
//!    woke such a one, its look at the word behind the wake-up finds *all*, or another waker has cleared it since and
//!    wakes everybody. (Semaphores do better, since their wake-ups of all take a while: see [`sleepers`](super::sleepers).)
//! 6. *No counts of waiters*, so a killed sleeper leaves nothing stale but flags that cost the next waker one wake.
//!
//! A waker killed between change and wake wakes nobody. That is why no sleep is longer than a slice.
//!
//! Source: eventcounts are Reed and Kanodia's (1979); the sequence-and-flag word follows Folly's EventCount and
//! futex-based condition variables.

use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;

/// The flag: somebody sleeps or is about to.
const SLEEPERS: u32 = 1;
/// One of them may not be able to use up what wakes it: wake everybody.
const ALL: u32 = 2;
/// Both flags.
const FLAGS: u32 = SLEEPERS | ALL;
/// One step of the sequence.
const STEP: u32 = 4;

/// Which wake-ups a sleeper takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// One that is for it alone: any change that one sleeper can use up is a change that this one can use up, and it does.
    One,
    /// Only those that are for everybody: the change may be too small for it, or for another of the things that it waits for.
    All,
}

/// The sequence that a word holds.
pub fn sequence(word: u32) -> u32 {
    word / STEP
}

/// What an eventcount needs from its surroundings.
pub trait Parking {
    /// When a sleep ends at the latest.
    type Until: Copy;

    /// Orders the waker's change before its look at the word, together with [`Parking::heavy_fence`].
    fn light_fence(&self);

    /// Orders the sleeper's flag before its look at the data, and every running waker's change before its look.
    fn heavy_fence(&self);

    /// Sleeps while `word` is as the ticket says, until woken, or until `until`. May return early for any reason.
    fn park(&self, word: &AtomicU32, ticket: Ticket, until: Self::Until);

    /// Wakes all that sleep on `word`.
    fn unpark_all(&self, word: &AtomicU32);

    /// Wakes one of those that sleep on `word`. False: there was none.
    fn unpark_one(&self, word: &AtomicU32) -> bool;
}

/// What [`prepare`] saw: sleeping is right only while the word still says this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "look at the data again, then sleep with the ticket or forget it"]
pub struct Ticket {
    /// The word.
    pub expected: u32,
    /// What the sleeper said that it takes.
    pub wakes: Wakes,
}

/// Announces that the caller is about to sleep. It must look at the data again before it calls [`sleep`].
///
/// Forgetting the ticket is harmless: the next waker makes one wake too many.
pub fn prepare<P: Parking>(parking: &P, word: &AtomicU32, wakes: Wakes) -> Ticket {
    let flags = match wakes {
        Wakes::One => SLEEPERS,
        Wakes::All => FLAGS,
    };
    let expected = word.fetch_or(flags, Relaxed) | flags;
    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `notify` and `notify_one`
    Ticket { expected, wakes }
}

/// Sleeps until a waker changes the word, until `until`, or for no reason at all.
pub fn sleep<P: Parking>(parking: &P, word: &AtomicU32, ticket: Ticket, until: P::Until) {
    parking.park(word, ticket, until);
}

/// Wakes every sleeper on `word`, after a change that they wait for. Returns whether there was any.
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

/// Wakes one of the sleepers on `word`, after a change that one of them can use up; all of them, if one of them may not
/// be able to. Returns whether there was anybody.
///
/// The flag stays set while there are sleepers: taking it back would take one CAS a wake, and all of them out of their
/// sleep. A waker that finds nobody asleep clears it, and then wakes all: somebody may have set it again just before, and gone
/// to sleep on the word as it was.
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
            // The one that was woken may have set *all* since, before it went to sleep: see invariant 5.
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
