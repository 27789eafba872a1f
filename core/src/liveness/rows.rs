//! The rows of the participant table, and telling of changes to them.

use super::word;
use crate::error::Corruption;
use crate::layout::{Geometry, ParticipantState, Role, RowState, Store};
use crate::region::{Region, Signals, sys};
use crate::ring::lanes::tell;
use crate::sync::Ordering::Relaxed;
use crate::wait::eventcount;
use std::ops::Range;
use std::sync::Arc;

/// What changed, and was stored before it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// These rows.
    Rows(&'a [u32]),
    /// The status, or rows that nobody knows by number.
    Anything,
}

impl Change<'_> {
    /// Whether it may concern participants of this role.
    fn is_of(self, geometry: &Geometry, role: Role) -> bool {
        match self {
            Self::Rows(rows) => rows.iter().any(|row| rows_of(geometry, role).contains(row)),
            Self::Anything => true,
        }
    }
}

/// Tells the participants that are awake.
///
/// In kinds that can have several lanes, those of one role compare a word that only the other role moves, and counters lead to
/// the rows.
pub(crate) fn announce_to_the_awake(region: &Region, change: Change<'_>) {
    const GROUP: u32 = 64;
    let Some(news) = region.news() else { return tell([], &region.control().membership) };
    for (role, membership) in
        [(Role::Sender, &news.membership_of_senders), (Role::Receiver, &news.membership_of_receivers)]
    {
        if change.is_of(region.geometry(), role) {
            match change {
                Change::Rows(rows) => tell(rows.iter().map(|row| &news.changes[(row / GROUP) as usize]), membership),
                Change::Anything => tell(&news.changes, membership),
            }
        }
    }
}

/// The rows of a role.
pub(crate) fn rows_of(geometry: &Geometry, role: Role) -> Range<u32> {
    match role {
        Role::Sender => 0..geometry.senders,
        Role::Receiver => geometry.senders..geometry.participants(),
    }
}

/// The rows of a role that were ever taken, in order: see `word`. With each, what it says, and its word.
///
/// # Errors
/// A row says what no participant writes.
pub(super) fn used_rows(region: &Region, role: Role) -> impl Iterator<Item = Result<(u32, RowState, u64), Corruption>> {
    let rows = rows_of(region.geometry(), role);
    let said = word::used(rows.clone().map(|row| &region.row(row).state));
    rows.zip(said).map(|(row, said)| said.map(|(state, word)| (row, state, word)))
}

/// Notes when the life in a row ended, before the row says so: it says `word` as yet.
pub(super) fn note_end(region: &Region, row: u32, word: u64) {
    let row = region.row(row);
    // A helper that is late writes into no successor's row, unless it stops between the two.
    if word::still_says(&row.state, word) {
        row.left_unix_ns.store(sys::unix_time_ns(), Relaxed);
    }
}

/// Whether somebody has a seat of this role, other than the one in this row.
///
/// # Errors
/// A row says what no participant writes.
pub(crate) fn is_anybody_but(region: &Region, role: Role, row: u32) -> Result<bool, Corruption> {
    for used in used_rows(region, role) {
        let (other, state, _) = used?;
        if other != row && state.state == ParticipantState::Live {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the first row of a role says: in a kind with one seat for it, what became of the last one that had it.
///
/// # Errors
/// The row says what no participant writes.
pub(crate) fn last_of(region: &Region, role: Role) -> Result<ParticipantState, Corruption> {
    row_state(region, rows_of(region.geometry(), role).start).map(|(state, _)| state.state)
}

/// What a row says, and its word.
fn row_state(region: &Region, row: u32) -> Result<(RowState, u64), Corruption> {
    word::look(&region.row(row).state)
}

/// Whether a row says `Live`; one that says what no participant writes, and one that does not exist, do not.
pub(crate) fn is_taken(region: &Region, row: u32) -> bool {
    (0..region.geometry().participants()).contains(&row)
        && row_state(region, row).is_ok_and(|(state, _)| state.state == ParticipantState::Live)
}

/// The row of the receiver that has come least far in this lane, of those that are there or whose rows are kept, in a kind in which all of
/// them read it.
pub(crate) fn slowest_receiver(region: &Region, lane: u32) -> Option<u32> {
    let used = used_rows(region, Role::Receiver).map_while(Result::ok);
    used.filter(|(_, state, _)| state.is_somebodys())
        .filter_map(|(row, ..)| Some((region.gate_of(lane, row)?.consumed.load(Relaxed), row)))
        .min()
        .map(|(_, row)| row)
}

/// Tells everybody that a row or the status changed: the awake by `membership`, the sleeping by a wake.
///
/// In kinds that can have several lanes, a sender that comes or goes wakes no other sender: none of them waits for that.
pub(crate) fn announce(region: &Arc<Region>, change: Change<'_>) {
    announce_to_the_awake(region, change);
    let signals = Signals::of(region, None);
    eventcount::notify(&signals, &region.control().arrivals);
    eventcount::notify(&signals, &region.control().data);
    if region.news().is_none() || change.is_of(region.geometry(), Role::Receiver) {
        // The fences of the wake-ups before come between the change and the look at the rows: a sender that is not seen there has
        // not looked at the news yet before it sleeps.
        for lane in (0..region.geometry().lanes()).zip(used_rows(region, Role::Sender)).map(|(lane, _)| lane) {
            eventcount::notify(&signals, &region.lane(lane).space);
        }
    }
    let geometry = region.geometry();
    if geometry.row.has_cells() {
        eventcount::notify(&signals, &region.queue().space);
    }
    if geometry.row.store == Store::Frames && change.is_of(geometry, Role::Receiver) {
        // Each client that waits for an answer sleeps in its frame, and none of them for another client.
        for frame in 0..geometry.slots {
            eventcount::notify(&signals, region.bell(frame));
        }
    }
}
