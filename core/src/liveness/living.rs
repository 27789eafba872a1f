//! Which participants are alive now: their rows say so, and the kernel does not say that they died.

use super::rows::{rows_of, used_rows};
use crate::layout::{ParticipantState, Role};
use crate::region::Region;

/// The rows of a role whose holders are alive. The kernel is asked about each that says `Live`; one of which it cannot tell counts.
pub(crate) fn living(region: &Region, role: Role) -> impl Iterator<Item = u32> {
    let mut query = region.lock_query();
    used_rows(region, role).filter_map(move |used| {
        let (row, state, _) = used.ok()?;
        (state.state == ParticipantState::Live && !query.is_over(state.life).unwrap_or(false)).then_some(row)
    })
}

/// How many seats there are for a role.
pub(crate) fn seats(region: &Region, role: Role) -> usize {
    rows_of(region.geometry(), role).len()
}
