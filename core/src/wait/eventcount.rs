//! The eventcount: a thread sleeps until the data may have changed, and never misses a change.
//!
//! ```text
//! word   ┌───────────────────────────────┬──────────┬──────────┬──────────┐
//!        │ sequence, 29 bits             │ others   │ all      │ sleepers │
//!        └───────────────────────────────┴──────────┴──────────┴──────────┘
//! sleeper   set *sleepers*, or it and *all* · heavy fence · look at the data again · futex-wait while the word is unchanged
//! waker     change the data · light fence · load the word
//!             no flag is set                                → done
//!             many can use the change, or *all* is set      → one CAS {s, flags} → {s+1, none}, then wake all
//!             n can use the change, one each                → one CAS {s, flags} → {s+1, others}, then wake n
//!                                                             fewer than n slept   → one CAS {s+1, others} → {s+1, none}
//!                                                             *all* is set by now  → wake all
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
//! 4. *Where n sleepers are enough, a flag stays set while there may be more.* [`notify_some`] replaces *sleepers* by *others*, which
//!    only wakers set, and wakes n. If fewer slept, then nobody was asleep at that moment, and it clears *others* by a CAS from the
//!    word that it wrote. A sleeper that came since has set *sleepers* again, or was about to sleep on a word that is gone; so
//!    the CAS fails, or nobody sleeps. (With one flag for both, a sleeper that sets it once more changes nothing, and the waker
//!    could not tell. It would have to wake all again behind its CAS: a second system call for each sleep that ends.)
//! 5. *A change is not swallowed.* A sleeper that may be unable to use the change that wakes it sets *all* before it sleeps. If
//!    [`notify_some`] woke such a sleeper, it then loads the word again. It finds *all*; or another waker has cleared *all*
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
/// The flag *others*: a waker has woken as many as could use its change, and others may sleep on.
const OTHERS: u32 = 4;
/// All flags.
const FLAGS: u32 = SLEEPERS | ALL | OTHERS;
/// One step of the sequence.
const STEP: u32 = 8;

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

/// Whether a word says that its wakers wake all.
pub fn wakes_all(word: u32) -> bool {
    word & ALL != 0
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

    /// Wakes up to `count` of the threads that sleep on `word`. Returns how many; fewer than `count`: there were no more.
    fn unpark(&self, word: &AtomicU32, count: u32) -> u32;
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
    let ticket = announce(word, wakes);
    parking.heavy_fence(); // FENCE sleeper: pairs with FENCE waker in `seen_asleep`
    ticket
}

/// Sets the sleeper's flags. The caller makes its heavy fence behind that, and before it looks at the data.
pub(super) fn announce(word: &AtomicU32, wakes: Wakes) -> Ticket {
    let flags = match wakes {
        Wakes::One => SLEEPERS,
        Wakes::All => SLEEPERS | ALL,
    };
    let expected = word.fetch_or(flags, Relaxed) | flags;
    Ticket { expected, wakes }
}

/// Sleeps until a waker changes the word, or until `until`. May return early for any reason.
pub fn sleep<P: Parking>(parking: &P, word: &AtomicU32, ticket: Ticket, until: P::Until) {
    parking.park(word, ticket, until);
}

/// Wakes every sleeper on `word`, after a change that they wait for. Returns whether there may have been one.
#[inline]
pub fn notify<P: Parking>(parking: &P, word: &AtomicU32) -> bool {
    seen_asleep(parking, word).is_some_and(|seen| notify_sleepers(parking, word, seen))
}

/// Whether [`notify`] or [`notify_some`] would find no sleeper, after a change that sleepers wait for. A caller that has all in line
/// otherwise calls those only if not.
#[inline(always)]
pub fn is_deserted<P: Parking>(parking: &P, word: &AtomicU32) -> bool {
    seen_asleep(parking, word).is_none()
}

/// The word, if it says that a sleeper may be there, after a change that sleepers wait for.
#[inline(always)]
fn seen_asleep<P: Parking>(parking: &P, word: &AtomicU32) -> Option<u32> {
    parking.light_fence(); // FENCE waker: pairs with FENCE sleeper in `prepare`
    let seen = word.load(Relaxed);
    if seen & FLAGS == 0 { None } else { Some(seen) }
}

/// Wakes every sleeper on `word`, whether or not its flag is seen: for a waker whose change is none of the data, and who has made a full
/// fence behind it.
pub fn wake_all_now<P: Parking>(parking: &P, word: &AtomicU32) {
    // Relaxed, as in `notify_sleepers`. The flags stay: they may be those of sleepers that come.
    word.fetch_add(STEP, Relaxed);
    parking.unpark_all(word);
}

#[cold]
fn notify_sleepers<P: Parking>(parking: &P, word: &AtomicU32, seen: u32) -> bool {
    let cleared = seen.wrapping_add(STEP) & !FLAGS;
    // Relaxed: the word carries no data. A woken sleeper reads the data itself with Acquire.
    match word.compare_exchange(seen, cleared, Relaxed, Relaxed) {
        Ok(_) => {}
        Err(found) if found & FLAGS == 0 => return false,
        Err(_) => {
            word.fetch_add(STEP, Relaxed);
        }
    }
    parking.unpark_all(word);
    true
}

