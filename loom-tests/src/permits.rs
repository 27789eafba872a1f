//! A semaphore's words made of loom's parts, and what its participants do with permits.
//!
//! What a single permit protects is a loom cell: loom itself reports a holder that touches it while another one does, or to which the
//! last holder's release is not visible.

use crate::departed::{self, Dead, first_life, live};
use crate::explore::Witness;
use crate::parking::{Backend, Event};
use loom::cell::Cell;
use memlane::layout::{PermitWord, PoolWord, RowIndex};
use memlane::ring::permits::{Holding, Many, PermitMemory, Semaphore};
use memlane::sync::AtomicU64;
use memlane::wait::eventcount::Wakes;
use std::rc::Rc;

/// Rows of the models' participants.
const ROWS: u16 = 4;

/// The words of a semaphore, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomPermits(Rc<Words>);

#[derive(Debug)]
struct Words {
    places: Vec<AtomicU64>,
    pool: AtomicU64,
    rows: Vec<AtomicU64>,
    protected: Cell<u64>,
    event: Event,
}

impl PermitMemory for LoomPermits {
    fn places(&self) -> u32 {
        self.0.places.len() as u32
    }

    fn place(&self, index: u32) -> &AtomicU64 {
        &self.0.places[index as usize]
    }

    fn pool(&self) -> &AtomicU64 {
        &self.0.pool
    }
}

impl LoomPermits {
    /// So many places, none with a permit, and so many permits in the pool. Nobody sleeps in this model.
    pub fn new(places: u32, permits: u64) -> Self {
        Self::with(places, permits, Backend::Futex, &Witness::of("nobody sleeps"))
    }

    /// The same, where whoever sleeps is seen by the witness.
    pub fn with(places: u32, permits: u64, backend: Backend, sleep: &Witness) -> Self {
        Self(Rc::new(Words {
            places: (0..places).map(|_| AtomicU64::new(PermitWord::from_bits(0).bits())).collect(),
            pool: AtomicU64::new(PoolWord::fresh(permits).bits()),
            rows: (0..ROWS).map(|row| AtomicU64::new(live(first_life(row)).bits())).collect(),
            protected: Cell::new(0),
            event: Event::new(backend, sleep),
        }))
    }

    /// The semaphore as the participant in this row uses it.
    pub fn of(&self, row: u16) -> Semaphore<Self> {
        Semaphore::new(self.clone(), RowIndex(row))
    }

    /// Touches what the only permit protects.
    pub fn touch(&self) {
        self.0.protected.set(self.0.protected.get() + 1);
    }

    /// Takes a permit if there is one, touches what it protects, and gives it back. Returns whether there was one.
    pub fn use_once(&self, row: u16) -> bool {
        let semaphore = self.of(row);
        let Some(holding) = semaphore.acquire(0).expect("sound") else { return false };
        self.touch();
        semaphore.release(holding).expect("its own");
        true
    }

    /// Waits for a permit.
    pub fn wait(&self, row: u16) -> Holding {
        let semaphore = self.of(row);
        self.0.event.wait(|| semaphore.acquire(0).expect("sound"))
    }

    /// Waits for so many at once.
    pub fn wait_for(&self, row: u16, count: u32) -> Vec<Holding> {
        let semaphore = self.of(row);
        self.0.event.wait_taking(Wakes::All, || {
            let mut holdings = Vec::new();
            match semaphore.acquire_many(count, 0, &mut holdings).expect("sound") {
                Many::Acquired => Some(holdings),
                Many::TooFew => None,
                Many::GivenBack(permits) => {
                    self.0.event.notify_some(permits);
                    None
                }
            }
        })
    }

    /// Gives these back, and tells.
    pub fn give_back(&self, row: u16, holdings: &[Holding]) {
        for &holding in holdings {
            self.of(row).release(holding).expect("its own");
        }
        self.0.event.notify_some(holdings.len() as u32);
    }

    /// Uses a permit up, and tells.
    pub fn forget(&self, row: u16, holding: Holding) {
        self.of(row).forget(holding).expect("its own");
        self.0.event.notify_some(1);
    }

    /// Adds permits, and tells.
    pub fn add(&self, row: u16, permits: u32) {
        self.of(row).add(permits.into()).expect("few enough");
        self.0.event.notify_some(permits);
    }

    /// Frees what the one in row `dead` held, if its first life is not reaped yet: it is over. Others may do so at the same time.
    pub fn reap(&self, reaper: u16, dead: u16) {
        let rows = &self.0.rows[..];
        let dead = Dead::among(rows, &[dead]);
        if dead.is_empty() {
            return;
        }
        self.of(reaper).reap(&dead).expect("the dead leave a sound semaphore");
        dead.bury();
    }

    /// The same, and tells those that sleep.
    pub fn reap_and_tell(&self, reaper: u16, dead: u16) {
        self.reap(reaper, dead);
        self.0.event.notify();
    }

    /// Takes the seat of one that was reaped. Returns whether it was free.
    pub fn take_seat(&self, row: u16) -> bool {
        departed::sit_down(&self.0.rows, row)
    }

    /// How many permits nobody has, and how many somebody has. Exact once nobody moves any.
    pub fn count(&self) -> (u64, u64) {
        let census = self.of(0).census().expect("sound");
        (census.available(), census.held)
    }
}
