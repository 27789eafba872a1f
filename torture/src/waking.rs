//! How a channel's sleepers are woken, and the promise that semaphores ask for.

#![allow(unsafe_code, reason = "a promise about others is unsafe, and everything else here is not")]

use clap::ValueEnum;
use memlane::{Backend, TrustPeers};
use std::fmt;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Waking {
    Futex,
    Semaphore,
}

impl Waking {
    pub const ALL: [Self; 2] = [Self::Futex, Self::Semaphore];

    pub fn backend(self) -> Backend {
        match self {
            Self::Futex => Backend::Futex,
            Self::Semaphore => Backend::Semaphore,
        }
    }
}

impl fmt::Display for Waking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Futex => "futexes",
            Self::Semaphore => "semaphores",
        })
    }
}

/// Vouches for the workers. Channels are opened with it whatever their backend: only semaphores look at it.
pub fn trust() -> TrustPeers {
    // SAFETY: only this program's processes write to its channels, and by the engine alone: a killed one has written what
    // the engine writes up to there, and nothing else. The channel's folder or name is this run's own. Nobody borrows a
    // message in place.
    unsafe { TrustPeers::promise() }
}
