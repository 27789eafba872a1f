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
use super::options::{Options, Totals};
use super::rival::{Elsewhere, Place};
use crate::random::Random;
use crate::steps::scenario::{Operation, RIVAL_ACTS, Scenario, State};
use crate::steps::stage::Setting;
use crate::subject::Store;
use anyhow::{Context, Result};

/// Places are this far apart if it is to be quick, and so are operations.
const QUICK_PLACES: usize = 8;
const QUICK_OPERATIONS: usize = 5;

/// Real kills of an operation for each place, besides the one at its end and one for each access.
const KILLS: u64 = 2;

/// All operations around rivals of a kind. A value has none: one sets it, and who has it takes nothing from others. Nor
/// has a broadcast: a receiver takes nothing from others, either.
pub fn sweep(options: &Options, setting: Setting<'_>, random: &mut Random, all: &mut Totals) -> Result<()> {
    if matches!(setting.kind.facts().store, Store::Value | Store::Fan) {
        return Ok(());
    }
    println!(
        "{:18} {:24} {:>7} {:>12} {:>8} {:>8}",
        "operation", "a rival stands in", "places", "instructions", "files", "kills"
    );
    for act in RIVAL_ACTS {
        let mut places: Option<Vec<Place>> = None;
        let shift = random.below(QUICK_OPERATIONS as u64) as usize;
        for (number, first) in Scenario::around(setting.kind.facts(), act, 0).into_iter().enumerate() {
            let left_out = options.quick && options.only.is_empty() && number % QUICK_OPERATIONS != shift;
            if left_out || !first.to_string().contains(&options.only) {
                continue;
            }
            let places = match &mut places {
                Some(places) => places,
                none => none.insert(find_places(setting, act)?),
            };
            let step = if options.quick { QUICK_PLACES } else { 1 };
            let skipped = random.below(step.min(places.len()) as u64) as usize;
            let (mut taken, mut totals) = (0, Totals::default());
            for place in places.iter().skip(skipped).step_by(step) {
                let scenario = Scenario { state: State::Rival { act, after: place.after }, ..first };
                let swept = Deaths::around(setting, scenario, place)
                    .and_then(|deaths| sweep_place(options, deaths, &place.accesses, random, &mut totals));
                swept.with_context(|| format!("{scenario}, {}", setting.waking))?;
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
    mut deaths: Deaths<'_>,
    accesses: &[u64],
    random: &mut Random,
    totals: &mut Totals,
) -> Result<()> {
    let stepped = deaths.step_through()?;
    let end = stepped.steps + 1;
    let points = if options.quick {
        vec![anywhere(&stepped, random)]
    } else {
        (0..KILLS).map(|_| anywhere(&stepped, random)).chain([end]).collect()
    };
    kill_at(&mut deaths, &points, &stepped)?;
    totals.kills += points.len() as u64;
    let count = accesses.len().max(1);
    let (step, skipped) = if options.quick { (count, random.below(count as u64) as usize) } else { (1, 0) };
    for (number, &beyond) in accesses.iter().skip(skipped).step_by(step).enumerate() {
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
fn find_places(setting: Setting<'_>, act: Operation) -> Result<Vec<Place>> {
    let alone = Scenario::of_rival(setting.kind.facts(), act);
    let find = || -> Result<Vec<Place>> {
        let mut deaths = Deaths::prepare(setting, alone)?;
        let Stepped { remains, .. } = deaths.step_through()?;
        let accesses = deaths.accesses()?;
        let ends = remains.iter().skip(1).map(|one| one.steps).chain([u64::MAX]);
        let place = |(changes, (one, end)): (usize, (&Remains, u64))| {
            let between = accesses.iter().filter(|&&at| one.steps < at && at < end).map(|at| at - one.steps);
            Place { after: one.steps, changes, left: one.delivered.clone(), accesses: between.collect() }
        };
        Ok(remains.iter().zip(ends).enumerate().map(place).collect())
    };
    find().with_context(|| format!("{alone}, {}", setting.waking))
}
