//! A wait ends when it is interrupted, whatever it is about to do at that moment, and nothing is lost by it: neither what it waited for, nor
//! the wake-up of another sleeper, nor the interruption.
//!
//! Sleeps have no time-out here, so an interruption that is missed is a deadlock, which loom reports.

use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane::wait::interrupt::Interruption;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::lives;
use memlane_loom_tests::parking::{Backend, Event};
use std::rc::Rc;

/// Things to take, one by one, and a waiter that may be interrupted.
#[derive(Debug)]
struct Shelf {
    event: Event,
    things: AtomicU32,
    interruption: Interruption,
    /// Written before the interruption, and read behind it. Relaxed: the interruption has to bring the order.
    reason: AtomicU32,
}

impl Shelf {
    fn new(backend: Backend, sleep: &Witness) -> Rc<Self> {
        Rc::new(Self {
            event: Event::new(backend, sleep),
            things: AtomicU32::new(0),
            interruption: Interruption::new(),
            reason: AtomicU32::new(0),
        })
    }

    fn take(&self) -> Option<()> {
        let mut seen = self.things.load(Relaxed);
        while seen > 0 {
            match self.things.compare_exchange(seen, seen - 1, Relaxed, Relaxed) {
                Ok(_) => return Some(()),
                Err(now) => seen = now,
            }
        }
        None
    }

    fn give(&self) {
        self.things.fetch_add(1, Relaxed);
        self.event.notify_one();
    }

    fn interrupt(&self) {
        self.reason.store(7, Relaxed);
        self.event.interrupt(&self.interruption);
    }

    /// Waits for one thing. Whether it got it.
    fn wait(&self) -> bool {
        let got = self.event.wait_unless(&self.interruption, || self.take()).is_some();
        assert!(got || self.reason.load(Relaxed) == 7, "what came before the interruption is seen");
        got
    }
}

fn explore<const N: usize>(model: Model, lives: [fn(&Shelf); N]) {
    lives::explore(model, Shelf::new, lives, |_| ());
}

#[test]
fn a_wait_in_vain_ends() {
    explore(Model::exhaustive("an interrupted wait"), [|it| assert!(!it.wait()), |it| it.interrupt()]);
}

#[test]
fn each_interruption_ends_one_wait() {
    explore(
        Model::bounded("two interrupted waits", 3),
        [
            |it| {
                assert!(!it.wait());
                it.give();
            },
            |it| {
                it.interrupt();
                it.event.wait(|| it.take());
                it.interrupt();
                assert!(!it.wait());
            },
        ],
    );
}

#[test]
fn what_comes_at_that_moment_and_the_interruption_stay_for_the_next_wait() {
    explore(
        Model::bounded("a thing and an interruption", 2),
        [
            |it| assert_ne!(it.wait(), it.wait(), "one of the two, and then the other one"),
            |it| it.give(),
            |it| it.interrupt(),
        ],
    );
}

#[test]
fn another_sleeper_gets_what_the_interrupted_one_leaves() {
    explore(
        Model::bounded("an interrupted sleeper beside another one", 2),
        [
            |it| {
                if it.wait() {
                    it.give();
                }
            },
            |it| it.event.wait(|| it.take()),
            |it| {
                it.give();
                it.interrupt();
            },
        ],
    );
}
