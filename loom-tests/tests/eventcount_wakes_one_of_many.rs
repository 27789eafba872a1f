//! Where each change can be used up by one, one is woken for each: nobody sleeps while there is something to take, and
//! a waker that finds nobody asleep takes the flag back, without missing a thread that went to sleep meanwhile.
//!
//! Sleeps have no time-out here, so a lost wake is a deadlock, which loom reports.

use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::lives;
use memlane_loom_tests::parking::{Backend, Event};
use memlane_loom_tests::things;
use std::rc::Rc;

/// Things to take, one each. Relaxed: the eventcount has to bring the order.
#[derive(Debug)]
struct Pile {
    event: Event,
    things: AtomicU32,
}

impl Pile {
    fn new(backend: Backend, sleep: &Witness) -> Rc<Self> {
        Rc::new(Self { event: Event::new(backend, sleep), things: AtomicU32::new(0) })
    }

    fn put(&self) {
        self.things.fetch_add(1, Relaxed);
        self.event.notify_one();
    }

    fn put_for_all(&self) {
        self.things.fetch_add(1, Relaxed);
        self.event.notify();
    }

    fn take(&self) {
        self.event.wait(|| things::take(&self.things, 1));
    }
}

/// One thread for each of `lives`, the last of them the model's own; with either backend. Everything is taken in the end.
fn explore<const N: usize>(model: Model, lives: [fn(&Pile); N]) {
    lives::explore(model, Pile::new, lives, |pile| assert_eq!(pile.things.load(Relaxed), 0, "everything was taken"));
}

fn take(pile: &Pile) {
    pile.take();
}

fn put(pile: &Pile) {
    pile.put();
}

#[test]
fn one_taker_in_two_rounds() {
    explore(
        Model::bounded("one taker, two rounds", 5),
        [
            |it| {
                it.take();
                it.take();
            },
            |it| {
                it.put();
                it.put();
            },
        ],
    );
}

#[test]
fn two_takers_and_one_giver() {
    explore(
        Model::bounded("two takers, one giver", 3),
        [take, take, |it| {
            it.put();
            it.put();
        }],
    );
}

#[test]
fn one_taker_and_two_givers() {
    explore(
        Model::bounded("one taker, two givers", 4),
        [
            |it| {
                it.take();
                it.take();
            },
            put,
            put,
        ],
    );
}

#[test]
fn a_waker_of_all_is_not_mistaken_for_one() {
    explore(Model::bounded("one wakes all, another one", 2), [take, take, |it| it.put_for_all(), put]);
}

#[test]
fn two_takers_and_two_givers() {
    explore(Model::bounded("two takers, two givers", 2), [take, take, put, put]);
}
