//! The waker of the task that waits for a handle.
//!
//! A task may move from one waker to another between two polls. It leaves the newest one *before* it looks whether it is armed. The relay
//! takes the waker *behind* its CAS from ARMED to TELLING. So a task that still sees ARMED has left its waker in time: had the relay
//! taken the one before, the lock would show the task that CAS as well.

use crate::sync::Mutex;
use std::task::Waker;

/// Where a task leaves its waker. See the module.
#[derive(Debug, Default)]
pub struct Task(Mutex<Option<Waker>>);

impl Task {
    /// Of a handle that no task waits for.
    #[must_use]
    pub fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Leaves a waker, in place of the one that was left before.
    #[cfg(any(loom, feature = "async"))]
    pub fn leave(&self, waker: &Waker) {
        let before = {
            let mut left = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match &*left {
                Some(before) if before.will_wake(waker) => return,
                _ => left.replace(waker.clone()),
            }
        };
        // Foreign code, which must not run under the lock.
        drop(before);
    }

    /// Takes the waker that was left last.
    pub fn take(&self) -> Option<Waker> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }
}
