//! A row's first word, and its three steps, each of them one CAS.
//!
//! ```text
//! Vacant, Closed, Dead ──take──► Live(life) ──leave──► Closed(life)
//!                                    └────────bury───► Dead(life)
//! ```
//!
//! No life is used twice, so a word that was replaced never comes back: a CAS from a word that was seen touches no other
//! holder of the row, however late it is.
//!
//! **The first vacant row ends a role's part of the table.** A joiner takes the first row that nobody has, and no row becomes
//! vacant again. So when a row is taken, all rows in front of it were taken before; and a participant that was told of the one
//! sees the others (*row→look* from joiner to joiner, *announce→news* from there). No look at the rows goes beyond that row: what
//! it costs does not grow with seats that nobody ever had.

use crate::error::Corruption;
use crate::layout::{ParticipantState, RowState};
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
        if state.state == ParticipantState::Live {
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

/// Takes a row that is vacant, closed or dead, by its word. `None`: another participant was faster.
///
/// Returns the new word, by which the taker leaves again.
pub fn take(row: &AtomicU64, seen: u64, ours: RowState) -> Option<u64> {
    replace(row, seen, ours).then(|| ours.bits())
}

/// Leaves a row in good order. False: something wrote to the row that may not.
///
/// The holder stored before what it committed or released.
pub fn leave(row: &AtomicU64, ours: u64) -> bool {
    RowState::from_bits(ours)
        .is_some_and(|state| replace(row, ours, RowState { state: ParticipantState::Closed, ..state }))
}

/// Marks a row whose holder is proved dead. False: another helper was faster.
///
/// The caller settled before what the dead one held.
pub fn bury(row: &AtomicU64, proved: u64) -> bool {
    RowState::from_bits(proved)
        .is_some_and(|state| replace(row, proved, RowState { state: ParticipantState::Dead, ..state }))
}

fn replace(row: &AtomicU64, seen: u64, new: RowState) -> bool {
    // EDGE row→look: Release for what was done before, Acquire for what the row's last holder and its helpers did.
    row.compare_exchange(seen, new.bits(), AcqRel, Relaxed).is_ok()
}
