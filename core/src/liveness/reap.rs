//! Finding the dead, and settling what they held.
//!
//! ```text
//! 1  load the rows: which say Live                     Acquire
//! 2  ask the kernel which of those lives are over      a stable fact: a life that is over stays over
//! 3  settle what all of them held, in one pass
//! 4  each row: Live(l) → Dead(l) by a CAS, or Away(l) if it is kept · announce
//! ```
//!
//! Nothing is locked. Any number of participants may do this at once, and stop or die anywhere: a row says Live until
//! everything that its holder held is settled, so the next look does the rest. A helper that is late fails at its second look
//! at the row, or at its CAS: see `ring/slots/reap.rs`.
//!
//! A participant that dies between changing a row and announcing it leaves a change that no other one is told of. So each
//! look for the dead compares a sum over all rows with the sum that was announced last.

use super::duty::Duties;
use super::rows::{Change, announce, note_end, used_rows};
use super::{Probing, word};
use crate::error::Corruption;
use crate::layout::{ParticipantState, Role, RowIndex};
use crate::region::{Clock, LockQuery, Region, Signals};
use crate::ring::slots::Departed;
use crate::sync::Ordering::Relaxed;
use crate::wait::forget_sleeper;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// All roles, in the order of their rows.
const ROLES: [Role; 2] = [Role::Sender, Role::Receiver];

/// Participants that are dead, and what their rows say.
#[derive(Debug)]
pub(crate) struct Dead<'a> {
    region: &'a Region,
    /// By row: its word, or 0 for a row that this is not about. It ends with the last one that it is about.
    words: Vec<u64>,
}

impl<'a> Dead<'a> {
    fn none(region: &'a Region) -> Self {
        Self { region, words: Vec::new() }
    }

    fn add(&mut self, row: u32, word: u64) {
        let row = row as usize;
        self.words.resize(self.words.len().max(row + 1), 0);
        self.words[row] = word;
    }

