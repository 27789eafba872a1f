//! The kinds of channel: a row each, in a file of its own, and the list of them.

mod mpmc;
mod mpsc;
mod spsc;

use crate::corrupt::Corruptible;
use crate::fans::{Broadcast, Fan};
use crate::faults::Refused;
use crate::steps::Steppable;
use crate::subject::Kind;
use crate::values::Watch;

/// A kind that every tool takes.
pub trait Tortured: Corruptible + Refused {}

impl<K: Corruptible + Refused> Tortured for K {}

const KINDS: &[&dyn Tortured] = &[&spsc::Spsc, &mpmc::Mpmc, &mpsc::Mpsc];

/// All of them, as a tool sees them.
pub fn all<T>(seen: fn(&'static dyn Tortured) -> T) -> Vec<T> {
    KINDS.iter().copied().map(seen).collect()
}

/// All of them, and those that only some tools take: the one that carries no messages, and the one whose messages go to all.
pub fn all_that_are_killed() -> Vec<&'static dyn Kind> {
    let mut kinds = all(|kind| kind as &dyn Kind);
    kinds.extend([&Watch as &dyn Kind, &Broadcast]);
    kinds
}

/// The same.
pub fn all_that_are_damaged() -> Vec<&'static dyn Corruptible> {
    let mut kinds = all(|kind| kind as &dyn Corruptible);
    kinds.extend([&Watch as &dyn Corruptible, &Broadcast]);
    kinds
}

/// All to which system calls are refused: the same without the one whose messages go to all, as its calls are those of a lane.
pub fn all_that_are_refused() -> Vec<&'static dyn Refused> {
    let mut kinds = all(|kind| kind as &dyn Refused);
    kinds.push(&Watch);
    kinds
}

/// All that are stepped: the same as those that are killed.
pub fn all_that_are_stepped() -> Vec<&'static dyn Steppable> {
    let mut kinds = all(|kind| kind as &dyn Steppable);
    kinds.extend([&Watch as &dyn Steppable, &Fan]);
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::{Selection, named, some};
    use crate::waking::Waking;
    use clap::Parser;

    #[test]
    fn every_kind_of_the_engine_is_in_the_list() {
        let kinds = all_that_are_killed();
        // Those that are called, and those that carry signals, are killed by tests of the engine: `rpc_deaths`, and `semaphore` with `MEMLANE_KILLS`.
        let elsewhere = [memlane::Kind::Rpc, memlane::Kind::Semaphore, memlane::Kind::Event];
        for &kind in memlane::Kind::ALL.iter().filter(|kind| !elsewhere.contains(kind)) {
            assert_eq!(named(kind, &kinds).unwrap().name(), kind.name());
        }
    }

    #[test]
    fn in_a_quick_form_kinds_and_backends_take_turns() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            channels: Selection,
        }
        let kinds = all(|kind| kind as &dyn Kind);
        let turns = |line: &[&str], seed| {
            let Line { channels } = Line::parse_from(line);
            channels
                .turns(&kinds, seed)
                .unwrap()
                .into_iter()
                .map(|(kind, waking)| (kind.name(), waking))
                .collect::<Vec<_>>()
        };
        let [one, next] = [u64::MAX, 0].map(|seed| turns(&["torture"], seed));
        assert_eq!(one.len(), kinds.len());
        assert!(one.iter().zip(&next).all(|(one, next)| one.0 == next.0 && one.1 != next.1), "{one:?}, then {next:?}");
        assert!(Waking::ALL.iter().all(|waking| one.iter().any(|channel| channel.1 == *waking)), "{one:?}");
        assert_eq!(turns(&["torture", "--kind", "spsc", "--backend", "semaphore"], 0), [("spsc", Waking::Semaphore)]);
        assert_eq!(turns(&["torture", "--kind", "spsc", "--backend", "semaphore"], 1), [("spsc", Waking::Semaphore)]);
    }

    #[test]
    fn two_kinds_at_a_time_are_all_kinds_in_time() {
        let kinds = all_that_are_killed();
        let names = |one, seed| some(one, &kinds, seed).iter().map(|kind| kind.name()).collect::<Vec<_>>();
        let turns: Vec<_> =
            (u64::MAX - 1..=u64::MAX).chain(0..kinds.len() as u64).map(|seed| names(None, seed)).collect();
        assert!(turns.iter().all(|turn| turn.len() == 2), "{turns:?}");
        for kind in &kinds {
            assert!(turns.iter().any(|turn| turn.contains(&kind.name())), "{} in {turns:?}", kind.name());
            assert_eq!(names(Some(kind.facts().kind), 7), [kind.name()]);
        }
    }
}
