//! Some sleepers may not be able to use up what wakes them: one that needs two things at once, one that only watches. Each of
//! them sees every change that it waits for, though the wakers wake one for each; and a wake-up that comes to it is not lost
//! to those that could have used it.
//!
//! Sleeps have no time-out here, so a lost wake is a deadlock, which loom reports.

use loom::thread;
use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane::wait::eventcount::Wakes;
use memlane_loom_tests::explore::{CrashPoint, Model, Witness};
use memlane_loom_tests::lives::{self, spawn};
use memlane_loom_tests::parking::{BACKENDS, Backend, Event};
use memlane_loom_tests::things;
use std::rc::Rc;

/// Things to take. Relaxed: the eventcount has to bring the order.
#[derive(Debug)]
struct Pile {
    event: Event,
    things: AtomicU32,
    /// How many were ever put there.
    put: AtomicU32,
    is_closed: AtomicU32,
}

impl Pile {
    fn new(backend: Backend, sleep: &Witness) -> Rc<Self> {
        Self::after(0, backend, sleep)
    }

    /// After so many wake-ups.
    fn after(wake_ups: u32, backend: Backend, sleep: &Witness) -> Rc<Self> {
        let [things, put, is_closed] = [0; 3].map(AtomicU32::new);
        Rc::new(Self { event: Event::new(backend, sleep).aged(wake_ups), things, put, is_closed })
    }

    fn put(&self) {
        self.things.fetch_add(1, Relaxed);
        self.put.fetch_add(1, Relaxed);
        self.event.notify_one();
    }

    /// Takes one thing: any wake-up will do.
    fn take(&self) {
        self.event.wait(|| things::take(&self.things, 1));
    }

    /// Takes two things at once, or none.
    fn take_two(&self) {
        self.event.wait_taking(Wakes::All, || things::take(&self.things, 2));
    }

    /// Watches until so many were put there, and takes none of them.
    fn watch(&self, number: u32) {
        self.event.wait_taking(Wakes::All, || (self.put.load(Relaxed) >= number).then_some(()));
    }

    /// Waits for the end, whatever is put there meanwhile.
    fn wait_for_the_end(&self) {
        self.event.wait_taking(Wakes::All, || (self.is_closed.load(Relaxed) == 1).then_some(()));
    }

    fn close(&self) {
        self.is_closed.store(1, Relaxed);
        self.event.notify_one();
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
fn a_watcher_misses_no_change_that_one_is_woken_for() {
    explore(Model::bounded("a watcher beside a taker", 3), [|it| it.watch(1), take, put]);
}

#[test]
fn a_watcher_misses_no_change_of_several_givers() {
    explore(
        Model::bounded("a watcher, two givers", 2),
        [
            |it| it.watch(2),
            put,
            |it| {
                it.put();
                it.take();
                it.take();
            },
        ],
    );
}

#[test]
fn who_needs_two_and_who_needs_one_both_get_them() {
    explore(
        Model::bounded("one takes two, another one", 2),
        [
            |it| it.take_two(),
            take,
            |it| {
                it.put();
                it.put();
                it.put();
            },
        ],
    );
}

#[test]
fn two_who_need_two_each_get_them() {
    explore(
        Model::bounded("two take two each", 2),
        [
            |it| it.take_two(),
            |it| it.take_two(),
            |it| {
                it.put();
                it.put();
                it.put();
                it.put();
            },
        ],
    );
}

/// The taker has to get the thing while the other one still waits for something else: what comes later would wake it anyway.
/// With semaphores, the second wake-up is the turn of the one that comes to sleep last.
fn takes_beside_one_that_waits_for_the_end(model: Model, givers: fn(&Rc<Pile>)) {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&model).check(move || {
            let pile = Pile::after(3, backend, &asleep);
            let (waiting, taking) = (spawn(&pile, Pile::wait_for_the_end), spawn(&pile, take));
            givers(&pile);
            taking.join().unwrap();
            pile.close();
            waiting.join().unwrap();
        });
        sleep.testifies();
    }
}

#[test]
fn a_wake_up_that_comes_to_the_wrong_one_is_not_lost() {
    takes_beside_one_that_waits_for_the_end(Model::bounded("a wake-up for another one", 3), |it| it.put());
}

#[test]
fn a_wake_up_that_comes_to_the_wrong_one_is_not_lost_while_all_are_woken() {
    takes_beside_one_that_waits_for_the_end(Model::bounded("a wake-up for another one, beside one of all", 2), |it| {
        let waking = spawn(it, |it| {
            it.event.notify();
        });
        it.put();
        waking.join().unwrap();
    });
}

#[test]
fn a_dead_watcher_costs_the_living_nothing() {
    for backend in BACKENDS {
        let model = backend.names(&Model::bounded("a watcher dies", 3));
        model.check_crashes(move |crash| {
            let pile = Pile::new(backend, &Witness::of("somebody sleeps"));
            let (its_pile, crash): (_, CrashPoint) = (Rc::clone(&pile), crash.clone());
            let dying = thread::spawn(move || crash.of(|| its_pile.watch(1)));
            let living = spawn(&pile, take);
            pile.put();
            living.join().unwrap();
            dying.join().unwrap();
        });
    }
}
