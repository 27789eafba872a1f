//! Fences, futexes and semaphores, as one channel needs them.

use super::semaphores::SemaphoresView;
use crate::layout::{Backend, FenceMode};
use crate::region::Region;
use crate::region::location::Place;
use crate::region::sys::{self, Moment, Reach};
use crate::sync::Ordering::SeqCst;
use crate::sync::{AtomicU32, compiler_fence, fence};
use std::sync::Arc;

/// How the participants of a channel order and wake each other.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Where only sleepers pay for the fence: whose threads their fence reaches. `None`: wakers pay, too.
    barrier: Option<Reach>,
    sleep: Sleep,
}

/// What a channel's sleepers sleep on.
#[derive(Debug)]
pub(crate) enum Sleep {
    /// The words themselves.
    Futex(Futex),
    /// Their semaphores.
    Semaphores(SemaphoresView),
}

/// The kernel's futex calls.
#[derive(Debug)]
pub(crate) struct Futex {
    /// Nobody outside this process ever sleeps on this channel's words.
    process_private: bool,
    /// As many as may sleep on one word and take part.
    sleepers_max: u32,
}

impl Signals {
    /// The signals of the participant in this row; without a row, of one that only wakes.
    pub(crate) fn of(region: &Arc<Region>, row: Option<u32>) -> Self {
        let facts = region.facts();
        let sleep = match facts.backend {
            Backend::Futex => Sleep::Futex(Futex::of(region)),
            Backend::Semaphore => Sleep::Semaphores(SemaphoresView::new(region, row)),
        };
        let barrier = (facts.fence == FenceMode::Asymmetric).then(|| region.place().reach());
        Self { barrier, sleep }
    }

    /// Those of words that are this process's own, and no channel's.
    pub(crate) fn of_this_process() -> Self {
        let sleepers_max = Futex::WAKES_MIN;
        Self { barrier: None, sleep: Sleep::Futex(Futex { process_private: true, sleepers_max }) }
    }

    /// The signals of a library thread, which sleeps on the words themselves, whatever the participants sleep on.
    pub(crate) fn of_library_thread(region: &Region) -> Self {
        let barrier = (region.facts().fence == FenceMode::Asymmetric).then(|| region.place().reach());
        Self { barrier, sleep: Sleep::Futex(Futex::of(region)) }
    }

    /// What the sleepers sleep on.
    pub(crate) fn sleep(&self) -> &Sleep {
        &self.sleep
    }

    /// The cheap side of the store→load fence: nothing but a compiler fence where the sleeper pays by `membarrier`.
    #[inline]
    pub(crate) fn light_fence(&self) {
        // Apart, so that the other way is the straight one.
        #[cold]
        #[inline(always)]
        fn full_fence() {
            fence(SeqCst);
        }
        // FENCE waker: for `seen_asleep`.
        if self.barrier.is_some() {
            compiler_fence(SeqCst);
        } else {
            full_fence();
        }
    }

    /// The expensive side. In asymmetric mode it makes every running thread that may be a waker pass a full fence. Should the kernel
    /// refuse that at run time, sleeping in slices covers for it.
    pub(crate) fn heavy_fence(&self) {
        // FENCE sleeper: for `prepare`.
        fence(SeqCst);
        if let Some(reach) = self.barrier {
            sys::membarrier(reach);
            fence(SeqCst);
        }
    }
}

/// What a thread sleeps on that sleeps on several words at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bed<'a> {
    /// How its wakers wake.
    pub(crate) futex: &'a Futex,
    /// The word.
    pub(crate) word: &'a AtomicU32,
    /// What it says while nobody has woken.
    pub(crate) expected: u32,
}

/// As many words as one thread sleeps on.
pub(crate) const BEDS_MAX: usize = sys::FUTEX_WAITS_MAX;

/// Sleeps while all words are as expected, at the longest until `until`. Returns early when interrupted. False: the system does not do that.
pub(crate) fn sleep_on_any<'a>(beds: &[Bed<'a>], until: Moment) -> bool {
    let wait = |bed: &Bed<'a>| sys::FutexWait {
        word: bed.word,
        expected: bed.expected,
        process_private: bed.futex.process_private,
    };
    sys::futex_wait_for_any(&beds.iter().map(wait).collect::<Vec<_>>(), until)
}

/// The expensive side of the fence of one that sleeps in several channels: once for all of them.
pub(crate) fn heavy_fence_of_all<'a>(all: impl Iterator<Item = &'a Signals>) {
    let (mut this_process, mut all_registered) = (false, false);
    for signals in all {
        match signals.barrier {
            Some(Reach::ThisProcess) => this_process = true,
            Some(Reach::AllRegistered) => all_registered = true,
            None => {}
        }
    }
    // FENCE sleeper: for `several::park`. As `Signals::heavy_fence`.
    fence(SeqCst);
    if this_process {
        sys::membarrier(Reach::ThisProcess);
    }
    if all_registered {
        sys::membarrier(Reach::AllRegistered);
    }
    if this_process || all_registered {
        fence(SeqCst);
    }
}

impl Futex {
    /// Of a word of this process's own, on which one thread sleeps.
    pub(crate) const OWN: Self = Self { process_private: true, sleepers_max: 1 };

    /// Where there are few participants, a wake-up of all wakes a few sleepers more than these, should others stand in front of
    /// them.
    const WAKES_MIN: u32 = 64;

    fn of(region: &Region) -> Self {
        Self {
            process_private: matches!(region.place(), Place::Private),
            sleepers_max: region.geometry().participants().max(Self::WAKES_MIN),
        }
    }

    /// Sleeps while `word` is `expected`, at the longest until `until`. Returns early when interrupted.
    pub(crate) fn wait(&self, word: &AtomicU32, expected: u32, until: Moment) {
        sys::futex_wait(word, expected, until, self.process_private);
    }

    /// Wakes up to `count` of the threads that sleep on `word`, and no more than [`Futex::wake_all`] does. Returns how many; `count`
    /// also if others may sleep on.
    pub(crate) fn wake(&self, word: &AtomicU32, count: u32) -> u32 {
        let max = count.min(self.sleepers_max);
        let woken = sys::futex_wake(word, max, self.process_private) as u32;
        if woken < max { woken } else { count }
    }

    /// Wakes all participants that sleep on `word`.
    ///
    /// A process that may only read the file can sleep there, too, with any number of threads, and each wake-up costs the caller
    /// microseconds. So no more are woken than take part. The kernel wakes them in the order in which they went to
    /// sleep: a participant behind a crowd of strangers sleeps on, and looks for itself at the end of its slice.
    pub(crate) fn wake_all(&self, word: &AtomicU32) {
        sys::futex_wake(word, self.sleepers_max, self.process_private);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::layout::Geometry;
    use crate::region::CreateSpec;

    #[test]
    fn sleepers_of_a_private_channel_interrupt_this_process_alone() {
        let spec = CreateSpec::plain(Geometry::of_a_small_queue(1, 1));
        let of = |region: Region| Signals::of(&Arc::new(region), None).barrier;
        assert_eq!(of(Region::create_private(&spec).unwrap()), Some(Reach::ThisProcess));
        assert_eq!(of(Region::create_anonymous(&spec).unwrap()), Some(Reach::AllRegistered));
        let symmetric = CreateSpec { fence: Some(FenceMode::Symmetric), ..spec };
        assert_eq!(of(Region::create_private(&symmetric).unwrap()), None);
    }
}
