//! A futex made of loom's parts.
//!
//! The kernel compares the word and queues the sleeper under the lock that a waker takes too; so does this. There are no
//! time-outs unless a model says so: a sleeper whose wake got lost sleeps for ever, and loom reports that as a deadlock.
//! Nor does a sleeper wake up early, which could only help.

use crate::explore::Witness;
use loom::sync::{Condvar, Mutex};
use memlane::sync::{AtomicU32, Ordering, fence};
use memlane::wait::eventcount::{self, Parking};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A word to sleep on, and the kernel's side of it.
#[derive(Debug)]
pub struct Event {
    word: AtomicU32,
    futex: LoomParking,
}

impl Event {
    /// Nobody sleeps yet; whenever somebody does, the witness sees it.
    pub fn new(sleep: &Witness) -> Self {
        let futex = LoomParking {
            bucket: Mutex::new(Bucket { time: Time::Left, asleep: 0 }),
            sleepers: Condvar::new(),
            sleep: sleep.clone(),
        };
        Self { word: AtomicU32::new(0), futex }
    }

    /// Wakes whoever sleeps, after a change. Returns whether there was anybody.
    pub fn notify(&self) -> bool {
        eventcount::notify(&self.futex, &self.word)
    }

    /// The time-out of everybody who sleeps here, now or later.
    pub fn slice_ends(&self) {
        *self.futex.bucket.lock().expect("not poisoned") = Bucket { time: Time::Over, asleep: 0 };
        self.futex.sleepers.notify_all();
    }

    /// Wakes one of those who sleep, after a change that one can use up. Returns whether there was anybody.
    pub fn notify_one(&self) -> bool {
        eventcount::notify_one(&self.futex, &self.word)
    }

    /// Waits until `attempt` yields something: the steps of `park` in `core/src/wait/block.rs`, which needs a clock.
    pub fn wait<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(output) = attempt() {
                return output;
            }
            let ticket = eventcount::prepare(&self.futex, &self.word);
            if let Some(output) = attempt() {
                return output;
            }
            eventcount::sleep(&self.futex, &self.word, ticket, ());
        }
    }
}

/// Whether a sleep may still take any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Left,
    Over,
}

/// What the kernel's lock protects.
#[derive(Debug)]
struct Bucket {
    time: Time,
    /// Sleepers that nobody has woken yet.
    asleep: usize,
}

/// The kernel's side of one futex word.
#[derive(Debug)]
pub struct LoomParking {
    bucket: Mutex<Bucket>,
    sleepers: Condvar,
    sleep: Witness,
}

impl Parking for LoomParking {
    type Until = ();

    // The light fence is a compiler fence where the heavy one is a membarrier. Together they order as much as two full
    // fences do, which is what symmetric mode uses, and what loom knows.
    fn light_fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn heavy_fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn park(&self, word: &AtomicU32, expected: u32, (): ()) {
        let mut bucket = self.bucket.lock().expect("not poisoned");
        match catch_unwind(AssertUnwindSafe(|| word.load(Ordering::Relaxed))) {
            Ok(seen) if seen == expected && bucket.time == Time::Left => {
                self.sleep.sees_it();
                bucket.asleep += 1;
                drop(self.sleepers.wait(bucket));
            }
            Ok(_) => {}
            Err(killed) => {
                // In the kernel, which lets go of its lock.
                drop(bucket);
                resume_unwind(killed);
            }
        }
    }

    fn unpark_all(&self, _word: &AtomicU32) {
        let mut bucket = self.bucket.lock().expect("not poisoned");
        bucket.asleep = 0;
        self.sleepers.notify_all();
        drop(bucket);
    }

    fn unpark_one(&self, _word: &AtomicU32) -> bool {
        let mut bucket = self.bucket.lock().expect("not poisoned");
        let somebody = bucket.asleep > 0;
        if somebody {
            bucket.asleep -= 1;
            self.sleepers.notify_one();
        }
        drop(bucket);
        somebody
    }
}
