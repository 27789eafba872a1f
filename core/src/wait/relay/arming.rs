//! How a handle has a thread of the library sleep in its place.
//!
//! A task and a program that waits by `epoll` do not sleep on the words of channels. So a handle that found nothing *arms*: it does what
//! a sleeper does before it sleeps, and leaves the sleep to the relay, a thread that sleeps on the words of all armed handles. When a
//! word moves, the relay *tells* the handle: it makes the descriptor readable, and wakes the task.
//!
//! ```text
//! handle   read the descriptor empty · set the word's flags · heavy fence · look at the data again
//!            found      → done, the descriptor readable again
//!            nothing    → ARMED, with the word as it was · ring the bell
//! relay    announce on the bell · look at each armed word
//!            sequence moved   → CAS ARMED → TELLING · make the descriptor readable, take the waker · CAS TELLING → TOLD · wake
//!            none moved       → sleep while bell and words are as they were seen
//! ```
//!
//! Invariants:
//! 1. *The relay looks at words, never at data.* The handle's flags, *sleepers* and *all*, stay until a waker clears them, and a
//!    waker that clears them steps the sequence (invariant 2 of the [eventcount]). So a change that came after
//!    the handle's last look moves the sequence, whether the relay sleeps by then or not.
//! 2. *The relay sleeps only on words with the flag* all. It uses nothing of what wakes it, so a wake-up of one must not come to it.
//! 3. *A handle that is armed has nothing lingering.* It arms only where it is idle, or where the relay has told it, and has written
//!    to the descriptor before it said so. So what is read empty before arming was all, and what becomes readable afterwards is news.
//!    (Arming first, and reading then, takes back what the relay has told meanwhile: the wake-up is lost.)
//! 4. *A handle that finds nothing while it is being told asks to be told again*, by a CAS from TELLING to AGAIN: it may have seen the
//!    descriptor become readable, and cannot arm before the relay is done. Nobody else would tell it of what comes in between.
//! 5. *The bell is rung behind arming.* The relay announces its sleep before it looks at the handles. Both are read-modify-writes
//!    of one word, so either the relay's look sees that the handle is armed, or the bell has moved and the relay does not sleep.

use crate::sync::AtomicU32;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::wait::eventcount::{self, Parking, Wakes};

/// What a handle and the relay tell each other.
#[derive(Debug)]
pub struct Arming {
    state: AtomicU32,
    /// The word as it was when the handle armed.
    expected: AtomicU32,
}

/// Neither waits for anything.
const IDLE: u32 = 0;
/// The relay is to tell when the word moves.
const ARMED: u32 = 1;
/// The relay is telling.
const TELLING: u32 = 2;
/// It has told.
const TOLD: u32 = 3;
/// The relay is telling, and is to tell once more.
const AGAIN: u32 = 4;

/// Where a handle stands with the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It will be told, of whatever comes from now on.
    Armed,
    /// It has to arm, if it finds nothing.
    Due,
}

/// What the relay sees of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is not armed.
    Idle,
    /// Its word moved: it is to be told.
    Moved,
    /// Its word did not move, and is this now: sleep while it is.
    Waits(u32),
}

impl Default for Arming {
    fn default() -> Self {
        Self::new()
    }
}

impl Arming {
    /// Of a handle that has not armed yet.
    #[must_use]
    pub fn new() -> Self {
        Self { state: AtomicU32::new(IDLE), expected: AtomicU32::new(0) }
    }

    /// Where a handle stands that found nothing. The relay may change *armed* to *due* at any moment, and tells then.
    pub fn standing(&self) -> Standing {
        loop {
            // EDGE told→arm: pairs with the Release in `Arming::tell`.
            match self.state.load(Acquire) {
                ARMED | AGAIN => return Standing::Armed,
                TELLING => {
                    if self.state.compare_exchange(TELLING, AGAIN, Relaxed, Relaxed).is_ok() {
                        return Standing::Armed;
                    }
                }
                _ => return Standing::Due,
            }
        }
    }

