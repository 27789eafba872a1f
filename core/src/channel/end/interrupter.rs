//! Ending the calls of a handle that wait, from outside.

use crate::region::sys::preserving_errno;
use crate::region::{ProcessMark, Region, Signals, View};
use crate::sync::AtomicU32;
use crate::wait::interrupt::Interruption;
use std::fmt;
use std::sync::Arc;

/// Ends a call of one handle that waits, at once, from another thread or from a signal handler. A receiver, a sender or another handle gives
/// it: [`Receiver::interrupter`](crate::generic::Receiver::interrupter).
///
/// The call ends with `Interrupted`: of a receiver, no message was taken; of a sender, the message was not sent, and a batch says how many
/// were. Nothing else changes: the next call waits again. A call that finds what it waits for returns it. If no call waits, the next
/// one that would wait ends at once; several interruptions until then are one.
///
/// ```
/// let mut rx = memlane::spsc::Options::new().private()?.receiver()?;
/// let interrupter = rx.interrupter();
/// let waiting = std::thread::spawn(move || rx.recv().map(|message| message.to_vec()));
/// interrupter.interrupt();
/// assert_eq!(waiting.join().unwrap(), Err(memlane::RecvError::Interrupted));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Interrupter(Arc<Interruptible>);

/// What a handle and its interrupters share.
#[derive(Debug)]
pub(in crate::channel) struct Interruptible {
    interruption: Interruption,
    signals: Signals,
    words: Words,
    mark: ProcessMark,
}

/// What a handle sleeps on.
#[derive(Debug)]
enum Words {
    /// Words of its channel: for messages or room, and for peers.
    OfChannel([View<AtomicU32>; 2]),
    /// A word of its own, where nobody else wakes it.
    Own(AtomicU32),
}

impl Interrupter {
    /// Ends the call of the handle that waits, or the next one that would wait.
    ///
    /// May be called from a signal handler: it takes no lock and no memory, and leaves `errno` as it was. (Making, cloning and dropping an
    /// interrupter may not.) In a child of `fork`, it does nothing. It wakes others that sleep on the same word, who go on sleeping.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mut tx = memlane::spsc::Options::new().private()?.sender()?;
    /// tx.interrupter().interrupt(); // nothing waits: it is for the next call that does
    /// tx.send(b"there is room")?;
    /// assert_eq!(tx.wait_for_peer(Duration::MAX), Err(memlane::WaitForPeerError::Interrupted));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interrupt(&self) {
        let Interruptible { interruption, signals, words, mark } = &*self.0;
        if !mark.is_foreign() {
            preserving_errno(|| interruption.raise(signals, words.all()));
        }
    }

    pub(super) fn of(handle: &Arc<Interruptible>) -> Self {
        Self(Arc::clone(handle))
    }
}

impl Words {
    fn all(&self) -> impl Iterator<Item = &AtomicU32> {
        match self {
            Self::OfChannel([one, other]) => [Some(&**one), Some(&**other)].into_iter().flatten(),
            Self::Own(word) => [Some(word), None].into_iter().flatten(),
        }
    }
}

impl Interruptible {
    /// A handle that sleeps on these words of the region.
    ///
    /// # Panics
    /// If one is no word of it, which is a bug in the engine.
    pub(super) fn on(region: &Arc<Region>, words: [&AtomicU32; 2]) -> Self {
        let words = words.map(|word| View::of_word(region, word).expect("a word of this region"));
        let (signals, mark) = (Signals::of(region, None), region.mark());
        Self { interruption: Interruption::new(), signals, words: Words::OfChannel(words), mark }
    }

    /// A handle that nobody else wakes.
    pub(super) fn alone(region: &Region) -> Self {
        let (signals, words) = (Signals::of_this_process(), Words::Own(AtomicU32::new(0)));
        Self { interruption: Interruption::new(), signals, words, mark: region.mark() }
    }

    /// Whether a call that waits is to end. The answer is given once.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interruption.take()
    }

    /// How it sleeps on the word that is its own. `None`: it has none.
    pub(super) fn own_word(&self) -> Option<(&Signals, &AtomicU32)> {
        match &self.words {
            Words::Own(word) => Some((&self.signals, word)),
            Words::OfChannel(_) => None,
        }
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter").finish_non_exhaustive()
    }
}
