//! Names by which receivers come back: one row is kept for each.
//!
//! ```text
//! joiner   row → Live · its name · protected · row → claimed · full fence · look at all rows: whose name is that, too?
//!            │ nobody's, or a claim in a higher row, which is struck                  → named
//!            │ a claim in a lower row, or a row that is named, or away                → leaves
//! ```
//!
//! Invariants:
//! 1. *A row is kept only once its holder has all that is kept*: a name, and a place in the channel from which it can go on. One that dies
//!    before that leaves an ordinary seat.
//! 2. *At most one row is kept for a name.* Of two that claim it, each looks at the other's row behind a full fence behind its own
//!    claim, so one of them sees the other (Dekker). If the one in the lower row sees a claim, it strikes that, by a CAS from the word that the
//!    other one needs to find there when it has its row kept. If the one in the higher row sees a claim, it leaves. And each of them
//!    leaves that sees that the other's row is kept.
//! 3. *Nobody waits.* One that stops between its claim and the end is struck, or refuses its name to those behind it, who are told.
//!
//! Orderings. Beyond those of a row's word:
//! - *name→look*: a fence stands between the word with which a row is taken and its name, and one between the name and another look at the
//!   word. So a name that was read is the one that belongs to the word.
//! - *claim→look*: full fences on both sides.

use super::word;
use crate::error::Corruption;
use crate::layout::{Naming, ParticipantState, RowState};
use crate::sync::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::sync::{AtomicU64, fence};

/// How often a look at one row begins anew, because its word changed.
const LOOKS: u32 = 1000;

/// Rows, and the names in them.
pub trait NamedRows {
    /// The rows' words, in order.
    fn rows(&self) -> impl Iterator<Item = &AtomicU64>;
    /// The name in this row.
    fn name(&self, index: usize) -> &[AtomicU64];
}

/// A row that is claimed or kept for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub index: usize,
    /// What it says.
    pub row: RowState,
    /// Its word.
    pub word: u64,
}

/// What came of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// The row is kept.
    Kept,
    /// Another participant has the name, or claims it and comes first. The claimer leaves, unless its row was taken away already.
    Refused,
}

/// Writes the name into a row that was just taken.
pub fn write(place: &[AtomicU64], name: &[u64]) {
    // EDGE name→look: pairs with the fence in `bears`.
    fence(Release);
    for (word, name) in place.iter().zip(name) {
        word.store(*name, Relaxed);
    }
}

/// The first row that is claimed or kept for this name.
///
/// # Errors
/// A row says what no participant writes.
pub fn find<R: NamedRows>(rows: &R, name: &[u64]) -> Result<Option<Found>, Corruption> {
    find_from(rows, name, 0, |_| true)
}

/// The first row from `first` on that is claimed or kept for this name, and that is wanted.
fn find_from<R: NamedRows>(
    rows: &R,
    name: &[u64],
    first: usize,
    is_wanted: impl Fn(usize) -> bool,
) -> Result<Option<Found>, Corruption> {
    for (index, row) in rows.rows().enumerate().skip(first) {
        let (state, _) = word::look(row)?;
        // No participant has a row behind the first vacant one.
        if state.state == ParticipantState::Vacant {
            break;
        }
        if is_wanted(index)
            && state.naming != Naming::Unnamed
            && let Some(found) = bears(row, rows.name(index), name, index)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether this row is claimed or kept for this name.
fn bears(row: &AtomicU64, place: &[AtomicU64], name: &[u64], index: usize) -> Result<Option<Found>, Corruption> {
    for _ in 0..LOOKS {
        let (state, seen) = word::look(row)?;
        let is_same = place.iter().zip(name).all(|(word, name)| word.load(Relaxed) == *name);
        // EDGE name→look: pairs with the fence in `write`.
        fence(Acquire);
        if word::still_says(row, seen) {
            let bears = is_same && state.naming != Naming::Unnamed;
            return Ok(bears.then_some(Found { index, row: state, word: seen }));
        }
    }
    // Only a peer that writes what it may not changes a row so often.
    Err(Corruption::Participant)
}

/// Has the row kept for the name that stands in it, unless that is another row's. `struck` is told of each row that was taken away from
/// another claimer.
///
/// `ours`: what the row says, before and behind. (If the row was taken away, what it said.)
///
/// # Errors
/// A row says what no participant writes.
pub fn claim<R: NamedRows>(
    rows: &R,
    index: usize,
    ours: &mut u64,
    name: &[u64],
    mut struck: impl FnMut(usize),
) -> Result<Claim, Corruption> {
    let Some(row) = rows.rows().nth(index) else { return Err(Corruption::Participant) };
    *ours = word::claim(row, *ours).ok_or(Corruption::Participant)?;
    // EDGE claim→look: pairs with itself, in another joiner.
    fence(SeqCst);
    let mut next = 0;
    for _ in 0..LOOKS {
        let Some(other) = find_from(rows, name, next, |other| other != index)? else {
            let Some(kept) = word::keep(row, *ours) else { break };
            *ours = kept;
            return Ok(Claim::Kept);
        };
        if other.row.naming == Naming::Named || other.index < index {
            break;
        }
        // It is looked at again where it changed first.
        next = other.index;
        if rows.rows().nth(other.index).is_some_and(|row| word::strike(row, other.word)) {
            struck(other.index);
        }
    }
    Ok(Claim::Refused)
}