/// Wakes up to `count` of the sleepers on `word`, after a change that so many can use, each a part of it; all of them, if one
/// may be unable to use its part. Returns whether there was one.
///
/// While there may be more sleepers, a flag stays set. A waker that finds fewer than `count` asleep clears it.
#[inline]
pub fn notify_some<P: Parking>(parking: &P, word: &AtomicU32, count: u32) -> bool {
    seen_asleep(parking, word).is_some_and(|seen| notify_some_sleepers(parking, word, seen, count))
}

#[cold]
fn notify_some_sleepers<P: Parking>(parking: &P, word: &AtomicU32, seen: u32, count: u32) -> bool {
    if seen & ALL != 0 {
        return notify_sleepers(parking, word, seen);
    }
    // A sleeper that stands between flag and sleep must not sleep through this.
    let told = seen.wrapping_add(STEP) & !FLAGS | OTHERS;
    let is_ours = match word.compare_exchange(seen, told, Relaxed, Relaxed) {
        Ok(_) => true,
        // As in `notify_sleepers`; or another waker has found nobody asleep.
        Err(found) if found & FLAGS == 0 => return false,
        Err(_) => {
            word.fetch_add(STEP, Relaxed);
            false
        }
    };
    let woken = parking.unpark(word, count);
    if woken < count && is_ours {
        // Nobody slept on: see invariant 4.
        let _ = word.compare_exchange(told, told & !OTHERS, Relaxed, Relaxed);
    }
    // A sleeper that was woken may have set *all* before it went to sleep: see invariant 5.
    let now = word.load(Relaxed);
    if now & ALL != 0 {
        notify_sleepers(parking, word, now);
    }
    woken > 0
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// What a waker asked for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Asked {
        All,
        Some(u32),
    }

    /// Counts wake-ups. So many sleep there; and another sleeper may set its flags while some are woken.
    #[derive(Debug, Default)]
    struct Bench {
        asleep: u32,
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

        fn unpark(&self, word: &AtomicU32, count: u32) -> u32 {
            self.asked.borrow_mut().push(Asked::Some(count));
            if let Some(wakes) = self.joins.take() {
                let _ = prepare(self, word, wakes);
            }
            self.asleep.min(count)
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
        let (bench, word) = (Bench { asleep: 1, ..Bench::default() }, AtomicU32::new(5 << 3));
        assert_eq!(prepare(&bench, &word, Wakes::One).expected, 5 << 3 | 1);
        assert!(notify_some(&bench, &word, 1));
        assert_eq!(word.load(Relaxed), 6 << 3 | 1 << 2);
        assert_eq!(prepare(&bench, &word, Wakes::All).expected, 6 << 3 | 1 << 2 | 1 << 1 | 1);
        assert!(notify(&bench, &word));
        assert_eq!(word.load(Relaxed), 7 << 3);
    }

    fn notify_one(bench: &Bench, word: &AtomicU32) -> bool {
        notify_some(bench, word, 1)
    }

    fn notify_three(bench: &Bench, word: &AtomicU32) -> bool {
        notify_some(bench, word, 3)
    }

    fn asleep(asleep: u32) -> Bench {
        Bench { asleep, ..Bench::default() }
    }

    #[test]
    fn as_many_are_woken_as_are_needed_unless_a_sleeper_asks_for_all() {
        use Asked::{All, Some};
        assert_eq!(after(asleep(1), &[], notify_one), (false, vec![], (0, 0)));
        assert_eq!(
            after(asleep(1), &[Wakes::One], notify_one),
            (true, vec![Some(1)], (1, OTHERS)),
            "there may be more"
        );
        assert_eq!(
            after(asleep(3), &[Wakes::One], notify_three),
            (true, vec![Some(3)], (1, OTHERS)),
            "there may be more"
        );
        assert_eq!(after(asleep(2), &[Wakes::One], notify_three), (true, vec![Some(3)], (1, 0)), "there were no more");
        for notify in [notify_one, notify_three] {
            assert_eq!(after(asleep(1), &[Wakes::All], notify), (true, vec![All], (1, 0)));
            assert_eq!(after(asleep(1), &[Wakes::One, Wakes::All], notify), (true, vec![All], (1, 0)));
        }
        assert_eq!(after(asleep(1), &[Wakes::All, Wakes::One], notify), (true, vec![All], (1, 0)));
    }

    #[test]
    fn behind_the_last_sleeper_one_wake_up_finds_nobody_and_the_next_change_costs_none() {
        let (bench, word) = (asleep(1), AtomicU32::new(0));
        let _ = prepare(&bench, &word, Wakes::One);
        assert!(notify_one(&bench, &word));
        let bench = asleep(0);
        for _ in 0..3 {
            assert!(!notify_one(&bench, &word));
        }
        assert_eq!(bench.asked.into_inner(), [Asked::Some(1)]);
    }

    #[test]
    fn a_sleeper_that_comes_while_some_are_woken_keeps_its_flag() {
        let joins = |asleep, wakes| Bench { asleep, joins: Cell::new(Some(wakes)), ..Bench::default() };
        let (_, asked, word) = after(joins(1, Wakes::All), &[Wakes::One], notify_one);
        assert_eq!((asked, word), (vec![Asked::Some(1), Asked::All], (2, 0)));
        for count in [0, 1] {
            let (_, asked, word) = after(joins(count, Wakes::One), &[Wakes::One], notify_one);
            assert_eq!((asked, word), (vec![Asked::Some(1)], (1, SLEEPERS | OTHERS)), "{count} asleep");
        }
    }
}
