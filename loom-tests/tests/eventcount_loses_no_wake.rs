//! A thread that sleeps on an eventcount is woken by every change that it did not see. Meanwhile the others sleep as well, wake as
//! well, announce a sleep and then do not sleep, or die.
//!
//! Sleeps have no time-out here, so a lost wake is a deadlock, which loom reports.

use loom::thread;
use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane_loom_tests::explore::{CrashPoint, Model, Witness};
use memlane_loom_tests::lives;
use memlane_loom_tests::parking::{BACKENDS, Backend, Event};
use std::rc::Rc;

/// What is waited for: that a number is reached. Relaxed: the eventcount has to bring the order.
#[derive(Debug)]
struct Target {
    event: Event,
    reached: AtomicU32,
}

impl Target {
    fn new(backend: Backend, sleep: &Witness) -> Rc<Self> {
        Rc::new(Self { event: Event::new(backend, sleep), reached: AtomicU32::new(0) })
    }

    fn wait_for(&self, number: u32) {
        self.event.wait(|| (self.reached.load(Relaxed) >= number).then_some(()));
    }

    fn step(&self) {
        self.reached.fetch_add(1, Relaxed);
        self.event.notify();
    }
}

/// One thread for each of `lives`, the last of them the model's own; with either backend.
fn explore<const N: usize>(model: Model, lives: [fn(&Target); N]) {
    lives::explore(model, Target::new, lives, |_| ());
}

#[test]
fn one_sleeper_and_one_waker() {
    explore(Model::exhaustive("one sleeper, one waker"), [|it| it.wait_for(1), |it| it.step()]);
}

#[test]
fn one_sleeper_in_several_rounds() {
    explore(
        Model::exhaustive("one sleeper, two rounds"),
        [
            |it| {
                it.wait_for(1);
                it.wait_for(2);
            },
            |it| {
                it.step();
                it.step();
            },
        ],
    );
}

#[test]
fn two_sleepers_and_one_waker() {
    explore(Model::bounded("two sleepers, one waker", 4), [|it| it.wait_for(1), |it| it.wait_for(1), |it| it.step()]);
}

#[test]
fn two_sleepers_in_several_rounds() {
    explore(
        Model::bounded("two sleepers, two rounds", 2),
        [
            |it| {
                it.wait_for(1);
                it.wait_for(2);
            },
            |it| it.wait_for(2),
            |it| {
                it.step();
                it.step();
            },
        ],
    );
}

#[test]
fn one_sleeper_and_two_wakers() {
    explore(Model::bounded("one sleeper, two wakers", 4), [|it| it.wait_for(2), |it| it.step(), |it| it.step()]);
}

#[test]
fn two_sleepers_and_two_wakers() {
    explore(
        Model::bounded("two sleepers, two wakers", 2),
        [|it| it.wait_for(1), |it| it.wait_for(2), |it| it.step(), |it| it.step()],
    );
}

#[test]
fn a_dead_sleeper_costs_the_living_nothing() {
    for backend in BACKENDS {
        let model = backend.names(&Model::bounded("a sleeper dies", 3));
        model.check_crashes(move |crash| {
            let target = Target::new(backend, &Witness::of("somebody sleeps"));
            let (its_target, crash): (_, CrashPoint) = (Rc::clone(&target), crash.clone());
            let dying = thread::spawn(move || crash.of(|| its_target.wait_for(1)));
            let its_target = Rc::clone(&target);
            let living = thread::spawn(move || its_target.wait_for(1));
            target.step();
            living.join().unwrap();
            dying.join().unwrap();
        });
    }
}
