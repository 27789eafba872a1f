//! Where each change can be used up by one, or by so many, as many are woken: nobody sleeps while there is something to take, and
//! a waker that finds fewer asleep takes the flag back, without missing a thread that went to sleep meanwhile.
//!
//! Sleeps have no time-out here, so a lost wake is a deadlock, which loom reports.

use loom::thread;
use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane_loom_tests::explore::{CrashPoint, Model, Witness};
use memlane_loom_tests::lives;
use memlane_loom_tests::parking::{BACKENDS, Backend, Event};
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

    fn put_two(&self) {
        self.things.fetch_add(2, Relaxed);
        self.event.notify_some(2);
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
    lives::explore(model, Pile::new, lives, |pile| {
        assert_eq!(pile.things.load(Relaxed), 0, "everything was taken");
        pile.event.notify_one();
        assert!(!pile.event.is_flagged(), "one wake-up that finds nobody, and no more");
    });
}

fn take(pile: &Pile) {
    pile.take();
}

fn put(pile: &Pile) {
    pile.put();
}

fn put_two(pile: &Pile) {
    pile.put_two();
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

#[test]
fn two_takers_and_one_giver_of_two() {
    explore(Model::bounded("two takers, two at once", 3), [take, take, put_two]);
}

/// Fewer sleep than could be woken, and then one more comes to sleep.
#[test]
fn a_taker_that_comes_behind_a_wake_up_of_two() {
    explore(
        Model::bounded("two at once, and one more", 2),
        [
            |it| {
                it.take();
                it.take();
            },
            take,
            |it| {
                it.put_two();
                it.put();
            },
        ],
    );
}

#[test]
fn a_giver_of_two_and_a_giver_of_one() {
    explore(
        Model::bounded("two at once beside one", 2),
        [
            |it| {
                it.take();
                it.take();
            },
            take,
            put_two,
            put,
        ],
    );
}

/// Two are woken for two things. One of them dies, before it took its own or behind that: the other one has one all the same.
#[test]
fn one_of_two_who_are_woken_dies() {
    for backend in BACKENDS {
        let model = backend.names(&Model::bounded("two at once, one dies", 2));
        model.check_crashes(move |crash| {
            let pile = Pile::new(backend, &Witness::of("somebody sleeps"));
            let (its_pile, crash): (_, CrashPoint) = (Rc::clone(&pile), crash.clone());
            let dying = thread::spawn(move || crash.of(|| its_pile.take()));
            let living = lives::spawn(&pile, take);
            pile.put_two();
            living.join().unwrap();
            dying.join().unwrap();
        });
    }
}

/// The waker of two dies anywhere. A taker that sleeps on has its slice; the next waker wakes as ever, and leaves no flag.
#[test]
fn a_waker_of_two_dies() {
    for backend in BACKENDS {
        let model = backend.names(&Model::bounded("two at once, the waker dies", 2));
        model.check_crashes(move |crash| {
            let pile = Pile::new(backend, &Witness::of("somebody sleeps"));
            let (its_pile, crash): (_, CrashPoint) = (Rc::clone(&pile), crash.clone());
            let dying = thread::spawn(move || crash.of(|| its_pile.put_two()));
            let living = lives::spawn(&pile, take);
            dying.join().unwrap();
            pile.put();
            living.join().unwrap();
            pile.event.notify_one();
            assert!(!pile.event.is_flagged());
        });
    }
}
