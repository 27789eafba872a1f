//! Guardians of a channel, and the kernel that tells which of their lives are over.
//!
//! A guardian without a duty sleeps without a time-out, so one that sleeps on beside a vacant duty is a deadlock, if nobody calls it any
//! more; and the ending looks at the words besides.

use crate::explore::Witness;
use crate::parking::{Backend, Event};
use loom::sync::{Condvar, Mutex};
use memlane::liveness::duty::Duties;
use memlane::sync::AtomicU64;
use memlane::sync::Ordering::{AcqRel, Relaxed};
use memlane::wait::eventcount;
use std::rc::Rc;

/// A channel's duties, and the kernel. Clones are the same.
#[derive(Debug, Clone)]
pub struct Watched(Rc<Words>);

#[derive(Debug)]
struct Words {
    duties: [AtomicU64; 2],
    calls: Event,
    /// A bit for each life that is over. It is read and set by read-modify-writes alone, as the kernel does it under its lock.
    over: AtomicU64,
    /// How many events the kernel has raised for those on duty.
    raised: Mutex<u32>,
    raises: Condvar,
}

impl Watched {
    /// These lives are on duty, 0 for nobody. Whenever a guardian sleeps, the witness sees it.
    pub fn by(duties: [u64; 2], sleep: &Witness) -> Self {
        Self(Rc::new(Words {
            duties: duties.map(AtomicU64::new),
            calls: Event::new(Backend::Futex, sleep),
            over: AtomicU64::new(0),
            raised: Mutex::new(0),
            raises: Condvar::new(),
        }))
    }

    fn duties(&self) -> Duties<'_> {
        Duties { words: &self.0.duties, calls: self.0.calls.parts().0 }
    }

    fn is_over(&self, life: u64) -> bool {
        self.0.over.fetch_add(0, AcqRel) & 1 << life != 0
    }

    /// A guardian takes a duty, if one is vacant, or has one already.
    pub fn takes_a_duty(&self, life: u64) -> bool {
        self.duties().take(life, |life| self.is_over(life))
    }

    /// A guardian without a duty, until it has one.
    pub fn stands_by(&self, life: u64) {
        while !self.takes_a_duty(life) {
            self.sleeps_once(life);
        }
    }

    /// A guardian without a duty, until it has one or was woken once.
    pub fn stands_by_for_one_call(&self, life: u64) {
        if !self.takes_a_duty(life) {
            self.sleeps_once(life);
        }
    }

    fn sleeps_once(&self, life: u64) {
        let (word, parking) = self.0.calls.parts();
        let ticket = self.duties().prepare_to_sleep(parking);
        if !self.takes_a_duty(life) {
            eventcount::sleep(parking, word, ticket, ());
        }
    }

    /// Ends the sleep of all that sleep, now or later: their programs want them to go.
    pub fn is_over_for_all(&self) {
        self.0.calls.slice_ends();
    }

    /// A guardian on duty, until the kernel has raised so many events.
    pub fn watches(&self, events: u32) {
        let mut seen = 0;
        while seen < events {
            let mut raised = self.0.raised.lock().expect("not poisoned");
            while *raised == seen {
                raised = self.0.raises.wait(raised).expect("not poisoned");
            }
            seen = *raised;
            drop(raised);
            self.looks();
        }
    }

    /// A look for the dead, as those on duty make it, and participants whose slices end.
    pub fn looks(&self) {
        self.duties().fill(self.0.calls.parts().1, |life| self.is_over(life));
    }

    /// A guardian goes in good order.
    pub fn retires(&self, life: u64) {
        self.duties().retire(self.0.calls.parts().1, life, |life| self.is_over(life));
    }

    /// The kernel takes a process down: two events, for the lock goes behind the first of them.
    pub fn ends(&self, life: u64) {
        self.raise();
        self.0.over.fetch_or(1 << life, AcqRel);
        self.raise();
    }

    fn raise(&self) {
        *self.0.raised.lock().expect("not poisoned") += 1;
        self.0.raises.notify_all();
    }

    /// Requires that both duties are some living guardians', two different ones.
    pub fn is_fully_watched(&self) {
        let words = self.0.duties.each_ref().map(|word| word.load(Relaxed));
        assert!(words.iter().all(|&life| life != 0 && !self.is_over(life)), "a vacant duty: {words:?}");
        assert_ne!(words[0], words[1]);
    }
}
