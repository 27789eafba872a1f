//! Sleeping and waking in a real process: gives the eventcount the channel's fences, and its futexes or semaphores.

use super::eventcount::{self, Parking, Ticket, Wakes};
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

    fn park(&self, word: &AtomicU32, ticket: Ticket, until: Moment) {
        match self.sleep() {
            Sleep::Futex(futex) => futex.wait(word, ticket.expected, until),
            Sleep::Semaphores(all) => {
                if let Some(row) = all.row() {
                    sleepers::park(all, row, word, ticket, until);
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

    fn unpark(&self, word: &AtomicU32, count: u32) -> u32 {
        match self.sleep() {
            Sleep::Futex(futex) => futex.wake(word, count),
            Sleep::Semaphores(all) => {
                sleepers::unpark(all, all.rows_on(word), count, eventcount::sequence(word.load(Relaxed)))
            }
        }
    }
}

impl Semaphores for SemaphoresView {
    type Until = Moment;

    fn sleepers(&self, wakes: Wakes, index: usize) -> &AtomicU64 {
        match wakes {
            Wakes::One => self.sleepers(index),
            Wakes::All => self.sleepers_for_all(index),
        }
    }

    fn wait(&self, row: u32, until: Moment) {
        self.wait(row, until);
    }

    fn post(&self, row: u32) {
        self.post(row);
    }
}

/// Forgets that the row's last holder slept. Called by its successor in the seat, and by the participants that proved it dead.
pub fn forget_sleeper(signals: &Signals, row: u32) {
    if let Sleep::Semaphores(all) = signals.sleep() {
        sleepers::forget(all, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Backend, Geometry};
    use crate::region::{Clock, CreateSpec, Region};
    use std::sync::Arc;
    use std::thread::ScopedJoinHandle;
    use std::time::Duration;

    /// Longer than any wake takes. A sleep that lasts so long was not woken.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Regions with seats for two of each role: a private one, and one that other processes could use.
    fn regions(backend: Backend) -> [Arc<Region>; 2] {
        let geometry = Geometry::of_a_small_queue(2, 2);
        let spec = CreateSpec { backend, trusts_peers: true, ..CreateSpec::plain(geometry) };
        [Region::create_private(&spec).unwrap(), Region::create_anonymous(&spec).unwrap()].map(Arc::new)
    }

    fn everywhere(test: impl Fn(&Arc<Region>)) {
        Backend::ALL.iter().flat_map(|&backend| regions(backend)).for_each(|region| test(&region));
    }

    /// Sleeps on the region's data word as the participant in `row` until woken.
    fn sleep(region: &Arc<Region>, row: u32, wakes: Wakes) {
        let signals = Signals::of(region, Some(row));
        let word = &region.control().data;
        let ticket = eventcount::prepare(&signals, word, wakes);
        let deadline = Clock::now().plus(PATIENCE);
        eventcount::sleep(&signals, word, ticket, deadline);
        assert!(Clock::now() < deadline, "woken, not timed out");
    }

    /// Has both receivers sleep, and calls `wake` until both are awake.
    fn wakes_both(wake: fn(&Signals, &AtomicU32) -> bool, sleepers: [Wakes; 2]) {
        everywhere(|region| {
            let waker = Signals::of(region, None);
            std::thread::scope(|scope| {
                let rows = [2, 3].into_iter().zip(sleepers);
                let sleepers: Vec<_> =
                    rows.map(|(row, wakes)| scope.spawn(move || sleep(region, row, wakes))).collect();
                while !sleepers.iter().all(ScopedJoinHandle::is_finished) {
                    wake(&waker, &region.control().data);
                    std::thread::yield_now();
                }
            });
        });
    }

    fn one(signals: &Signals, word: &AtomicU32) -> bool {
        eventcount::notify_some(signals, word, 1)
    }

    #[test]
    fn a_wake_up_of_all_wakes_every_sleeper() {
        wakes_both(eventcount::notify, [Wakes::One, Wakes::One]);
        wakes_both(eventcount::notify, [Wakes::One, Wakes::All]);
    }

    #[test]
    fn behind_the_last_sleeper_a_wake_up_of_some_leaves_no_flag() {
        fn two(signals: &Signals, word: &AtomicU32) -> bool {
            eventcount::notify_some(signals, word, 2)
        }
        wakes_both(two, [Wakes::One, Wakes::One]);
        everywhere(|region| {
            let (signals, word) = (Signals::of(region, Some(2)), &region.control().data);
            let _ = eventcount::prepare(&signals, word, Wakes::One);
            assert!(!two(&signals, word), "nobody sleeps");
            let flags = word.load(Relaxed).wrapping_sub(eventcount::sequence(word.load(Relaxed)) << 3);
            assert_eq!(flags, 0);
        });
    }

    #[test]
    fn wake_ups_of_one_wake_one_after_the_other() {
        wakes_both(one, [Wakes::One, Wakes::One]);
    }

    #[test]
    fn one_sleeper_that_asks_for_all_has_all_woken_at_once() {
        wakes_both(one, [Wakes::One, Wakes::All]);
        wakes_both(one, [Wakes::All, Wakes::All]);
    }

    #[test]
    fn receivers_sleep_on_data_senders_on_space_and_both_on_arrivals() {
        let [region, _] = regions(Backend::Semaphore);
        let signals = Signals::of(&region, None);
        let Sleep::Semaphores(all) = signals.sleep() else { unreachable!("as created") };
        assert_eq!(all.rows_on(&region.control().data), 2..4, "receivers wait for data");
        assert_eq!(all.rows_on(&region.queue().space), 0..2, "senders wait for room");
        assert_eq!(all.rows_on(&region.control().arrivals), 0..4, "either role waits for the other");
    }
}
