//! Sleeping on semaphores: one a participant, and a bitmap of those who sleep on theirs.
//!
//! One semaphore for all could neither wake all nor tell that nobody slept. So each participant has its own, and says
//! by its bit that it sleeps on it; who wants to wake it takes the bit away, and posts.
//!
//! ```text
//! sleeper   set the bit · full fence · word unchanged? wait on the semaphore · take the bit back
//! waker     change the word · full fence · take bits away · post the semaphores of those that were set
//! ```
//!
//! Invariants:
//! 1. *Either the waker sees the bit or the sleeper sees the changed word*: both write, fence, then read what the other
//!    wrote. This stands where a futex compares the word under the kernel's lock.
//! 2. *One post for one bit taken away*, and only the sleeper sets its bit, once a sleep: so the number of posts that
//!    nobody waited for is bounded. Each of them ends a later sleep early, which is harmless.
//! 3. *Whose bit was taken away looks at the data afterwards.* A sleeper that its time-out wakes takes its own bit back
//!    before it looks, so a waker either chose it before and is seen, or chooses somebody else.
//!
//! A killed sleeper leaves its bit, which may cost one wake: then somebody sleeps until the end of its slice. Its reaper
//! takes the bit away, and wakes all.

use crate::sync::Ordering::{AcqRel, Relaxed, SeqCst};
use crate::sync::{AtomicU32, AtomicU64, fence};
use std::ops::Range;

/// What sleeping on semaphores needs from its surroundings.
pub trait Semaphores {
    /// When a sleep ends at the latest.
    type Until: Copy;

    /// One word of the bitmap: the rows `64 × index` to `64 × index + 63`, from the lowest bit.
    fn sleepers(&self, index: usize) -> &AtomicU64;

    /// Waits for a post on the semaphore of `row`, or until `until`. May return early for any reason.
    fn wait(&self, row: u32, until: Self::Until);

    /// Posts the semaphore of `row`.
    fn post(&self, row: u32);
}

/// Sleeps while `word` is `expected`, until woken, or until `until`.
pub fn park<S: Semaphores>(semaphores: &S, row: u32, word: &AtomicU32, expected: u32, until: S::Until) {
    let (sleepers, bit) = place_of(semaphores, row);
    sleepers.fetch_or(bit, Relaxed);
    fence(SeqCst); // FENCE bit: pairs with FENCE word in `unpark_all` and `unpark_one`
    if word.load(Relaxed) == expected {
        semaphores.wait(row, until);
    }
    take(sleepers, bit);
}

/// Wakes everybody among `rows` who sleeps, after the word changed that they sleep on.
pub fn unpark_all<S: Semaphores>(semaphores: &S, rows: Range<u32>) {
    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
    for_each_sleeper(semaphores, rows, |row| {
        wake(semaphores, row);
        true
    });
}

/// Wakes one of those among `rows` who sleep, after the word changed that they sleep on. Whether there was one.
///
/// They take turns: `turn` differs from wake to wake.
pub fn unpark_one<S: Semaphores>(semaphores: &S, rows: Range<u32>, turn: u32) -> bool {
    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
    let middle = rows.start.wrapping_add(turn.checked_rem(rows.len() as u32).unwrap_or(0));
    let asleep = |row| !wake(semaphores, row);
    !for_each_sleeper(semaphores, middle..rows.end, asleep) || !for_each_sleeper(semaphores, rows.start..middle, asleep)
}

/// Forgets that whoever had this row slept.
pub fn forget<S: Semaphores>(semaphores: &S, row: u32) {
    let (sleepers, bit) = place_of(semaphores, row);
    take(sleepers, bit);
}

fn place_of<S: Semaphores>(semaphores: &S, row: u32) -> (&AtomicU64, u64) {
    (semaphores.sleepers((row / 64) as usize), 1 << (row % 64))
}

/// Takes a bit away. Whether it was set.
///
/// AcqRel: what the waker changed before it took the bit is seen by the sleeper that finds it gone.
fn take(sleepers: &AtomicU64, bit: u64) -> bool {
    sleepers.fetch_and(!bit, AcqRel) & bit != 0
}

/// Wakes `row`, if it still sleeps.
fn wake<S: Semaphores>(semaphores: &S, row: u32) -> bool {
    let (sleepers, bit) = place_of(semaphores, row);
    let asleep = take(sleepers, bit);
    if asleep {
        semaphores.post(row);
    }
    asleep
}

/// Calls `act` for every row whose bit is set, once, as long as it returns true. Whether it always did.
fn for_each_sleeper<S: Semaphores>(semaphores: &S, rows: Range<u32>, act: impl Fn(u32) -> bool) -> bool {
    let mut row = rows.start;
    while row < rows.end {
        let ahead = semaphores.sleepers((row / 64) as usize).load(Relaxed) >> (row % 64);
        if ahead == 0 {
            row = (row | 63).wrapping_add(1);
            continue;
        }
        row = row.wrapping_add(ahead.trailing_zeros());
        if row >= rows.end {
            break;
        }
        if !act(row) {
            return false;
        }
        row = row.wrapping_add(1);
    }
    true
}
