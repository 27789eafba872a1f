//! The kinds of channel: a row each, in a file of its own, and the list of them.

mod mpmc;
mod spsc;

use crate::corrupt::Corruptible;
use crate::faults::Refused;

/// A kind that every tool takes.
pub trait Tortured: Corruptible + Refused {}

impl<K: Corruptible + Refused> Tortured for K {}

const KINDS: &[&dyn Tortured] = &[&spsc::Spsc, &mpmc::Mpmc];

/// All of them, as a tool sees them.
pub fn all<T>(seen: fn(&'static dyn Tortured) -> T) -> Vec<T> {
    KINDS.iter().copied().map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::named;
    use crate::subject::Kind;

    #[test]
    fn every_kind_of_the_engine_is_in_the_list() {
        let kinds = all(|kind| kind as &dyn Kind);
        for &kind in memlane::Kind::ALL {
            assert_eq!(named(kind, &kinds).unwrap().name(), kind.name());
        }
    }
}
