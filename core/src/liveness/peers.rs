//! The other side: who is there, who was, and reaping who died.

use super::{Settle, Tally, announce, rows_of};
use crate::error::Corruption;
use crate::layout::{ParticipantState, Role, RowState};
use crate::region::{Region, Signals, sys};
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::planted;
use crate::wait::forget_sleeper;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// What is known about the participants of the other role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// None has been there since we joined.
    NoneYet,
    /// At least one is there, as far as its row tells.
    Alive,
    /// There were some since we joined; all have left in good order.
    AllClosed,
    /// There were some since we joined; none is left, and at least one died.
    SomeDied,
}

/// Watches the rows of the other role from the moment of joining.
#[derive(Debug, Clone)]
pub(crate) struct PeerWatch {
    rows: Range<u32>,
    /// The epochs when we joined: participants of later epochs, and live ones of these, were there since.
    baseline: Vec<u32>,
}

impl PeerWatch {
    /// Starts watching. The dead have been reaped just before, so who is `Live` now is there.
    pub(crate) fn start(region: &Region, role: Role) -> Result<Self, Corruption> {
        let rows = rows_of(region.geometry(), role);
        let mut baseline = Vec::with_capacity(rows.len());
        for row in rows.clone() {
            let state = row_state(region, row)?;
            let seen_before = if state.state == ParticipantState::Live { 1 } else { 0 };
            baseline.push(state.epoch.wrapping_sub(seen_before));
        }
        Ok(Self { rows, baseline })
    }

    /// Watches as one that has been there since the channel was created.
    pub(crate) fn since_creation(region: &Region, role: Role) -> Self {
        let rows = rows_of(region.geometry(), role);
        let baseline = vec![0; rows.len()];
        Self { rows, baseline }
    }

    /// Looks at the rows. Believes a row that says `Live`: whether it lies, [`reap_dead`] finds out.
    pub(crate) fn presence(&self, region: &Region) -> Result<Presence, Corruption> {
        let mut presence = Presence::NoneYet;
        for (row, baseline) in self.rows.clone().zip(&self.baseline) {
            let state = row_state(region, row)?;
            match state.state {
                ParticipantState::Live => return Ok(Presence::Alive),
                _ if state.epoch == *baseline => {}
                ParticipantState::Closed if presence == Presence::NoneYet => presence = Presence::AllClosed,
                ParticipantState::Dead => presence = Presence::SomeDied,
                ParticipantState::Closed | ParticipantState::Vacant => {}
            }
        }
        Ok(presence)
    }
}

fn row_state(region: &Region, row: u32) -> Result<RowState, Corruption> {
    // EDGE row→look: pairs with the Release in `Seat::set_state` and in `reap_row`.
    RowState::from_bits(region.row(row).state.load(Acquire)).ok_or(Corruption::Participant)
}

/// Reaps whoever of this role is `Live` by its row and dead by its lock. Costs a few system calls per such row.
///
/// A system call that fails (out of descriptors, lock file gone) proves nothing, so nobody is reaped then.
pub(crate) fn reap_dead(
    region: &Arc<Region>,
    role: Role,
    settle: Settle,
    tally: Option<&mut Tally>,
) -> Result<(), Corruption> {
    let mut reaped = 0u32;
    for row in rows_of(region.geometry(), role) {
        if row_state(region, row)?.state == ParticipantState::Live
            && (planted::reap_the_living() || matches!(region.is_seat_locked(row), Ok(false)))
            && let Ok(Some(outcome)) = with_proof_of_death(region, row, || reap_row(region, row, settle))
            && outcome?
        {
            reaped = reaped.saturating_add(1);
            announce(region);
        }
    }
    if let Some(tally) = tally {
        (0..reaped).for_each(|_| tally.reap());
    }
    Ok(())
}

/// Runs `act` while holding the dead one's byte.
fn with_proof_of_death<R>(region: &Region, row: u32, act: impl FnOnce() -> R) -> io::Result<Option<R>> {
    if planted::reap_the_living() { Ok(Some(act())) } else { region.with_seat_locked(row, act) }
}

/// Reaps one row. The caller holds its byte, so its owner is dead for good and nobody else is reaping it.
///
/// Until what the dead one held is settled, its row says `Live`: a reaper that dies meanwhile leaves it to the next one.
fn reap_row(region: &Arc<Region>, row: u32, settle: Settle) -> Result<bool, Corruption> {
    let words = region.row(row);
    let Ok(state) = row_state(region, row) else { return Ok(false) };
    if state.state != ParticipantState::Live {
        return Ok(false);
    }
    words.reaper_pid.store(sys::process_id().into(), Relaxed);
    settle(region, row)?;
    forget_sleeper(&Signals::of(region, None), row);
    // Before the state: a reaper that dies in between would seem to reap for ever.
    words.reaper_pid.store(0, Relaxed);
    words.state.store(RowState { state: ParticipantState::Dead, ..state }.bits(), Release); // EDGE row→look
    Ok(true)
}
