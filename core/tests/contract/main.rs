//! The contract: what every channel kind does, with either way of waking, wherever the channel lives, whoever the peer is.
//!
//! It is said once, by functions over the engine's generic types, and each runs over kind × backend × (named, anonymous, private)
//! × (threads, processes). A later kind joins by its row in `kinds`.
//!
//! - `transfer`, `batches`, `waiting`, `endings`, `handles`, `deaths`: the behaviours. `stage`: the channel of a test, and the other side in it.
//! - `kinds`: the row of each kind. `case`: one of the other combinations, and the macros that make a test of each.
//! - `watch`, `signals`: the same for the kinds without messages, in so far as they do the same.
//! - `peer`: the other side, as a thread or as a process.

#[path = "../support/mod.rs"]
mod support;

#[macro_use]
mod case;
mod batches;
mod deaths;
mod endings;
mod handles;
mod kinds;
mod peer;
mod signals;
mod stage;
mod transfer;
mod waiting;
mod watch;

/// Another process's part: which kind, and what it does there.
#[test]
fn child_part() {
    support::child::play(PARTS);
}

/// The kinds' names, and what a process of each does.
macro_rules! parts {
    ({} $($kind:ident $name:ident;)*) => {
        &[$((stringify!($name), stage::play::<memlane::generic::$kind>),)* ("watch", watch::play), ("semaphore", signals::play_semaphore), ("event", signals::play_event)]
    };
}

const PARTS: &[(&str, support::child::Part)] = memlane::with_kinds!(parts {});
