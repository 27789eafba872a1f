//! The contract: what every channel kind does, with either way of waking, wherever the channel lives, whoever the peer is.
//!
//! It is said once, by functions over the engine's generic types, and each runs over kind × backend × (named, anonymous, private)
//! × (threads, processes). A later kind joins by its row in `kinds`.
//!
//! - `transfer`, `batches`, `waiting`, `endings`, `deaths`: the behaviours. `stage`: the channel of a test, and the other side in it.
//! - `kinds`: the list of kinds. `case`: one of the other combinations, and the macros that make a test of each.
//! - `peer`: the other side, as a thread or as a process.

#[path = "../support/mod.rs"]
mod support;

mod batches;
mod case;
mod deaths;
mod endings;
mod kinds;
mod peer;
mod stage;
mod transfer;
mod waiting;

/// Another process's part: which kind, and what it does there.
#[test]
fn child_part() {
    support::child::play(PARTS);
}

/// What a process of each kind does.
const PARTS: &[(&str, support::child::Part)] = kinds::with_kinds! { parts };

#[test]
fn every_kind_of_the_engine_is_in_the_list() {
    let names: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, memlane::Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>());
}
