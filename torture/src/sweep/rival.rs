//! One rival: where it stands still, and what it has done until then.

use crate::steps::Steppable;
use crate::steps::account::{Account, Delivered};
use crate::steps::image::Watch;
use crate::steps::scenario::{Operation, RIVAL, Scenario};
use crate::steps::stage::Setting;
use crate::tracer::{Forked, Stop};
use anyhow::{Result, ensure};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// The one that stands still.
pub struct Rival {
    pub scenario: Scenario,
    /// After so many changes of the file, and so many instructions behind the last.
    changes: usize,
    pub beyond: u64,
    /// How many messages it sent until then.
    pub sent: u64,
    /// The numbers of the messages that it holds there.
    pub held: Vec<u64>,
    /// What it did.
    pub account: Account,
    /// What those did that went on around it.
    pub others: Account,
}

/// Where a rival may stand.
pub struct Place {
    /// After how many instructions the file changed.
    pub after: u64,
    /// How many changes there were before.
    pub changes: usize,
    /// What the survivors of its death there got.
    pub left: Vec<Delivered>,
    /// From there to the next change: how many instructions further it is about to touch the file.
    pub accesses: Vec<u64>,
}

/// A rival came by another way than before, since a slice of its time was over meanwhile, and the place where it was to stand
/// still is not on that way.
#[derive(Debug)]
pub struct Elsewhere;

impl Display for Elsewhere {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("the rival came by another way")
    }
}

impl Error for Elsewhere {}

impl Rival {
    /// One that does this, and stands there.
    pub fn at(place: &Place, setting: Setting<'_>, act: Operation) -> Result<Self> {
        let numbers = |of: &dyn Fn(&&Delivered) -> bool| place.left.iter().filter(of).map(|one| one.number).collect();
        // What its death leaves with a mark is in its hands.
        let held: Vec<u64> = numbers(&|one| one.again);
        let sent: Vec<u64> = numbers(&|one| one.number >= RIVAL);
        Ok(Self {
            scenario: Scenario::of_rival(setting.kind.facts(), act),
            changes: place.changes,
            beyond: 0,
            sent: sent.len() as u64,
            held,
            account: Account::create(&setting.scratch.path("rival"))?,
            others: Account::create(&setting.scratch.path("others"))?,
        })
    }

    /// Starts it, up to where it stands still.
    pub fn start(&mut self, kind: &dyn Steppable, name: &str) -> Result<Forked> {
        self.account.clear();
        let (scenario, account) = (self.scenario, &mut self.account);
        let mut rival = Forked::start_traced(|| kind.act(&scenario, name, account))?;
        let mut watch = Watch::start(Path::new(name))?;
        let (mut changes, mut beyond) = (0, 0);
        watch.take();
        // Who finds no room at first waits a while: not the number of instructions is the same each time, but what they do.
        while (changes, beyond) < (self.changes, self.beyond) {
            ensure!(rival.step()? == Stop::Step, Elsewhere);
            beyond += 1;
            if watch.changed() {
                watch.take();
                (changes, beyond) = (changes + 1, 0);
            }
        }
        ensure!(changes == self.changes, Elsewhere);
        Ok(rival)
    }
}
