//! The eventcount's surroundings in a real process: the channel's fences, and its futexes or semaphores.

use super::eventcount::Parking;
use super::sleepers::{self, Semaphores};
use crate::region::{Moment, SemaphoresView, Signals, Sleep};
use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU32, AtomicU64};

impl Parking for Signals {
    type Until = Moment;

    #[inline]
    fn light_fence(&self) {
        Signals::light_fence(self);
    }

    fn heavy_fence(&self) {
        Signals::heavy_fence(self);
    }

    fn park(&self, word: &AtomicU32, expected: u32, until: Moment) {
        match self.sleep() {
            Sleep::Futex(futex) => futex.wait(word, expected, until),
            Sleep::Semaphores(all) => {
                if let Some(row) = all.row() {
                    sleepers::park(all, row, word, expected, until);
                }
            }
        }
    }

    fn unpark_all(&self, word: &AtomicU32) {
        match self.sleep() {
            Sleep::Futex(futex) => futex.wake_all(word),
            Sleep::Semaphores(all) => sleepers::unpark_all(all, all.rows_on(word)),
        }
    }

    fn unpark_one(&self, word: &AtomicU32) -> bool {
        match self.sleep() {
            Sleep::Futex(futex) => futex.wake_one(word),
            // The word's sequence differs from wake to wake.
            Sleep::Semaphores(all) => sleepers::unpark_one(all, all.rows_on(word), word.load(Relaxed) >> 1),
        }
    }
}

impl Semaphores for SemaphoresView {
    type Until = Moment;

    fn sleepers(&self, index: usize) -> &AtomicU64 {
        self.sleepers(index)
    }

    fn wait(&self, row: u32, until: Moment) {
        self.wait(row, until);
    }

    fn post(&self, row: u32) {
        self.post(row);
    }
}

/// Forgets that the row's last holder slept. For its successor in the seat, and for those that proved it dead.
pub fn forget_sleeper(signals: &Signals, row: u32) {
    if let Sleep::Semaphores(all) = signals.sleep() {
        sleepers::forget(all, row);
    }
}

#[cfg(test)]
mod tests {
    use super::super::eventcount;
    use super::*;
    use crate::layout::{Backend, Geometry, Kind};
    use crate::region::{Clock, CreateSpec, MemoryOptions, Redelivery, Region};
    use std::sync::Arc;
    use std::thread::ScopedJoinHandle;
    use std::time::Duration;

    /// Longer than any wake takes. A sleep that lasts so long was not woken.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Regions with seats for two of each role: a private one, and one that other processes could use.
    fn regions(backend: Backend) -> [Arc<Region>; 2] {
        let geometry = Geometry {
            kind: Kind::Mpmc,
            senders: 2,
            receivers: 2,
            capacity: 0,
            max_message: 8,
            payload_alignment: 8,
            slots: 1,
            priorities: 1,
        };
        let spec = CreateSpec {
            geometry,
            persistent: false,
            redelivery: Redelivery::default(),
            fence: None,
            backend,
            trusts_peers: true,
            type_name: String::new(),
            mode: 0o600,
            memory: MemoryOptions::default(),
        };
        [Region::create_private(&spec).unwrap(), Region::create_anonymous(&spec).unwrap()].map(Arc::new)
    }

    fn everywhere(test: impl Fn(&Arc<Region>)) {
        Backend::ALL.iter().flat_map(|&backend| regions(backend)).for_each(|region| test(&region));
    }

    /// Sleeps on the region's data word as the participant in `row` until woken.
    fn sleep(region: &Arc<Region>, row: u32) {
        let signals = Signals::of(region, Some(row));
        let word = &region.control().data;
        let ticket = eventcount::prepare(&signals, word);
        let deadline = Clock::now().plus(PATIENCE);
        eventcount::sleep(&signals, word, ticket, deadline);
        assert!(Clock::now() < deadline, "woken, not timed out");
    }

    /// Both receivers sleep, until the last of them is woken by `wake`.
    fn wakes_both(wake: fn(&Signals, &AtomicU32) -> bool) {
        everywhere(|region| {
            let waker = Signals::of(region, None);
            std::thread::scope(|scope| {
                let sleepers = [2, 3].map(|row| scope.spawn(move || sleep(region, row)));
                while !sleepers.iter().all(ScopedJoinHandle::is_finished) {
                    wake(&waker, &region.control().data);
                    std::thread::yield_now();
                }
            });
        });
    }

    #[test]
    fn whoever_sleeps_is_woken() {
        wakes_both(eventcount::notify);
    }

    #[test]
    fn one_after_the_other_is_woken() {
        wakes_both(eventcount::notify_one);
    }

    #[test]
    fn who_sleeps_on_which_word() {
        let [region, _] = regions(Backend::Semaphore);
        let signals = Signals::of(&region, None);
        let Sleep::Semaphores(all) = signals.sleep() else { unreachable!("as created") };
        assert_eq!(all.rows_on(&region.control().data), 2..4, "receivers wait for data");
        assert_eq!(all.rows_on(&region.queue().space), 0..2, "senders wait for room");
    }
}
