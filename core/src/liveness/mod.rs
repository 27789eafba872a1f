//! Who takes part, who is alive, and what happens to what the dead held.
//!
//! ```text
//! join    lock a row's byte · row still says Live? its owner is dead: reap it · take the row with epoch + 1
//! leave   row → Closed · tell the others · unlock
//! reap    lock the dead one's byte through a fresh description · look again · undo or finish · row → Dead · tell the others
//! ```
//!
//! Invariants:
//! 1. *A row is written only by whoever holds its byte*: the participant, or its reaper.
//! 2. *Only a held write lock means alive.* A stopped process keeps its lock, so it is never reaped, and can never come
//!    back to write into what was given away.
//! 3. *Every change of a row bumps `membership`*, after the row, so that whoever compares `membership` at its next send
//!    or empty receive looks at the rows again.
//!
//! Reaping never runs on the hot path: at join, and when a slice of waiting ends without progress.
//!
//! - `seat`: joining and leaving; this participant's row.
//! - `peers`: the others' rows; reaping.
//! - `counters`: what a participant counts about itself.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

mod counters;
mod peers;
mod seat;

pub use counters::Counters;
pub(crate) use counters::Tally;
pub(crate) use peers::{PeerWatch, Presence, reap_dead};
pub(crate) use seat::{Seat, read_name};

use crate::error::Corruption;
use crate::layout::{Geometry, Role};
use crate::region::{Region, Signals};
use crate::sync::Ordering::Release;
use crate::wait::eventcount;
use std::ops::Range;
use std::sync::Arc;

/// Finishes or undoes what the dead participant in this row held. Whoever calls it holds the row's byte.
///
/// It may be called again after it was cut short, and has to leave alone what the living hold.
pub(crate) type Settle = fn(&Arc<Region>, u32) -> Result<(), Corruption>;

/// Tells those who are awake that a row or the status changed.
pub(crate) fn announce_to_the_awake(region: &Region) {
    // EDGE announce→news: pairs with the Acquire in `Endpoint::has_news`; the row or status was stored before.
    region.control().membership.fetch_add(1, Release);
}

/// The rows of a role.
pub(crate) fn rows_of(geometry: &Geometry, role: Role) -> Range<u32> {
    match role {
        Role::Sender => 0..geometry.senders,
        Role::Receiver => geometry.senders..geometry.participants(),
    }
}

/// Tells everybody that a row or the status changed: the awake by `membership`, the sleeping by a wake.
pub(crate) fn announce(region: &Arc<Region>) {
    announce_to_the_awake(region);
    let signals = Signals::of(region, None);
    eventcount::notify(&signals, &region.control().data);
    for lane in 0..region.geometry().lanes() {
        eventcount::notify(&signals, &region.lane(lane).space);
    }
    if region.geometry().slots > 0 {
        eventcount::notify(&signals, &region.queue().space);
    }
}
