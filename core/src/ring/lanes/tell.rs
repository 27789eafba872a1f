//! The senders' side: how a change of a row becomes known.

use crate::sync::AtomicU32;
use crate::sync::Ordering::Release;

/// Tells of changes to rows that were stored before: by the counters of their groups, and then by their role's `membership`.
///
/// A counter that was told of a change is not 0: a new receiver skips the groups of those that are.
pub fn tell<'a>(changes: impl IntoIterator<Item = &'a AtomicU32>, membership: &AtomicU32) {
    for group in changes {
        // EDGE change→rows: pairs with the Acquire in `Found::look`.
        if group.fetch_add(1, Release) == u32::MAX {
            group.fetch_add(1, Release);
        }
    }
    // EDGE announce→news: pairs with the Acquire in `NewsWatch::has_come` and `Lanes::look_at_rows`.
    membership.fetch_add(1, Release);
}
