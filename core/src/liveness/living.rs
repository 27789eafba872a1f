//! Which participants are alive now: their rows say so, and the kernel does not say that they died. And which seats are free.

use super::rows::{rows_of, used_rows};
use crate::layout::{Naming, ParticipantState, Role};
use crate::region::Region;

/// The rows of a role whose holders are alive. The kernel is asked about each that says `Live`; one of which it cannot tell counts.
pub(crate) fn living(region: &Region, role: Role) -> impl Iterator<Item = u32> {
    let mut query = region.lock_query();
    used_rows(region, role).filter_map(move |used| {
        let (row, state, _) = used.ok()?;
        (state.state == ParticipantState::Live && !query.is_over(state.life).unwrap_or(false)).then_some(row)
    })
}

/// How many seats for a role nobody alive has, and none that comes back by its name.
pub(crate) fn free_seats(region: &Region, role: Role) -> usize {
    let kept = used_rows(region, role).filter_map(Result::ok).filter(|(_, state, _)| state.naming == Naming::Named);
    let kept: Vec<_> = kept.map(|(row, ..)| row).collect();
    let others = living(region, role).filter(|row| !kept.contains(row)).count();
    rows_of(region.geometry(), role).len().saturating_sub(others).saturating_sub(kept.len())
}
