//! A futex made of loom's parts.
//!
//! The kernel compares the word and queues the sleeper under the lock that a waker takes too; so does this. There are no
//! time-outs: a sleeper whose wake got lost sleeps for ever, and loom reports that as a deadlock. Nor does a sleeper
//! wake up early, which could only help.

use loom::sync::{Condvar, Mutex};
use memlane::sync::{AtomicU32, Ordering, fence};
use memlane::wait::eventcount::Parking;

/// The kernel's side of one futex word.
#[derive(Debug)]
pub struct LoomParking {
    bucket: Mutex<()>,
    sleepers: Condvar,
}

impl LoomParking {
    /// Nobody sleeps.
    pub fn new() -> Self {
        Self { bucket: Mutex::new(()), sleepers: Condvar::new() }
    }
}

impl Default for LoomParking {
    fn default() -> Self {
        Self::new()
    }
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
        let bucket = self.bucket.lock().expect("not poisoned");
        if word.load(Ordering::Relaxed) == expected {
            drop(self.sleepers.wait(bucket));
        }
    }

    fn unpark_all(&self, _word: &AtomicU32) {
        let bucket = self.bucket.lock().expect("not poisoned");
        self.sleepers.notify_all();
        drop(bucket);
    }
}
