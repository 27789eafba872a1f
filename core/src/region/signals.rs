//! Fences and futexes, as one channel needs them.

use super::sys::{self, Moment};
use crate::layout::FenceMode;
use crate::sync::Ordering::SeqCst;
use crate::sync::{AtomicU32, compiler_fence, fence};

/// How the participants of a channel order and wake each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signals {
    asymmetric: bool,
    process_private: bool,
}

impl Signals {
    /// `process_private`: nobody outside this process ever sleeps on this channel's words.
    pub(super) fn new(mode: FenceMode, process_private: bool) -> Self {
        Self { asymmetric: mode == FenceMode::Asymmetric, process_private }
    }

    /// The cheap side of the store→load fence: nothing but a compiler fence where the sleeper pays by `membarrier`.
    #[inline]
    pub(crate) fn light_fence(self) {
        if self.asymmetric {
            compiler_fence(SeqCst);
        } else {
            fence(SeqCst);
        }
    }

    /// The expensive side. In asymmetric mode it makes every running thread of every registered process pass a full
    /// fence. Should the kernel refuse that at run time, sleeping in slices covers for it.
    pub(crate) fn heavy_fence(self) {
        fence(SeqCst);
        if self.asymmetric {
            sys::membarrier();
            fence(SeqCst);
        }
    }

    /// Sleeps while `word` is `expected`, at the longest until `until`. Returns early when interrupted.
    pub(crate) fn wait(self, word: &AtomicU32, expected: u32, until: Moment) {
        sys::futex_wait(word, expected, until, self.process_private);
    }

    /// Wakes one of those who sleep on `word`. Whether there was one.
    pub(crate) fn wake_one(self, word: &AtomicU32) -> bool {
        sys::futex_wake(word, 1, self.process_private) > 0
    }

    /// Wakes all who sleep on `word`.
    pub(crate) fn wake_all(self, word: &AtomicU32) {
        sys::futex_wake(word, i32::MAX as u32, self.process_private);
    }
}
