//! A row's first word, and its steps, each of them one CAS.
//!
//! ```text
//! Vacant, Closed, Dead ──take──► Live(life) ──leave──► Closed(life)
//!                                  │ └────────bury───► Dead(life)
//!                                claim
//!                                  ▼
//!                             Live(life), claimed ──leave, strike──► Closed(life)
//!                                  │ └──────────────bury───────────► Dead(life)
//!                                 keep
//!                                  ▼
//!                             Live(life), named ──leave, bury──► Away(life) ──come back──► Live(life'), named
//!                                                                   └─────────forget─────► Closed(life)
//!
//! Live(life), Live(life) named ──offer──► the same, offered ──take over──► Live(life'), named if it was
//!                              ◄─take back──┘ └──leave, bury──► as if it were not offered
//! ```
//!
//! **A seat that is offered is its holder's** until a successor takes it over, or for good: one CAS decides, and whichever of the two comes too
//! late fails. Between the offer and that CAS, the holder writes nothing that the successor would go on from.
//!
//! No life is used twice, so a word that was replaced never comes back: a CAS from a word that was seen touches no other
//! holder of the row, however late it is.
//!
//! **The first vacant row ends a role's part of the table.** A joiner takes the first row that nobody has, and no row becomes
//! vacant again. So when a row is taken, all rows in front of it were taken before; and a participant that was told of the one
//! sees the others (*row→look* from joiner to joiner, *announce→news* from there). No look at the rows goes beyond that row: what
//! it costs does not grow with seats that nobody ever had.

use crate::error::Corruption;
use crate::layout::{Naming, ParticipantState, RowState};
use crate::sync::AtomicU64;
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed};

/// What a row says, and its word.
///
/// # Errors
/// No participant writes such a word.
pub fn look(row: &AtomicU64) -> Result<(RowState, u64), Corruption> {
    // EDGE row→look: pairs with the Release in `replace`.
    let word = row.load(Acquire);
    RowState::from_bits(word).map(|state| (state, word)).ok_or(Corruption::Participant)
}

/// What the rows of a role say that were ever taken, and their words, in order: those in front of the first vacant one.
pub fn used<'a>(
    rows: impl Iterator<Item = &'a AtomicU64>,
) -> impl Iterator<Item = Result<(RowState, u64), Corruption>> {
    rows.map(look).take_while(|row| !row.is_ok_and(|(row, _)| row.state == ParticipantState::Vacant))
}

/// Takes the first of a role's rows that nobody has. `None`: each is somebody's, by the words that are added to `taken`; or it
/// was when other joiners were faster.
///
/// Returns how many rows are in front of it, and the new word, by which the taker leaves again.
///
/// # Errors
/// No participant writes such a word.
pub fn take_first<'a>(
    rows: impl Iterator<Item = &'a AtomicU64>,
    ours: RowState,
    taken: &mut Vec<u64>,
) -> Result<Option<(usize, u64)>, Corruption> {
    for (index, row) in rows.enumerate() {
        let (state, seen) = look(row)?;
        if state.is_somebodys() {
            taken.push(seen);
        } else if let Some(word) = take(row, seen, ours) {
            return Ok(Some((index, word)));
        }
    }
    Ok(None)
}

/// Whether a row still says what it said.
pub fn still_says(row: &AtomicU64, word: u64) -> bool {
    // EDGE row→look: as in `look`.
    row.load(Acquire) == word
}

/// Takes a row that is vacant, closed or dead, by its word; or, by its name, one whose holder is away. `None`: another participant was
/// faster.
///
/// Returns the new word, by which the taker leaves again.
pub fn take(row: &AtomicU64, seen: u64, ours: RowState) -> Option<u64> {
    replace(row, seen, ours).then(|| ours.bits())
}

