//! The rows of the participant table, and telling of changes to them.

use super::word;
use crate::error::Corruption;
use crate::layout::{Geometry, ParticipantState, Role, RowState};
use crate::region::{Region, Signals};
use crate::sync::Ordering::Release;
use crate::wait::eventcount;
use std::ops::Range;
use std::sync::Arc;

/// Tells the participants that are awake that a row or the status changed.
pub(crate) fn announce_to_the_awake(region: &Region) {
    // EDGE announce→news: pairs with the Acquire in `Outlook::has_news`; the row or status was stored before.
    region.control().membership.fetch_add(1, Release);
}

/// The rows of all participants.
pub(super) fn every_row(geometry: &Geometry) -> Range<u32> {
    0..geometry.participants()
}

/// The rows of a role.
pub(crate) fn rows_of(geometry: &Geometry, role: Role) -> Range<u32> {
    match role {
        Role::Sender => 0..geometry.senders,
        Role::Receiver => geometry.senders..geometry.participants(),
    }
}

/// What a row says, and its word.
pub(super) fn row_state(region: &Region, row: u32) -> Result<(RowState, u64), Corruption> {
    word::look(&region.row(row).state)
}

/// Whether a row says `Live`; one that says what no participant writes, and one that does not exist, do not.
pub(crate) fn is_taken(region: &Region, row: u32) -> bool {
    every_row(region.geometry()).contains(&row)
        && row_state(region, row).is_ok_and(|(state, _)| state.state == ParticipantState::Live)
}

/// Tells everybody that a row or the status changed: the awake by `membership`, the sleeping by a wake.
pub(crate) fn announce(region: &Arc<Region>) {
    announce_to_the_awake(region);
    let signals = Signals::of(region, None);
    eventcount::notify(&signals, &region.control().data);
    for lane in 0..region.geometry().lanes() {
        eventcount::notify(&signals, &region.lane(lane).space);
    }
    if region.geometry().has_slots() {
        eventcount::notify(&signals, &region.queue().space);
    }
}
