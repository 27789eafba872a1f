//! Which channels a tool takes: every kind over every backend, unless its user wants only some. In a quick form, kinds and backends
//! take turns.

use crate::subject::Kind;
use crate::waking::Waking;
use anyhow::{Context, Result, ensure};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

#[derive(Args)]
pub struct Selection {
    /// Only this kind of channel; else all
    #[arg(long, value_parser = parser())]
    kind: Option<memlane::Kind>,
    /// Only this way of waking sleepers; else both, or in a quick form, one for each kind, as the seed says
    #[arg(long, value_enum)]
    backend: Option<Waking>,
}

impl Selection {
    /// Of these kinds.
    pub fn channels<K: Kind + ?Sized>(&self, kinds: &[&'static K]) -> Result<Vec<(&'static K, Waking)>> {
        let is_wanted = |waking: &Waking| self.backend.is_none_or(|wanted| wanted == *waking);
        let all = self.wanted(kinds)?.into_iter();
        Ok(all.flat_map(|kind| Waking::ALL.into_iter().filter(is_wanted).map(move |waking| (kind, waking))).collect())
    }

    /// Of these kinds, in a quick form: each over one backend. The next seed gives each the other one.
    pub fn turns<K: Kind + ?Sized>(&self, kinds: &[&'static K], seed: u64) -> Result<Vec<(&'static K, Waking)>> {
        let turn = |kind: &K| Waking::ALL[(seed.wrapping_add(kind.facts().row()) % Waking::ALL.len() as u64) as usize];
        let all = self.wanted(kinds)?.into_iter();
        Ok(all.map(|kind| (kind, self.backend.unwrap_or_else(|| turn(kind)))).collect())
    }

    /// The same where a kind takes long: each over one backend, and [some] of the kinds.
    pub fn turns_of_some<K: Kind + ?Sized>(
        &self,
        kinds: &[&'static K],
        seed: u64,
    ) -> Result<Vec<(&'static K, Waking)>> {
        self.turns(&some(self.kind, kinds, seed), seed)
    }

    /// Those of these kinds that are wanted. A tool that does not take the one that is must not seem to have done its work.
    fn wanted<K: Kind + ?Sized>(&self, kinds: &[&'static K]) -> Result<Vec<&'static K>> {
        let all: Vec<_> = wanted(self.kind, kinds).collect();
        ensure!(!all.is_empty(), "this tool does not take that kind");
        Ok(all)
    }
}

/// Of these kinds, the one that is wanted; else all.
pub fn wanted<K: Kind + ?Sized>(one: Option<memlane::Kind>, kinds: &[&'static K]) -> impl Iterator<Item = &'static K> {
    kinds.iter().copied().filter(move |kind| one.is_none_or(|wanted| wanted == kind.facts().kind))
}

/// So many kinds at a time, where a quick form does not take all of them.
const SOME: usize = 2;

/// Of these kinds, the one that is wanted; else two that follow each other, by the seed. The next seed begins one further.
pub fn some<K: Kind + ?Sized>(one: Option<memlane::Kind>, kinds: &[&'static K], seed: u64) -> Vec<&'static K> {
    let mut turn: Vec<_> = wanted(one, kinds).collect();
    let first = seed.checked_rem(turn.len() as u64).unwrap_or(0);
    turn.rotate_left(first as usize);
    turn.truncate(SOME);
    turn
}

/// Of these kinds, this one.
pub fn named<K: Kind + ?Sized>(one: memlane::Kind, kinds: &[&'static K]) -> Result<&'static K> {
    wanted(Some(one), kinds).next().with_context(|| format!("{} is in no list of kinds", one.name()))
}

/// Reads the name of a kind.
pub fn parser() -> impl TypedValueParser<Value = memlane::Kind> {
    let names = memlane::Kind::ALL.iter().map(|kind| kind.name());
    PossibleValuesParser::new(names).try_map(|name| memlane::Kind::from_name(&name).ok_or("there is no such kind"))
}
