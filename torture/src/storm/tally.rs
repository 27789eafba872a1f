//! What came of the joins of a storm: counts that its threads and its signal handlers share.

use anyhow::{Result, bail};
use memlane::JoinError;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};

/// Children at a time: more would leave the joins no processor.
const CHILDREN: i64 = 12;

/// What came of the joins, and of the children meanwhile.
pub struct Tally {
    pub is_over: AtomicBool,
    pub joins: AtomicU64,
    /// Somebody was found alive in a channel that everybody had left.
    pub kept: AtomicU64,
    /// A seat was refused that was left before.
    pub taken: AtomicU64,
    pub made: AtomicU64,
    /// Of these, how many were not waited for yet.
    pub alive: AtomicI64,
}

impl Tally {
    pub fn has_room(&self) -> bool {
        self.alive.load(Relaxed) < CHILDREN
    }

    /// So many children were made.
    pub fn made(&self, children: i32) {
        self.made.fetch_add(children as u64, Relaxed);
        self.alive.fetch_add(children.into(), Relaxed);
    }

    /// A seat was asked for that was left before: whether it was refused.
    pub fn joined(&self, joined: Result<(), JoinError>) -> Result<()> {
        self.joins.fetch_add(1, Relaxed);
        match joined {
            Err(JoinError::RoleTaken { .. }) => self.taken.fetch_add(1, Relaxed),
            Err(error) => bail!(error),
            Ok(()) => 0,
        };
        Ok(())
    }
}

/// The storm of this process.
pub static TALLY: Tally = Tally {
    is_over: AtomicBool::new(false),
    joins: AtomicU64::new(0),
    kept: AtomicU64::new(0),
    taken: AtomicU64::new(0),
    made: AtomicU64::new(0),
    alive: AtomicI64::new(0),
};