    /// The participant in this row: one that leaves, and may have forgotten what it holds.
    pub(super) fn only(region: &'a Region, row: u32) -> Self {
        let mut dead = Self::none(region);
        // Relaxed: its own participant wrote it.
        dead.add(row, region.row(row).state.load(Relaxed));
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

/// Finishes or undoes what these participants, all of whom are dead or about to leave, held.
///
/// Several participants may call it at once, and again after it was cut short. It leaves alone what the living hold.
pub(crate) type Settle = fn(&Arc<Region>, &Dead<'_>) -> Result<(), Corruption>;

/// What came of a look for the dead.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Looked {
    /// How many this caller marked: others may do the same.
    pub(crate) marked: u32,
    /// Roles of which nothing was proved from some row on, and why.
    unproved: Vec<(Role, io::Error)>,
    /// The row before which it ran out of time, if it did: the next look goes on there.
    go_on_at: Option<u32>,
}

impl Looked {
    fn has_doubt(&self, role: Role) -> bool {
        self.unproved.iter().any(|(of, _)| *of == role)
    }

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
    look(region, settle, &mut region.lock_query(), 0, || true)
}

/// A guardian's look for the dead: [`reap_dead`], with these questions. Afterwards, guardians are called for the duties that are vacant.
///
/// # Errors
/// As [`reap_dead`].
pub(super) fn look_around(region: &Arc<Region>, settle: Settle, query: &mut LockQuery<'_>) -> Result<u32, Corruption> {
    let looked = look(region, settle, query, 0, || true)?;
    tell_untold(region, false)?;
    fill_duties(region, query);
    Ok(looked.marked)
}

/// Calls guardians for the duties that are vacant.
fn fill_duties(region: &Region, query: &mut LockQuery<'_>) {
    // Where nothing is proved, nobody is called.
    Duties::of(region).fill(&Signals::of_library_thread(region), |life| query.is_over(life).unwrap_or(false));
}

/// [`reap_dead`] for as long as it `has_time`, at least for one participant, from this row on.
fn look(
    region: &Arc<Region>,
    settle: Settle,
    query: &mut LockQuery<'_>,
    first: u32,
    has_time: impl Fn() -> bool,
) -> Result<Looked, Corruption> {
    let (mut dead, mut looked) = (Dead::none(region), Looked::default());
    let mut live = Vec::new();
    for used in ROLES.into_iter().flat_map(|role| used_rows(region, role)) {
        let (row, state, word) = used?;
        if state.state == ParticipantState::Live {
            live.push((row, state, word));
        }
    }
    // Those in front were asked of by the look that this one goes on with. To ask of them again would take as long again, and so on: among a
    // thousand processes, no look would come to its end.
    live.retain(|(row, ..)| *row >= first);
    let mut rows = live.into_iter().peekable();
    while let Some((row, state, word)) = rows.next() {
        if looked.has_doubt(state.role) {
            continue;
        }
        match query.is_over(state.life) {
            Ok(false) => {}
            Ok(true) => dead.add(row, word),
            // So would the next one.
            Err(why) => looked.unproved.push((state.role, why)),
        }
        if !has_time() {
            looked.go_on_at = rows.peek().map(|(row, ..)| *row);
            break;
        }
    }
    if dead.rows().next().is_none() {
        return Ok(looked);
    }
    settle(region, &dead)?;
    let signals = Signals::of(region, None);
    let mut rows = Vec::new();
    for (row, proved) in dead.rows() {
        forget_sleeper(&signals, row);
        note_end(region, row, proved);
        looked.marked += u32::from(word::bury(&region.row(row).state, proved));
        rows.push(row);
    }
    announce(region, Change::Rows(&rows));
    Ok(looked)
}

/// Looks for the dead at the end of a slice, as [`reap_dead`] does. Returns how many this caller marked.
///
/// It also counts the participants, and tells everybody if there is other news, or a change that was never announced.
///
/// The caller's own call has to return in time, and hundreds of processes that end at the same moment keep the kernel busy. So
/// it asks for two milliseconds only. Then [`Probing`] remembers where the next look goes on, which is due at once.
///
/// # Errors
/// As [`reap_dead`].
pub(crate) fn probe(
    region: &Arc<Region>,
    settle: Settle,
    probing: &mut Probing,
    has_news: bool,
) -> Result<u32, Corruption> {
    const PATIENCE: Duration = Duration::from_millis(2);
    let until = Clock::now().plus(PATIENCE);
    let mut query = region.lock_query();
    let looked = look(region, settle, &mut query, probing.first_row(), || Clock::now() < until)?;
    probing.looked(&region.control().probed_unix_ns, looked.go_on_at);
    tell_untold(region, has_news)?;
    fill_duties(region, &mut query);
    Ok(looked.marked)
}

/// Counts the participants, and tells everybody if there is other news, or a change that was never announced.
fn tell_untold(region: &Arc<Region>, has_news: bool) -> Result<(), Corruption> {
    let (mut sum, mut population) = (0u64, 0);
    for used in ROLES.into_iter().flat_map(|role| used_rows(region, role)) {
        let (_, state, word) = used?;
        sum = sum.rotate_left(7) ^ word;
        population += u64::from(state.state == ParticipantState::Live);
    }
    region.control().population.store(population, Relaxed);
    let announced = &region.control().digest;
    if has_news || announced.load(Relaxed) != sum {
        // Also behind a reaping, which tells of the rows that it changed: another one may have changed by a participant that died
        // before it told.
        announce(region, Change::Anything);
        announced.store(sum, Relaxed);
    }
    Ok(())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::layout::{Geometry, Kind, RowState};
    use crate::region::CreateSpec;
    use std::cell::Cell;

    /// A queue in which so many have died whose lives were of as many processes.
    fn queue_of_the_dead(count: u32) -> Arc<Region> {
        let spec = CreateSpec::plain(Geometry::of_a_small_queue(count, 1));
        let region = Arc::new(Region::create_anonymous(&spec).unwrap());
        for row in 0..count {
            let ours = RowState::live(u64::from(row + 7) * 4096, Role::Sender);
            let state = &region.row(row).state;
            word::take(state, state.load(Relaxed), ours).unwrap();
        }
        region
    }

    #[test]
    fn a_look_that_runs_out_of_time_is_gone_on_with_until_all_dead_are_settled() {
        const DEAD: u32 = 10;
        let region = queue_of_the_dead(DEAD);
        let mut probing = Probing::new(1);
        let probed = &region.control().probed_unix_ns;
        for settled in 1..=DEAD {
            probed.store(u64::MAX, Relaxed);
            let looked = look(&region, |_, _| Ok(()), &mut region.lock_query(), probing.first_row(), || false).unwrap();
            assert_eq!(looked.marked, 1, "one at a time");
            probing.looked(probed, looked.go_on_at);
            let are_left = settled < DEAD;
            assert_eq!((probing.is_behind(), probed.load(Relaxed) == 0), (are_left, are_left), "after {settled}");
        }
        let looked = look(&region, |_, _| Ok(()), &mut region.lock_query(), probing.first_row(), || false).unwrap();
        assert_eq!((looked.marked, looked.go_on_at), (0, None));
    }

    #[test]
    fn a_look_that_goes_on_asks_nobody_again() {
        for (first, asks) in [(0, 10), (3, 7), (9, 1), (10, 0), (4000, 0)] {
            let region = queue_of_the_dead(10);
            let asked = Cell::new(0);
            let has_time = || asked.replace(asked.get() + 1) < 1000;
            let looked = look(&region, |_, _| Ok(()), &mut region.lock_query(), first, has_time).unwrap();
            assert_eq!((looked.marked, asked.get(), looked.go_on_at), (asks, asks, None), "from {first}");
        }
    }

    #[test]
    fn a_change_that_was_never_told_is_told_beside_a_reaping() {
        let geometry = Geometry {
            row: Kind::Mpsc.row(),
            senders: 128,
            receivers: 1,
            capacity: 4096,
            max_message: 8,
            payload_alignment: 8,
            record_alignment: 8,
            slots: 0,
            priorities: 0,
            max_response: 0,
            repeats: false,
        };
        let region = Arc::new(Region::create_anonymous(&CreateSpec::plain(geometry)).unwrap());
        let took: Vec<_> = (0..=100)
            .map(|row| {
                let ours = RowState::live(u64::from(row + 7) * 4096, Role::Sender);
                let state = &region.row(row).state;
                let word = word::take(state, state.load(Relaxed), ours).unwrap();
                assert!(row % 100 == 0 || word::leave(state, word));
                word
            })
            .collect();
        let left = took[100];
        announce(&region, Change::Rows(&[0, 100]));
        // The one in row 100 leaves, and dies before it tells. The one in row 0 is dead, too: nobody has its byte.
        assert!(word::leave(&region.row(100).state, left));
        let told = || region.news().unwrap().changes[1].load(Relaxed);
        let before = told();
        assert_eq!(probe(&region, |_, _| Ok(()), &mut Probing::new(1), false), Ok(1));
        assert_ne!(told(), before, "of the other row's group");
    }
}
