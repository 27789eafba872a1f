//! The kinds of channel: one file each, and the list of them.

mod mpmc;
mod spsc;

use crate::corrupt::Corruptible;
use crate::faults::Refused;
use clap::{ArgMatches, Args, Command, FromArgMatches};

/// A kind that every tool takes.
pub trait Tortured: Corruptible + Refused {}

impl<K: Corruptible + Refused> Tortured for K {}

const KINDS: &[&dyn Tortured] = &[&spsc::Spsc, &mpmc::Mpmc];

/// All of them, as a tool sees them.
pub fn all<T>(seen: fn(&'static dyn Tortured) -> T) -> Vec<T> {
    KINDS.iter().copied().map(seen).collect()
}

/// The arguments of all kinds that say what their channels are like, as they were given.
pub struct Shapes(pub ArgMatches);

impl Args for Shapes {
    fn augment_args(command: Command) -> Command {
        KINDS.iter().fold(command, |command, kind| kind.arguments(command))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Shapes {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
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
