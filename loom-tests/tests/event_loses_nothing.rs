//! Every set of an event is seen by every waiter, whether that sleeps, is about to, or comes later; and none is cleared that nobody has
//! seen. A setter that dies anywhere has set all of its bits, or none.

use loom::thread;
use memlane::ring::event;
use memlane::sync::AtomicU64;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::parking::{BACKENDS, Backend, Event};
use std::rc::Rc;

/// An event, and where its waiters sleep.
#[derive(Debug)]
struct Flags {
    word: AtomicU64,
    /// What is stored before a set, Relaxed: the event has to bring the order.
    news: AtomicU64,
    asleep: Event,
}

impl Flags {
    fn new(backend: Backend, sleep: &Witness) -> Rc<Self> {
        let [word, news] = [0; 2].map(AtomicU64::new);
        Rc::new(Self { word, news, asleep: Event::new(backend, sleep) })
    }

    fn set(&self, bits: u32) {
        event::set(&self.word, bits);
        self.asleep.notify();
    }

    /// Waits for a set beyond this count: the bits, and the count then.
    fn wait(&self, seen: u32) -> (u32, u32) {
        self.asleep.wait(|| {
            let word = event::look(&self.word);
            (word.count() != seen).then(|| (word.set_bits(), word.count()))
        })
    }
}

/// One thread sets twice; one waits until it has seen both, and another one, too.
#[test]
fn each_waiter_sees_every_set() {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("event: two waiters", 2)).check(move || {
            let flags = Flags::new(backend, &asleep);
            let waiting = [(); 2].map(|()| {
                let its = Rc::clone(&flags);
                thread::spawn(move || {
                    let (mut bits, mut seen) = (0, 0);
                    while seen < 2 {
                        (bits, seen) = its.wait(seen);
                    }
                    assert_eq!((bits, seen), (3, 2));
                })
            });
            flags.set(1);
            flags.set(2);
            waiting.into_iter().for_each(|waiter| waiter.join().unwrap());
        });
        sleep.testifies();
    }
}

/// What was done before a set is seen by the waiter that it ends, also if another one has set meanwhile.
#[test]
fn what_came_before_a_set_is_seen_behind_it() {
    let sleep = Witness::of("the waiter sleeps");
    let asleep = sleep.clone();
    Model::bounded("event: what came before", 3).check(move || {
        let flags = Flags::new(Backend::Futex, &asleep);
        let (its, other) = (Rc::clone(&flags), Rc::clone(&flags));
        let setting = thread::spawn(move || {
            its.news.store(7, memlane::sync::Ordering::Relaxed);
            its.set(1);
        });
        let also_setting = thread::spawn(move || other.set(2));
        let mut seen = 0;
        loop {
            let (bits, count) = flags.wait(seen);
            seen = count;
            if bits & 1 != 0 {
                break;
            }
        }
        assert_eq!(flags.news.load(memlane::sync::Ordering::Relaxed), 7);
        setting.join().unwrap();
        also_setting.join().unwrap();
    });
    sleep.testifies();
}

/// One that clears what it has seen clears no set that comes meanwhile; it goes on until it has seen all.
#[test]
fn nothing_is_cleared_that_was_not_seen() {
    let refused = Witness::of("a clear is refused");
    let saw = refused.clone();
    Model::bounded("event: set and cleared", 3).thorough().check(move || {
        let word = Rc::new(AtomicU64::new(0));
        let its = Rc::clone(&word);
        let setting = thread::spawn(move || {
            event::set(&its, 1);
            event::set(&its, 1);
        });
        let mut seen = 0;
        for _ in 0..3 {
            let found = event::look(&word);
            let count = found.count();
            assert!(count >= seen, "the count goes back");
            if count != seen {
                assert_eq!(found.set_bits(), 1, "of a set that was not seen, the bits are there");
            }
            seen = count;
            if !event::clear(&word, 1, seen) {
                saw.sees_it();
            }
        }
        setting.join().unwrap();
        let found = event::look(&word);
        assert_eq!((found.count(), found.set_bits()), (2, u32::from(seen < 2)));
    });
    refused.testifies();
}

/// Two set, one of them dies anywhere.
#[test]
fn a_set_is_whole_or_did_not_happen() {
    Model::bounded("event: a setter dies", 3).check_crashes(|crash| {
        let word = Rc::new(AtomicU64::new(0));
        let (its, crash) = (Rc::clone(&word), crash.clone());
        let dying = thread::spawn(move || crash.of(|| event::set(&its, 6)).is_some());
        event::set(&word, 1);
        let survived = dying.join().unwrap();
        let found = event::look(&word);
        match (found.set_bits(), found.count()) {
            (7, 2) => {}
            (1, 1) => assert!(!survived),
            other => panic!("{other:?}"),
        }
    });
}