/// Leaves a row in good order; one that is kept for a name, it leaves so that its next holder comes by that name. False: something wrote
/// to the row that may not, or it was [struck](strike).
///
/// The holder stored before what it committed or released.
pub fn leave(row: &AtomicU64, ours: u64) -> bool {
    over(row, ours, ParticipantState::Closed)
}

/// Marks a row whose holder is proved dead, as [`leave`] does. False: another helper was faster.
///
/// The caller settled before what the dead one held.
pub fn bury(row: &AtomicU64, proved: u64) -> bool {
    over(row, proved, ParticipantState::Dead)
}

/// The life in a row is over: it is away if the row is kept for it.
fn over(row: &AtomicU64, seen: u64, or_else: ParticipantState) -> bool {
    let Some(holder) = RowState::from_bits(seen) else { return false };
    let state = if holder.naming == Naming::Named { ParticipantState::Away } else { or_else };
    let naming = if holder.naming == Naming::Named { Naming::Named } else { Naming::Unnamed };
    replace(row, seen, RowState { state, naming, offered: false, ..holder })
}

/// Says, by its holder, that the row is to be kept for its name, which stands there. `None`: something wrote to the row that may not.
pub fn claim(row: &AtomicU64, ours: u64) -> Option<u64> {
    names(row, ours, Naming::Claimed)
}

/// Has a row kept that its holder has claimed. `None`: it was [struck](strike).
pub fn keep(row: &AtomicU64, ours: u64) -> Option<u64> {
    names(row, ours, Naming::Named)
}

fn names(row: &AtomicU64, ours: u64, naming: Naming) -> Option<u64> {
    let new = RowState { naming, ..RowState::from_bits(ours)? };
    replace(row, ours, new).then(|| new.bits())
}

/// Takes a row away from a participant that has claimed it, and whose name another one has. False: it is kept meanwhile, or over.
pub fn strike(row: &AtomicU64, seen: u64) -> bool {
    closes(row, seen)
}

/// Ends the keeping of a row whose holder is away. False: that one came back, or another participant was faster.
pub fn forget(row: &AtomicU64, seen: u64) -> bool {
    closes(row, seen)
}

fn closes(row: &AtomicU64, seen: u64) -> bool {
    let closed = |row| RowState { state: ParticipantState::Closed, naming: Naming::Unnamed, ..row };
    RowState::from_bits(seen).is_some_and(|seen_row| replace(row, seen, closed(seen_row)))
}

/// Offers the row to a successor, by its holder. `publish` leaves what that one goes on from; from then on the holder leaves it alone, until the
/// offer is [taken back](take_back). `None`: something wrote to the row that may not.
pub fn offer(row: &AtomicU64, ours: u64, publish: impl FnOnce()) -> Option<u64> {
    publish();
    let offered = RowState { offered: true, ..RowState::from_bits(ours)? };
    replace(row, ours, offered).then(|| offered.bits())
}

/// Takes the offer of a row back, by its holder. `None`: a successor has taken the row over, and the caller has it no longer.
pub fn take_back(row: &AtomicU64, offered: u64) -> Option<u64> {
    let ours = RowState { offered: false, ..RowState::from_bits(offered)? };
    replace(row, offered, ours).then(|| ours.bits())
}

/// Takes over a row that is offered, for this life. `None`: it is not, or another successor was faster, or its holder took the offer back, or
/// died and was buried.
///
/// Returns the new word, by which the successor leaves again.
pub fn take_over(row: &AtomicU64, seen: u64, life: u64) -> Option<u64> {
    let offered = RowState::from_bits(seen).filter(|row| row.offered)?;
    let ours = RowState { life, offered: false, ..offered };
    replace(row, seen, ours).then(|| ours.bits())
}

fn replace(row: &AtomicU64, seen: u64, new: RowState) -> bool {
    // EDGE row→look: Release for what was done before, Acquire for what the row's last holder and its helpers did.
    row.compare_exchange(seen, new.bits(), AcqRel, Relaxed).is_ok()
}
