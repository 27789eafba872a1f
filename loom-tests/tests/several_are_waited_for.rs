//! A thread that waits for two things at once, on a word each, is woken by either, whatever the moment; and what it leaves to another sleeper,
//! that one gets.
//!
//! Sleeps have no time-out here, so a lost wake is a deadlock, which loom reports.

use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::lives::spawn;
use memlane_loom_tests::parking::Pair;
use std::rc::Rc;

/// Two shelves, with a word each. Relaxed: the eventcounts have to bring the order.
#[derive(Debug)]
struct Shelves {
    pair: Pair,
    things: [AtomicU32; 2],
}

impl Shelves {
    fn new(sleep: &Witness) -> Rc<Self> {
        Rc::new(Self { pair: Pair::new(sleep), things: [AtomicU32::new(0), AtomicU32::new(0)] })
    }

    fn take(&self, shelf: usize) -> Option<()> {
        (self.things[shelf].compare_exchange(1, 0, Relaxed, Relaxed).is_ok()).then_some(())
    }

    fn give(&self, shelf: usize) {
        self.things[shelf].store(1, Relaxed);
        self.pair.notify(shelf);
    }

    /// Waits for a thing in either shelf, and takes it. Which it was.
    fn take_any(&self) -> usize {
        self.pair.wait_for_any(|| (0..2).find(|&shelf| self.take(shelf).is_some()))
    }

    /// Waits until there is something, and leaves it.
    fn see_any(&self) {
        self.pair.wait_for_any(|| (0..2).find(|&shelf| self.things[shelf].load(Relaxed) == 1));
    }
}

/// One thread for each of `lives`, the last of them the model's own. On a futex: a set sleeps on no semaphore.
fn explore<const N: usize>(model: Model, lives: [fn(&Shelves); N]) {
    let sleep = Witness::of("somebody sleeps");
    let asleep = sleep.clone();
    model.check(move || {
        let shelves = Shelves::new(&asleep);
        let (own, others) = lives.split_last().expect("somebody");
        let others: Vec<_> = others.iter().map(|life| spawn(&shelves, *life)).collect();
        own(&shelves);
        for other in others {
            other.join().unwrap();
        }
    });
    sleep.testifies();
}

#[test]
fn one_of_two_comes() {
    explore(Model::exhaustive("the second of two comes"), [|it| assert_eq!(it.take_any(), 1), |it| it.give(1)]);
}

#[test]
fn both_of_two_come() {
    explore(
        Model::bounded("both of two come", 3),
        [|it| assert_ne!(it.take_any(), it.take_any()), |it| it.give(0), |it| it.give(1)],
    );
}

#[test]
fn what_wakes_it_is_left_to_another_one() {
    explore(
        Model::bounded("a set and a taker", 2),
        [
            |it| it.see_any(),
            |it| {
                it.pair.wait_on(0, || it.take(0));
                // For the other one, should it come late.
                it.give(1);
            },
            |it| {
                it.things[0].store(1, Relaxed);
                it.pair.notify_one(0);
            },
        ],
    );
}
