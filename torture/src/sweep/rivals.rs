//! Rivals: somebody else who stands still inside an operation, alive, while the process is stepped, and dies.
//!
//! ```text
//! the rival, alone:  stepped; after each change of the file, survivors say what a death there leaves: what it sent, and holds
//! with a rival:      rival ─ mark ─ step · step ┤ stands still                                     ├ goes on ─ ends
//!                    the process ─ mark ─ step · step · step ─ copies, of two dead; SIGKILL ─ others ┘
//! ```
//!
//! On a copy, nobody holds a lock: both are dead, and what the rival's own death leaves there must come, whatever the process
//! did. In a real kill the rival lives: the others have everything but what it holds, then it goes on to its end, and the
//! accounts of all are compared. There it also stands where it has read and not yet written: what it saw may be outdated.

use super::deaths::{Deaths, Remains, Stepped};
use super::{Options, Totals};
use crate::random::Random;
use crate::scratch::Scratch;
use crate::steps::access::Accesses;
use crate::steps::account::Account;
use crate::steps::acts;
use crate::steps::image::Watch;
use crate::steps::scenario::{Kind, Operation, RIVAL, RIVAL_ACTS, Scenario, State};
use crate::steps::survivor::{Delivered, survive};
use crate::stop::around;
use crate::stop::points::Task;
use crate::stop::verdict::{Accounts, got, sent};
use crate::tracer::{Forked, Stop};
use crate::waking::Waking;
use anyhow::{Context, Result, bail, ensure};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// Who stands still.
pub struct Rival {
    scenario: Scenario,
    /// After so many changes of the file, and so many instructions behind the last.
    changes: usize,
    beyond: u64,
    /// How many messages it sent until then.
    pub sent: u64,
    /// The numbers of the messages that it holds there.
    held: Vec<u64>,
    /// What it did.
    account: Account,
    /// What those did who went on around it.
    others: Account,
}

/// Where a rival may stand.
struct Place {
    /// After how many instructions the file changed.
    after: u64,
    /// How many changes there were before.
    changes: usize,
    /// What the survivors of its death there got.
    left: Vec<Delivered>,
    /// From there to the next change: how many instructions further it is about to touch the file.
    accesses: Vec<u64>,
}

/// Places are this far apart if it is to be quick, and so are operations.
const QUICK_PLACES: usize = 8;
const QUICK_OPERATIONS: usize = 5;

/// Real kills of an operation for each place, besides the one at its end and one for each access.
const KILLS: u64 = 2;

/// All operations around rivals of a kind.
pub fn sweep(
    options: &Options,
    kind: Kind,
    waking: Waking,
    scratch: &Scratch,
    random: &mut Random,
    all: &mut Totals,
) -> Result<()> {
    println!(
        "{:18} {:24} {:>7} {:>12} {:>8} {:>8}",
        "operation", "a rival stands in", "places", "instructions", "files", "kills"
    );
    for act in RIVAL_ACTS {
        let mut places: Option<Vec<Place>> = None;
        let shift = random.below(QUICK_OPERATIONS as u64) as usize;
        for (number, first) in Scenario::around(kind, act, 0).into_iter().enumerate() {
            let left_out = options.quick && options.only.is_empty() && number % QUICK_OPERATIONS != shift;
            if left_out || !first.to_string().contains(&options.only) {
                continue;
            }
            let places = match &mut places {
                Some(places) => places,
                none => none.insert(find_places(kind, act, waking, scratch)?),
            };
            let step = if options.quick { QUICK_PLACES } else { 1 };
            let skipped = random.below(step.min(places.len()) as u64) as usize;
            let (mut taken, mut totals) = (0, Totals::default());
            for place in places.iter().skip(skipped).step_by(step) {
                let scenario = Scenario { state: State::Rival { act, after: place.after }, ..first };
                sweep_place(options, scenario, place, waking, scratch, random, &mut totals)
                    .with_context(|| format!("{scenario}, {waking}"))?;
                taken += 1;
            }
            let Totals { points, states, kills, .. } = totals;
            println!("{:18} {act:24} {taken:7} {points:12} {states:8} {kills:8}", first.operation);
            all.add(&totals);
        }
    }
    Ok(())
}