    /// For a handle that found nothing and whose arming is due: arms, unless `look` finds something now. `drain` reads what the relay has
    /// written; `ring` rings the bell.
    ///
    /// # Errors
    /// Those of `look`.
    pub fn arm<P: Parking, T, E>(
        &self,
        parking: &P,
        word: &AtomicU32,
        drain: impl FnOnce(),
        look: impl FnOnce() -> Result<Option<T>, E>,
        ring: impl FnOnce(),
    ) -> Result<Option<T>, E> {
        drain();
        let ticket = eventcount::prepare(parking, word, Wakes::All);
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        self.arm_for(ticket.expected);
        ring();
        Ok(None)
    }

    /// Arms without a look: has the relay tell when the word is no longer what is expected. The caller rings the bell behind it.
    pub fn arm_for(&self, expected: u32) {
        self.expected.store(expected, Relaxed);
        // EDGE arm→look: pairs with the Acquire in `Arming::is_armed`.
        self.state.store(ARMED, Release);
    }

    /// Arms no longer. Returns false if the relay was faster.
    pub fn disarm(&self) -> bool {
        self.state.compare_exchange(ARMED, IDLE, Relaxed, Relaxed).is_ok()
    }

    /// Whether the handle is armed, as the relay sees it.
    pub fn is_armed(&self) -> bool {
        // EDGE arm→look: pairs with the Release in `Arming::arm_for`.
        self.state.load(Acquire) == ARMED
    }

    /// The relay's look at the handle's word.
    ///
    /// Should the handle disarm and arm anew meanwhile, the relay may see a part of each. It then tells once too often, or finds
    /// that the bell was rung.
    pub fn look(&self, word: &AtomicU32) -> Seen {
        if !self.is_armed() {
            return Seen::Idle;
        }
        let (expected, now) = (self.expected.load(Relaxed), word.load(Relaxed));
        if eventcount::sequence(expected) != eventcount::sequence(now) || !eventcount::wakes_all(now) {
            return Seen::Moved;
        }
        Seen::Waits(now)
    }

    /// Tells the handle, if it is armed: `tell` makes its descriptor readable, and takes its task's waker. Returns whether it was.
    pub fn tell(&self, mut tell: impl FnMut()) -> bool {
        if self.state.compare_exchange(ARMED, TELLING, Relaxed, Relaxed).is_err() {
            return false;
        }
        loop {
            tell();
            // EDGE told→arm: pairs with the Acquire in `Arming::standing`.
            if self.state.compare_exchange(TELLING, TOLD, Release, Relaxed).is_ok() {
                return true;
            }
            // The handle asked for more, and asks for nothing further before this says that it is told.
            self.state.store(TELLING, Relaxed);
        }
    }
}

/// The relay's own word, on which it sleeps besides those of the handles.
#[derive(Debug)]
pub struct Bell(AtomicU32);

/// The relay sleeps, or is about to.
const ANNOUNCED: u32 = 1;
/// One ring.
const RING: u32 = 2;

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

impl Bell {
    /// Of a relay that is awake.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// The word that the relay sleeps on.
    pub fn word(&self) -> &AtomicU32 {
        &self.0
    }

    /// Says that something is different. Calls `wake`, which wakes the relay, if it may sleep.
    pub fn ring(&self, wake: impl FnOnce(&AtomicU32)) {
        // EDGE ring→announce: pairs with the Acquire in `Bell::announce`.
        if self.0.fetch_add(RING, AcqRel) & ANNOUNCED != 0 {
            // A relay that announces itself in between either sleeps by then, and is woken; or finds another word than it expects.
            self.0.fetch_and(!ANNOUNCED, Relaxed);
            wake(&self.0);
        }
    }

    /// Says that the relay is about to look, and to sleep then. Returns the word that it may sleep on.
    pub fn announce(&self) -> u32 {
        // EDGE ring→announce: pairs with the Release in `Bell::ring`.
        self.0.fetch_or(ANNOUNCED, AcqRel) | ANNOUNCED
    }
}
