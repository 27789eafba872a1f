//! Waking a set from outside.

use crate::region::Signals;
use crate::region::sys::{ProcessMark, preserving_errno};
use crate::sync::AtomicU32;
use crate::wait::interrupt::Interruption;
use std::fmt;
use std::sync::Arc;

/// Ends a call of a [`WaitSet`](super::WaitSet) that waits, at once, from another thread or from a signal handler.
///
/// ```
/// use memlane::{WaitSet, WaitSetError};
/// let mut set = WaitSet::new();
/// let waker = set.waker();
/// let waiting = std::thread::spawn(move || {
///     let mut members: [memlane::spsc::Receiver; 0] = [];
///     set.wait(&mut members).map(<[usize]>::to_vec)
/// });
/// waker.wake();
/// assert_eq!(waiting.join().unwrap(), Err(WaitSetError::Woken));
/// ```
#[derive(Clone)]
pub struct Waker(pub(super) Arc<OwnWord>);

/// The word that a set has of its own, and what is behind it.
#[derive(Debug)]
pub(super) struct OwnWord {
    pub(super) signals: Signals,
    pub(super) word: AtomicU32,
    interruption: Interruption,
    mark: ProcessMark,
}

impl OwnWord {
    pub(super) fn new() -> Self {
        let (signals, mark) = (Signals::of_this_process(), ProcessMark::current());
        Self { signals, word: AtomicU32::new(0), interruption: Interruption::new(), mark }
    }

    /// Whether the call that waits is to end.
    pub(super) fn is_to_be_woken(&self) -> bool {
        self.interruption.is_raised()
    }

    /// Whether the call that waits is to end. The answer is given once.
    pub(super) fn is_woken(&self) -> bool {
        self.interruption.take()
    }
}

impl Waker {
    /// Ends the call of the set that waits, or the next one that would wait, with [`WaitSetError::Woken`](super::WaitSetError::Woken).
    /// Several calls of this until then are one. A call that finds a member ready returns that.
    ///
    /// May be called from a signal handler: it takes no lock and no memory, and leaves `errno` as it was. In a child of `fork`, it does
    /// nothing.
    ///
    /// ```
    /// use memlane::{WaitSet, WaitSetError};
    /// let mut set = WaitSet::new();
    /// set.waker().wake();
    /// let mut rx = memlane::mpmc::Options::new().private()?.receiver()?;
    /// assert_eq!(set.wait(&mut [&mut rx]), Err(WaitSetError::Woken));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wake(&self) {
        let OwnWord { signals, word, interruption, mark } = &*self.0;
        if !mark.is_foreign() {
            preserving_errno(|| interruption.raise(signals, [word]));
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}
