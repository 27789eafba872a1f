//! What there is to know about one public call, besides how it is made.

use super::family::Family;
use super::ground::Ground;
use super::stage::Stage;
use crate::steps::scenario::State;
use anyhow::Result;

/// One public call.
#[derive(Debug)]
pub struct Call {
    pub name: &'static str,
    /// Where it is made; `None`: there is no channel yet.
    pub ground: Option<Ground>,
    pub family: Family,
    pub act: fn(&mut Stage) -> Result<()>,
    /// What the system refuses all the time: system calls, by their labels, and the error.
    pub refused: &'static [(&'static str, i32)],
    /// It takes part in sleeping or waking, so that it is another one over each backend.
    pub sleeps: bool,
    /// More system calls than it makes, whatever fails; the general bound if there is none.
    pub calls_max: Option<usize>,
}

impl Call {
    pub const fn new(
        name: &'static str,
        ground: Option<Ground>,
        family: Family,
        act: fn(&mut Stage) -> Result<()>,
    ) -> Self {
        Self { name, ground, family, act, refused: &[], sleeps: false, calls_max: None }
    }

    pub const fn refused(self, refused: &'static [(&'static str, i32)]) -> Self {
        Self { refused, ..self }
    }

    pub const fn sleeps(self) -> Self {
        Self { sleeps: true, ..self }
    }

    pub const fn at_most(self, calls_max: usize) -> Self {
        Self { calls_max: Some(calls_max), sleeps: true, ..self }
    }
}

/// Nobody is in it, and no message.
pub const EMPTY: Option<Ground> = Some(Ground::Left(State::Empty));
pub const ONE: Option<Ground> = Some(Ground::Left(State::One));
pub const FULL: Option<Ground> = Some(Ground::Left(State::Full));
pub const DEAD: Option<Ground> = Some(Ground::Dead);
pub const STALE: Option<Ground> = Some(Ground::Stale);
pub const DAMAGED: Option<Ground> = Some(Ground::Damaged);

/// An old kernel, or a filesystem with little to it.
pub const BARE: &[(&str, i32)] = &[
    ("openat of an unnamed file", libc::EOPNOTSUPP),
    ("fallocate", libc::EOPNOTSUPP),
    ("membarrier: register", libc::ENOSYS),
];
