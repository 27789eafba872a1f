//! A row's first word, and its three steps, each of them one CAS.
//!
//! ```text
//! Vacant, Closed, Dead ──take──► Live(life) ──leave──► Closed(life)
//!                                    └────────bury───► Dead(life)
//! ```
//!
//! No life is used twice, so a word that was replaced never comes back: a CAS from a word that was seen touches no other
//! holder of the row, however late it is.

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