/// One operation around a rival that stands there.
fn sweep_place(
    options: &Options,
    scenario: Scenario,
    place: &Place,
    waking: Waking,
    scratch: &Scratch,
    random: &mut Random,
    totals: &mut Totals,
) -> Result<()> {
    let mut deaths = Deaths::around(scenario, place, waking, scratch)?;
    let stepped = deaths.step_through()?;
    let end = stepped.steps + 1;
    let points = if options.quick {
        vec![anywhere(&stepped, random)]
    } else {
        (0..KILLS).map(|_| anywhere(&stepped, random)).chain([end]).collect()
    };
    kill_at(&mut deaths, &points, &stepped)?;
    totals.kills += points.len() as u64;
    let accesses = place.accesses.len().max(1);
    let (step, skipped) = if options.quick { (accesses, random.below(accesses as u64) as usize) } else { (1, 0) };
    for (number, &beyond) in place.accesses.iter().skip(skipped).step_by(step).enumerate() {
        deaths.stand_beyond(beyond);
        let point = if number % 2 == 0 { end } else { anywhere(&stepped, random) };
        let at = || format!("the rival about to touch the file, {beyond} further");
        kill_at(&mut deaths, &[point], &stepped).with_context(at)?;
        totals.kills += 1;
    }
    totals.points += end;
    totals.states += stepped.remains.len() as u64;
    Ok(())
}

/// A rival came by another way than before, since a slice of its time was over meanwhile, and the place where it was to stand
/// still is not on that way.
#[derive(Debug)]
struct Elsewhere;

impl Display for Elsewhere {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("the rival came by another way")
    }
}

impl Error for Elsewhere {}

/// Kills at these points. A rival that came by another way is started again, a few times.
fn kill_at(deaths: &mut Deaths<'_>, points: &[u64], stepped: &Stepped) -> Result<()> {
    const TURNS: u32 = 5;
    for _ in 1..TURNS {
        match deaths.kill_at(points, stepped) {
            Err(error) if error.chain().any(|cause| cause.is::<Elsewhere>()) => {}
            other => return other,
        }
    }
    deaths.kill_at(points, stepped)
}

/// Right behind a change, or right before it.
fn anywhere(stepped: &Stepped, random: &mut Random) -> u64 {
    let change = stepped.remains[random.below(stepped.remains.len() as u64) as usize].steps;
    change.saturating_sub(random.below(2))
}

/// Steps a rival alone: what its death leaves anywhere is checked by that, too.
fn find_places(kind: Kind, act: Operation, waking: Waking, scratch: &Scratch) -> Result<Vec<Place>> {
    let alone = Scenario::of_rival(kind, act);
    let find = || -> Result<Vec<Place>> {
        let mut deaths = Deaths::prepare(alone, waking, scratch)?;
        let Stepped { remains, .. } = deaths.step_through()?;
        let accesses = deaths.accesses()?;
        let ends = remains.iter().skip(1).map(|one| one.steps).chain([u64::MAX]);
        let place = |(changes, (one, end)): (usize, (&Remains, u64))| {
            let between = accesses.iter().filter(|&&at| one.steps < at && at < end).map(|at| at - one.steps);
            Place { after: one.steps, changes, left: one.delivered.clone(), accesses: between.collect() }
        };
        Ok(remains.iter().zip(ends).enumerate().map(place).collect())
    };
    find().with_context(|| format!("{alone}, {waking}"))
}

