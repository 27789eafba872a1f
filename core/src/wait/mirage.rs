//! For tests: a wait in which every glance promises something, and no attempt finds anything.

use super::eventcount::{Parking, Ticket};
use super::interrupt::{Interrupted, Interruption};
use super::waiting::{Waiter, Waiting};
use super::{Pace, Patience, Strategy, Taken};
use crate::region::{Clock, Moment};
use crate::sync::AtomicU32;
use std::cell::Cell;
use std::time::Duration;

pub(super) const STRATEGIES: [Strategy; 4] =
    [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park];

/// Counts the fences and the sleeps of a wait.
#[derive(Debug, Default)]
pub(super) struct Bench {
    pub fences: Cell<u32>,
    pub sleeps: Cell<u32>,
}

impl Parking for Bench {
    type Until = Moment;

    fn light_fence(&self) {}

    fn heavy_fence(&self) {
        self.fences.set(self.fences.get() + 1);
    }

    fn park(&self, _: &AtomicU32, _: Ticket, _: Moment) {
        self.sleeps.set(self.sleeps.get() + 1);
    }

    fn unpark_all(&self, _: &AtomicU32) {}

    fn unpark(&self, _: &AtomicU32, _: u32) -> u32 {
        0
    }
}

/// A participant whose clock moves only when the test moves it.
#[derive(Debug)]
pub(super) struct Wanderer {
    patience: Patience,
    pub bench: Bench,
    pub now: Moment,
    pub interruption: Interruption,
}

impl From<Interrupted> for () {
    fn from(_: Interrupted) {}
}

impl Waiter for Wanderer {
    type Trouble = ();
    type Parking = Bench;

    fn parking(&self) -> &Bench {
        &self.bench
    }

    fn patience(&self) -> &Patience {
        &self.patience
    }

    fn patience_mut(&mut self) -> &mut Patience {
        &mut self.patience
    }

    fn slice_ended(&mut self) -> Result<(), ()> {
        self.patience.begin_slice(self.now);
        Ok(())
    }

    fn is_interrupted(&self) -> bool {
        self.interruption.take()
    }

    fn count_park(&mut self) {}

    fn now(&self) -> Moment {
        self.now
    }
}

/// A wait in which every glance says yes and every attempt finds nothing. Each attempt takes one step of time.
#[derive(Debug)]
pub(super) struct Mirage {
    pub wanderer: Wanderer,
    word: AtomicU32,
    step: Duration,
    pub attempts: u32,
    /// How many of them were slow ones.
    pub slow_attempts: u32,
    pub glances: Cell<u32>,
    pace: Pace,
    /// How often the wait asked for the pace.
    pub paced: u32,
}

impl Mirage {
    pub fn new(strategy: Strategy, step: Duration) -> Self {
        let mut patience = Patience::new();
        patience.set_strategy(strategy);
        let wanderer =
            Wanderer { patience, bench: Bench::default(), now: Clock::now(), interruption: Interruption::new() };
        Self {
            wanderer,
            word: AtomicU32::new(0),
            step,
            attempts: 0,
            slow_attempts: 0,
            glances: Cell::new(0),
            pace: Pace::new(1 << 20),
            paced: 0,
        }
    }
}

impl Waiting for Mirage {
    type Output = ();
    type Error = ();
    type Waiter = Wanderer;

    fn attempt(&mut self) -> Result<Option<()>, ()> {
        self.attempts += 1;
        self.wanderer.now = self.wanderer.now.plus(self.step);
        Ok(None)
    }

    fn attempt_slow(&mut self) -> Result<Option<()>, ()> {
        self.slow_attempts += 1;
        self.attempt()
    }

    fn glance(&self) -> bool {
        self.glances.set(self.glances.get() + 1);
        true
    }

    fn word(&self) -> &AtomicU32 {
        &self.word
    }

    fn waiter(&self) -> &Wanderer {
        &self.wanderer
    }

    fn waiter_mut(&mut self) -> &mut Wanderer {
        &mut self.wanderer
    }

    fn count_in_vain(&mut self) {}

    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        self.paced += 1;
        Some((&mut self.pace, Taken::default()))
    }
}
