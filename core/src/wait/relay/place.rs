//! A handle's place with a relay: what the relay needs of it, for as long as it may sleep there.

use super::arming::{Arming, Seen};
use super::task::Task;
use crate::region::{Bed, Counting, Moment, Signals, Sleep, View};
use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU32, AtomicU64};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

/// Where a handle is woken, in the region that this keeps mapped.
#[derive(Debug)]
pub(crate) struct WakeWord {
    signals: Signals,
    word: View<AtomicU32>,
}

impl WakeWord {
    pub(crate) fn new(signals: Signals, word: View<AtomicU32>) -> Self {
        Self { signals, word }
    }

    /// How one sleeps there, and is woken.
    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The word on which one sleeps.
    pub(crate) fn word(&self) -> &AtomicU32 {
        &self.word
    }
}

/// A handle's place. See the module.
#[derive(Debug)]
pub(crate) struct Place {
    at: WakeWord,
    arming: Arming,
    task: Task,
    descriptor: OnceLock<Arc<Counting>>,
    /// When the handle is to be told even if nothing moved: then its slice is over, and it looks for dead peers.
    until: AtomicU64,
}

/// What the relay does about a place.
#[derive(Debug)]
pub(super) enum Due<'a> {
    /// Nothing.
    Nothing,
    /// It tells the handle.
    Tell,
    /// It sleeps there, until then.
    Sleep(Bed<'a>, Moment),
    /// It looks again after a while, for that word cannot be slept on; at the latest then.
    Look(Moment),
}

impl Place {
    pub(super) fn new(at: WakeWord) -> Self {
        let (arming, task, descriptor) = (Arming::new(), Task::new(), OnceLock::new());
        Self { at, arming, task, descriptor, until: AtomicU64::new(0) }
    }

    pub(in crate::wait) fn arming(&self) -> &Arming {
        &self.arming
    }

    /// The waker of the task that waits for the handle.
    #[cfg(feature = "async")]
    pub(in crate::wait) fn task(&self) -> &Task {
        &self.task
    }

    /// The descriptor, if the handle was asked for one.
    pub(in crate::wait) fn descriptor(&self) -> Option<&Arc<Counting>> {
        self.descriptor.get()
    }

    /// The descriptor, made now if need be.
    pub(super) fn make_descriptor(&self) -> std::io::Result<&Arc<Counting>> {
        if let Some(made) = self.descriptor.get() {
            return Ok(made);
        }
        let made = Arc::new(Counting::readable()?);
        Ok(self.descriptor.get_or_init(|| made))
    }

    pub(in crate::wait) fn signals(&self) -> &Signals {
        self.at.signals()
    }

    pub(in crate::wait) fn word(&self) -> &AtomicU32 {
        self.at.word()
    }

    /// Has the relay tell at this moment, if it armed and nothing moved until then. Before it arms.
    pub(in crate::wait) fn set_until(&self, until: Moment) {
        // Relaxed: comes with the arming.
        self.until.store(until.as_nanos(), Relaxed);
    }

    /// Reads the descriptor empty.
    pub(in crate::wait) fn drain(&self) {
        if let Some(descriptor) = self.descriptor() {
            descriptor.drain();
        }
    }

    /// Makes the descriptor readable.
    pub(in crate::wait) fn raise(&self) {
        if let Some(descriptor) = self.descriptor() {
            descriptor.raise();
        }
    }

    /// The relay's look.
    pub(super) fn look(&self, now: Moment) -> Due<'_> {
        let expected = match self.arming.look(self.word()) {
            Seen::Idle => return Due::Nothing,
            Seen::Moved => return Due::Tell,
            Seen::Waits(expected) => expected,
        };
        let until = Moment::from_nanos(self.until.load(Relaxed));
        if until <= now {
            return Due::Tell;
        }
        match self.signals().sleep() {
            Sleep::Futex(futex) => Due::Sleep(Bed { futex, word: self.word(), expected }, until),
            Sleep::Semaphores(_) => Due::Look(until),
        }
    }

    /// Tells the handle that something came, or that its slice is over.
    pub(super) fn tell(&self) {
        let mut waker = None;
        self.arming.tell(|| {
            waker = self.task.take().or_else(|| waker.take());
            self.raise();
        });
        if let Some(waker) = waker {
            // Foreign code, which may even poll the task: only behind the telling. Should it panic, the relay goes on for the others.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }
}
