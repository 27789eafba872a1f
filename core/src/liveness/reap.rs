//! Finding the dead, and settling what they held.
//!
//! ```text
//! 1  load the rows: which say Live                     Acquire
//! 2  ask the kernel which of those lives are over      a stable fact: a life that is over stays over
//! 3  settle what all of them held, in one pass
//! 4  each row: Live(l) → Dead(l) by a CAS · announce
//! ```
//!
//! Nobody owns this, and nothing is locked. Any number of participants may do it at once, and stop or die anywhere: a row
//! says Live until everything its holder held is settled, so the next look does the rest. A helper that is late fails at its
//! second look at the row, or at its CAS: see `ring/slots/reap.rs`.
//!
//! A participant that dies between changing a row and announcing it leaves a change that nobody is told of. So whoever looks
//! for the dead compares a sum over all rows with the sum that was announced last.

use super::rows::{Settle, announce, every_row, row_state, rows_of};
use super::word;
use crate::error::Corruption;
use crate::layout::{ParticipantState, Role, RowIndex, RowState};
use crate::region::{LockQuery, Region, Signals};
use crate::ring::slots::Departed;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::sync::planted;
use crate::wait::forget_sleeper;
use std::io;
use std::sync::Arc;

/// Participants that are dead, and what their rows say.
#[derive(Debug)]
pub(crate) struct Dead<'a> {
    region: &'a Region,
    /// By row: its word, or 0 for a row that this is not about.
    words: Vec<u64>,
}

impl<'a> Dead<'a> {
    fn none(region: &'a Region) -> Self {
        Self { region, words: vec![0; region.geometry().participants() as usize] }
    }

    /// The participant in this row: one that leaves, and may have forgotten what it holds.
    pub(super) fn only(region: &'a Region, row: u32) -> Self {
        let mut dead = Self::none(region);
        dead.words[row as usize] = region.row(row).state.load(Acquire);
        dead
    }

    fn rows(&self) -> impl Iterator<Item = (u32, u64)> {
        (0..).zip(&self.words).filter(|(_, word)| **word != 0).map(|(row, word)| (row, *word))
    }
}

impl Departed for Dead<'_> {
    fn contains(&self, row: RowIndex) -> bool {
        self.words.get(usize::from(row.0)).is_some_and(|&word| word != 0)
    }

    fn still_holds(&self, row: RowIndex) -> bool {
        let proved = self.words.get(usize::from(row.0));
        proved.is_some_and(|&proved| word::still_says(&self.region.row(row.0.into()).state, proved))
    }
}

/// Whether a participant's life is over.
///
/// # Errors
/// The system refuses to tell.
fn is_over(query: &mut LockQuery<'_>, state: RowState) -> io::Result<bool> {
    if planted::reap_the_living() { Ok(true) } else { query.is_over(state.life) }
}

/// What came of a look for the dead.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Looked {
    /// How many this caller marked: others may do the same.
    pub(crate) marked: u32,
    /// Roles of which nothing was proved from some row on, and why.
    unproved: Vec<(Role, io::Error)>,
}

impl Looked {
    /// Why a participant of this role that says it is alive may be dead all the same.
    pub(super) fn doubt(self, role: Role) -> Option<io::Error> {
        self.unproved.into_iter().find_map(|(of, why)| (of == role).then_some(why))
    }
}

/// Looks for the dead and settles what they held.
///
/// Costs a system call for each process that takes part besides this one, and none where there is none. One that fails (out of
/// descriptors, lock file gone) proves nothing, so nobody is reaped by it.
///
/// # Errors
/// The words contradict each other.
pub(crate) fn reap_dead(region: &Arc<Region>, settle: Settle) -> Result<Looked, Corruption> {
    let (mut dead, mut looked) = (Dead::none(region), Looked::default());
    let mut query = region.lock_query();
    for role in [Role::Sender, Role::Receiver] {
        for row in rows_of(region.geometry(), role) {
            let (state, word) = row_state(region, row)?;
            if state.state != ParticipantState::Live {
                continue;
            }
            match is_over(&mut query, state) {
                Ok(false) => {}
                Ok(true) => dead.words[row as usize] = word,
                // So would the next one.
                Err(why) => {
                    looked.unproved.push((role, why));
                    break;
                }
            }
        }
    }
    if dead.rows().next().is_none() {
        return Ok(looked);
    }
    settle(region, &dead)?;
    let signals = Signals::of(region, None);
    for (row, proved) in dead.rows() {
        forget_sleeper(&signals, row);
        looked.marked += u32::from(word::bury(&region.row(row).state, proved));
    }
    announce(region);
    Ok(looked)
}

/// The same at the end of a slice, for all participants; counts them; and tells everybody of changes that were never announced,
/// or if there is other news. Returns how many this caller marked.
///
/// # Errors
/// As [`reap_dead`].
pub(crate) fn probe(region: &Arc<Region>, settle: Settle, has_news: bool) -> Result<u32, Corruption> {
    let reaped = reap_dead(region, settle)?.marked;
    let (mut sum, mut population) = (0u64, 0);
    for row in every_row(region.geometry()) {
        let (state, word) = row_state(region, row)?;
        sum = sum.rotate_left(7) ^ word;
        population += u64::from(state.state == ParticipantState::Live);
    }
    region.control().population.store(population, Relaxed);
    let announced = &region.control().digest;
    if has_news || announced.load(Relaxed) != sum {
        if reaped == 0 {
            announce(region);
        }
        announced.store(sum, Relaxed);
    }
    Ok(reaped)
}