impl Rival {
    /// Starts it, up to where it stands still.
    pub fn start(&mut self, name: &str) -> Result<Forked> {
        self.account.clear();
        let (scenario, account) = (self.scenario, &mut self.account);
        let mut rival = Forked::start_traced(|| acts::act(&scenario, name, account))?;
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

impl<'a> Deaths<'a> {
    /// Around a rival.
    fn around(scenario: Scenario, place: &Place, waking: Waking, scratch: &'a Scratch) -> Result<Self> {
        let State::Rival { act, .. } = scenario.state else { bail!("no rival") };
        let mut deaths = Self::prepare(scenario, waking, scratch)?;
        let mut queued: Vec<u64> = place.left.iter().map(|one| one.number).collect();
        queued.sort_unstable();
        // What its death leaves with a mark is in its hands.
        let held: Vec<u64> = place.left.iter().filter(|one| one.again).map(|one| one.number).collect();
        ensure!(queued.starts_with(&held), "the rival holds {held:?} of {queued:?}");
        let sent = queued.iter().filter(|&&number| number >= RIVAL).count() as u64;
        deaths.expected = scenario.expectation(queued, held.len());
        deaths.rival = Some(Rival {
            scenario: Scenario::of_rival(scenario.kind, act),
            changes: place.changes,
            beyond: 0,
            sent,
            held,
            account: Account::create(&scratch.path("rival"))?,
            others: Account::create(&scratch.path("others"))?,
        });
        Ok(deaths)
    }

    /// The rival stands so many instructions further from now on, where the file is the same.
    fn stand_beyond(&mut self, beyond: u64) {
        if let Some(rival) = &mut self.rival {
            rival.beyond = beyond;
        }
    }

    /// After how many instructions of the operation the next one touches the file.
    fn accesses(&mut self) -> Result<Vec<u64>> {
        self.stage.before.restore(&self.stage.work())?;
        let mut child = self.stage.start()?;
        let mut watched = Accesses::of(&child, &self.stage.work())?;
        let (mut steps, mut accesses) = (0, Vec::new());
        loop {
            if watched.is_next()? {
                accesses.push(steps);
            }
            if child.step()? == Stop::Mark {
                break;
            }
            steps += 1;
        }
        child.kill();
        self.stage.before.delete(&self.stage.work())?;
        Ok(accesses)
    }

    /// The process is dead, and the rival stands still: others go on around it, then it goes on. Returns what they had, all
    /// together, of what was there before and of what the process sent.
    pub fn go_on_around(&mut self, process: Forked) -> Result<Vec<Delivered>> {
        let (path, name) = (self.stage.work(), self.stage.name());
        let rival = self.rival.as_mut().context("no rival")?;
        let task = Task { scenario: rival.scenario, finds_nothing: false };
        let others = around::join(task, &name, &mut rival.others)?;
        around::go_on(process, Some((others, &rival.others)), None, false)?;
        let rival = self.rival.as_ref().context("no rival")?;
        let (stopped, others) = (rival.account.deeds(), rival.others.deeds());
        let own = self.own_among(&got(&stopped)) + self.own_among(&got(&others));
        let before = self.stage.sent + sent(&stopped).chain(sent(&others)).count() as u64 + own;
        let left = survive(rival.scenario.kind, &path, |left| before + self.own_among(left))?;
        let accounts = Accounts {
            scenario: rival.scenario,
            queued: &self.stage.queued,
            stopped,
            others,
            sleeper: Vec::new(),
            left,
            killed: Some(&self.expected),
        };
        let had = accounts.check()?.had.into_iter();
        let asked = had.filter(|number| self.expected.queued.contains(number) || self.expected.own.contains(number));
        Ok(asked.map(|number| Delivered { number, again: false }).collect())
    }

    /// How many of these the operation sent.
    pub fn own_among(&self, delivered: &[Delivered]) -> u64 {
        delivered.iter().filter(|one| self.expected.own.contains(&one.number)).count() as u64
    }

    /// What a dead rival held comes again, and says so.
    pub fn check_marks(&self, delivered: &[Delivered]) -> Result<()> {
        for number in self.rival.iter().flat_map(|rival| &rival.held) {
            let marked = delivered.contains(&Delivered { number: *number, again: true });
            ensure!(marked, "message {number}, which the rival held, came without a mark");
        }
        Ok(())
    }
}
